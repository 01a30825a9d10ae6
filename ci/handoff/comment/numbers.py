"""The one table: what each number is now, what is proposed, and on what grounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci.handoff.amounts import cpu_text, memory_text, share_text
from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import row, table_lines
from ci.handoff.measured import plural
from ci.report.resource import ResourceView, cpu_view, memory_view, replicas_now
from schemas.context import RouteName
from schemas.evidence import EvidenceGrade
from schemas.plan import ModelOutcome
from schemas.quantities import format_memory
from schemas.recommendation import ComponentRecommendation
from schemas.usage import UsageSummary

MAX_ROWS = 12
"""Visible rows: with the rest of the comment that stays within 40 lines."""
MAX_NAME = 60
_MAX_WHY = 150
_NOTHING = "–"
UNSET = "not set"
_FIRM = frozenset({EvidenceGrade.MEASURED, EvidenceGrade.STATED})
GRADES = {
    EvidenceGrade.MEASURED: "measured",
    EvidenceGrade.STATED: "stated",
    EvidenceGrade.VENDOR: "vendor",
    EvidenceGrade.BENCHMARK: "benchmark",
    EvidenceGrade.HEURISTIC: "rule of thumb",
}
"""How firm a fact is, in words."""
_OVERRULED = (ModelOutcome.CLAMPED, ModelOutcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Number:
    """One number (or a pair) of one component; all texts are plain, not yet escaped."""

    topic: str
    """As in `ReasoningStep.about`."""
    title: str
    now: str
    proposed: str

    @property
    def differs(self) -> bool:
        """Whether the proposal is another than what is set."""
        return self.now != self.proposed


def is_new(item: ComponentRecommendation) -> bool:
    """The repository has no manifest for it."""
    return item.target is None


def is_changed(item: ComponentRecommendation) -> bool:
    """Its manifest differs from the recommendation, or is missing."""
    return is_new(item) or bool(item.changes)


def component_numbers(item: ComponentRecommendation) -> tuple[Number, ...]:
    """Replicas, CPU, memory, and the volume where there is one."""
    cpu, memory = cpu_view(item), memory_view(item)
    numbers = [
        Number("replicas", _replicas_title(item), _replicas_now(item), _replicas(item)),
        Number("cpu", "CPU req / limit", _now(cpu), _pair(cpu, cpu.new.request, cpu.new.limit)),
        Number(
            "memory",
            "memory req / limit",
            _now(memory),
            _pair(memory, memory.new.request, memory.new.limit),
        ),
    ]
    if item.storage is not None:
        numbers.append(Number("storage", "volume", _NOTHING, format_memory(item.storage)))
    return tuple(numbers)


def numbers_table(items: Sequence[ComponentRecommendation]) -> tuple[str, ...]:
    """The table of these components: a row for each number, or for each component if they are many.

    Returns:
        The lines of the table, at most `MAX_ROWS` rows; empty without components. What is left
        out is for the caller to say (`rows_left_out`).
    """
    if not items:
        return ()
    if _is_long(items):
        return (*_LONG, *(text for item in items for text in _long_rows(item)))
    return (*_SHORT, *(_short_row(item) for item in items[:MAX_ROWS]))


def rows_left_out(items: Sequence[ComponentRecommendation]) -> int:
    """How many of these components the table has no room for."""
    return 0 if _is_long(items) else max(0, len(items) - MAX_ROWS)


def whole_table(
    items: Sequence[ComponentRecommendation],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Head and rows with one row for each component, however many."""
    return _SHORT, tuple(_short_row(item) for item in items)


def why_text(item: ComponentRecommendation, topic: str) -> str:
    """What a number rests on, in words, and how firm that is; Markdown.

    What was measured speaks for itself. Else it is the reasoning: for replicas all of it (what
    rests on measurements, where some does), for other numbers the first step that rests on
    something measured or stated.
    """
    used = _measured(item.usage, topic) if item.usage else ""
    if used:
        return prose(used, _MAX_WHY) + _overruled(item, topic)
    known = {found.id: found.grade for found in item.evidence}
    steps = [
        (step.text, {known[id_] for id_ in step.evidence if id_ in known})
        for step in item.reasoning
        if step.about == topic
    ]
    grades = {EvidenceGrade.MEASURED} if topic == "replicas" else _FIRM
    steps = [step for step in steps if step[1] & grades] or steps
    steps = steps if topic == "replicas" else steps[:1]
    text = prose(" ".join(text for text, _ in steps), _MAX_WHY)
    return f"{text}{_weakest(set().union(*(found for _, found in steps)))}{_overruled(item, topic)}"


_LONG = table_lines(
    [
        ("component", False),
        ("number", False),
        ("now", True),
        ("proposed", True),
        ("evidence", False),
    ]
)
_SHORT = table_lines(
    [
        ("component", False),
        ("replicas", True),
        ("CPU request / limit", True),
        ("memory request / limit", True),
        ("basis, confidence", False),
    ]
)


def _is_long(items: Sequence[ComponentRecommendation]) -> bool:
    return sum(len(component_numbers(item)) for item in items) <= MAX_ROWS


def _long_rows(item: ComponentRecommendation) -> Iterator[str]:
    name = _name(item)
    for index, number in enumerate(component_numbers(item)):
        proposed = _tight(number.proposed)
        yield row(
            (
                name if index == 0 else "",
                _tight(number.title),
                _tight(number.now),
                f"**{proposed}**" if number.differs else proposed,
                why_text(item, number.topic),
            )
        )


def _short_row(item: ComponentRecommendation) -> str:
    name = _name(item)
    cells = (_short_cell(number) for number in component_numbers(item)[:3])
    return row((name, *cells, basis_text(item)))


def _short_cell(number: Number) -> str:
    if not number.differs:
        return _tight(number.now)
    before = "" if number.now in (_NOTHING, UNSET) else f"{_tight(number.now)} → "
    return f"{before}**{_tight(number.proposed)}**"


def _tight(text: str) -> str:
    """An amount that a narrow column does not break."""
    return prose(text).replace(" ", "\u00a0")


def basis_text(item: ComponentRecommendation) -> str:
    """``measured`` or ``estimate``, with the confidence."""
    basis = "measured" if item.route is RouteName.METRICS else "estimate"
    return f"{basis}, {item.confidence:.2f}"


def _name(item: ComponentRecommendation) -> str:
    remark = "" if not is_new(item) else " (no manifest)" if item.usage else " (new)"
    return code(item.name, MAX_NAME) + remark


def _replicas_title(item: ComponentRecommendation) -> str:
    hpa = item.autoscaling
    return f"replicas (HPA {hpa.target_cpu_percent} %)" if hpa else "replicas"


def _replicas(item: ComponentRecommendation) -> str:
    hpa = item.autoscaling
    return f"{hpa.min_replicas}–{hpa.max_replicas}" if hpa else str(item.replicas)


def _replicas_now(item: ComponentRecommendation) -> str:
    hpa = item.current.autoscaler if item.current else None
    if hpa is not None and hpa.max_replicas is not None:
        return f"{hpa.min_replicas or 1}–{hpa.max_replicas}"
    known = replicas_now(item)
    if known is not None:
        return str(known)
    return _NOTHING if is_new(item) else UNSET


def _now(view: ResourceView) -> str:
    return _NOTHING if view.now is None else _pair(view, view.now.request, view.now.limit)


def _pair(view: ResourceView, request: int | None, limit: int | None) -> str:
    if request is None and limit is None:
        return UNSET
    return " / ".join(
        "none" if amount is None else view.resource.short(amount) for amount in (request, limit)
    )


def _measured(usage: UsageSummary, topic: str) -> str:
    seen = f"Measured over {usage.days:.1f} days"
    if topic == "cpu" and usage.cpu_cores is not None:
        spread = usage.cpu_cores
        text = f"{seen}: p95 {cpu_text(spread.p95)}, peak {cpu_text(spread.maximum)}"
        throttled = usage.throttled_share
        return text + (f", throttled {share_text(throttled)}" if throttled is not None else "")
    if topic == "memory" and usage.memory_bytes is not None:
        text = f"{seen}: peak {memory_text(usage.memory_bytes.maximum)}"
        kills = usage.oom_kills
        told = plural(kills, "OOM kill") if kills else "no OOM kill"
        return text if kills is None else f"{text}, {told}"
    return ""


def _weakest(grades: set[EvidenceGrade]) -> str:
    """The least firm of what a number rests on: a chain holds no more than its weakest link."""
    found = [GRADES[grade] for grade in EvidenceGrade if grade in grades]
    return f" *({found[-1]})*" if found else ""


def _overruled(item: ComponentRecommendation, topic: str) -> str:
    """Says that a language model would have had it otherwise, where a rule stood against it."""
    overruled = any(
        change.outcome in _OVERRULED and change.number.startswith(topic)
        for change in item.model_changes
    )
    return " ⚖️ a rule overrode the model" if overruled else ""
