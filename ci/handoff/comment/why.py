"""The reasoning, number by number, with what each step rests on; and how it was refined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import Fold, Part, text_part
from ci.handoff.comment.numbers import GRADES
from ci.handoff.knowledge import influence_text
from ci.handoff.measured import kept_text, measured_text, plural
from schemas.evidence import Evidence, EvidenceKind
from schemas.plan import CountInterval, CpuInterval, MemoryInterval, ModelChange
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, ReActStep

_TOPICS = (
    ("demand", "Demand"),
    ("replicas", "Replicas"),
    ("cpu", "CPU"),
    ("memory", "Memory"),
    ("autoscaling", "Autoscaling"),
    ("storage", "Volume"),
    ("runtime", "Runtime"),
    ("confidence", "Confidence"),
)
_MAX_CITED = 6
_MAX_PLACE = 160
_ENDS = {
    "nothing_blocks": "nothing blocks",
    "nothing_changes": "nothing more could be repaired",
    "cycle_limit": "the limit of cycles was reached",
}


def why_fold(items: Sequence[ComponentRecommendation]) -> Fold | None:
    """The reasoning of these components; None without any."""
    parts = tuple(part for item in items for part in component_parts(item))
    return Fold("Why: number by number", parts) if parts else None


def component_parts(item: ComponentRecommendation) -> Iterator[Part]:
    """The reasoning of one component."""
    yield text_part(f"#### {code(item.name)}")
    yield text_part(*_origin(item))
    if item.rationale:
        words = "In short, in a language model's words; every number in them was checked:"
        yield text_part(f"{words} {prose(item.rationale, 2000)}")
    known = {found.id: found for found in item.evidence}
    for topic, title in _topics(item):
        steps = [step for step in item.reasoning if step.about == topic]
        numbers = _numbers(item, topic)
        if not steps and not numbers:
            continue
        told = f": {numbers}" if numbers else ""
        cited = (f"- {prose(step.text, 800)}{_cited(step.evidence, known)}" for step in steps)
        yield Part(tuple(cited), head=(f"**{title}**{told}", ""))
    if item.model_changes:
        lines = (f"- {_model_change(change)}" for change in item.model_changes)
        yield Part(tuple(lines), head=("**What a language model would have otherwise**", ""))
    if item.influences:
        lines = (f"- {prose(influence_text(found))}" for found in item.influences)
        yield Part(tuple(lines), head=("**Figures that retrieved documents moved**", ""))


def evidence_fold(item: ComponentRecommendation) -> Fold | None:
    """Each piece of evidence in full: grade, source, statement. Addresses are no links."""
    if not item.evidence:
        return None
    lines = tuple(
        f"- {GRADES[found.grade]}, {code(_place(found))}: {prose(found.statement, 800)}"
        for found in item.evidence
    )
    return Fold(f"Evidence ({len(lines)})", (Part(lines),))


def refinement_fold(items: Sequence[ComponentRecommendation]) -> Fold | None:
    """How RVA went from the draft to this; None where it had nothing to do."""
    parts = []
    for item in items:
        refinement = item.refinement
        if refinement is None or not refinement.trace:
            continue
        ended = _ENDS.get(refinement.ended.value, refinement.ended.value)
        title = f"{code(item.name)}: {plural(refinement.cycles, 'cycle')}, {ended}"
        parts.append(Part(tuple(_step(step) for step in refinement.trace), head=(title, "")))
    return Fold("Refinement log", tuple(parts)) if parts else None


def _origin(item: ComponentRecommendation) -> Iterator[str]:
    stack = " / ".join(prose(part, 60) for part in (item.language, item.framework) if part)
    what = [item.role.value.replace("_", " "), item.kind.value, stack]
    where = f" in {code(item.source_path)}" if item.source_path else ""
    words = ", ".join(part for part in what if part)
    route = f"Route {item.route.value}: {prose(item.route_reason)}"
    yield f"{words[0].upper()}{words[1:]}{where}. {route}"
    measured, kept = measured_text(item), kept_text(item)
    if measured:
        yield f"Measured: {prose(measured)}"
    if item.usage is not None and item.usage.missing:
        yield f"Not read: {'; '.join(prose(text, 200) for text in item.usage.missing[:6])}"
    if kept:
        yield f"Kept as it is: {prose(kept)}"


def _topics(item: ComponentRecommendation) -> list[tuple[str, str]]:
    known = dict(_TOPICS)
    others = dict.fromkeys(step.about for step in item.reasoning if step.about not in known)
    return [*_TOPICS, *((topic, prose(topic, 60)) for topic in others)]


def _numbers(item: ComponentRecommendation, topic: str) -> str:
    requests, limits, bounds = item.resources.requests, item.resources.limits, item.intervals
    match topic:
        case "replicas":
            return f"{item.replicas}{_range(bounds.replicas)}"
        case "cpu":
            return (
                f"request {_cpu(requests.cpu)}{_range(bounds.cpu_request)}, "
                f"limit {_cpu(limits.cpu)}{_range(bounds.cpu_limit)}"
            )
        case "memory":
            return (
                f"request {_memory(requests.memory)}{_range(bounds.memory_request)}, "
                f"limit {_memory(limits.memory)}{_range(bounds.memory_limit)}"
            )
        case "autoscaling" if item.autoscaling is not None:
            hpa = item.autoscaling
            return f"{hpa.min_replicas} to {hpa.max_replicas} at {hpa.target_cpu_percent} % CPU"
        case "storage" if item.storage is not None:
            return prose(format_memory(item.storage))
        case "runtime":
            pairs = (f"{name}={value}" for name, value in item.runtime_env.items())
            return ", ".join(code(pair) for pair in pairs)
        case "confidence":
            return f"{item.confidence:.2f}"
        case _:
            return ""


def _cpu(amount: int | None) -> str:
    return "not set" if amount is None else f"**{prose(format_cpu(amount))}**"


def _memory(amount: int | None) -> str:
    return "not set" if amount is None else f"**{prose(format_memory(amount))}**"


def _range(interval: CpuInterval | MemoryInterval | CountInterval | None) -> str:
    match interval:
        case None:
            return ""
        case CpuInterval():
            low, high = format_cpu(interval.low), format_cpu(interval.high)
        case MemoryInterval():
            low, high = format_memory(interval.low), format_memory(interval.high)
        case CountInterval():
            low, high = str(interval.low), str(interval.high)
        case _:
            assert_never(interval)
    return f" (defensible: {prose(low)} to {prose(high)})"


def _cited(ids: Sequence[str], known: dict[str, Evidence]) -> str:
    """What a step rests on, by how firm it is: `` — stated: `api/Dockerfile:14`; …``."""
    by_grade: dict[str, list[str]] = {}
    for id_ in ids[:_MAX_CITED]:
        found = known.get(id_)
        grade = GRADES[found.grade] if found else "cited, but not among the evidence"
        by_grade.setdefault(grade, []).append(code(_short(id_, found), _MAX_PLACE))
    told = [f"{grade}: {', '.join(places)}" for grade, places in by_grade.items()]
    more = len(ids) - _MAX_CITED
    told += [f"and {more} more"] if more > 0 else []
    return f" — {'; '.join(told)}" if told else ""


def _short(id_: str, found: Evidence | None) -> str:
    """The place in few words: a file and its line, else the id, which names constant or fact."""
    if found is not None and found.line is not None:
        return _place(found)
    if id_.startswith("metrics:"):
        return f"metrics:{id_.rpartition('/')[2]}"
    return id_.removeprefix("constant:").removeprefix("file:")


def _place(found: Evidence) -> str:
    """Where it was found. The address of a metrics server is nobody's business in a comment."""
    if found.kind is EvidenceKind.METRICS and "://" in found.source:
        return "metrics server"
    return found.source + (f":{found.line}" if found.line else "")


def _model_change(change: ModelChange) -> str:
    form = _form(change.number)
    moved = f"{form(change.before)} → {form(change.proposed)}"
    ended = f"{change.outcome.value}, so {form(change.after)} stands"
    why = f": {prose(change.why)}" if change.why else ""
    return f"{prose(change.number.replace('_', ' '), 60)} {prose(moved)} ({prose(ended)}){why}"


def _form(number: str) -> Callable[[int], str]:
    if number.startswith("cpu"):
        return format_cpu
    return format_memory if number.startswith("memory") else str


def _step(step: ReActStep) -> str:
    return (
        f"- Cycle {step.cycle}: {prose(step.thought)} → {code(step.action)} → "
        f"{prose(step.observation)}"
    )
