"""Cuts a window into the parts that are worth a summary of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dca.metrics.series import Marks, total
from dca.metrics.shapes import DAY_S, HOUR_S, begins, daily, weekend_marks
from schemas.telemetry import ContainerHistory, Grid
from schemas.usage import Slice

INCIDENT_S = 6 * HOUR_S
"""Before the last OOM kill."""
_WEEK = 7
_MORE = 1.25
"""A part is told when the window is longer by so much; else it says the same as the whole."""
_LEAST_DAYS = 3
"""Days of which one can be the busiest."""


@dataclass(frozen=True, slots=True)
class Part:
    """One slice of a window, as moments of its grid; shape (grid.count,)."""

    slice: Slice
    marks: Marks


def parts(container: ContainerHistory, grid: Grid) -> Iterator[Part]:
    """The slices of a clean history that have samples; the whole window is not among them."""
    known = _known(container)
    where = np.flatnonzero(known)
    if not where.size:
        return
    starts, times = begins(grid), grid.times()
    end = int(times[where[-1]])
    days = (end - int(starts[where[0]])) / DAY_S
    for slice_, length in ((Slice.LAST_WEEK, _WEEK), (Slice.LAST_DAY, 1)):
        if days >= length * _MORE:
            yield Part(slice_, known & (times > end - length * DAY_S))
    busiest = _busiest(container, grid)
    if busiest is not None:
        yield Part(Slice.BUSIEST_DAY, known & (starts // DAY_S == busiest))
    if days >= _WEEK:
        marks = known & weekend_marks(starts)
        if marks.any():
            yield Part(Slice.WEEKEND, marks)
    kills = [kill.at_s for kill in container.oom_kills if grid.start_s <= kill.at_s <= end]
    if kills:
        last = max(kills)
        marks = known & (starts >= last - INCIDENT_S) & (starts <= last)
        if marks.any():
            yield Part(Slice.INCIDENT, marks)


def cut(container: ContainerHistory, grid: Grid, part: Part) -> tuple[ContainerHistory, Grid]:
    """The history with only the moments of a part, from its first to its last one.

    What is known of the window alone (raw peaks, restarts) is not known of a part.
    """
    where = np.flatnonzero(part.marks)
    first, last = int(where[0]), int(where[-1]) + 1
    inside = Grid(grid.start_s + first * grid.step_s, grid.step_s, last - first)
    keep = part.marks[first:last]

    def of(values: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        return np.where(keep, values[:, first:last], np.nan)

    begin = inside.start_s - inside.step_s
    kills = [kill for kill in container.oom_kills if begin <= kill.at_s <= inside.end_s]
    return (
        replace(
            container,
            cpu_cores=of(container.cpu_cores),
            memory_bytes=of(container.memory_bytes),
            throttled=None if container.throttled is None else of(container.throttled),
            rss_bytes=None,
            peak_bytes=None,
            oom_kills=tuple(kills),
            restarts=None,
        ),
        inside,
    )


def _known(container: ContainerHistory) -> Marks:
    known = np.isfinite(container.cpu_cores) | np.isfinite(container.memory_bytes)
    return np.asarray(known.any(axis=0))


def _busiest(container: ContainerHistory, grid: Grid) -> int | None:
    """The day (since 1970) with the most CPU, or memory where no CPU is known."""
    totals = total(container.cpu_cores)
    if not np.isfinite(totals).any():
        totals = total(container.memory_bytes)
    days, means = daily(totals, begins(grid))
    return int(days[int(np.argmax(means))]) if days.size >= _LEAST_DAYS else None
