"""The usage model in the form of a replay harness: ``f(t, cpu, mem, ...)`` to requests and limits.

A harness that replays recommendations over recorded usage calls a recommender with the times (Unix
seconds), CPU (cores) and memory (bytes) of one series, or None, and gets requests and limits in the
same units. `recommend` is the default; the others are the risk levels and points of the frontier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipa.usage.core import Risk, usage_sizes
from schemas.telemetry import ContainerHistory, Floats, Grid, OomKill

Series = NDArray[np.float64] | None
Answer = dict[str, float | None]


def recommend(
    t: NDArray[np.int64],
    cpu: Series,
    mem: Series,
    ooms: Sequence[tuple[float, float, float]] = (),
    horizon: float = 86400.0,
) -> Answer:
    """The default setting.

    Args:
        t: Times in Unix seconds, ascending.
        cpu: Cores, or None.
        mem: Bytes, or None.
        ooms: Kills so far: time, memory limit, memory request.
        horizon: Seconds for which the answer holds.
    """
    return _sized(t, cpu, mem, ooms, horizon, Risk.BALANCED)


def thrifty(
    t: NDArray[np.int64],
    cpu: Series,
    mem: Series,
    ooms: Sequence[tuple[float, float, float]] = (),
    horizon: float = 86400.0,
) -> Answer:
    """Less requested."""
    return _sized(t, cpu, mem, ooms, horizon, Risk.THRIFTY)


def careful(
    t: NDArray[np.int64],
    cpu: Series,
    mem: Series,
    ooms: Sequence[tuple[float, float, float]] = (),
    horizon: float = 86400.0,
) -> Answer:
    """Fewer samples above the request, and fewer kills."""
    return _sized(t, cpu, mem, ooms, horizon, Risk.CAREFUL)


def history_of(
    t: NDArray[np.int64], cpu: Series, mem: Series, ooms: Sequence[tuple[float, float, float]] = ()
) -> tuple[ContainerHistory, Grid]:
    """One series as a container with one pod, on an even grid; what is missing in it is NaN."""
    step = max(1, int(np.median(np.diff(t)))) if t.size > 1 else 300
    places = np.rint((t - t[0]) / step).astype(np.int64)
    count = int(places[-1]) + 1
    kills = tuple(OomKill(when, "pod", limit) for when, limit, _ in ooms)
    container = ContainerHistory(
        name="series",
        pods=("pod",),
        cpu_cores=_placed(cpu, places, count),
        memory_bytes=_placed(mem, places, count),
        oom_kills=kills,
    )
    return container, Grid(int(t[0]), step, count)


def _placed(values: Series, places: NDArray[np.int64], count: int) -> Floats:
    """Shape (1, count); of several samples of one moment the largest counts."""
    placed = np.full((1, count), np.nan)
    if values is not None:
        np.fmax.at(placed[0], places, values)
    return placed


def _sized(
    t: NDArray[np.int64],
    cpu: Series,
    mem: Series,
    ooms: Sequence[tuple[float, float, float]],
    horizon: float,
    risk: Risk,
) -> Answer:
    container, grid = history_of(t, cpu, mem, ooms)
    sizes = usage_sizes(container, grid, risk=risk, horizon_s=horizon)
    read: Callable[[Any], float | None] = lambda estimate: (  # noqa: E731
        None if estimate is None else estimate.target
    )
    return {
        "cpu_request": read(sizes.cpu_request),
        "cpu_limit": read(sizes.cpu_limit),
        "mem_request": read(sizes.memory_request),
        "mem_limit": read(sizes.memory_limit),
    }
