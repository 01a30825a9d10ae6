"""The reasoning, number by number, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci.handoff.knowledge import knowledge_lines
from ci.handoff.measured import measured_lines
from ci.handoff.plain import line, wrapped
from schemas.errors import UsageError
from schemas.evidence import Evidence
from schemas.plan import CountInterval, CpuInterval, MemoryInterval
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, Finding, Recommendation

_TOPICS = (
    ("demand", "Demand"),
    ("cpu", "CPU"),
    ("memory", "Memory"),
    ("replicas", "Replicas"),
    ("autoscaling", "Autoscaling"),
    ("storage", "Storage"),
    ("runtime", "Runtime"),
    ("confidence", "Confidence"),
)
"""`ReasoningStep.about` in the order in which they are read; others follow under their own word."""


def explain(recommendation: Recommendation, component: str | None = None) -> str:
    """Tell why each number is what it is.

    Args:
        recommendation: The result.
        component: Name of one component; None for all.

    Raises:
        UsageError: There is no component of that name.
    """
    if component is not None:
        _refuse_unknown(recommendation, component)
    lines: list[str] = []
    for item in recommendation.components:
        if component in (None, item.name):
            lines += [*_component(item, recommendation), ""]
    for failed in recommendation.failed:
        if component in (None, failed.name):
            lines += [
                *_title(failed.name),
                f"not sized ({line(failed.stage)}): {line(failed.failure)}",
                "",
            ]
    if component is None:
        lines += _app_findings(recommendation)
    return "\n".join(lines).rstrip() + "\n"


def _refuse_unknown(recommendation: Recommendation, component: str) -> None:
    names = [item.name for item in recommendation.components]
    names += [item.name for item in recommendation.failed]
    if component not in names:
        listed = ", ".join(line(name, 100) for name in names) or "none"
        raise UsageError(
            f"there is no component {line(component, 100)!r}",
            code="usage.component",
            hint=f"Components: {listed}.",
        )


def _component(item: ComponentRecommendation, recommendation: Recommendation) -> Iterator[str]:
    yield from _title(item.name)
    stack = " / ".join(line(part) for part in (item.language, item.framework) if part)
    what = [item.role.value, item.kind.value, stack, line(item.third_party or "")]
    yield from wrapped(", ".join(part for part in what if part), "")
    yield from wrapped(f"route {item.route.value}: {line(item.route_reason)}", "")
    if item.failure:
        yield from wrapped(f"failed: {line(item.failure)}", "")
    yield from measured_lines(item)
    yield from _rationale(item)
    known = {evidence.id: evidence for evidence in item.evidence}
    for topic, title in _topics(item):
        yield ""
        yield title
        yield from _numbers(item, topic)
        for step in item.reasoning:
            if step.about == topic:
                yield from wrapped(f"{step.number}. {line(step.text)}", "  ", "     ")
                yield from _cited(step.evidence, known)
    yield from knowledge_lines(item, recommendation.knowledge)
    yield from _changes(item)
    yield from _findings(f for f in recommendation.findings if f.component == item.name)
    yield from _trace(item)


def _rationale(item: ComponentRecommendation) -> Iterator[str]:
    if item.rationale:
        yield ""
        yield "In short (a language model's words; every number in them was checked)"
        yield from wrapped(line(item.rationale), "  ")


def _title(name: str) -> tuple[str, str]:
    text = line(name, 200)
    return text, "=" * max(len(text), 3)


def _topics(item: ComponentRecommendation) -> list[tuple[str, str]]:
    known = dict(_TOPICS)
    used = {step.about for step in item.reasoning}
    always = {"cpu", "memory", "replicas", "confidence"}
    listed = [(topic, title) for topic, title in _TOPICS if topic in used | always]
    others = dict.fromkeys(step.about for step in item.reasoning if step.about not in known)
    return listed + [(topic, line(topic, 60).capitalize()) for topic in others]


def _numbers(item: ComponentRecommendation, topic: str) -> Iterator[str]:
    requests, limits, intervals = item.resources.requests, item.resources.limits, item.intervals
    match topic:
        case "cpu":
            yield _number("request", _cpu(requests.cpu), _range(intervals.cpu_request))
            yield _number("limit", _cpu(limits.cpu), _range(intervals.cpu_limit))
        case "memory":
            yield _number("request", _memory(requests.memory), _range(intervals.memory_request))
            yield _number("limit", _memory(limits.memory), _range(intervals.memory_limit))
        case "replicas":
            yield _number("replicas", str(item.replicas), _range(intervals.replicas))
        case "autoscaling" if item.autoscaling is not None:
            hpa = item.autoscaling
            text = f"{hpa.min_replicas} to {hpa.max_replicas} at {hpa.target_cpu_percent} % CPU"
            yield _number("replicas", text, "")
        case "storage" if item.storage is not None:
            yield _number("volume", format_memory(item.storage), "")
        case "runtime":
            for name, value in item.runtime_env.items():
                yield f"  {line(name, 100)}={line(value, 200)}"
        case "confidence":
            yield _number("confidence", f"{item.confidence:.2f}", "")
        case _:
            return


def _number(label: str, value: str, bounds: str) -> str:
    return f"  {label:<10} {value:<10} {bounds}".rstrip()


def _cpu(amount: int | None) -> str:
    return "not set" if amount is None else format_cpu(amount)


def _memory(amount: int | None) -> str:
    return "not set" if amount is None else format_memory(amount)


def _range(interval: CpuInterval | MemoryInterval | CountInterval | None) -> str:
    match interval:
        case None:
            return ""
        case CpuInterval():
            return f"defensible: {format_cpu(interval.low)} to {format_cpu(interval.high)}"
        case MemoryInterval():
            return f"defensible: {format_memory(interval.low)} to {format_memory(interval.high)}"
        case CountInterval():
            return f"defensible: {interval.low} to {interval.high}"


def _cited(ids: Iterable[str], known: dict[str, Evidence]) -> Iterator[str]:
    for id_ in ids:
        evidence = known.get(id_)
        if evidence is None:
            yield f"     - {line(id_, 200)}: cited, but not among the evidence"
            continue
        place = line(evidence.source, 300) + (f":{evidence.line}" if evidence.line else "")
        text = f"- [{evidence.grade.value}] {place}: {line(evidence.statement)}"
        yield from wrapped(text, "     ", "       ")


def _changes(item: ComponentRecommendation) -> Iterator[str]:
    yield ""
    if item.target is None:
        yield "Changes: the repository has no manifest for it"
        return
    where = f"{item.target.kind} {line(item.target.name)} in {line(item.target.path)}"
    yield from wrapped(f"Changes to {where}" + ("" if item.changes else ": none"), "", "  ")
    for change in item.changes:
        yield from wrapped(f"- {line(change)}", "  ", "    ")


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for index, finding in enumerate(findings):
        if index == 0:
            yield ""
            yield "Findings"
        yield from finding_lines(finding)


def finding_lines(finding: Finding) -> Iterator[str]:
    """One finding: state, id, message, measured value and bound, repair, source."""
    state = "passed" if finding.passed else finding.severity.value
    state = "repaired" if finding.passed and finding.fix else state
    yield from wrapped(f"- [{state}] {finding.id}: {line(finding.message)}", "  ", "    ")
    detail = [
        f"{label} {line(value, 300)}"
        for label, value in (
            ("found", finding.value),
            ("bound", finding.limit),
            ("at", finding.path),
        )
        if value
    ]
    if detail:
        yield from wrapped("; ".join(detail), "    ", "    ")
    if finding.fix:
        fix = finding.fix
        before, after = (line(text, 200) or "not set" for text in (fix.before, fix.after))
        change = f"{line(fix.field, 200)}: {before} -> {after}"
        yield from wrapped(f"repair {line(fix.op, 100)}: {change}", "    ", "      ")
    if finding.source:
        yield from wrapped(f"rule from {line(finding.source)}", "    ", "      ")


def _trace(item: ComponentRecommendation) -> Iterator[str]:
    if item.refinement is None:
        return
    refinement = item.refinement
    yield ""
    plural = "" if refinement.cycles == 1 else "s"
    yield f"Refinement: {refinement.cycles} cycle{plural}, ended with {refinement.ended.value}"
    for step in refinement.trace:
        yield from wrapped(f"{step.cycle}. thought: {line(step.thought)}", "  ", "     ")
        yield from wrapped(f"action: {line(step.action)}", "     ")
        yield from wrapped(f"observation: {line(step.observation)}", "     ", "       ")


def _app_findings(recommendation: Recommendation) -> list[str]:
    found = [f for f in recommendation.findings if f.component is None]
    if not found:
        return []
    lines = [*_title("The whole app")]
    for finding in found:
        lines += finding_lines(finding)
    return lines
