"""How much was seen of one container: what carries a decrease, and how sure the numbers are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.telemetry import ContainerHistory, Floats, Grid

DAY_S = 86400
HOUR_S = 3600
_EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Extent of a container's history."""

    days: float
    """From the first to the last sample, one step included."""
    coverage: float
    """Share of that span with a sample of at least one pod, in [0, 1]."""
    samples: int
    """Points with CPU or memory, over all pods."""
    pods: int
    """Pods with any sample."""
    weekdays: int
    """Days of the week (UTC) with samples in at least half of their hours."""
    longest_gap_s: float
    cpu: bool
    """There is any CPU sample."""
    memory: bool

    @property
    def effective_days(self) -> float:
        """Days with samples."""
        return self.days * self.coverage


def see(container: ContainerHistory, grid: Grid) -> Seen:
    """Measure the extent of a (clean) history."""
    cpu, memory = np.isfinite(container.cpu_cores), np.isfinite(container.memory_bytes)
    either = cpu | memory
    when = np.flatnonzero(either.any(axis=0))
    if not when.size:
        return Seen(0.0, 0.0, 0, 0, 0, 0.0, cpu=False, memory=False)
    steps = int(when[-1] - when[0]) + 1
    gaps = np.diff(when) - 1
    return Seen(
        days=steps * grid.step_s / DAY_S,
        coverage=when.size / steps,
        samples=int(either.sum()),
        pods=int(either.any(axis=1).sum()),
        weekdays=_weekdays(grid, when),
        longest_gap_s=float(gaps.max(initial=0)) * grid.step_s,
        cpu=bool(cpu.any()),
        memory=bool(memory.any()),
    )


def weekday_of(times_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weekday in UTC, Monday is 0.

    >>> int(weekday_of(np.array([0]))[0])
    3
    """
    return (times_s // DAY_S + _EPOCH_WEEKDAY) % 7


def _weekdays(grid: Grid, when: NDArray[np.intp]) -> int:
    times = grid.times()[when]
    hours = np.unique(np.stack([weekday_of(times), times // HOUR_S % 24]), axis=1)
    return int((np.bincount(hours[0], minlength=7) >= 12).sum())


def pooled(values: Floats) -> Floats:
    """All samples of all pods."""
    found: Floats = values[np.isfinite(values)]
    return found


def total(values: Floats) -> Floats:
    """Sum over the pods at each moment; NaN where no pod has a sample."""
    known = np.isfinite(values)
    summed = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), summed, np.nan)


def quantile(values: Floats, q: float) -> float:
    """Quantile of the finite values; 0 when there are none."""
    found = pooled(values)
    return float(np.quantile(found, q)) if found.size else 0.0
