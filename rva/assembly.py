"""From a refined component to the recommendation that people and programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rva.changes import from_current
from rva.checks.catalogue import CATALOGUE
from rva.documents import HPA, is_kind
from rva.react import RefinedComponent, check_evidence_id
from rva.thinking.rationale import NO_RATIONALE, Rationale
from schemas.base import JsonObject
from schemas.context import Component, Note, RouteName
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import ComponentPlan
from schemas.ports import Policy
from schemas.prose import defused, unsafe_parts
from schemas.quantities import format_memory
from schemas.recommendation import (
    ComponentRecommendation,
    Finding,
    Fix,
    Refinement,
    Severity,
    Target,
)

BLOCKED_FACTOR = 0.5
WARNED_FACTOR = 0.97
MOVED_FACTOR = 0.8
"""Confidence is multiplied by these for a blocking finding that is left, for each warning (at most
five count), and when a repair moved a number out of the draft's interval."""


def recommend(
    component: Component,
    draft: ComponentPlan,
    refined: RefinedComponent,
    evidence: Mapping[str, Evidence],
    rationale: Rationale = NO_RATIONALE,
) -> ComponentRecommendation:
    """The answer for one component."""
    plan, route = refined.plan, component.route
    return ComponentRecommendation(
        name=component.name,
        source_path=component.source_path,
        language=component.language,
        framework=component.framework,
        role=component.role,
        kind=component.kind,
        found_in=component.found_in,
        third_party=component.third_party,
        image=component.image,
        dockerfile=component.dockerfile,
        route=route.name if route else RouteName.DOCS,
        route_reason=defused(route.reason) if route else "no route was decided",
        replicas=plan.replicas,
        resources=plan.resources,
        extra_containers=plan.extra_containers,
        autoscaling=plan.autoscaling,
        runtime_env=plan.runtime_env,
        storage=plan.storage,
        confidence=confidence(draft, refined),
        intervals=plan.intervals,
        reasoning=plan.reasoning,
        influences=plan.influences,
        model_changes=tuple(
            item.model_copy(update={"why": safe(item.why)}) for item in plan.model_changes
        ),
        rationale=safe(rationale.text, ""),
        retrieval=component.retrieval,
        evidence=shown_evidence(plan, (*component.documents, *rationale.cites), evidence),
        usage=component.usage,
        kept=plan.kept,
        current=component.current,
        changes=tuple(safe(line) for line in from_current(component, plan)),
        target=_target(component),
        patch=refined.subject.patch,
        manifests=refined.subject.manifests,
        replaces=_replaced(component, refined.subject.manifests),
        refinement=_shown_steps(refined.refinement),
    )


def _replaced(component: Component, manifests: Iterable[JsonObject]) -> tuple[str, ...]:
    """Those of the documents that the repository has already, as ``Kind/name``."""
    related = component.workload.related if component.workload else ()
    known = {_identity(document) for document in related}
    return tuple(name for name in map(_identity, manifests) if name in known)


def _identity(document: JsonObject) -> str:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{document.get('kind')}/{name}"


def shown_evidence(
    plan: ComponentPlan, documents: Iterable[str], evidence: Mapping[str, Evidence]
) -> tuple[Evidence, ...]:
    """What reasoning and influences cite, in the order of first citation, then the documents."""
    ids = dict.fromkeys(item for step in plan.reasoning for item in step.evidence)
    ids.update(dict.fromkeys(item.evidence for item in plan.influences))
    ids.update(dict.fromkeys(documents))
    return tuple(_shown_source(evidence[item]) for item in ids if item in evidence)


def _shown_source(item: Evidence) -> Evidence:
    """Evidence in whose words, which may be a stranger's, nothing is alive."""
    return item.model_copy(update={"statement": defused(item.statement)[:1000]})


def confidence(draft: ComponentPlan, refined: RefinedComponent) -> float:
    """The draft's confidence, lowered for what is left open and for numbers that were forced."""
    value = draft.confidence
    if any(item.blocks for item in refined.failed):
        value *= BLOCKED_FACTOR
    warnings = [item for item in refined.failed if item.severity is Severity.WARN]
    value *= WARNED_FACTOR ** min(5, len(warnings))
    if _forced(draft, refined.plan):
        value *= MOVED_FACTOR
    return round(value, 2)


def check_evidence(rules: Iterable[Policy] = ()) -> dict[str, Evidence]:
    """Evidence that stands for the checks, for the steps of repairs to cite."""
    items = [(id_, entry.title, entry.source) for id_, entry in CATALOGUE.items()]
    items += [(rule.id, rule.message, rule.source or "organisation policy") for rule in rules]
    return {
        check_evidence_id(id_): Evidence(
            id=check_evidence_id(id_),
            kind=EvidenceKind.POLICY,
            grade=EvidenceGrade.HEURISTIC if source == "own" else EvidenceGrade.VENDOR,
            statement=f"Check {id_}: {title}."[:1000],
            source=source,
        )
        for id_, title, source in items
    }


def shown(finding: Finding) -> Finding:
    """The finding as it may be shown: what a repository wrote into it is withheld if unsafe."""
    entry = CATALOGUE.get(finding.id)
    fix = finding.fix
    if fix is not None:
        fix = Fix(
            op=fix.op,
            field=safe(fix.field),
            before=safe(fix.before),
            after=safe(fix.after),
        )
    return finding.model_copy(
        update={
            "message": safe(
                finding.message, f"Does not hold: {entry.title if entry else finding.id}."
            ),
            "container": None if finding.container is None else safe(finding.container),
            "path": safe(finding.path),
            "value": safe(finding.value),
            "limit": safe(finding.limit),
            "fix": fix,
        }
    )


def safe(text: str, otherwise: str = "withheld") -> str:
    """A text that may be shown, or other words in its place."""
    return otherwise if unsafe_parts(text) else text


def _shown_steps(refinement: Refinement) -> Refinement:
    steps = tuple(
        step.model_copy(
            update={
                "thought": safe(step.thought),
                "action": safe(step.action),
                "observation": safe(step.observation),
            }
        )
        for step in refinement.trace
    )
    return refinement.model_copy(update={"trace": steps})


def companion_notes(component: Component, plan: ComponentPlan) -> list[Note]:
    """What the hand-off cannot do by itself for this component."""
    notes = []
    workload = component.workload
    if workload is not None and workload.kind not in _PATCHED:
        notes.append(
            Note(
                code="unknown.kind",
                message=f"{workload.kind} {workload.name} is not a built-in workload: its numbers "
                "are given, but no patch, for its merge rules are not known.",
                component=component.name,
            )
        )
    claims = component.volume_bytes
    if workload is not None and plan.storage is not None and (claims or 0) < plan.storage:
        notes.append(
            Note(
                code="unknown.storage",
                message=f"The volume should hold {format_memory(plan.storage)}; a volume claim "
                "cannot be resized by a patch of the workload.",
                component=component.name,
            )
        )
    removed = workload is not None and plan.autoscaling is None
    if workload is not None and removed and any(is_kind(x, HPA) for x in workload.related):
        notes.append(
            Note(
                code="unknown.autoscaler",
                message="The repository's autoscaler stays as it is and owns the replicas.",
                component=component.name,
            )
        )
    return notes


_PATCHED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})


def _target(component: Component) -> Target | None:
    workload = component.workload
    if workload is None:
        return None
    return Target(
        api_version=workload.api_version,
        kind=workload.kind,
        name=workload.name,
        namespace=workload.namespace,
        container=workload.container,
        path=workload.path,
        chart=workload.chart,
        kustomization=workload.kustomization,
    )


def _forced(draft: ComponentPlan, plan: ComponentPlan) -> bool:
    """A number ended outside of the interval that the draft defended."""
    ranges, requests, limits = draft.intervals, plan.resources.requests, plan.resources.limits
    rows = (
        (plan.replicas, ranges.replicas.low, ranges.replicas.high),
        (requests.cpu, ranges.cpu_request.low, ranges.cpu_request.high),
        (requests.memory, ranges.memory_request.low, ranges.memory_request.high),
        (limits.memory, ranges.memory_limit.low, ranges.memory_limit.high),
    )
    return any(value is not None and not low <= value <= high for value, low, high in rows)
