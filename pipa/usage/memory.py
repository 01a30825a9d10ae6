"""Memory request and limit of one container, in bytes."""

from __future__ import annotations

import numpy as np

from pipa.estimate import Estimate
from pipa.usage.ahead import DRIFT_MEMORY
from pipa.usage.appetite import APPETITES, Appetite, Risk
from pipa.usage.peaks import DAY_S, Margin, Past, Survival, past_of, priced_limit
from pipa.usage.reason import Reason, around
from pipa.usage.shortage import Prices, Sample, sample_of
from schemas.quantities import GIB, MIB
from schemas.telemetry import ContainerHistory, Floats, Grid

SURVIVAL = Survival(base=-2.95, slope=-0.86, offset=0.03, lonely=-1.47, count=-0.81)
"""Fitted to 53,000 next-day peaks of 352 recorded workloads, seen for 7, 14 and 28 days."""
LEAST_BYTES = 16.0 * MIB
SHORT_S = 2.0 * DAY_S
"""Less history shows no second day: what was the most so far is what most days will have."""
GROWING_ROOM = 1.05
"""Memory request over the peak of a short or still growing history, at least."""
SMALL_BYTES = 128.0 * MIB
"""Room that is worth nobody's thought: no cap on the ratio of limit and peak counts below it. KRR
gives no container less than 100 MiB, the VPA no pod less than 250 MiB."""
AFTER_KILL, AFTER_KILL_BYTES = 1.2, 100.0 * MIB
"""The VPA's bump after an OOM kill: the larger of a fifth and 100 MiB."""


def memory_sample(memory_bytes: Floats) -> Sample | None:
    """The use that is expected; all recorded samples count alike.

    A peak that a recorder has forgotten comes as a surprise, so memory does not fade.
    """
    return sample_of(memory_bytes, np.ones(1), DRIFT_MEMORY)


def request_bytes(memory: Sample, prices: Prices, *, unsettled: bool, peak_bytes: float) -> float:
    """The memory request at some prices (per GiB), in bytes.

    Args:
        memory: Expected use in bytes.
        prices: Prices in GiB.
        unsettled: The history is short or still grows: what lies ahead is above it.
        peak_bytes: The largest working set.
    """
    least = peak_bytes * GROWING_ROOM if unsettled else 0.0
    in_bytes = Prices(prices.share * GIB, prices.unmet)
    return max(LEAST_BYTES, least, memory.request(in_bytes))


def settled(memory: Floats, step_s: float) -> bool:
    """Whether a history shows what comes: two days at least, and no new heights at its end.

    The last tenth of a settled history reaches no more than a fiftieth above what was there before.
    """
    moments = np.flatnonzero(np.isfinite(memory).any(axis=0))
    if moments.size < 2 or (moments[-1] - moments[0]) * step_s < SHORT_S:
        return False
    largest = np.nanmax(memory[:, moments], axis=0)
    late = max(1, largest.size // 10)
    return bool(largest[-late:].max() <= 1.02 * largest[:-late].max())


def limit_margin(past: Past, peak_bytes: float, appetite: Appetite, horizon_s: float) -> Margin:
    """The memory limit of an appetite, before anything that killed the container.

    Args:
        past: Of blocks of `block_s(horizon_s)`.
        peak_bytes: The largest working set.
        appetite: Its kill price, and how far above the peak it goes.
        horizon_s: How long the answer holds, in seconds, > 0.
    """
    peak, block = max(peak_bytes, 1.0), block_s(horizon_s)
    return priced_limit(
        peak,
        past,
        SURVIVAL,
        kill_price_gib=appetite.kill_price_gib * DAY_S / block,
        most=max(appetite.most_limit, 1.0 + SMALL_BYTES / peak),
        blocks=horizon_s / block,
    )


def block_s(horizon_s: float) -> float:
    """Length of the blocks whose peaks are compared: as long as the answer holds, a day at most."""
    return min(horizon_s, DAY_S)


def largest(history: ContainerHistory) -> float:
    """The largest working set, that of the raw samples where they were read; 0 for none."""
    arrays = (history.memory_bytes, history.peak_bytes)
    known = [array for array in arrays if array is not None and np.isfinite(array).any()]
    return max((float(np.nanmax(array)) for array in known), default=0.0)


def above_kills(history: ContainerHistory) -> tuple[float, float]:
    """The largest amount at which it is known to have died, and the least limit after that.

    A kill whose limit was not read happened at the limit in force, or above the peak that was seen;
    the history is cut off there. 0 and 0 without a kill.

    Source:
        kubernetes/autoscaler, VPA recommender: max(used + 100 MiB, used x 1.2).
    """
    unknown = history.memory_limit_bytes or largest(history)
    killed = max((kill.limit_bytes or unknown for kill in history.oom_kills), default=0.0)
    return killed, max(killed * AFTER_KILL, killed + AFTER_KILL_BYTES) if killed else 0.0


def memory_request(
    history: ContainerHistory, grid: Grid, memory: Sample, risk: Risk
) -> tuple[Estimate, Reason]:
    """The request at all three levels, and why."""
    unsettled, peak = not settled(history.memory_bytes, grid.step_s), largest(history)
    by_risk = {
        level: request_bytes(memory, item.memory, unsettled=unsettled, peak_bytes=peak)
        for level, item in APPETITES.items()
    }
    target = by_risk[risk]
    text = (
        f"Memory request {target / MIB:.0f} MiB, where the request and"
        f" {APPETITES[risk].memory.share:g} GiB for each share of time above it cost least"
        f" together ({risk.value}): {memory.share_above(target):.2%} of the expected use lies above"
        f" it, the largest sample is {peak / MIB:.0f} MiB"
    )
    if unsettled:
        text += (
            "; at least a twentieth above that, because the history is shorter than two days or"
            " reaches new heights at its end"
        )
    return around(by_risk, target), Reason("memory_request", f"{text}.")


def memory_limit(
    history: ContainerHistory, grid: Grid, request: Estimate, risk: Risk, horizon_s: float
) -> tuple[Estimate, Reason]:
    """The limit at all three levels, above everything that killed the container, and why."""
    peak = largest(history)
    past = past_of(history.memory_bytes, grid.step_s, block_s(horizon_s))
    margins = {
        level: limit_margin(past, peak, item, horizon_s) for level, item in APPETITES.items()
    }
    killed, least = above_kills(history)
    by_risk = {
        level: max(margin.limit_bytes, least, LEAST_BYTES) for level, margin in margins.items()
    }
    target = max(by_risk[risk], request.target)
    low = max(min(by_risk[Risk.THRIFTY], target), min(request.low, target))
    estimate = Estimate(low, target, max(by_risk[Risk.CAREFUL], target))
    return estimate, _limit_reason(target, margins[risk], peak, (killed, least), (risk, horizon_s))


def _limit_reason(
    target: float,
    margin: Margin,
    peak: float,
    kill: tuple[float, float],
    asked: tuple[Risk, float],
) -> Reason:
    (killed, least), (risk, horizon_s) = kill, asked
    if least > margin.limit_bytes:
        text = (
            f"Memory limit {target / MIB:.0f} MiB: it was killed at {killed / MIB:.0f} MiB, so a"
            " fifth or 100 MiB above that."
        )
        return Reason("memory_limit", text)
    text = (
        f"Memory limit {target / MIB:.0f} MiB: {margin.ratio:.2f} times the largest working set"
        f" {peak / MIB:.0f} MiB, where the limit and {APPETITES[risk].kill_price_gib:g} GiB for a"
        f" certain kill cost least together ({risk.value}); by the model {margin.chance:.1%} that"
        f" it is exceeded within {horizon_s / DAY_S:g} days, its largest peak being"
        f" {np.exp(margin.loneliness):.2f} times the next."
    )
    return Reason("memory_limit", text)
