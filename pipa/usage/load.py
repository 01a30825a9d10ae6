"""What one request costs: CPU over load, where the load explains the CPU.

    CPU of all pods = idle per pod x pods + cost x requests per second

by least squares over the moments at which all three are known, neither coefficient below zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipa.usage.seen import quantile, total
from schemas.telemetry import ContainerHistory, Floats, WorkloadHistory

_LEAST_POINTS = 48
"""Four hours of five-minute steps."""
_LEAST_SPREAD = 1.1
"""p95 over p5 of the load; a constant load explains nothing."""


@dataclass(frozen=True, slots=True)
class LoadModel:
    """CPU of a workload as a function of its load."""

    idle_cores: float
    """Of one pod without any request."""
    cost_core_s: float
    """CPU seconds of one request."""
    explained: float
    """Share of the variance of the CPU that it explains, in [0, 1]."""
    peak_rps: float
    """p99 of the load."""
    rps_per_pod: float
    """p95 of the load that one pod carried: so much is proven."""

    def cores(self, rps: float, pods: int) -> float:
        """CPU of all pods at a load.

        >>> LoadModel(0.05, 0.002, 1, 100, 50).cores(100, 2)
        0.3
        """
        return self.idle_cores * pods + self.cost_core_s * rps


def running_pods(history: WorkloadHistory, container: ContainerHistory) -> Floats:
    """Pods at each moment: as the source says, else those with a sample of the container."""
    seen = np.isfinite(container.cpu_cores) | np.isfinite(container.memory_bytes)
    counted: Floats = seen.sum(axis=0).astype(np.float64)
    counted[counted == 0] = np.nan
    if history.replicas is None:
        return counted
    pods: Floats = np.where(np.isfinite(history.replicas), history.replicas, counted)
    return pods


def load_model(
    history: WorkloadHistory, container: ContainerHistory, explained: float
) -> LoadModel | None:
    """Fit the model; None without a load, or where it explains less than `explained`."""
    if history.load is None:
        return None
    load, cpu = history.load.requests_per_second, total(container.cpu_cores)
    pods = running_pods(history, container)
    known = np.isfinite(load) & np.isfinite(cpu) & np.isfinite(pods)
    known &= np.where(np.isfinite(pods), pods, 0) > 0
    if int(known.sum()) < _LEAST_POINTS:
        return None
    load, cpu, pods = load[known], cpu[known], pods[known]
    low = float(np.quantile(load, 0.05))
    if float(np.quantile(load, 0.95)) <= low * _LEAST_SPREAD:
        return None
    idle, cost = _fit(load, cpu, pods)
    fitted = _explained(cpu, idle * pods + cost * load)
    if cost <= 0 or fitted < explained:
        return None
    return LoadModel(
        idle, cost, fitted, quantile(load, 0.99), float(np.quantile(load / pods, 0.95))
    )


def _fit(load: Floats, cpu: Floats, pods: Floats) -> tuple[float, float]:
    """Idle cores per pod and CPU seconds per request; the better corner where one is negative."""
    both = np.stack([pods, load], axis=1)
    idle, cost = (float(value) for value in np.linalg.lstsq(both, cpu, rcond=None)[0])
    if idle >= 0 and cost >= 0:
        return idle, cost
    if idle < 0:
        return 0.0, max(0.0, float(load @ cpu / (load @ load)))
    return max(0.0, float(pods @ cpu / (pods @ pods))), 0.0


def _explained(cpu: Floats, fitted: Floats) -> float:
    spread = float(((cpu - cpu.mean()) ** 2).sum())
    if spread <= 0:
        return 0.0
    return max(0.0, 1 - float(((cpu - fitted) ** 2).sum()) / spread)
