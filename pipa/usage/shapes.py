"""Shapes in time: growth from week to week, the busy weekday, the shape of the day.

All pure functions over arrays on a grid; days and hours are in UTC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipa.usage.seen import DAY_S, HOUR_S, pooled, weekday_of
from schemas.telemetry import Floats, Grid

WEEK_S = 7 * DAY_S
_DAYS_FOR_TREND = 5
"""Fewer working days cannot agree on a direction."""
_PAIRS_FOR_TREND = 5
"""Pairs of days a week apart."""
_DAY_HOURS = 6
"""A day counts with samples in a quarter of its hours."""
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth of the level of a quantity."""

    per_week: float
    """Relative change in a week: 0.1 is ten per cent more every week."""
    how: str
    """What was compared, for the reader."""

    def factor(self, horizon_s: float, most: float) -> float:
        """What the level is multiplied by at the horizon; never below 1.

        >>> round(Trend(0.1, "").factor(14 * 86400, 1.5), 2)
        1.21
        """
        if self.per_week <= 0:
            return 1.0
        return min(most, float((1 + self.per_week) ** (horizon_s / WEEK_S)))


@dataclass(frozen=True, slots=True)
class BusyWeekday:
    """A day of the week that needs more than the others."""

    weekday: int
    """Monday is 0."""
    weeks: int
    """Weeks in which it was seen."""
    high: float
    """p90 of that day, over all pods."""
    ratio: float
    """Its p90 over that of the middle weekday."""


def daily(values: Floats, grid: Grid, q: float) -> tuple[Floats, Floats]:
    """Day numbers (since the epoch) and the quantile of each day, over all pods.

    Args:
        values: Shape (pods, grid.count) or (grid.count,).
        grid: Its moments.
        q: Quantile in [0, 1].
    """
    rows = np.atleast_2d(values)
    days = grid.times() // DAY_S
    hours = grid.times() // HOUR_S
    seen, found = [], []
    for day in np.unique(days):
        columns = days == day
        part = rows[:, columns]
        known = np.isfinite(part)
        if np.unique(hours[columns][known.any(axis=0)]).size >= _DAY_HOURS:
            seen.append(float(day))
            found.append(float(np.quantile(part[known], q)))
    return np.array(seen), np.array(found)


def trend_of(
    values: Floats, grid: Grid, q: float, *, least: float, agreement: float
) -> Trend | None:
    """Growth per week, or None when there is none that the history carries.

    With days a week apart, each day is held against the same weekday: the median of the logarithms
    of their ratios, if nearly all have its sign. With less than that, the Theil-Sen slope over
    working days only, because a Saturday is no fall.

    Args:
        values: Shape (pods, grid.count) or (grid.count,).
        grid: Its moments.
        q: The quantile of each day that is compared.
        least: Smallest relative change per week that is told.
        agreement: Share of the pairs that must have one direction.

    Source:
        Theil (1950) and Sen (1968); the seasonal comparison follows Hirsch, Slack and Smith (1982).
    """
    days, levels = daily(values, grid, q)
    usable = levels > 0
    days, logs = days[usable], np.log(levels[usable])
    slopes = _week_over_week(days, logs)
    how = f"{len(slopes)} pairs of days a week apart"
    if len(slopes) < _PAIRS_FOR_TREND:
        working = weekday_of(days.astype(np.int64) * DAY_S) < 5
        if int(working.sum()) < _DAYS_FOR_TREND:
            return None
        slopes = _pairwise(days[working], logs[working])
        how = f"{int(working.sum())} working days"
    if not len(slopes):
        return None
    middle = float(np.median(slopes))
    same = float((np.sign(slopes) == math.copysign(1, middle)).mean())
    per_week = math.expm1(max(-5.0, min(5.0, middle)))
    if abs(per_week) < least or same < agreement:
        return None
    return Trend(per_week, how)


def _week_over_week(days: Floats, logs: Floats) -> Floats:
    at = {int(day): value for day, value in zip(days, logs, strict=True)}
    pairs = [value - at[day - 7] for day, value in at.items() if day - 7 in at]
    return np.array(pairs)


def _pairwise(days: Floats, logs: Floats) -> Floats:
    first, second = np.triu_indices(len(days), k=1)
    slopes: Floats = (logs[second] - logs[first]) / (days[second] - days[first]) * 7
    return slopes


def busy_weekday(values: Floats, grid: Grid, ratio: float) -> BusyWeekday | None:
    """The weekday whose p90 is `ratio` times that of the middle weekday, in every week seen.

    Needs two weeks: one busy Monday may have been an incident.
    """
    days, levels = daily(values, grid, 0.9)
    weekdays = weekday_of(days.astype(np.int64) * DAY_S)
    by_day = {int(day): levels[weekdays == day] for day in np.unique(weekdays)}
    if len(by_day) < 7 or min(len(item) for item in by_day.values()) < 2:
        return None
    middle = float(np.median([float(np.median(item)) for item in by_day.values()]))
    best = max(by_day, key=lambda day: float(np.median(by_day[day])))
    seen = by_day[best]
    if middle <= 0 or float(seen.min()) < ratio * middle:
        return None
    high = float(np.median(seen))
    return BusyWeekday(best, len(seen), high, high / middle)


@dataclass(frozen=True, slots=True)
class DayShape:
    """The day, hour by hour: medians over the days."""

    busiest: float
    quietest: float
    ratio: float
    """Busiest hour over the quietest; infinite when the quietest is zero."""


def day_shape(values: Floats, grid: Grid) -> DayShape | None:
    """Medians of the busiest and the quietest hour of the day; None with half of the hours unseen.

    Source:
        Crane's HPA recommender compares the medians of hours in the same way.
    """
    hours = grid.times() // HOUR_S % 24
    medians = [
        float(np.median(found))
        for hour in range(24)
        if (found := pooled(values[..., hours == hour])).size
    ]
    if len(medians) < 12:
        return None
    low, high = min(medians), max(medians)
    ratio = high / low if low > 0 else (math.inf if high > 0 else 1.0)
    return DayShape(high, low, ratio)
