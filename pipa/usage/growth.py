"""Memory that never comes down: a leak, a cache that fills, or data that grows.

Each pod's life is looked at by itself, in blocks of three hours: does its memory rise, does it ever
fall back, and does the rise go on to the end? Growth with a pod's age that starts again from below
after a restart is a leak; growth that new pods begin with is data; growth that ends is a cache, or
a heap at its ceiling. A leak is not chased: to raise its numbers only buys time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipa.usage.seen import DAY_S, HOUR_S, pooled
from schemas.telemetry import ContainerHistory, Floats, Grid

_BLOCK_S = 3 * HOUR_S
_LEAST_BLOCKS = 8
"""A day: less does not tell a rise from the day's shape."""
_TENTH, _THIRD = 0.1, 1 / 3


class GrowthKind(StrEnum):
    """What makes memory rise for as long as a pod lives."""

    LEAK = "leak"
    """It goes on, and starts again from below after a restart."""
    UNTOLD = "leak_or_data"
    """It goes on, and no restart was seen that would tell a leak from data that grows."""
    DATA = "data"
    """It goes on, and new pods begin where old ones ended."""
    PAGE_CACHE = "page_cache"
    """The working set rises, what is resident does not."""
    FILLED = "filled"
    """It rose, and stays: a cache or a heap that has reached its size."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How memory rises within the life of pods."""

    kind: GrowthKind
    pods: int
    """Pods that show it."""
    of: int
    """Pods that lived long enough to tell."""
    per_day_bytes: float
    """Median rise of those that still rise; 0 for what has ended."""
    last_bytes: float
    """Largest level at the end of a pod's samples."""


@dataclass(frozen=True, slots=True)
class GrowthRules:
    """When a rise counts; shares of the first level or of the rise (`usage.growth_*`)."""

    least: float
    fall: float
    late: float
    resident: float


@dataclass(frozen=True, slots=True)
class _Life:
    """One pod: levels at its begin and end, and what its rise looks like."""

    begin_s: float
    end_s: float
    first: float
    last: float
    kind: GrowthKind | None

    @property
    def per_day_bytes(self) -> float:
        return (self.last - self.first) / max(self.end_s - self.begin_s, 1.0) * DAY_S


def growth_of(container: ContainerHistory, grid: Grid, rules: GrowthRules) -> Growth | None:
    """What makes memory rise; None when it comes down, or too little was seen."""
    lives = [
        life
        for row in range(len(container.pods))
        if (life := _life(container, row, grid, rules)) is not None
    ]
    kinds = Counter(life.kind for life in lives if life.kind is not None)
    if not kinds or sum(kinds.values()) * 2 < len(lives):
        return None
    kind = max(kinds, key=lambda item: kinds[item])
    shown = [life for life in lives if life.kind is kind]
    rising = kind is GrowthKind.UNTOLD
    return Growth(
        kind=_told(lives, rules.least) if rising else kind,
        pods=len(shown),
        of=len(lives),
        per_day_bytes=float(np.median([life.per_day_bytes for life in shown])) if rising else 0.0,
        last_bytes=max(life.last for life in shown),
    )


def _life(container: ContainerHistory, row: int, grid: Grid, rules: GrowthRules) -> _Life | None:
    levels = _blocks(container.memory_bytes[row], grid)
    where = np.flatnonzero(np.isfinite(levels))
    # The first block holds the start.
    if where.size < _LEAST_BLOCKS + 1:
        return None
    where = where[1:]
    shown = levels[where]
    tenth = max(1, round(where.size * _TENTH))
    first, last = float(np.median(shown[:tenth])), float(np.median(shown[-tenth:]))
    begin, end = (float(grid.start_s + index * _BLOCK_S) for index in (where[0], where[-1]))
    kind = _kind(shown, first, last, rules)
    if kind is GrowthKind.UNTOLD or kind is GrowthKind.FILLED:
        kind = _unless_cache(container, row, grid, last - first, kind, rules)
    return _Life(begin, end, first, last, kind)


def _blocks(values: Floats, grid: Grid) -> Floats:
    """Median of each three hours; NaN where nothing ran."""
    size = max(1, _BLOCK_S // grid.step_s)
    padded = np.full(-(-values.size // size) * size, np.nan)
    padded[: values.size] = values
    parts = padded.reshape(-1, size)
    known = np.isfinite(parts)
    result = np.full(len(parts), np.nan)
    rows = known.any(axis=1)
    # Where nothing is known a row has no median, and NumPy would warn of it.
    result[rows] = np.nanmedian(parts[rows], axis=1)
    return result


def _kind(levels: Floats, first: float, last: float, rules: GrowthRules) -> GrowthKind | None:
    rise = last - first
    if rise < rules.least * first:
        return None
    fall = float((np.maximum.accumulate(levels) - levels).max())
    if fall > rules.fall * rise:
        return None
    third = max(1, round(levels.size * _THIRD))
    before = float(np.median(levels[-third - max(1, third // 3) : -third]))
    return GrowthKind.UNTOLD if last - before >= rules.late * rise else GrowthKind.FILLED


def _unless_cache(
    container: ContainerHistory,
    row: int,
    grid: Grid,
    rise: float,
    kind: GrowthKind,
    rules: GrowthRules,
) -> GrowthKind:
    if container.rss_bytes is None:
        return kind
    resident = pooled(_blocks(container.rss_bytes[row], grid)[1:])
    if resident.size < _LEAST_BLOCKS:
        return kind
    tenth = max(1, round(resident.size * _TENTH))
    grown = float(np.median(resident[-tenth:]) - np.median(resident[:tenth]))
    return GrowthKind.PAGE_CACHE if grown < rules.resident * rise else kind


def _told(lives: Sequence[_Life], least: float) -> GrowthKind:
    """A leak or data, by where later pods begin; untold while no pod follows another."""
    after = [
        (life.first, max(old.last for old in before))
        for life in lives
        if (before := [old for old in lives if old.end_s <= life.begin_s])
    ]
    if not after:
        return GrowthKind.UNTOLD
    above = [first >= last * (1 - least) for first, last in after]
    return GrowthKind.DATA if sum(above) * 2 > len(above) else GrowthKind.LEAK
