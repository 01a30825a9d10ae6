"""Usage summaries as evidence: what a component's own workload used, and what others like it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.quantities import MIB
from schemas.usage import SimilarUsage, Slice, UsageSummary

_LONGEST_ID = 400
_LONGEST_STATEMENT = 1000
_LONGEST_LABEL = 120
_SLICES = {
    Slice.ALL: "over the window",
    Slice.LAST_WEEK: "in the last week",
    Slice.LAST_DAY: "in the last day",
    Slice.BUSIEST_DAY: "on its busiest day",
    Slice.WEEKEND: "at weekends",
    Slice.INCIDENT: "in the hours before its last OOM kill",
}

Figures = dict[str, float | int | str | bool]


def evidence_of_usage(usage: UsageSummary) -> Evidence:
    """What the component's own workload used in one slice of the window."""
    return Evidence(
        id=_bounded(usage.id, ""),
        kind=EvidenceKind.METRICS,
        grade=EvidenceGrade.MEASURED,
        statement=_cut(f"{_whose(usage)} {_SLICES[usage.slice]}: {_said(usage)}."),
        source=usage.origin,
        figures=figures_of(usage),
    )


def evidence_of_stated(usage: UsageSummary) -> Evidence:
    """Percentiles of the component's own workload that the payload states: nobody can check them.

    They count like the usage of a service that is alike in every respect.
    """
    found = evidence_of_usage(usage)
    figures: Figures = {**found.figures, "similarity": 1.0, "same_repository": True}
    text = f"As the payload states: {found.statement}"
    return found.model_copy(
        update={"grade": EvidenceGrade.STATED, "statement": _cut(text), "figures": figures}
    )


def evidence_of_similar(similar: SimilarUsage, component: str, repository: str) -> Evidence:
    """What another service used, for a component that is like it.

    Another component that learns from the same service may be less like it, so the id ends with
    the component's name: ``metrics:shop/Deployment/cart/cart#like-orders``.

    Args:
        similar: The other service, and how much alike it is.
        component: Name of the component that learns from it.
        repository: The repository of that component.
    """
    usage = similar.usage
    same = usage.repository is not None and usage.repository == repository
    where = " of this repository" if same else ""
    text = f"{_whose(usage)}{where} is alike ({similar.why[:200]}): {_said(usage)}."
    return Evidence(
        id=_bounded(usage.id, f"#like-{component}"),
        kind=EvidenceKind.METRICS,
        grade=EvidenceGrade.MEASURED,
        statement=_cut(text),
        source=usage.origin,
        figures={
            **figures_of(usage),
            "similarity": round(similar.score, 4),
            "same_repository": same,
        },
    )


def figures_of(usage: UsageSummary) -> Figures:
    """The figures of a summary, six significant digits each; what is unknown is left out."""
    return {name: float(f"{value:.6g}") for name, value in _figures(usage) if value is not None}


def _figures(usage: UsageSummary) -> Iterator[tuple[str, float | None]]:
    cpu, memory, rate = usage.cpu_cores, usage.memory_bytes, usage.requests_per_second
    yield "days", usage.days
    if cpu is not None:
        yield "cpu_p50_cores", cpu.p50
        yield "cpu_p95_cores", cpu.p95
        yield "cpu_max_cores", cpu.maximum
    if memory is not None:
        yield "memory_p50_mib", memory.p50 / MIB
        yield "memory_max_mib", memory.maximum / MIB
    if usage.replicas is not None:
        yield "replicas_count", usage.replicas.p50
    if rate is not None:
        yield "requests_per_second_p95", rate.p95
    yield "cpu_per_request_ms", usage.cpu_per_request_ms
    yield "throttled_fraction", usage.throttled_share
    yield "oom_kills", usage.oom_kills
    yield "restarts_count", usage.restarts


def _whose(usage: UsageSummary) -> str:
    return f"{_label(str(usage.workload))}, container {_label(usage.container)},"


def _said(usage: UsageSummary) -> str:
    return ", ".join(_sentences(usage)) or "nothing could be read"


def _sentences(usage: UsageSummary) -> Iterator[str]:
    cpu, memory = usage.cpu_cores, usage.memory_bytes
    yield f"{usage.days:.1f} days seen"
    if usage.replicas is not None:
        yield f"{usage.replicas.p50:g} pods"
    if cpu is not None:
        yield f"CPU p50 {1000 * cpu.p50:.0f}m, p95 {1000 * cpu.p95:.0f}m, most {_m(cpu.maximum)}"
    if memory is not None:
        yield f"memory p50 {memory.p50 / MIB:.0f}Mi, most {memory.maximum / MIB:.0f}Mi"
    if usage.requests_per_second is not None:
        yield f"{usage.requests_per_second.p95:.4g} requests/s at p95"
    if usage.oom_kills:
        yield f"{usage.oom_kills} OOM kills"
    if usage.throttled_share:
        yield f"throttled in {usage.throttled_share:.1%} of its periods"


def _m(cores: float) -> str:
    return f"{1000 * cores:.0f}m"


def _label(text: str) -> str:
    """A name of the cluster in one short line: it is as untrusted as any text from outside."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * _LONGEST_LABEL])
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"


def _bounded(text: str, end: str) -> str:
    room = _LONGEST_ID - len(end)
    if len(text) <= room:
        return text + end
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: room - 17]}~{digest}{end}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_STATEMENT else f"{text[: _LONGEST_STATEMENT - 1]}…"
