"""Small steps on arrays of samples: what is no measurement is NaN, and NaN is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from schemas.telemetry import ContainerHistory, Floats, Grid
from schemas.usage import Spread, Timeline

MOST_CORES = 1e4
"""No container uses ten thousand cores; what says so is a broken counter."""
MOST_BYTES = 2.0**47
"""128 TiB, the address space of one process."""
MOST_PER_SECOND = 1e9
MOST_POINTS = 336
"""Points of a timeline: an hour each over two weeks."""

Times = NDArray[np.int64]
Marks = NDArray[np.bool_]


def measured(values: Floats, most: float) -> Floats:
    """The values, NaN where they are not finite, below zero or beyond `most`."""
    found: Floats = np.array(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        found[~((found >= 0) & (found <= most))] = np.nan
    return found


def cleaned(container: ContainerHistory, grid: Grid) -> ContainerHistory:
    """A container's history with only measurements in it, all arrays of the shape that fits.

    An array of another shape is all unknown.
    """
    shape = (len(container.pods), grid.count)
    memory = _fitting(container.memory_bytes, shape, MOST_BYTES)
    # A running process uses some memory: a zero is a scrape of a dying cgroup.
    memory[memory == 0] = np.nan
    return replace(
        container,
        cpu_cores=_fitting(container.cpu_cores, shape, MOST_CORES),
        memory_bytes=memory,
        throttled=None
        if container.throttled is None
        else _fitting(container.throttled, shape, 1.0),
        peak_bytes=None
        if container.peak_bytes is None
        else _fitting(container.peak_bytes, shape[:1], MOST_BYTES),
    )


def _fitting(values: Floats, shape: tuple[int, ...], most: float) -> Floats:
    return measured(values, most) if values.shape == shape else np.full(shape, np.nan)


def pooled(values: Floats) -> Floats:
    """All finite samples of all pods; shape (n,)."""
    found: Floats = values[np.isfinite(values)]
    return found


def total(values: Floats) -> Floats:
    """Sum over the pods at each moment, NaN where no pod has a sample; shape (moments,)."""
    known = np.isfinite(values)
    summed = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), summed, np.nan)


def spread(values: Floats, maximum: float | None = None) -> Spread | None:
    """How the finite values are distributed; None when there are none.

    Args:
        values: Any shape.
        maximum: A larger maximum that is known from finer samples.
    """
    found = pooled(values)
    if not found.size:
        return None
    p50, p95, p99 = (float(value) for value in np.quantile(found, (0.5, 0.95, 0.99)))
    most = float(found.max())
    return Spread(
        mean=float(found.mean()),
        p50=p50,
        p95=p95,
        p99=p99,
        maximum=most if maximum is None else max(most, maximum),
    )


def timeline(values: Floats, grid: Grid) -> Timeline | None:
    """Median and maximum over all pods in at most `MOST_POINTS` stretches; None without samples.

    Args:
        values: Shape (pods, grid.count).
        grid: Of the values.
    """
    if not np.isfinite(values).any():
        return None
    group = -(-grid.count // MOST_POINTS)
    middle: list[float | None] = []
    high: list[float | None] = []
    for start in range(0, grid.count, group):
        found = pooled(values[:, start : start + group])
        middle.append(float(np.median(found)) if found.size else None)
        high.append(float(found.max()) if found.size else None)
    return Timeline(
        # A stretch is told by its last moment, as a step of the grid is.
        start_s=grid.start_s + (group - 1) * grid.step_s,
        step_s=group * grid.step_s,
        middle=tuple(middle),
        high=tuple(high),
    )
