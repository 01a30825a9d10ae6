"""What similar services really use, as observations of the sizes of a new one.

Each service that is like the component votes for three sizes, by plain rules:

* CPU request: the p95 of one of its pods over `cpu.utilisation`, scaled by the load of one pod
  where both loads are known. A load that is known of one alone makes CPU incomparable: without a
  stated load the p95 counts as it is.
* Memory request: the largest use of one of its pods times `memory.headroom`. A service that was
  killed for want of memory might have used more, so it only ever raises.
* Memory limit: the same, times the distance that the model keeps between its own limit and request.

The votes are combined with the model's own figure like those of facts (`pipa.combine`): weighted by
how much alike the service is, how long it was seen and where it comes from, and brought into the
interval of the figure first. So whatever is said of another service moves a number only inside the
interval, whose lower end is no less than what the runtime needs to start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipa.constants import Constants
from pipa.demand import STATEFUL, Situation
from pipa.observations import LARGEST, Observation
from pipa.sizes import Sizing
from pipa.words import mib, millicores, number
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component
from schemas.evidence import Evidence, EvidenceKind

_MOVED = ("cpu_request", "memory_request", "memory_limit")
_REQUESTS = "requests"
"""The unit of loads that metrics count."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """What one similar service used; None is unknown."""

    id: str
    similarity: float
    same_repository: bool
    days: float | None
    cpu_p95_millicores: float | None
    memory_max_mib: float | None
    rate_per_pod: float | None
    """Requests per second that one of its pods answered at p95."""
    killed: bool
    """It ran into its memory limit."""


def read_siblings(component: Component, context: AppContext) -> tuple[Sibling, ...]:
    """The similar services among the documents of a component, most alike first."""
    known = context.evidence_by_id()
    found = (known.get(id_) for id_ in component.documents)
    siblings = (_sibling(item) for item in found if item is not None)
    return tuple(item for item in siblings if item is not None)


def like_siblings(
    component: Component,
    sizing: Sizing,
    siblings: Sequence[Sibling],
    situation: Situation,
    sheet: Worksheet,
) -> Sizing:
    """The sizes after what similar services use, with a step for each that moved."""
    if not siblings or sheet.ledger is None:
        return sizing
    weights = {item.id: _weight(item, component, sheet.constants) for item in siblings}
    before, amounts = sizing.amounts(), sizing.amounts()
    sheet.siblings = _agreeing(siblings, sheet.constants)
    for size in _MOVED:
        says = _voice(size, sizing, situation, sheet.constants)
        seen = _observations(siblings, weights, says, amounts[size].target)
        moved = sheet.ledger.size(
            f"{component.name}.{size}",
            size,
            before[size],
            sheet.constants["influence.prior.rule"].value,
            seen,
        )
        if moved.text:
            text = f"{_used(size, siblings, {item.evidence for item in seen})}; {moved.text}"
            moved = replace(moved, text=text)
        amounts[size] = sheet.tell(moved)
    if before["cpu_request"].target == before["cpu_limit"].target:
        amounts["cpu_limit"] = amounts["cpu_request"]
    return sizing.with_amounts(amounts)


_Says = Callable[[Sibling], float | None]
"""The size that a sibling votes for."""


def _voice(size: str, sizing: Sizing, situation: Situation, constants: Constants) -> _Says:
    if size == "cpu_request":
        own = sizing.cpu.rate_per_pod
        stated = own > 0 and situation.load is not None and situation.load.unit == _REQUESTS
        return lambda item: _cpu(item, own if stated else None, constants)
    memory = sizing.memory
    distance = memory.limit.target / memory.request.target if size == "memory_limit" else 1.0
    return lambda item: _memory(item, distance, constants)


def _cpu(item: Sibling, own_rate: float | None, constants: Constants) -> float | None:
    """Millicores of a pod that asks for what a similar one needs."""
    used = item.cpu_p95_millicores
    if used is None:
        return None
    needed = used / constants["cpu.utilisation"].value
    if own_rate is None:
        return needed
    if item.rate_per_pod is None:
        return None
    factor, most = own_rate / item.rate_per_pod, constants["influence.sibling.load"].value
    return needed * factor if 1 / most <= factor <= most else None


def _memory(item: Sibling, distance: float, constants: Constants) -> float | None:
    if item.memory_max_mib is None:
        return None
    return item.memory_max_mib * constants["memory.headroom"].value * distance


def _observations(
    siblings: Sequence[Sibling], weights: dict[str, float], says: _Says, now: float
) -> tuple[Observation, ...]:
    found = []
    for item in siblings:
        value = says(item)
        if value is None or not 0 < value <= LARGEST or weights[item.id] <= 0:
            continue
        if item.killed and value < now:
            continue
        found.append(Observation(item.id, value, weights[item.id], item.id))
    return tuple(found)


def _weight(item: Sibling, component: Component, constants: Constants) -> float:
    """Votes of a sibling."""
    least = constants["influence.sibling.least"].value
    weight = constants["influence.sibling.votes"].value
    weight *= max(0.0, (item.similarity - least) / (1 - least))
    full = constants["influence.sibling.days"].value
    # How long it was seen is stated by all that is read here; when it is not, it is not much.
    weight *= min(1.0, (item.days or constants["influence.sibling.unknown_days"].value) / full)
    if not item.same_repository:
        weight *= constants["influence.sibling.elsewhere"].value
    if component.role in STATEFUL:
        weight *= constants["influence.sibling.stateful"].value
    return weight


def _agreeing(siblings: Sequence[Sibling], constants: Constants) -> int:
    """How many of them there are, when they agree on the memory; else 0."""
    used = [item.memory_max_mib for item in siblings if item.memory_max_mib]
    if len(used) < 2 or max(used) > constants["influence.agreement"].value * min(used):
        return 0
    return len(used)


def _used(size: str, siblings: Sequence[Sibling], heard: set[str]) -> str:
    """What those that have a vote use, in words."""
    about = [item for item in siblings if item.id in heard]
    if size == "cpu_request":
        most = max(item.cpu_p95_millicores or 0.0 for item in about)
        used = f"at most {millicores(most)} at p95"
    else:
        used = f"at most {mib(max(item.memory_max_mib or 0.0 for item in about))}"
    same = sum(item.same_repository for item in about)
    where = f", {number(same)} of them in this repository" if same else ""
    one = len(about) == 1
    services = "1 service like it uses" if one else f"{len(about)} services like it use"
    return f"{services} {used} per pod{', in this repository' if one and same else where}"


def _sibling(evidence: Evidence) -> Sibling | None:
    """A similar service; None for what is none, or has a figure that cannot be."""
    similarity = _amount(evidence, "similarity")
    if evidence.kind is not EvidenceKind.METRICS or similarity is None or similarity > 1:
        return None
    cpu_cores = _amount(evidence, "cpu_p95_cores")
    rate, pods = _amount(evidence, "requests_per_second_p95"), _amount(evidence, "replicas_count")
    return Sibling(
        id=evidence.id,
        similarity=similarity,
        same_repository=evidence.figures.get("same_repository") is True,
        days=_amount(evidence, "days"),
        cpu_p95_millicores=None if cpu_cores is None else 1000 * cpu_cores,
        memory_max_mib=_amount(evidence, "memory_max_mib"),
        rate_per_pod=None if rate is None or pods is None else rate / max(1.0, pods),
        killed=_amount(evidence, "oom_kills") is not None,
    )


def _amount(evidence: Evidence, key: str) -> float | None:
    value = evidence.figures.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= LARGEST else None
