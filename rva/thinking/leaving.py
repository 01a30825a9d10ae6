"""When a warning may be left to a person: measured, vendor or benchmark evidence carries it.

That a model says so is not enough, nor that evidence exists: the evidence has to state the number
that the repair would change, near the value that the plan has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rva.repairs import REMEDIES
from rva.repairs.amounts import main_four
from rva.subject import Subject
from rva.thinking.shape import Turn
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.knowledge import FigureName
from schemas.plan import ComponentPlan
from schemas.quantities import MIB
from schemas.recommendation import Finding

NEAR = 0.25
"""How far a stated number may be from the plan's, as a share of it."""
_GRADES = frozenset({EvidenceGrade.MEASURED, EvidenceGrade.VENDOR, EvidenceGrade.BENCHMARK})
_KINDS = frozenset({EvidenceKind.DOCUMENT, EvidenceKind.METRICS, EvidenceKind.DECISION})
"""Whose word may speak against a repair: never that of the repository or the description."""
_STATED_BY: tuple[tuple[str, ...], ...] = (
    (FigureName.REPLICAS.value,),
    (FigureName.CPU_REQUEST.value, "measured_cpu_request_millicores"),
    (FigureName.MEMORY_REQUEST.value, "measured_memory_request_mib", "memory_max_mib"),
    (FigureName.CPU_LIMIT.value, "measured_cpu_limit_millicores"),
    (FigureName.MEMORY_LIMIT.value, "measured_memory_limit_mib", "memory_max_mib"),
)
"""Figures that state each of the plan's numbers, in the order of `_numbers`."""


def wrong_to_leave(
    turn: Turn, subject: Subject, pending: Sequence[Finding], offered: Mapping[str, Evidence]
) -> str | None:
    """Why a finding cannot be left, in words for the model; None when it can.

    Args:
        turn: The turn that would leave it.
        subject: The component with its plan.
        pending: The findings that a repair may answer.
        offered: Evidence by the id that the model saw.
    """
    finding = next((item for item in pending if item.id == turn.finding), None)
    if finding is None:
        return "Name the finding to leave."
    if finding.blocks:
        return f"{finding.id} blocks: it has to be repaired and cannot be left."
    cited = [offered[id_] for id_ in turn.evidence if id_ in offered]
    fit = [item for item in cited if item.grade in _GRADES and item.kind in _KINDS]
    if not fit:
        return f"To leave {finding.id}, cite measured, vendor or benchmark evidence by a given id."
    if not _carried(subject, finding, fit):
        return (
            f"To leave {finding.id}, cite evidence that states the number which its repair would "
            "change, as the plan has it."
        )
    return None


def _carried(subject: Subject, finding: Finding, evidence: Iterable[Evidence]) -> bool:
    """Whether evidence states a number that the repair would move away from."""
    after = REMEDIES[finding.id].apply(subject)
    if after is None:
        return False
    figures = [item.figures for item in evidence]
    return any(
        _near(now, stated.get(name))
        for now, then, names in zip(
            _numbers(subject.plan), _numbers(after), _STATED_BY, strict=True
        )
        if now is not None and now != then
        for stated in figures
        for name in names
    )


def _numbers(plan: ComponentPlan) -> tuple[float | None, ...]:
    """Replicas, then the four amounts of the main container, in millicores and MiB."""
    four = main_four(plan)
    memory = (four.memory_request, four.memory_limit)
    request, limit = (None if amount is None else amount / MIB for amount in memory)
    return plan.replicas, four.cpu_request, request, four.cpu_limit, limit


def _near(value: float, stated: object) -> bool:
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return False
    return abs(stated - value) <= NEAR * max(value, 1)
