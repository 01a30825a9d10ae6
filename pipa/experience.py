"""Past decisions: what was too small is raised, what was right is kept to, the rest is hearsay.

A decision about the same component is experience: it may leave the interval of the model, up to
`influence.decision.most` times its upper bound. One about a similar component is a weak observation
inside the interval. A decision whose outcome nobody reported says nothing that the model does not
say itself, unless its usage was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipa.constants import Constants
from pipa.estimate import Estimate
from pipa.influence import SIZES
from pipa.observations import LARGEST, Observation
from pipa.sizes import Sizing
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component
from schemas.evidence import Evidence, EvidenceKind
from schemas.knowledge import Outcome

_RAISED: dict[Outcome, tuple[str, ...]] = {
    Outcome.OOM_KILLED: ("memory_request", "memory_limit"),
    Outcome.TOO_SMALL: ("memory_request", "memory_limit"),
    Outcome.THROTTLED: ("cpu_request", "cpu_limit"),
}
"""Which numbers an outcome says were too small."""
_WORDS = {
    Outcome.OOM_KILLED: "was killed for want of memory",
    Outcome.TOO_SMALL: "turned out too small",
    Outcome.THROTTLED: "was throttled",
}


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier decision, as far as it says something."""

    id: str
    same: bool
    outcome: Outcome | None
    sizes: dict[str, float]
    """Millicores, MiB and pods that were recommended, by number of the plan."""
    measured: dict[str, float]
    """Usage that was seen: p95 of CPU and peak of memory, under the requests."""


def read_decisions(component: Component, context: AppContext) -> tuple[Past, ...]:
    """The earlier decisions among the documents of a component, most relevant first."""
    known = context.evidence_by_id()
    found = (known.get(id_) for id_ in component.documents)
    return tuple(
        _past(item) for item in found if item is not None and item.kind is EvidenceKind.DECISION
    )


def experienced(name: str, sizing: Sizing, decisions: Sequence[Past], sheet: Worksheet) -> Sizing:
    """The sizes after what earlier decisions taught: first what pulls, then what must be raised."""
    if not decisions or sheet.ledger is None:
        return sizing
    amounts = sizing.amounts()
    for size in SIZES:
        before = amounts[size]
        seen = _observations(size, decisions, sheet.constants)
        moved = sheet.ledger.size(f"{name}.{size}", size, before, 1, seen)
        most = sizing.amounts()[size].high * sheet.constants["influence.decision.most"].value
        pulled = sheet.tell(moved)
        amounts[size] = _raised(f"{name}.{size}", pulled, most, decisions, sheet)
        _follow(size, before, amounts)
    sizing = sizing.with_amounts(amounts)
    return _pods(name, sizing, decisions, sheet)


def _follow(size: str, before: Estimate, amounts: dict[str, Estimate]) -> None:
    """A limit keeps its distance to a request that moved, until it is looked at itself."""
    factor = amounts[size].target / before.target if before.target else 1
    if size.endswith("_request") and factor > 1:
        limit = size.replace("_request", "_limit")
        amounts[limit] = amounts[limit].maximum(amounts[size])


def proven(decisions: Iterable[Past]) -> bool:
    """Something is known of how this very component fared."""
    return any(past.same and (past.outcome or past.measured) for past in decisions)


def _observations(
    size: str, decisions: Sequence[Past], constants: Constants
) -> tuple[Observation, ...]:
    """What decisions say of a size, inside its interval."""
    found = []
    for past in decisions:
        value, kind = _says(size, past, constants)
        if value is None:
            continue
        weight = constants[f"influence.decision.{kind if past.same else 'similar'}"].value
        found.append(Observation(past.id, value, weight, past.id))
    return tuple(found)


def _says(size: str, past: Past, constants: Constants) -> tuple[float | None, str]:
    """A value for a size, and why it counts: ``good`` or ``measured``."""
    used = past.measured.get(size.replace("_limit", "_request"))
    raise_by = constants["influence.decision.raise"].value
    earlier = past.sizes.get(size)
    if used is not None and size.endswith("_request"):
        return used * _headroom(size, constants), "measured"
    if past.outcome is Outcome.GOOD:
        return earlier, "good"
    if past.outcome is Outcome.TOO_LARGE and earlier is not None:
        least = used * _headroom(size, constants) if used is not None else 0.0
        return max(earlier / raise_by, least), "good"
    if past.outcome is not None and size in _RAISED.get(past.outcome, ()) and not past.same:
        return None if earlier is None else earlier * raise_by, "good"
    return None, "good"


def _headroom(size: str, constants: Constants) -> float:
    if size.startswith("cpu"):
        return 1 / constants["cpu.utilisation"].value
    return constants["memory.headroom"].value


def _raised(
    figure: str, now: Estimate, most: float, decisions: Sequence[Past], sheet: Worksheet
) -> Estimate:
    """What was too small for this very component is not recommended again; `most` is the end."""
    size = figure.rsplit(".", 1)[-1]
    factor = sheet.constants["influence.decision.raise"].value
    for past in decisions:
        earlier = past.sizes.get(size)
        if not past.same or past.outcome is None or earlier is None:
            continue
        needed = min(earlier * factor, most)
        if size not in _RAISED.get(past.outcome, ()) or needed <= now.target:
            continue
        unit = "millicores" if size.startswith("cpu") else "MiB"
        assert sheet.ledger is not None  # noqa: S101 - the caller has checked
        sheet.ledger.change(figure, size, now.target, (past.id, needed))
        text = (
            f"With a {size.replace('_', ' ')} of {number(earlier)} {unit} it"
            f" {_WORDS[past.outcome]} ({past.id}), so {number(factor)} times that:"
            f" {number(now.target)} -> {number(needed)} {unit}."
        )
        sheet.step("cpu" if size.startswith("cpu") else "memory", text, (past.id,))
        now = Estimate(now.low, needed, max(now.high, needed))
    return now


def _pods(name: str, sizing: Sizing, decisions: Sequence[Past], sheet: Worksheet) -> Sizing:
    """The number of pods that was right before, inside the interval."""
    for past in decisions:
        earlier = past.sizes.get("replicas")
        if not past.same or past.outcome is not Outcome.GOOD or earlier is None:
            continue
        now = sizing.cpu.replicas
        wanted = sizing.with_count(min(max(round(earlier), now.low), now.high))
        after = wanted.cpu.replicas.target
        if after != now.target and sheet.ledger is not None:
            sheet.ledger.change(f"{name}.replicas", "replicas", now.target, (past.id, after))
            text = f"{round(earlier)} pods were right before ({past.id}): {now.target} -> {after}."
            sheet.step("replicas", text, (past.id,))
            return wanted
    return sizing


def _past(evidence: Evidence) -> Past:
    figures = evidence.figures
    text = figures.get("outcome")
    outcome = Outcome(text) if isinstance(text, str) and text in set(Outcome) else None
    names = {
        "cpu_request": "cpu_request_millicores",
        "memory_request": "memory_request_mib",
        "cpu_limit": "cpu_limit_millicores",
        "memory_limit": "memory_limit_mib",
        "replicas": "replicas_count",
    }
    sizes = {number_: _amount(evidence, key) for number_, key in names.items()}
    measured = {number_: _amount(evidence, f"measured_{key}") for number_, key in names.items()}
    return Past(
        id=evidence.id,
        same=figures.get("same_component") is True,
        outcome=outcome,
        sizes={key: value for key, value in sizes.items() if value is not None},
        measured={key: value for key, value in measured.items() if value is not None},
    )


def _amount(evidence: Evidence, key: str) -> float | None:
    value = evidence.figures.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= LARGEST else None
