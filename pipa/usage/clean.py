"""Histories as the model takes them: finite, not negative, of one shape.

Metrics come from outside. A staleness marker, a counter that was reset, a division by zero in a
recording rule or a clock that was set back give NaN, infinities and negative rates; none of them is
a measurement, so they become "not known here".
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    OomKill,
    RunningAutoscaler,
    WorkloadHistory,
)

MOST_CORES = 1e4
"""No container uses ten thousand cores; what says so is a broken counter."""
_LEAST_CORES = 1e-9
MOST_BYTES = 2.0**47
"""128 TiB, the address space of one process."""
MOST_PER_SECOND = 1e9


def cleaned(history: WorkloadHistory) -> WorkloadHistory:
    """The same history with everything that is no measurement taken out."""
    grid = history.grid
    return replace(
        history,
        containers={
            name: _container(item, grid)
            for name, item in history.containers.items()
            if _fits(item.cpu_cores, item, grid) and _fits(item.memory_bytes, item, grid)
        },
        started_s={pod: at for pod, at in history.started_s.items() if math.isfinite(at)},
        replicas=_line(history.replicas, grid, 1e6),
        replicas_wanted=_count(history.replicas_wanted),
        autoscaler=_autoscaler(history.autoscaler),
        load=_load(history.load, grid),
    )


def amount(value: float | None, most: float) -> float | None:
    """A single amount, or None when it is none: not finite, not above zero, or absurd."""
    if value is None or not math.isfinite(value) or not _LEAST_CORES <= value <= most:
        return None
    return float(value)


def _container(item: ContainerHistory, grid: Grid) -> ContainerHistory:
    shape = item.cpu_cores.shape
    return replace(
        item,
        cpu_cores=_without_dust(_within(item.cpu_cores, MOST_CORES)),
        memory_bytes=_positive(_within(item.memory_bytes, MOST_BYTES)),
        rss_bytes=_resident(item.rss_bytes, shape),
        throttled=_like(item.throttled, shape, 1.0),
        peak_bytes=_like(item.peak_bytes, shape[:1], MOST_BYTES),
        oom_kills=tuple(_kill(kill) for kill in item.oom_kills if math.isfinite(kill.at_s)),
        restarts=_count(item.restarts),
        cpu_request_cores=amount(item.cpu_request_cores, MOST_CORES),
        cpu_limit_cores=amount(item.cpu_limit_cores, MOST_CORES),
        memory_request_bytes=amount(item.memory_request_bytes, MOST_BYTES),
        memory_limit_bytes=amount(item.memory_limit_bytes, MOST_BYTES),
    )


def _fits(values: Floats, item: ContainerHistory, grid: Grid) -> bool:
    return values.shape == (len(item.pods), grid.count)


def _within(values: Floats, most: float) -> Floats:
    """NaN for what is not finite, below zero or beyond `most`."""
    cleaned_: Floats = np.array(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        cleaned_[~(np.isfinite(cleaned_) & (cleaned_ >= 0) & (cleaned_ <= most))] = np.nan
    return cleaned_


def _positive(values: Floats) -> Floats:
    """A running process uses some memory: a zero is a scrape of a dying cgroup."""
    with np.errstate(invalid="ignore"):
        values[values < 1] = np.nan
    return values


def _without_dust(values: Floats) -> Floats:
    """Less than a nanocore is no use; such figures only overflow when one divides by them."""
    with np.errstate(invalid="ignore"):
        values[values < _LEAST_CORES] = 0.0
    return values


def _like(values: Floats | None, shape: tuple[int, ...], most: float) -> Floats | None:
    if values is None or values.shape != shape:
        return None
    found = _within(values, most)
    return found if np.isfinite(found).any() else None


def _resident(values: Floats | None, shape: tuple[int, ...]) -> Floats | None:
    found = _like(values, shape, MOST_BYTES)
    return None if found is None else _positive(found)


def _line(values: Floats | None, grid: Grid, most: float) -> Floats | None:
    return _like(values, (grid.count,), most)


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value < 10**9 else None


def _kill(kill: OomKill) -> OomKill:
    return replace(kill, limit_bytes=amount(kill.limit_bytes, MOST_BYTES))


def _autoscaler(item: RunningAutoscaler | None) -> RunningAutoscaler | None:
    if item is None:
        return None
    return replace(
        item,
        min_replicas=_count(item.min_replicas),
        max_replicas=_count(item.max_replicas),
        target_cpu_percent=amount(item.target_cpu_percent, 1e6),
    )


def _load(load: Load | None, grid: Grid) -> Load | None:
    if load is None:
        return None
    rate = _line(load.requests_per_second, grid, MOST_PER_SECOND)
    if rate is None:
        return None
    return replace(load, requests_per_second=rate, latency_s=_line(load.latency_s, grid, 1e6))
