"""What one request costs: CPU over load, by a robust fit, and only where the load explains the CPU.

    CPU of all pods = idle per pod x pods + cost x requests per second

by iteratively reweighted least squares with Huber's weights (P. J. Huber, Robust Estimation of a
Location Parameter, Annals of Mathematical Statistics 35, 1964): a backup or a deployment that burns
CPU for an hour moves the cost little.
"""

from __future__ import annotations

import numpy as np

from dca.metrics.series import MOST_PER_SECOND, measured, total
from schemas.telemetry import ContainerHistory, Floats, Load

_LEAST_POINTS = 48
"""Four hours of five-minute steps."""
_LEAST_SPREAD = 1.1
"""p95 over p5 of the load: a constant load explains nothing."""
EXPLAINED = 0.5
"""Share of the variance of the CPU that the load must explain."""
_HUBER = 1.345
"""Residuals beyond so many robust standard deviations count less (95 % efficient if normal)."""
_ROUNDS = 20
_MAD_TO_SIGMA = 1.4826


def cpu_per_request_ms(
    container: ContainerHistory, load: Load, replicas: Floats | None
) -> float | None:
    """CPU milliseconds of one request; None where the load does not explain the CPU.

    Args:
        container: Clean.
        load: Of the workload, on the same moments.
        replicas: Pods at each moment; those with samples count when None.
    """
    rate = measured(load.requests_per_second, MOST_PER_SECOND)
    cpu = total(container.cpu_cores)
    pods = np.isfinite(container.cpu_cores).sum(axis=0).astype(np.float64)
    if rate.shape != cpu.shape:
        return None
    if replicas is not None and replicas.shape == cpu.shape:
        pods = np.where(np.isfinite(replicas) & (replicas > 0), replicas, pods)
    known = np.isfinite(rate) & np.isfinite(cpu) & (pods > 0)
    if int(known.sum()) < _LEAST_POINTS:
        return None
    rate, cpu, pods = rate[known], cpu[known], pods[known]
    low, high = (float(value) for value in np.quantile(rate, (0.05, 0.95)))
    if high <= low * _LEAST_SPREAD:
        return None
    weights = _huber(np.stack([pods, rate], axis=1), cpu)
    idle, cost = _fit(np.stack([pods, rate], axis=1), cpu, weights)
    if cost <= 0 or _explained(cpu, idle * pods + cost * rate, weights) < EXPLAINED:
        return None
    return float(f"{1000 * cost:.6g}")


def _huber(both: Floats, cpu: Floats) -> Floats:
    """Weights of the points, those far off the line below one."""
    weights = np.ones(cpu.size)
    for _ in range(_ROUNDS):
        idle, cost = _fit(both, cpu, weights)
        residuals = np.abs(cpu - both @ np.array([idle, cost]))
        sigma = _MAD_TO_SIGMA * float(np.median(residuals))
        if sigma <= 0:
            return weights
        fresh = np.minimum(1.0, _HUBER * sigma / np.maximum(residuals, sigma * 1e-9))
        if np.allclose(fresh, weights, atol=1e-6):
            break
        weights = fresh
    return weights


def _fit(both: Floats, cpu: Floats, weights: Floats) -> tuple[float, float]:
    """Idle cores per pod and CPU seconds per request, neither below zero."""
    root = np.sqrt(weights)
    idle, cost = (
        float(value) for value in np.linalg.lstsq(both * root[:, None], cpu * root, rcond=None)[0]
    )
    if idle < 0:
        rate = both[:, 1]
        square = float((weights * rate * rate).sum())
        return 0.0, max(0.0, float((weights * rate * cpu).sum()) / square) if square else 0.0
    return idle, max(0.0, cost)


def _explained(cpu: Floats, fitted: Floats, weights: Floats) -> float:
    """Share of the weighted variance that the line explains, in (-inf, 1]."""
    mean = float((weights * cpu).sum() / weights.sum())
    variance = float((weights * (cpu - mean) ** 2).sum())
    if variance <= 0:
        return 0.0
    return 1.0 - float((weights * (cpu - fitted) ** 2).sum()) / variance
