"""Recommendations for the comment: usual ones, large ones, and one full of a stranger's words."""

import json
from dataclasses import replace

from ci.handoff.comment.about import CommentAbout
from schemas.chatops import Verb
from schemas.context import CurrentSizing, Note, RouteName
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import Influence, ModelChange, ModelOutcome, ReasoningStep
from schemas.quantities import cpu_millicores as cpu
from schemas.quantities import memory_bytes as mem
from schemas.recommendation import (
    ComponentCost,
    Cost,
    FailedComponent,
    Finding,
    Fix,
    Recommendation,
    Severity,
)
from schemas.usage import Spread, UsageSummary, WorkloadKey

SHA = "4f1d0c9be27a63558d1c0b9e8a7f6d5c4b3a2910"
RUN = "https://github.com/acme/shop/actions/runs/123456789"
ABOUT = CommentAbout(head_sha=SHA, run_url=RUN)


def spread(value):
    return Spread(mean=value / 2, p50=value / 2, p95=value * 0.9, p99=value, maximum=value)


def usage(name="api", **changes):
    """Two weeks of a Deployment that has requests and limits."""
    fields = {
        "workload": WorkloadKey(namespace="shop", kind="Deployment", name=name),
        "container": name,
        "origin": "http://prometheus.internal:9090",
        "end_s": 1_795_000_000,
        "days": 14.0,
        "coverage": 1.0,
        "samples": 9000,
        "pods": 3,
        "cpu_cores": spread(0.3),
        "memory_bytes": spread(400 * 2**20),
        "throttled_share": 0.02,
        "oom_kills": 1,
        "cpu_request_cores": 0.1,
        "cpu_limit_cores": 0.2,
        "memory_request_bytes": 256 * 2**20,
        "memory_limit_bytes": 256 * 2**20,
        "replicas_now": 2,
    }
    return UsageSummary(**{**fields, **changes})


def measured(build):
    """One Deployment with history, whose numbers grow; a language model took part."""
    evidence = (
        Evidence(
            id="metrics:shop/Deployment/web/web",
            kind=EvidenceKind.METRICS,
            grade=EvidenceGrade.MEASURED,
            statement="CPU of web over 14 days: p95 270m.",
            source="http://prometheus.internal:9090",
        ),
    )
    reasoning = (
        ReasoningStep(
            number=1,
            about="replicas",
            text="3 pods carry the peak, and one may be gone.",
            evidence=("metrics:shop/Deployment/web/web",),
        ),
    )
    change = ModelChange(
        number="memory_limit",
        before=mem("1Gi"),
        proposed=mem("4Gi"),
        after=mem("1Gi"),
        outcome=ModelOutcome.REFUSED,
        why="It would be safer.",
    )
    web = build.patched(
        "web",
        route=RouteName.METRICS,
        route_reason="14.0 days of history of shop/Deployment/web",
        usage=usage("web"),
        evidence=evidence,
        reasoning=reasoning,
        confidence=0.83,
        current=CurrentSizing(replicas=2, cpu_request=cpu("100m"), memory_request=mem("256Mi")),
        model_changes=(change,),
        rationale="Its memory peaks near the limit, so the limit is doubled.",
    )
    cost = Cost(
        currency="USD",
        unit="USD per month of 730 hours",
        source="opencost-default: https://prices.example/default.json",
        monthly=41.4,
        monthly_at_max=41.4,
        monthly_delta=11.4,
        components=(ComponentCost(component="web", monthly=41.4, monthly_current=30.0),),
    )
    return build.recommendation(web, cost=cost, notes=())


AS_PROPOSED = CurrentSizing(
    replicas=3,
    cpu_request=cpu("250m"),
    memory_request=mem("512Mi"),
    cpu_limit=cpu("500m"),
    memory_limit=mem("1Gi"),
)
"""A manifest that says already what is recommended."""


def settled(build):
    """Nothing changes."""
    same = {"changes": (), "current": AS_PROPOSED}
    cost = Cost(currency="USD", unit="USD per month", source="a list", monthly=9, monthly_delta=0)
    items = (build.patched(name).model_copy(update=same) for name in ("api", "web"))
    return build.recommendation(*items, cost=cost)


def many(build, count, text="ordinary words"):
    """So many components, with remarks of every kind."""
    items = []
    for index in range(count):
        item = build.patched(f"svc-{index:02d}", storage=mem("10Gi") if index % 4 == 0 else None)
        item = item.model_copy(
            update={
                "changes": () if index % 5 == 4 else (*item.changes, f"env.X: not set → {text}")
            }
        )
        items.append(item if index % 3 else item.model_copy(update={"target": None, "patch": None}))
    findings = tuple(
        Finding(
            id=f"P{index:02d}",
            severity=list(Severity)[index % 3],
            passed=index > 20,
            message=text,
            component=f"svc-{index % max(count, 1):02d}",
            value="1",
            limit="2",
            path="spec",
            fix=Fix(op="set", field="spec", before="1", after="2") if index % 2 else None,
            source="a rule",
        )
        for index in range(30)
    )
    return build.recommendation(
        *items,
        findings=findings,
        failed=tuple(
            FailedComponent(name=f"lost-{index}", stage="pipa", failure=text) for index in range(5)
        ),
        notes=tuple(Note(code="unknown.x", message=f"{text} {index}") for index in range(7)),
        checks_skipped={f"C{index:02d}": f"{text} {index % 6}" for index in range(40)},
    )


FREE = frozenset(
    {
        "name", "container", "path", "chart", "kustomization", "failure", "stage", "source_path",
        "language", "framework", "third_party", "image", "dockerfile", "route_reason", "text",
        "statement", "source", "message", "component", "value", "limit", "op", "field", "before",
        "after", "thought", "action", "observation", "currency", "unit", "unknown", "rationale",
        "origin", "used", "version", "number", "figure", "why", "query", "about",
    }
)  # fmt: skip
"""Fields of a recommendation in which a repository, a description or a model may have a say."""
LISTS = frozenset({"changes", "missing", "kept"})
MAPS = frozenset({"checks_skipped", "runtime_env"})


def poisoned(recommendation, text):
    """The same recommendation with a stranger's text wherever text can stand."""
    data = recommendation.model_dump(mode="json")
    clean = text.encode("utf-8", "replace").decode()
    return Recommendation.model_validate_json(json.dumps(_spoilt(data, clean[:500])))


def _spoilt(value, text, key=""):
    if isinstance(value, dict):
        if key in MAPS:
            return {f"{name}{text}": f"{text} {shown}" for name, shown in value.items()}
        if key in ("patch", "manifests"):
            return {**value, "metadata": {**value.get("metadata", {}), text or "x": text}}
        return {name: _spoilt(part, text, name) for name, part in value.items()}
    if isinstance(value, list):
        if key in LISTS:
            return [f"{text} {part}" for part in value]
        return [_spoilt(part, text, key) for part in value]
    if key in FREE and isinstance(value, str) and value:
        return f"{text[:150]} {value}" if key in ("name", "component", "container") else text or "x"
    return value


def everything(build, shop):
    """The shop with each kind of thing that a comment can tell."""
    api, *others = shop.components
    api = api.model_copy(
        update={
            "usage": usage("api", missing=("latency: no such series",)),
            "kept": ("replicas",),
            "influences": (
                Influence(
                    number="memory_request",
                    figure="memory.base.go",
                    evidence="fact:go",
                    before=24,
                    after=32,
                    unit="MiB",
                ),
            ),
            "rationale": "Short.",
            "model_changes": measured(build).components[0].model_changes,
        }
    )
    return shop.model_copy(update={"components": (api, *others)})


def golden(build, shop):
    """The comments that are kept as files: name, recommendation, what it is about."""
    stale = replace(ABOUT, stale_head="b" * 40)
    return {
        "shop": (shop, ABOUT),
        "measured": (measured(build), ABOUT),
        "settled": (settled(build), ABOUT),
        "outdated": (settled(build), stale),
        "thirty": (many(build, 30), ABOUT),
        "applied": (
            measured(build),
            replace(ABOUT, verb=Verb.APPLY, applied_url="https://github.com/acme/shop/pull/7"),
        ),
    }
