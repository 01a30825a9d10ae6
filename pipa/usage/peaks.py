"""How far above the largest working set so far a memory limit has to stand.

The chance that the next block's peak exceeds ``m`` times the largest peak so far was measured on
recorded workloads, one block being as long as the answer holds, at most a day. It falls with the
margin, with how lonely the largest peak is (the logarithm of largest over second largest block
peak, at most 1: a peak that stands alone is not exceeded soon, one of many alike is), and with the
number of blocks that were seen:

    P(m) = 1 / (1 + exp(-(base + slope ln(ln m + offset) + lonely * loneliness + count ln(n + 1))))

Were the peaks independent and of one distribution, the next of n + 1 would be the largest with the
chance 1 / (n + 1) (Renyi's law of records, 1962), hence ``count = -1``; the recorded ones came to
-0.8. For an answer that holds several blocks the chance is ``1 - (1 - P)^blocks``. The limit
minimises

    limit  +  kill_price / (time that the answer holds, in days, at most one) * P

with the price in GiB: a large container pays more for the same share of margin, so it gets less of
it; memory that is held for an hour costs less than what is held for a day. The figures were fitted
by logistic regression, each half of the workloads predicting the other; docs/usage-model.md has the
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.quantities import GIB
from schemas.telemetry import Floats

DAY_S = 86400.0
_STEPS = 80


@dataclass(frozen=True, slots=True)
class Survival:
    """The figures of P(m)."""

    base: float
    slope: float
    offset: float
    lonely: float
    count: float


@dataclass(frozen=True, slots=True)
class Past:
    """What P(m) is asked of."""

    loneliness: float
    blocks: int
    """That were seen."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A limit, and what it rests on."""

    limit_bytes: float
    ratio: float
    """Limit over the largest peak."""
    chance: float
    """That the limit is exceeded while the answer holds, by the model."""
    loneliness: float


def block_peaks(memory: Floats, step_s: float, block_s: float) -> Floats:
    """The largest value of each block, blocks counted back from the end; empty blocks left out.

    Args:
        memory: Bytes, shape (pods, time); NaN is no sample.
        step_s: Seconds between two moments.
        block_s: Length of a block in seconds, > 0.
    """
    moments = np.flatnonzero(np.isfinite(memory).any(axis=0))
    if moments.size == 0:
        return np.empty(0)
    largest = np.nanmax(memory[:, moments], axis=0)
    age = (moments[-1] - moments) * step_s
    block = (age / block_s).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
    peaks: Floats = np.maximum.reduceat(largest, starts)
    return peaks


def loneliness(peaks: Floats) -> float:
    """ln(largest over second largest), in [0, 1]; 0 for a single block, of which nothing is known.

    >>> round(loneliness(np.array([100.0, 50.0])), 2)
    0.69
    """
    found = np.sort(peaks[peaks > 0])[::-1]
    if found.size < 2:
        return 0.0
    return float(min(1.0, np.log(found[0] / found[1])))


def past_of(memory: Floats, step_s: float, block_s: float) -> Past:
    """What the block peaks of a history say of the next one; see `block_peaks`."""
    peaks = block_peaks(memory, step_s, block_s)
    return Past(loneliness(peaks), int(peaks.size))


def priced_limit(
    peak_bytes: float,
    past: Past,
    survival: Survival,
    *,
    kill_price_gib: float,
    most: float,
    blocks: float = 1.0,
) -> Margin:
    """The limit at which memory and the chance of a kill together cost least.

    Args:
        peak_bytes: The largest working set so far, > 0.
        past: What the history says of the next peak.
        survival: The figures of the chance.
        kill_price_gib: GiB that the certainty of a kill is worth.
        most: Largest limit over peak, >= 1.
        blocks: Blocks for which the answer holds, > 0.
    """
    ratios = np.exp(np.linspace(0.0, np.log(most), _STEPS))
    score = (
        survival.base
        + survival.slope * np.log(np.log(ratios) + survival.offset)
        + survival.lonely * past.loneliness
        + survival.count * np.log(past.blocks + 1.0)
    )
    chances = 1.0 - (1.0 - 1.0 / (1.0 + np.exp(-score))) ** blocks
    best = int(np.argmin(ratios * peak_bytes / GIB + kill_price_gib * chances))
    ratio = float(ratios[best])
    return Margin(peak_bytes * ratio, ratio, float(chances[best]), past.loneliness)
