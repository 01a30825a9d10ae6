"""Past decisions as evidence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.context import Component, Note
from schemas.errors import ProvisionError
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.knowledge import DecidedSize, Decision, Outcome
from schemas.ports import DecisionMemory
from schemas.quantities import MIB, format_cpu, format_memory

logger = logging.getLogger(__name__)

UNKNOWN = "unknown"
_OUTCOMES = {
    Outcome.GOOD: "it turned out well",
    Outcome.TOO_SMALL: "it turned out too small",
    Outcome.OOM_KILLED: "it was killed for want of memory",
    Outcome.THROTTLED: "its CPU was throttled",
    Outcome.TOO_LARGE: "it turned out too large",
}
_STATEMENT_MAX = 1000


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the memory knows."""

    components: tuple[Component, ...]
    """All, in their order, with the decisions behind their documents."""
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()


def recall(components: Sequence[Component], memory: DecisionMemory, repository: str) -> Recalled:
    """Past decisions about the same or similar components; a memory that fails is a note."""
    done: list[Component] = []
    evidence: dict[str, Evidence] = {}
    try:
        for component in components:
            found = [
                decision_evidence(decision, component, repository)
                for decision in memory.similar(component, repository)
            ]
            evidence.update((item.id, item) for item in found)
            ids = tuple(item.id for item in found)
            done.append(component.model_copy(update={"documents": (*component.documents, *ids)}))
    except Exception as error:
        logger.info("memory_failed", exc_info=True)
        reason = error.message if isinstance(error, ProvisionError) else type(error).__name__
        message = f"past decisions could not be looked up ({reason})"
        note = Note(code="unknown.decisions", message=message)
        return Recalled((*done, *components[len(done) :]), tuple(evidence.values()), (note,))
    return Recalled(tuple(done), tuple(evidence.values()))


def decision_evidence(decision: Decision, component: Component, repository: str) -> Evidence:
    """A decision as evidence for a component of `repository`.

    What was measured on the component itself is the best evidence there is; what was decided for
    another one, or never checked, is a rule of thumb. For another component it is another
    statement, and its id says so.
    """
    same = decision.repository == repository and decision.component == component.name
    measured = decision.measured is not None
    figures: dict[str, float | int | str | bool] = dict(_figures(decision.size))
    figures["outcome"] = decision.outcome.value if decision.outcome else UNKNOWN
    figures["same_component"] = same
    if decision.measured is not None:
        figures |= {f"measured_{name}": value for name, value in _figures(decision.measured)}
    return Evidence(
        id=decision.evidence_id if same else f"{decision.evidence_id}#similar",
        kind=EvidenceKind.DECISION,
        grade=EvidenceGrade.MEASURED if same and measured else EvidenceGrade.HEURISTIC,
        statement=_statement(decision, same=same)[:_STATEMENT_MAX],
        source=f"run {decision.run} of {decision.decided_at:%Y-%m-%d}",
        figures=figures,
    )


def _figures(size: DecidedSize) -> Iterator[tuple[str, float | int]]:
    rows = (
        ("cpu_request_millicores", size.cpu_request),
        ("memory_request_mib", None if size.memory_request is None else size.memory_request / MIB),
        ("cpu_limit_millicores", size.cpu_limit),
        ("memory_limit_mib", None if size.memory_limit is None else size.memory_limit / MIB),
        ("replicas_count", size.replicas),
    )
    for name, value in rows:
        if value is not None:
            yield name, value


def _statement(decision: Decision, *, same: bool) -> str:
    whose = "This component" if same else f"{decision.component} of {decision.repository}"
    outcome = _OUTCOMES[decision.outcome] if decision.outcome else "how it turned out is not known"
    measured = f"; measured: {_size(decision.measured)}" if decision.measured else ""
    return (
        f"{whose} was given {_size(decision.size)}; {outcome}{measured}. Asked: {decision.summary}"
    )


def _size(size: DecidedSize) -> str:
    pods = size.replicas
    rows = (
        ("", pods, lambda count: f"{count} replica{'' if count == 1 else 's'}"),
        ("CPU request ", size.cpu_request, format_cpu),
        ("CPU limit ", size.cpu_limit, format_cpu),
        ("memory request ", size.memory_request, format_memory),
        ("memory limit ", size.memory_limit, format_memory),
    )
    parts = [f"{name}{form(amount)}" for name, amount, form in rows if amount is not None]
    return ", ".join(parts) or "no numbers"
