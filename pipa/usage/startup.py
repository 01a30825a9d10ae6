"""The first minutes of pods: compilers and caches are warm only after them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipa.usage.seen import pooled
from schemas.telemetry import ContainerHistory, Floats, Grid, WorkloadHistory


@dataclass(frozen=True, slots=True)
class StartUp:
    """What starts needed."""

    starts: int
    """Pods whose start lies in the window."""
    cpu_cores: float
    """Median over the starts of the highest CPU in the first minutes."""
    later_cores: float
    """p95 of all samples after them."""

    @property
    def ratio(self) -> float:
        """How many times more a start needs than p95 later on; 1 when nothing is known later."""
        return self.cpu_cores / self.later_cores if self.later_cores > 0 else 1.0


def starting(
    container: ContainerHistory, history: WorkloadHistory, seconds: float
) -> np.typing.NDArray[np.bool_]:
    """Which points lie in the first `seconds` of a pod; shape (pods, grid.count).

    A pod's start is the stated one where that fits its samples (a node's clock may be off), else
    its first sample, unless it ran already when the window began.
    """
    grid = history.grid
    times = grid.times()
    marks = np.zeros(container.cpu_cores.shape, dtype=bool)
    for row, pod in enumerate(container.pods):
        known = np.isfinite(container.cpu_cores[row]) | np.isfinite(container.memory_bytes[row])
        start = _start(times[known], history.started_s.get(pod), grid)
        if start is not None:
            marks[row] = known & (times >= start) & (times <= start + seconds)
    return marks


def _start(times: np.typing.NDArray[np.int64], stated: float | None, grid: Grid) -> float | None:
    if not times.size:
        return None
    first = float(times[0])
    if stated is not None and abs(stated - first) <= 2 * grid.step_s:
        return min(stated, first)
    # Seen from the first moment on: it ran before, or started exactly then.
    return None if first <= grid.start_s + grid.step_s else first - grid.step_s


def start_up(
    container: ContainerHistory, history: WorkloadHistory, seconds: float
) -> StartUp | None:
    """CPU of starts against CPU later; None when no start with CPU lies in the window."""
    marks = starting(container, history, seconds)
    peaks = [
        float(found.max())
        for row in range(len(container.pods))
        if (found := pooled(container.cpu_cores[row][marks[row]])).size
    ]
    later: Floats = pooled(container.cpu_cores[~marks])
    if not peaks or not later.size:
        return None
    return StartUp(len(peaks), float(np.median(peaks)), float(np.quantile(later, 0.95)))
