"""Shapes in time: the hours of the day, the days of the week, the trend, the starts of pods.

Hours and days are in UTC. A moment of the grid is the end of its step, so it belongs to the hour in
which the step began.
"""

from __future__ import annotations

import numpy as np

from dca.metrics.series import Marks, Times, pooled
from schemas.telemetry import ContainerHistory, Floats, Grid

DAY_S, HOUR_S = 86400, 3600
STARTUP_S = 600
"""The first ten minutes of a pod."""
_EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""
_LEAST_HOURS = 6
"""A day counts with samples in a quarter of its hours."""
_LEAST_PAIRS = 5
"""Days that are compared with the same weekday a week later: with fewer, one holiday is a trend."""


def begins(grid: Grid) -> Times:
    """When each step of the grid began, in Unix seconds."""
    return grid.times() - grid.step_s


def by_hour(totals: Floats, starts_s: Times) -> tuple[float, ...]:
    """24 means relative to the overall mean; empty when an hour has no sample.

    Args:
        totals: Shape (moments,), NaN where nothing is known.
        starts_s: Begin of each step.
    """
    return _relative(totals, starts_s // HOUR_S % 24, 24)


def by_weekday(totals: Floats, starts_s: Times) -> tuple[float, ...]:
    """7 means, Monday first, relative to the overall mean.

    Empty when a weekday has samples in less than half of its hours.
    """
    known = np.isfinite(totals)
    weekday = (starts_s // DAY_S + _EPOCH_WEEKDAY) % 7
    hours = np.unique(weekday[known] * 24 + starts_s[known] // HOUR_S % 24)
    if (np.bincount(hours // 24, minlength=7) < 12).any():
        return ()
    return _relative(totals, weekday, 7)


def weekend_marks(starts_s: Times) -> Marks:
    """Which moments lie on a Saturday or Sunday."""
    marks: Marks = (starts_s // DAY_S + _EPOCH_WEEKDAY) % 7 >= 5
    return marks


def _relative(totals: Floats, group: Times, count: int) -> tuple[float, ...]:
    known = np.isfinite(totals)
    seen = np.bincount(group[known], minlength=count)
    overall = float(totals[known].mean()) if known.any() else 0.0
    if overall <= 0 or (seen == 0).any():
        return ()
    means = np.bincount(group[known], weights=totals[known], minlength=count) / seen
    return tuple(round(float(value), 4) for value in means / overall)


def daily(totals: Floats, starts_s: Times) -> tuple[Times, Floats]:
    """Days (since 1970) with enough hours, and the mean of each; both of shape (days,)."""
    known = np.isfinite(totals)
    days, index = np.unique(starts_s[known] // DAY_S, return_inverse=True)
    if not days.size:
        return days, np.zeros(0)
    means = np.bincount(index, weights=totals[known]) / np.bincount(index)
    pairs = np.unique(starts_s[known] // HOUR_S)
    hours = np.bincount(np.searchsorted(days, pairs // 24), minlength=days.size)
    enough = hours >= _LEAST_HOURS
    return days[enough], means[enough]


def trend_per_week(totals: Floats, starts_s: Times) -> float | None:
    """Relative change of the mean from a week to the next; None where it cannot be told.

    The median over all pairs of days a week apart, each relative to the pair's mean: weekdays are
    compared with their like, and one odd day changes nothing.

    100 on each day of the first week and 110 on each day of the second is 10 / 105 = 0.0952.
    """
    days, means = daily(totals, starts_s)
    later = np.searchsorted(days, days + 7)
    inside = later < days.size
    first = np.flatnonzero(inside)
    second = later[inside]
    first, second = first[days[second] == days[first] + 7], second[days[second] == days[first] + 7]
    middle = (means[first] + means[second]) / 2
    used = middle > 0
    if int(used.sum()) < _LEAST_PAIRS:
        return None
    changes = (means[second] - means[first])[used] / middle[used]
    return round(float(np.median(changes)), 4)


def start_marks(container: ContainerHistory, started_s: dict[str, float], grid: Grid) -> Marks:
    """Which points lie in the first ten minutes of a pod; shape (pods, grid.count).

    A pod's start is the stated one where that fits its samples (a node's clock may be off), else
    the step of its first sample, unless it ran already when the window began.
    """
    times = grid.times()
    marks = np.zeros(container.cpu_cores.shape, dtype=bool)
    for row, pod in enumerate(container.pods):
        known = np.isfinite(container.cpu_cores[row]) | np.isfinite(container.memory_bytes[row])
        where = np.flatnonzero(known)
        if not where.size:
            continue
        first = float(times[where[0]])
        stated = started_s.get(pod)
        if stated is not None and abs(stated - first) <= 2 * grid.step_s:
            start = min(stated, first - grid.step_s)
        elif first > grid.start_s + grid.step_s:
            start = first - grid.step_s
        else:
            continue
        # At least one step, which is longer than ten minutes on a coarse grid.
        end = start + max(STARTUP_S, grid.step_s)
        marks[row] = known & (times > start) & (times <= end + grid.step_s / 2)
    return marks


def start_ratio(values: Floats, marks: Marks) -> float | None:
    """Median over the starts of their highest value, over p95 of all later samples.

    None when no start lies in the window, or nothing after it.
    """
    peaks = [
        float(found.max())
        for row in np.flatnonzero(marks.any(axis=1))
        if (found := pooled(values[row][marks[row]])).size
    ]
    later = pooled(values[~marks])
    usual = float(np.quantile(later, 0.95)) if later.size else 0.0
    if not peaks or usual <= 0:
        return None
    return round(float(np.median(peaks)) / usual, 3)
