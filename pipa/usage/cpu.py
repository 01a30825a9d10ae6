"""CPU request and limit of one container, in cores."""

from __future__ import annotations

import numpy as np

from pipa.estimate import Estimate
from pipa.usage.ahead import DRIFT_CPU, fresh_weights, half_life_s
from pipa.usage.appetite import APPETITES, Risk
from pipa.usage.peaks import DAY_S
from pipa.usage.reason import Reason, around
from pipa.usage.shortage import Prices, Sample, sample_of
from schemas.telemetry import Floats, Grid

LEAST_CORES = 0.010
"""KRR's floor, and about the resolution of the counters."""
LIMIT_ROOM = 1.2
"""CPU limit over the largest sample."""


def cpu_sample(cpu_cores: Floats, grid: Grid, horizon_s: float) -> Sample | None:
    """The use that is expected while the answer holds; None when nothing was recorded.

    Args:
        cpu_cores: Recorded use, shape (pods, grid.count); NaN is no sample.
        grid: Its moments.
        horizon_s: How long the answer holds, in seconds, > 0.
    """
    known = np.asarray(np.isfinite(cpu_cores).any(axis=0), dtype=np.bool_)
    return sample_of(cpu_cores, fresh_weights(grid, known, horizon_s), DRIFT_CPU)


def request_cores(cpu: Sample, prices: Prices) -> float:
    """The CPU request at some prices, in cores."""
    return max(LEAST_CORES, cpu.request(prices))


def cpu_request(cpu: Sample, risk: Risk, horizon_s: float) -> tuple[Estimate, Reason]:
    """The request at all three levels, and why."""
    by_risk = {level: request_cores(cpu, item.cpu) for level, item in APPETITES.items()}
    target, prices = by_risk[risk], APPETITES[risk].cpu
    text = (
        f"CPU request {target * 1000:.0f}m, where the request, {prices.share:g} cores for each"
        f" share of time above it and {prices.unmet:g} times what use exceeds it by cost least"
        f" together ({risk.value}): {cpu.share_above(target):.1%} of the expected use lies above"
        f" it, p95 is {cpu.quantile(0.95) * 1000:.0f}m; a sample counts half after"
        f" {half_life_s(horizon_s) / DAY_S:g} days, and more if its kind of day lies ahead."
    )
    return around(by_risk, target), Reason("cpu_request", text)


def cpu_limit(cpu_cores: Floats, request: Estimate) -> tuple[Estimate, Reason]:
    """A bound for a runaway: above the largest sample, never below the request."""
    largest = float(np.nanmax(cpu_cores))
    target = max(largest * LIMIT_ROOM, request.target)
    low = max(min(largest, target), min(request.low, target))
    text = (
        f"CPU limit {target * 1000:.0f}m: a fifth above the largest sample,"
        f" {largest * 1000:.0f}m, and not below the request."
    )
    return Estimate(low, target, max(2 * target, request.high)), Reason("cpu_limit", text)
