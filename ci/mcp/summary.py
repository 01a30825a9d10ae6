"""A recommendation as an answer, cut to the size that a model can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ci.handoff.explain import explain
from ci.handoff.patch import patches_text
from ci.handoff.plain import line
from ci.mcp.answers import (
    Amounts,
    CheckFinding,
    ContainerResources,
    Cost,
    NotSized,
    Range,
    Scaling,
    SizedComponent,
    Sizing,
)
from schemas import plan
from schemas.plan import CountInterval, CpuInterval, MemoryInterval
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, Finding, Recommendation, Severity

S = TypeVar("S", bound=Sizing)
MAX_EXPLANATION = 24_000
"""Characters of one component's reasoning."""
MAX_EXPLAINED = 200
"""Components whose reasoning is kept."""
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NUMBERS = ("replicas", "cpu_request", "memory_request", "cpu_limit", "memory_limit")


def sizing_of(recommendation: Recommendation) -> Sizing:
    """The answer of `size_app`, as long as it is; `fitted` cuts it."""
    repository, run = recommendation.repository, recommendation.run
    cost = recommendation.cost
    return Sizing(
        run=run.id,
        repository=repository.url,
        commit=repository.commit,
        environment=recommendation.trigger.environment.value,
        blocked=recommendation.blocked,
        components=[_component(item) for item in recommendation.components],
        not_sized=[NotSized(name=item.name, reason=item.failure) for item in recommendation.failed],
        findings=findings_of(recommendation.findings),
        checks_passed=recommendation.checks_passed,
        checks_skipped=len(recommendation.checks_skipped),
        notes=[_said(note.component, note.message) for note in recommendation.notes],
        cost=Cost(
            monthly=cost.monthly, currency=cost.currency, source=cost.source, unknown=cost.unknown
        ),
        reasoner=run.reasoner.used,
        patches=patches_text(recommendation),
        left_out=[],
    )


def findings_of(findings: Iterable[Finding]) -> list[CheckFinding]:
    """The failed ones, worst first."""
    failed = sorted(
        (item for item in findings if not item.passed), key=lambda item: _RANK[item.severity]
    )
    return [
        CheckFinding(
            check=item.id,
            severity=item.severity.value,
            component=item.component or "",
            message=item.message,
            found=item.value,
            bound=item.limit,
            repair=_repair(item),
        )
        for item in failed
    ]


def explanations_of(recommendation: Recommendation) -> dict[str, str]:
    """The reasoning of each component, by its name as the answer shows it."""
    names = [item.name for item in recommendation.components]
    names += [item.name for item in recommendation.failed]
    return {
        line(name, 1000): explain(recommendation, name)[: MAX_EXPLANATION + 1]
        for name in names[:MAX_EXPLAINED]
    }


def fitted(answer: S, most_bytes: int) -> S:
    """The answer in at most so many bytes of JSON; `left_out` names what had to go."""
    for left_out, empty in _STAGES:
        if _bytes(answer) <= most_bytes:
            return answer
        answer = _with(answer, left_out, empty(answer))
    while _bytes(answer) > most_bytes:
        lists = {name: getattr(answer, name, []) for name in _HALVED}
        longest = max(lists, key=lambda name: len(lists[name]))
        if not lists[longest]:
            break
        half = {longest: lists[longest][: len(lists[longest]) // 2]}
        answer = _with(answer, _HALVED[longest], half)
    return answer


def _component(item: ComponentRecommendation) -> SizedComponent:
    hpa = item.autoscaling
    stack = [item.third_party] if item.third_party else [item.language, item.framework]
    return SizedComponent(
        name=item.name,
        role=item.role.value,
        kind=item.kind.value,
        stack=" / ".join(part for part in stack if part),
        replicas=item.replicas,
        autoscaling=None
        if hpa is None
        else Scaling(
            min_replicas=hpa.min_replicas,
            max_replicas=hpa.max_replicas,
            target_cpu_percent=hpa.target_cpu_percent,
        ),
        resources=ContainerResources(
            requests=_amounts(item.resources.requests), limits=_amounts(item.resources.limits)
        ),
        defensible=_ranges(item),
        confidence=round(item.confidence, 2),
        evidence=item.route.value,
        runtime_env=item.runtime_env,
        storage=None if item.storage is None else format_memory(item.storage),
        changes=list(item.changes),
        has_manifest=item.target is not None,
        reasons=[f"{step.about}: {step.text}" for step in item.reasoning],
    )


def _amounts(amounts: plan.Amounts) -> Amounts:
    return Amounts(
        cpu=None if amounts.cpu is None else format_cpu(amounts.cpu),
        memory=None if amounts.memory is None else format_memory(amounts.memory),
    )


def _ranges(item: ComponentRecommendation) -> dict[str, Range]:
    found = {name: getattr(item.intervals, name) for name in _NUMBERS}
    return {name: _range(interval) for name, interval in found.items() if interval is not None}


def _range(interval: CpuInterval | MemoryInterval | CountInterval) -> Range:
    match interval:
        case CpuInterval():
            return Range(low=format_cpu(interval.low), high=format_cpu(interval.high))
        case MemoryInterval():
            return Range(low=format_memory(interval.low), high=format_memory(interval.high))
        case CountInterval():
            return Range(low=str(interval.low), high=str(interval.high))


def _repair(finding: Finding) -> str:
    fix = finding.fix
    return "" if fix is None else f"{fix.field}: {fix.before or 'not set'} -> {fix.after}"


def _said(component: str | None, message: str) -> str:
    return f"{component}: {message}" if component else message


def _bytes(answer: Sizing) -> int:
    return len(answer.model_dump_json().encode())


def _with(answer: S, left_out: str, update: dict[str, Any]) -> S:
    told = list(dict.fromkeys([*answer.left_out, left_out]))
    return answer.model_copy(update={**update, "left_out": told})


def _without_reasons(answer: Sizing) -> dict[str, Any]:
    bare = [item.model_copy(update={"reasons": []}) for item in answer.components]
    return {"components": bare}


def _without_details(answer: Sizing) -> dict[str, Any]:
    nothing: dict[str, Any] = {"changes": [], "runtime_env": {}, "defensible": {}}
    return {"components": [item.model_copy(update=nothing) for item in answer.components]}


def _worst(findings: Sequence[CheckFinding]) -> list[CheckFinding]:
    return [item for item in findings if item.severity == Severity.BLOCK.value]


def _without_warnings(answer: Sizing) -> dict[str, Any]:
    update: dict[str, Any] = {"findings": _worst(answer.findings)}
    standing = getattr(answer, "as_they_stand", None)
    return update if standing is None else {**update, "as_they_stand": _worst(standing)}


_STAGES: tuple[tuple[str, Callable[[Sizing], dict[str, Any]]], ...] = (
    ("reasons (ask explain_component)", _without_reasons),
    ("patches (run ai-provision size --out)", lambda _answer: {"patches": ""}),
    ("notes", lambda _answer: {"notes": []}),
    ("findings that do not block", _without_warnings),
    ("changes, variables and intervals of components", _without_details),
    ("components that could not be sized", lambda _answer: {"not_sized": []}),
)
"""What goes first is least needed to act."""
_HALVED = {
    "components": "components (size a part of the repository)",
    "findings": "blocking findings",
    "as_they_stand": "blocking findings on the documents as they stand",
}
"""What has no end otherwise; all else in an answer is bounded by its fields."""
