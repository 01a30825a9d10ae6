"""A history reduced to what is kept, shown and searched: one summary per slice of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dca.metrics.load import cpu_per_request_ms
from dca.metrics.series import (
    MOST_PER_SECOND,
    Marks,
    cleaned,
    measured,
    pooled,
    spread,
    timeline,
    total,
)
from dca.metrics.shapes import (
    DAY_S,
    HOUR_S,
    begins,
    by_hour,
    by_weekday,
    start_marks,
    start_ratio,
    trend_per_week,
)
from dca.metrics.slices import Part, cut, parts
from schemas.context import Component
from schemas.telemetry import ContainerHistory, Floats, Grid, Load, WorkloadHistory
from schemas.usage import Slice, UsageSummary

_MOST_MISSING = 20
_MOST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the component that runs in a workload."""

    language: str | None = None
    framework: str | None = None
    role: str | None = None
    product: str | None = None
    repository: str | None = None

    @classmethod
    def of(cls, component: Component, repository: str) -> Labels:
        """The labels of a component of a repository."""
        return cls(
            language=component.language,
            framework=component.framework,
            role=component.role.value,
            product=component.third_party,
            repository=repository,
        )


def summaries(
    history: WorkloadHistory, container: str, labels: Labels | None = None
) -> tuple[UsageSummary, ...]:
    """The summaries of one container, that of the whole window first.

    Args:
        history: Of the workload.
        container: One of its containers.
        labels: Of the component that runs in it.

    Returns:
        Empty when the container has no sample at all.
    """
    found = history.containers.get(container)
    if found is None:
        return ()
    clean, grid = cleaned(found, history.grid), history.grid
    if not _any(clean):
        return ()
    labels = labels or Labels()
    return tuple(
        _summary(history, cut_container, cut_grid, slice_, labels)
        for slice_, cut_container, cut_grid in _cuts(clean, grid)
    )


def days_of(history: WorkloadHistory, container: str) -> float:
    """Days with samples of a container: hours with any sample over 24.

    Two samples two weeks apart are not two weeks of history. What runs to its end (a Job, a
    CronJob) is absent in between, so there the span from the first to the last sample counts.
    """
    found = history.containers.get(container)
    if found is None:
        return 0.0
    clean = cleaned(found, history.grid)
    times = begins(history.grid)[_seen(clean)]
    if not times.size:
        return 0.0
    if history.key.kind in ("Job", "CronJob"):
        return float(times[-1] - times[0] + history.grid.step_s) / DAY_S
    hours = float(np.unique(times // HOUR_S).size)
    span = float(times[-1] - times[0] + history.grid.step_s) / HOUR_S
    return min(hours, span) / 24


def _cuts(
    container: ContainerHistory, grid: Grid
) -> Iterator[tuple[Slice, ContainerHistory, Grid]]:
    yield Slice.ALL, container, grid
    for part in parts(container, grid):
        inner, inside = cut(container, grid, Part(part.slice, part.marks))
        yield part.slice, inner, inside


def _summary(
    history: WorkloadHistory,
    container: ContainerHistory,
    grid: Grid,
    slice_: Slice,
    labels: Labels,
) -> UsageSummary:
    whole = slice_ is Slice.ALL
    seen = np.flatnonzero(_seen(container))
    steps = int(seen[-1] - seen[0]) + 1
    starts = begins(grid)
    cpu = spread(container.cpu_cores)
    marks = start_marks(container, dict(history.started_s), grid)
    totals = total(container.cpu_cores)
    replicas = _replicas(history, container, grid)
    load = _load(history, grid, _seen(container))
    limits = [_amount(kill.limit_bytes) for kill in container.oom_kills]
    return UsageSummary(
        workload=history.key,
        container=container.name,
        slice=slice_,
        origin=history.origin or "metrics",
        end_s=int(grid.times()[seen[-1]]),
        days=round(steps * grid.step_s / DAY_S, 4),
        coverage=round(seen.size / steps, 4),
        samples=int(_points(container).sum()),
        pods=int(_points(container).any(axis=1).sum()),
        replicas=spread(replicas),
        cpu_cores=cpu,
        memory_bytes=spread(container.memory_bytes, _raw_peak(container)),
        cpu_by_hour=by_hour(totals, starts),
        cpu_by_weekday=by_weekday(totals, starts) if whole else (),
        cpu_trend_per_week=trend_per_week(totals, starts) if whole else None,
        memory_trend_per_week=trend_per_week(_per_pod(container), starts) if whole else None,
        burst_ratio=round(cpu.p99 / cpu.p50, 3) if cpu is not None and cpu.p50 > 0 else None,
        startup_cpu_ratio=start_ratio(container.cpu_cores, marks),
        startup_memory_ratio=start_ratio(container.memory_bytes, marks),
        throttled_share=_mean(container.throttled),
        oom_kills=_kills(history, container),
        oom_limit_bytes=max(filter(None, limits), default=None),
        restarts=container.restarts,
        requests_per_second=None if load is None else spread(load.requests_per_second),
        load_source=None if load is None else load.source,
        cpu_per_request_ms=None if load is None else cpu_per_request_ms(container, load, replicas),
        latency_ms=None if load is None or load.latency_s is None else spread(load.latency_s * 1e3),
        cpu_request_cores=_amount(container.cpu_request_cores),
        cpu_limit_cores=_amount(container.cpu_limit_cores),
        memory_request_bytes=_amount(container.memory_request_bytes),
        memory_limit_bytes=_amount(container.memory_limit_bytes),
        replicas_now=history.replicas_wanted,
        cpu_timeline=timeline(container.cpu_cores, grid) if whole else None,
        memory_timeline=timeline(container.memory_bytes, grid) if whole else None,
        missing=_missing(history),
        language=labels.language,
        framework=labels.framework,
        role=labels.role,
        product=labels.product,
        repository=labels.repository,
    )


def _points(container: ContainerHistory) -> Marks:
    known: Marks = np.isfinite(container.cpu_cores) | np.isfinite(container.memory_bytes)
    return known


def _seen(container: ContainerHistory) -> Marks:
    return np.asarray(_points(container).any(axis=0))


def _any(container: ContainerHistory) -> bool:
    return bool(_seen(container).any())


def _per_pod(container: ContainerHistory) -> Floats:
    """Mean memory of the pods at each moment, so that scaling out is no trend."""
    pods = np.isfinite(container.memory_bytes).sum(axis=0)
    mean: Floats = total(container.memory_bytes) / np.maximum(pods, 1)
    return mean


def _raw_peak(container: ContainerHistory) -> float | None:
    if container.peak_bytes is None:
        return None
    peaks = pooled(container.peak_bytes)
    return float(peaks.max()) if peaks.size else None


def _replicas(history: WorkloadHistory, container: ContainerHistory, grid: Grid) -> Floats:
    """Pods at each moment: as the source says, else those with samples."""
    counted: Floats = _points(container).sum(axis=0).astype(np.float64)
    counted[counted == 0] = np.nan
    told = _inside(history.replicas, history.grid, grid)
    if told is None:
        return counted
    seen = _seen(container)
    pods: Floats = np.where(seen & np.isfinite(told), measured(told, 1e6), counted)
    return pods


def _load(history: WorkloadHistory, grid: Grid, seen: Marks) -> Load | None:
    """The load at the moments of a part at which the container was seen."""
    if history.load is None:
        return None
    rate = _inside(history.load.requests_per_second, history.grid, grid)
    if rate is None or not np.isfinite(rate[seen]).any():
        return None
    latency = _inside(history.load.latency_s, history.grid, grid)
    return Load(
        requests_per_second=np.where(seen, measured(rate, MOST_PER_SECOND), np.nan),
        source=history.load.source,
        latency_s=None if latency is None else np.where(seen, measured(latency, 1e6), np.nan),
        latency_quantile=history.load.latency_quantile,
    )


def _inside(values: Floats | None, whole: Grid, part: Grid) -> Floats | None:
    if values is None or values.shape != (whole.count,):
        return None
    first = (part.start_s - whole.start_s) // whole.step_s
    inside: Floats = values[first : first + part.count]
    return inside


def _mean(values: Floats | None) -> float | None:
    found = pooled(values) if values is not None else np.zeros(0)
    return round(float(found.mean()), 5) if found.size else None


def _kills(history: WorkloadHistory, container: ContainerHistory) -> int | None:
    """OOM kills; None when they could not be read."""
    unread = any(item.what == "oom_kills" for item in history.missing)
    return None if unread and not container.oom_kills else len(container.oom_kills)


def _amount(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) and value > 0 else None


def _missing(history: WorkloadHistory) -> tuple[str, ...]:
    told = [f"{item.what}: {item.why}"[:_MOST_TEXT] for item in history.missing]
    return tuple(dict.fromkeys(told))[:_MOST_MISSING]
