"""Requests and limits of one container from its history: pure functions over arrays.

* CPU request and memory request: `pipa.usage.shortage`, newer samples weighing more for CPU, all
  alike for memory (a recorder's forgetting is what makes a memory peak come as a surprise).
* Memory limit: `pipa.usage.peaks`, above everything that killed the container so far.
* CPU limit: above the largest sample; it is there to bound a runaway, never to shape the use.

All pods that ran the container are pooled: the request is one for all of them, so a sample of any
pod counts alike. A sample is never taken for an error because it is large.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipa.estimate import Estimate
from pipa.usage.peaks import DAY_S, Margin, Survival, block_peaks, loneliness, priced_limit
from pipa.usage.shortage import Prices, Sample, sample_of
from schemas.quantities import GIB, MIB
from schemas.telemetry import ContainerHistory, Floats, Grid


class Risk(StrEnum):
    """What is asked of the numbers."""

    THRIFTY = "thrifty"
    BALANCED = "balanced"
    CAREFUL = "careful"


@dataclass(frozen=True, slots=True)
class Appetite:
    """The prices of one risk level; how they were chosen is in docs/usage-model.md."""

    cpu: Prices
    """In cores."""
    memory: Prices
    """In GiB."""
    kill_price_gib: float
    most_limit: float
    """Largest memory limit over the largest peak."""


APPETITES = {
    Risk.THRIFTY: Appetite(Prices(1.0, 6.0), Prices(200.0, 0.0), 64.0, 2.0),
    Risk.BALANCED: Appetite(Prices(2.0, 12.0), Prices(800.0, 0.0), 256.0, 3.0),
    Risk.CAREFUL: Appetite(Prices(8.0, 60.0), Prices(4000.0, 0.0), 1024.0, 4.0),
}
SURVIVAL = Survival(base=-4.62, slope=-0.87, offset=0.03, lonely=-1.27)
"""Fitted to 20,000 next-day peaks of 352 recorded workloads."""
LEAST_CORES = 0.010
"""KRR's floor, and about the resolution of the counters."""
LEAST_BYTES = 16.0 * MIB
SHORT_S = 2.0 * DAY_S
"""Less history shows no second day: what was the most so far is what most days will have."""
GROWING_ROOM = 1.05
"""Memory request over the peak of a short or still growing history."""
LIMIT_ROOM = 1.2
"""CPU limit over the largest sample."""
AFTER_KILL, AFTER_KILL_BYTES = 1.2, 100.0 * MIB
"""The VPA's bump after an OOM kill: the larger of a fifth and 100 MiB."""
HALF_LIVES = 2.0
"""Half-life of CPU samples over the time that the answer holds."""
LEAST_HALF_LIFE_S = 2.0 * DAY_S


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence on where a number comes from."""

    about: str
    """``cpu_request``, ``cpu_limit``, ``memory_request`` or ``memory_limit``."""
    text: str


@dataclass(frozen=True, slots=True)
class UsageSizes:
    """What the history asks for; None where nothing was measured. Cores and bytes."""

    cpu_request: Estimate | None
    cpu_limit: Estimate | None
    memory_request: Estimate | None
    memory_limit: Estimate | None
    reasons: tuple[Reason, ...] = ()


def usage_sizes(
    history: ContainerHistory,
    grid: Grid,
    *,
    risk: Risk = Risk.BALANCED,
    horizon_s: float = 7 * DAY_S,
) -> UsageSizes:
    """Size one container.

    The low bound of each estimate is what the thrifty level asks for, the high one what the
    careful level does; neither is ever below or above the target.

    Args:
        history: Its use; shapes (pods, grid.count).
        grid: The moments of the arrays.
        risk: Whose prices the targets are made with.
        horizon_s: How long the answer holds, in seconds, > 0.
    """
    ages = np.arange(grid.count - 1, -1, -1, dtype=np.float64) * grid.step_s
    half_life = max(HALF_LIVES * horizon_s, LEAST_HALF_LIFE_S)
    cpu = sample_of(history.cpu_cores, ages, half_life)
    memory = sample_of(history.memory_bytes, ages, None)
    reasons: list[Reason] = []
    cpu_request = None if cpu is None else _cpu_request(cpu, risk, half_life, reasons)
    cpu_limit = None
    if cpu is not None and cpu_request is not None:
        cpu_limit = _cpu_limit(cpu, cpu_request, reasons)
    if memory is None:
        return UsageSizes(cpu_request, cpu_limit, None, None, tuple(reasons))
    request = _memory_request(history, grid, memory, risk, reasons)
    limit = _memory_limit(history, grid, request, (risk, horizon_s), reasons)
    return UsageSizes(cpu_request, cpu_limit, request, limit, tuple(reasons))


def cpu_request_cores(cpu: Sample, prices: Prices) -> float:
    """The CPU request at some prices, in cores."""
    return max(LEAST_CORES, cpu.request(prices))


def memory_request_bytes(
    memory: Sample, prices: Prices, *, unsettled: bool, peak_bytes: float
) -> float:
    """The memory request at some prices (per GiB), in bytes.

    Args:
        memory: Recorded use in bytes.
        prices: Prices in GiB.
        unsettled: The history is short or still grows: what lies ahead is above it.
        peak_bytes: The largest working set.
    """
    if unsettled:
        return max(LEAST_BYTES, peak_bytes * GROWING_ROOM)
    in_bytes = Prices(prices.share * GIB, prices.unmet)
    return max(LEAST_BYTES, memory.request(in_bytes))


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


def limit_margin(
    memory: Floats, step_s: float, peak_bytes: float, appetite: Appetite, horizon_s: float
) -> Margin:
    """The memory limit of an appetite, before anything that killed the container."""
    block_s = min(horizon_s, DAY_S)
    lonely = loneliness(block_peaks(memory, step_s, block_s))
    return priced_limit(
        max(peak_bytes, 1.0),
        lonely,
        SURVIVAL,
        kill_price_gib=appetite.kill_price_gib,
        most=appetite.most_limit,
        blocks=horizon_s / block_s,
    )


def _cpu_request(cpu: Sample, risk: Risk, half_life_s: float, reasons: list[Reason]) -> Estimate:
    by_risk = {level: cpu_request_cores(cpu, item.cpu) for level, item in APPETITES.items()}
    target, prices = by_risk[risk], APPETITES[risk].cpu
    above = float(np.interp(target, cpu.values, cpu.above))
    text = (
        f"CPU request {target * 1000:.0f}m, where the request, {prices.share:g} cores for each"
        f" share of time above it and {prices.unmet:g} times what use exceeds it by cost least"
        f" together ({risk.value}): {above:.1%} of the samples lie above it, p95 is"
        f" {cpu.quantile(0.95) * 1000:.0f}m, the largest {cpu.values[-1] * 1000:.0f}m; a sample"
        f" counts half after {half_life_s / DAY_S:g} days."
    )
    reasons.append(Reason("cpu_request", text))
    return _around(by_risk, target)


def _cpu_limit(cpu: Sample, request: Estimate, reasons: list[Reason]) -> Estimate:
    largest = float(cpu.values[-1])
    target = max(largest * LIMIT_ROOM, request.target)
    text = f"CPU limit {target * 1000:.0f}m: the largest sample and a fifth."
    reasons.append(Reason("cpu_limit", text))
    low = max(min(largest, target), min(request.low, target))
    return Estimate(low, target, max(2 * target, request.high))


def _memory_request(
    history: ContainerHistory, grid: Grid, memory: Sample, risk: Risk, reasons: list[Reason]
) -> Estimate:
    unsettled = not settled(history.memory_bytes, grid.step_s)
    peak = _peak(history, memory)
    by_risk = {
        level: memory_request_bytes(memory, item.memory, unsettled=unsettled, peak_bytes=peak)
        for level, item in APPETITES.items()
    }
    target = by_risk[risk]
    if unsettled:
        why = (
            f"the peak {peak / MIB:.0f} MiB and a twentieth, because the history is shorter than"
            " two days or reaches new heights at its end"
        )
    else:
        above = float(np.interp(target, memory.values, memory.above))
        why = (
            f"where the request and {APPETITES[risk].memory.share:g} GiB for each share of time"
            f" above it cost least together ({risk.value}): {above:.2%} of the samples lie above"
            f" it, the largest is {peak / MIB:.0f} MiB"
        )
    reasons.append(Reason("memory_request", f"Memory request {target / MIB:.0f} MiB, {why}."))
    return _around(by_risk, target)


def _memory_limit(
    history: ContainerHistory,
    grid: Grid,
    request: Estimate,
    asked: tuple[Risk, float],
    reasons: list[Reason],
) -> Estimate:
    risk, horizon_s = asked
    peak = _peak(history, None)
    margins = {
        level: limit_margin(history.memory_bytes, grid.step_s, peak, item, horizon_s)
        for level, item in APPETITES.items()
    }
    killed = max((kill.limit_bytes or 0.0 for kill in history.oom_kills), default=0.0)
    least = max(killed * AFTER_KILL, killed + AFTER_KILL_BYTES) if killed else 0.0
    by_risk = {
        level: max(margin.limit_bytes, least, LEAST_BYTES) for level, margin in margins.items()
    }
    target, margin = max(by_risk[risk], request.target), margins[risk]
    text = (
        f"Memory limit {target / MIB:.0f} MiB: {margin.ratio:.2f} times the largest working set"
        f" {peak / MIB:.0f} MiB, where the limit and {APPETITES[risk].kill_price_gib:g} GiB for a"
        f" certain kill cost least together ({risk.value}); by the model {margin.chance:.1%} that"
        f" it is exceeded within {horizon_s / DAY_S:g} days, its largest peak being"
        f" {np.exp(margin.loneliness):.2f} times the next."
    )
    if least > margin.limit_bytes:
        text = (
            f"Memory limit {target / MIB:.0f} MiB: it was killed at {killed / MIB:.0f} MiB, so a"
            " fifth or 100 MiB above that."
        )
    reasons.append(Reason("memory_limit", text))
    low = max(min(by_risk[Risk.THRIFTY], target), min(request.low, target))
    return Estimate(low, target, max(by_risk[Risk.CAREFUL], target))


def _peak(history: ContainerHistory, memory: Sample | None) -> float:
    """The largest working set, that of the raw samples where they were read."""
    peaks = [] if memory is None else [float(memory.values[-1])]
    arrays = (history.memory_bytes, history.peak_bytes)
    known = [array for array in arrays if array is not None and np.isfinite(array).any()]
    return max((*peaks, *(float(np.nanmax(array)) for array in known)), default=0.0)


def _around(by_risk: dict[Risk, float], target: float) -> Estimate:
    low, high = by_risk[Risk.THRIFTY], by_risk[Risk.CAREFUL]
    return Estimate(min(low, target), target, max(high, target))
