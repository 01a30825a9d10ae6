"""Takes from a proposal what is defensible: the interval rules, and evidence beyond it.

A number inside the interval is taken. One outside is taken only when evidence that the model cited
for it states a size of the same kind near it, and that evidence is somebody's who may say so: a
vendor's word, a published measurement, or the workload's own history. Else the interval's bound
stands; a number that is several times beyond it is a slip, and the draft's stands. Floors are the
interval's own affair: its low end is never under what a runtime needs, and no evidence takes a
number below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipa.thinking.shape import Number, Proposal
from pipa.thinking.table import IN_MEMORY, Row, Rows, proposed, rows_of, with_rows
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.knowledge import FigureName
from schemas.plan import ComponentPlan, ModelChange, ModelOutcome
from schemas.prose import shown
from schemas.quantities import MIB

NEAR = 0.25
"""How far a stated size may be from a number that it carries, as a share of the size."""
FURTHEST = 4.0
"""How many times beyond its interval a number may be at all: what is further off is a slip."""
_GRADES = frozenset({EvidenceGrade.MEASURED, EvidenceGrade.VENDOR, EvidenceGrade.BENCHMARK})
_KINDS = frozenset({EvidenceKind.DOCUMENT, EvidenceKind.METRICS, EvidenceKind.DECISION})
_FIGURES: dict[Number, tuple[str, ...]] = {
    Number.REPLICAS: (FigureName.REPLICAS.value,),
    Number.CPU_REQUEST: (
        FigureName.CPU_REQUEST.value,
        FigureName.CPU_MINIMUM.value,
        "measured_cpu_p95_millicores",
    ),
    Number.MEMORY_REQUEST: (
        FigureName.MEMORY_REQUEST.value,
        FigureName.MEMORY_MINIMUM.value,
        "measured_memory_peak_mib",
        "memory_max_mib",
    ),
    Number.CPU_LIMIT: (FigureName.CPU_LIMIT.value,),
    Number.MEMORY_LIMIT: (
        FigureName.MEMORY_LIMIT.value,
        FigureName.MEMORY_MINIMUM.value,
        "measured_memory_peak_mib",
        "memory_max_mib",
    ),
}
"""Figures of evidence that state a size of the same kind, in millicores, MiB or pods."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A plan after a proposal."""

    plan: ComponentPlan
    changes: tuple[ModelChange, ...]


def weigh(
    plan: ComponentPlan,
    proposal: Proposal,
    offered: Mapping[str, Evidence],
) -> Weighed:
    """What of a proposal may stand.

    Args:
        plan: The deterministic draft.
        proposal: What the model would have.
        offered: The evidence that the model was shown, by the id that it saw.
    """
    before = rows_of(plan)
    cited = {item.number: item for item in proposal.support}
    after: Rows = {}
    changes: dict[Number, ModelChange] = {}
    for number, row in before.items():
        wanted = proposed(proposal, number)
        support = cited.get(number)
        ids = tuple(id_ for id_ in (support.evidence if support else ()) if id_ in offered)
        moved, outcome = _judge(number, row, wanted, [offered[id_] for id_ in ids])
        after[number] = moved
        if wanted != row.value:
            changes[number] = ModelChange(
                number=number.value,
                before=row.value,
                proposed=wanted,
                after=moved.value,
                outcome=outcome,
                evidence=tuple(offered[id_].id for id_ in ids),
                why=shown(support.because) if support else "",
            )
    for request, limit in (
        (Number.CPU_REQUEST, Number.CPU_LIMIT),
        (Number.MEMORY_REQUEST, Number.MEMORY_LIMIT),
    ):
        _keep_in_order(request, limit, before, after, changes)
    changed = with_rows(plan, after)
    told = tuple(changes.values())
    return Weighed(changed.model_copy(update={"model_changes": told}), told)


def _judge(
    number: Number, row: Row, wanted: int, evidence: list[Evidence]
) -> tuple[Row, ModelOutcome]:
    if row.low <= wanted <= row.high:
        return replace(row, value=wanted), ModelOutcome.TAKEN
    if wanted * FURTHEST < row.low or wanted > row.high * FURTHEST:
        return row, ModelOutcome.REFUSED
    if wanted < row.low:
        return replace(row, value=row.low), ModelOutcome.CLAMPED
    if any(_carries(number, wanted, item) for item in evidence):
        return Row(wanted, row.low, wanted), ModelOutcome.SUPPORTED
    return replace(row, value=row.high), ModelOutcome.CLAMPED


def _carries(number: Number, wanted: int, evidence: Evidence) -> bool:
    if evidence.grade not in _GRADES or evidence.kind not in _KINDS:
        return False
    value = wanted / MIB if number in IN_MEMORY else wanted
    stated = (evidence.figures.get(name) for name in _FIGURES[number])
    sizes = [x for x in stated if isinstance(x, int | float) and not isinstance(x, bool) and x > 0]
    return any(abs(value - size) <= NEAR * size for size in sizes)


def _keep_in_order(
    request: Number, limit: Number, before: Rows, after: Rows, changes: dict[Number, ModelChange]
) -> None:
    """A request above its limit: both stay as they were."""
    if request not in after or limit not in after or after[request].value <= after[limit].value:
        return
    for number in (request, limit):
        after[number] = before[number]
        change = changes.get(number)
        if change is not None:
            changes[number] = change.model_copy(
                update={"after": before[number].value, "outcome": ModelOutcome.REFUSED}
            )
