"""Requests and limits of one container from its history: pure functions over arrays.

* CPU request: `pipa.usage.cpu`; what it costs against what it falls short by (`shortage`), over the
  use that is expected (`ahead`).
* CPU limit: above the largest sample; it is there to bound a runaway, never to shape the use.
* Memory request: `pipa.usage.memory`, by the same rule, all of the history counting alike.
* Memory limit: `pipa.usage.peaks`, above everything that killed the container so far.

All pods that ran the container are pooled: the request is one for all of them, so a sample of any
pod counts alike. What more than one pod in sixteen needs is bought for all (the balanced price of
unmet use). A pod that lived minutes counts minutes; what it used at its peak counts in full for
both limits. A sample is never taken for an error because it is large.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipa.estimate import Estimate
from pipa.usage.appetite import Risk
from pipa.usage.cpu import cpu_limit, cpu_request, cpu_sample
from pipa.usage.memory import memory_limit, memory_request, memory_sample
from pipa.usage.peaks import DAY_S
from pipa.usage.reason import Reason
from schemas.telemetry import ContainerHistory, Grid

__all__ = ["Reason", "Risk", "UsageSizes", "usage_sizes"]


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
    cpu = cpu_sample(history.cpu_cores, grid, horizon_s)
    memory = memory_sample(history.memory_bytes)
    reasons: list[Reason] = []
    cores: tuple[Estimate | None, Estimate | None] = (None, None)
    if cpu is not None:
        request, why = cpu_request(cpu, risk, horizon_s)
        limit, why_limit = cpu_limit(history.cpu_cores, request)
        cores, reasons = (request, limit), [why, why_limit]
    if memory is None:
        return UsageSizes(*cores, None, None, tuple(reasons))
    request, why = memory_request(history, grid, memory, risk)
    limit, why_limit = memory_limit(history, grid, request, risk, horizon_s)
    return UsageSizes(*cores, request, limit, (*reasons, why, why_limit))
