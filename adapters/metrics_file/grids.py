"""Samples with their times, put on one even grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.metrics_file.export_format import MAX_CELLS, MAX_COUNT
from adapters.metrics_file.reading import wrong
from schemas.telemetry import Floats, Grid

MAX_STEP_S: Final = 86400
_LATEST_S: Final = float(1 << 40)

Samples = tuple[Floats, Floats]
"""Times in Unix seconds, ascending, and values; both of shape (n,)."""


def grid_of(times_s: Iterable[Floats], place: str) -> Grid:
    """The grid that the times of all series lie on: its step is the most common distance.

    Raises:
        InputFileError: No times, or so far apart that no grid can hold them.
    """
    rows = [row for row in times_s if row.size]
    if not rows:
        raise wrong(place, "there are no samples")
    gaps = [np.rint(np.diff(row)) for row in rows if row.size > 1]
    steps, counts = np.unique(np.concatenate(gaps) if gaps else np.zeros(0), return_counts=True)
    counts, steps = counts[steps > 0], steps[steps > 0]
    step = int(min(steps[int(np.argmax(counts))], MAX_STEP_S)) if steps.size else 300
    start = min(float(row[0]) for row in rows)
    end = max(float(row[-1]) for row in rows)
    count = int((end - start) // step) + 1
    if count > MAX_COUNT or count * len(rows) > MAX_CELLS:
        raise wrong(place, f"the samples span {count:,} steps of {step} s, which is too much")
    return Grid(round(start), step, count)


def on_grid(samples: Samples, grid: Grid) -> Floats:
    """The values at their places, NaN elsewhere; of several at one place the last."""
    row = np.full(grid.count, np.nan)
    times, values = samples
    at = np.rint((times - grid.start_s) / grid.step_s)
    inside = (at >= 0) & (at < grid.count)
    row[at[inside].astype(np.int64)] = values[inside]
    return row


def ordered(times_s: Sequence[float], values: Sequence[float]) -> Samples:
    """Samples by time, without those whose time or value is no finite number."""
    times, found = np.array(times_s, dtype=np.float64), np.array(values, dtype=np.float64)
    good: NDArray[np.bool_] = np.isfinite(times) & np.isfinite(found)
    good &= (np.nan_to_num(times) >= 0) & (np.nan_to_num(times) <= _LATEST_S)
    times, found = times[good], found[good]
    order = np.argsort(times, kind="stable")
    return times[order], found[order]


def rate(samples: Samples, widest_s: float) -> Samples:
    """Increase per second of a counter, at the end of each stretch.

    A counter that falls was reset and began at zero; stretches over a gap wider than `widest_s`
    are left out.
    """
    times, values = samples
    if times.size < 2:
        return times[:0], values[:0]
    passed, grown = np.diff(times), np.diff(values)
    grown = np.where(grown < 0, values[1:], grown)
    good = (passed > 0) & (passed <= widest_s)
    return times[1:][good], grown[good] / passed[good]


def highest(rows: Sequence[Floats]) -> Floats:
    """The highest known value of several rows at each moment: copies of one series by two servers.

    Args:
        rows: At least one, all of one shape.
    """
    stacked = np.array(rows)
    top = np.where(np.isfinite(stacked), stacked, -np.inf).max(axis=0)
    return np.where(np.isfinite(top), top, np.nan)


def summed(rows: Sequence[Floats]) -> Floats:
    """The sum of several rows at each moment, NaN where none is known."""
    stacked = np.array(rows)
    known = np.isfinite(stacked)
    return np.where(known.any(axis=0), np.where(known, stacked, 0.0).sum(axis=0), np.nan)
