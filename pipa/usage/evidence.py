"""What was measured, as evidence: one item per part of a history, with the question it answers."""

from __future__ import annotations

import hashlib
import math

from pipa.usage.limits_hit import peak_of
from pipa.usage.seen import Seen, pooled, quantile
from pipa.words import number
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.quantities import MIB
from schemas.telemetry import ContainerHistory, Floats, WorkloadHistory
from schemas.usage import WorkloadKey

_LONGEST_ID = 400
_LONGEST_SOURCE = 4000
_QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))

Figures = dict[str, float | int | str | bool]


def evidence_id(key: WorkloadKey, container: str, part: str) -> str:
    """Id of one part of a container's history: ``metrics:shop/Deployment/api/app#cpu``."""
    text = f"metrics:{key}/{container}"
    room = _LONGEST_ID - len(part) - 1
    if len(text) > room:
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        text = f"{text[: room - 17]}~{digest}"
    return f"{text}#{part}"


def container_evidence(
    history: WorkloadHistory, container: ContainerHistory, seen: Seen
) -> dict[str, Evidence]:
    """Evidence about one container by part, only what could be read.

    The parts are ``cpu``, ``memory``, ``throttling``, ``oom_kills`` and ``requests``.
    """
    found: dict[str, tuple[str, Figures]] = {}
    extent = f"{number(seen.days)} days, {seen.pods} pods, {seen.coverage:.0%} of the time"
    if seen.cpu:
        figures = _spread(container.cpu_cores, 1.0, "cores")
        text = (
            f"CPU of {container.name} over {extent}: p50 {number(_as(figures, 'p50_cores'))},"
            f" p95 {number(_as(figures, 'p95_cores'))}, most {number(_as(figures, 'max_cores'))}"
            " cores."
        )
        found["cpu"] = (text, {**figures, **_extent(seen)})
    if seen.memory:
        figures = _spread(container.memory_bytes, MIB, "mib")
        figures["peak_mib"] = _round(peak_of(container) / MIB)
        text = (
            f"Working set of {container.name} over {extent}: p50"
            f" {number(_as(figures, 'p50_mib'))}, p95 {number(_as(figures, 'p95_mib'))}, peak"
            f" {number(_as(figures, 'peak_mib'))} MiB."
        )
        found["memory"] = (text, {**figures, **_extent(seen)})
    found.update(_hits(container))
    if container.requests_known:
        found["requests"] = _requests(container)
    return {
        part: _item(history, container.name, part, text, figures)
        for part, (text, figures) in found.items()
    }


def workload_evidence(history: WorkloadHistory) -> dict[str, Evidence]:
    """Evidence about the workload by part: ``replicas``, ``load``; only what could be read."""
    found: dict[str, tuple[str, Figures]] = {}
    if history.replicas is not None or history.replicas_wanted is not None:
        figures: Figures = {}
        if history.replicas is not None:
            figures = _spread(history.replicas, 1.0, "count")
        if history.replicas_wanted is not None:
            figures["wanted_count"] = history.replicas_wanted
        text = f"Pods of {history.key.name}: {_listed(figures)}."
        found["replicas"] = (text, figures)
    if history.load is not None:
        figures = _spread(history.load.requests_per_second, 1.0, "rps")
        text = f"Requests to {history.key.name} by {history.load.source}: {_listed(figures)}."
        found["load"] = (text, figures)
    return {
        part: _item(history, "", part, text, figures) for part, (text, figures) in found.items()
    }


def _hits(container: ContainerHistory) -> dict[str, tuple[str, Figures]]:
    found: dict[str, tuple[str, Figures]] = {}
    shares = None if container.throttled is None else pooled(container.throttled)
    if shares is not None and shares.size:
        share = _round(float(shares.mean()))
        text = f"{share:.1%} of the CFS periods of {container.name} were throttled."
        found["throttling"] = (text, {"throttled_fraction": share})
    if container.oom_kills or container.restarts is not None:
        limits = [kill.limit_bytes for kill in container.oom_kills if kill.limit_bytes]
        figures: Figures = {"kills_count": len(container.oom_kills)}
        text = f"{container.name} was {_killed(len(container.oom_kills))}"
        if limits:
            figures["limit_mib"] = _round(max(limits) / MIB)
            text += f", at a limit of up to {number(max(limits) / MIB)} MiB"
        if container.restarts is not None:
            figures["restarts_count"] = container.restarts
            text += f"; it restarted {often(container.restarts)}"
        found["oom_kills"] = (f"{text}.", figures)
    return found


def often(count: int) -> str:
    """A number of times in words.

    >>> often(0), often(1), often(3)
    ('never', 'once', '3 times')
    """
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _killed(count: int) -> str:
    return f"OOM-killed {often(count)}" if count else "never OOM-killed"


def _requests(container: ContainerHistory) -> tuple[str, Figures]:
    amounts = {
        "cpu_request_millicores": _scaled(container.cpu_request_cores, 1000),
        "cpu_limit_millicores": _scaled(container.cpu_limit_cores, 1000),
        "memory_request_mib": _scaled(container.memory_request_bytes, 1 / MIB),
        "memory_limit_mib": _scaled(container.memory_limit_bytes, 1 / MIB),
    }
    figures: Figures = {name: value for name, value in amounts.items() if value is not None}
    text = f"In force for {container.name}: {_listed(figures) or 'no requests and no limits'}."
    return text, figures


def _item(
    history: WorkloadHistory, container: str, part: str, text: str, figures: Figures
) -> Evidence:
    source = history.sources.get(part) or history.origin or "usage history"
    return Evidence(
        id=evidence_id(history.key, container, part),
        kind=EvidenceKind.METRICS,
        grade=EvidenceGrade.MEASURED,
        statement=text[:1000],
        source=source[:_LONGEST_SOURCE],
        figures=figures,
    )


def _spread(values: Floats, unit: float, name: str) -> Figures:
    return {f"{word}_{name}": _round(quantile(values, q) / unit) for word, q in _QUANTILES}


def _extent(seen: Seen) -> Figures:
    return {
        "days": _round(seen.days),
        "samples_count": seen.samples,
        "pods_count": seen.pods,
        "coverage_fraction": _round(seen.coverage),
    }


def _as(figures: Figures, key: str) -> float:
    return float(figures[key])


def _listed(figures: Figures) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in figures.items())


def _scaled(amount: float | None, factor: float) -> float | None:
    return None if amount is None else _round(amount * factor)


def _round(value: float) -> float:
    """Six significant digits: more is noise, and a record stays readable."""
    return float(f"{value:.6g}") if math.isfinite(value) else 0.0
