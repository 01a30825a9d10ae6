"""All that a container's history says beside its percentiles, read once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipa.constants import Constants
from pipa.usage.growth import Growth, GrowthKind, GrowthRules, growth_of
from pipa.usage.limits_hit import Killed, OomRules, Throttled, killed, peak_of, throttled
from pipa.usage.seen import pooled
from pipa.usage.shapes import BusyWeekday, Trend, busy_weekday, trend_of
from pipa.usage.startup import StartUp, start_up
from schemas.quantities import MIB
from schemas.telemetry import ContainerHistory, Floats, WorkloadHistory

BATCH_KINDS = frozenset({"Job", "CronJob"})
_IN_VAIN = frozenset({GrowthKind.LEAK, GrowthKind.PAGE_CACHE, GrowthKind.FILLED})
_LEAST_POINTS = 10
"""Points of a pod from which its p95 is compared with that of the others."""


@dataclass(frozen=True, slots=True)
class Hot:
    """One pod is much busier than the middle one: uneven nodes, sticky sessions, a leader."""

    ratio: float
    pods: int
    p95_cores: float
    """p95 of the busiest pod."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is special about a container's use; None is "not so, or not told"."""

    peak_bytes: float
    cpu_trend: Trend | None = None
    memory_trend: Trend | None = None
    weekday: BusyWeekday | None = None
    start: StartUp | None = None
    growth: Growth | None = None
    killed: Killed | None = None
    throttled: Throttled | None = None
    hot: Hot | None = None

    @property
    def memory_grows(self) -> bool:
        """Memory rises in a way that a projection would chase in vain."""
        return self.growth is not None and self.growth.kind in _IN_VAIN


def read_signals(
    container: ContainerHistory, history: WorkloadHistory, constants: Constants
) -> Signals:
    """Read all signals of a (clean) container history."""

    def value(name: str) -> float:
        return constants[f"usage.{name}"].value

    grid, batch = history.grid, history.key.kind in BATCH_KINDS
    least, agreement = value("trend_least"), value("trend_agreement")
    growth = GrowthRules(
        value("growth_least"),
        value("growth_fall"),
        value("growth_late"),
        value("growth_resident"),
    )
    oom = OomRules(value("oom_factor"), value("oom_least") * MIB, value("oom_repeated"))
    return Signals(
        peak_bytes=peak_of(container),
        cpu_trend=trend_of(container.cpu_cores, grid, 0.9, least=least, agreement=agreement),
        memory_trend=trend_of(container.memory_bytes, grid, 0.9, least=least, agreement=agreement),
        weekday=None if batch else busy_weekday(container.cpu_cores, grid, value("weekly")),
        start=None if batch else start_up(container, history, value("startup_seconds")),
        growth=None if batch else growth_of(container, grid, growth),
        killed=killed(container, oom),
        throttled=throttled(container, value("throttled")),
        hot=hot_pod(container.cpu_cores, value("hot")),
    )


def hot_pod(cpu_cores: Floats, ratio: float) -> Hot | None:
    """The busiest pod, when its p95 is `ratio` times that of the median pod."""
    p95s = [
        float(np.quantile(found, 0.95))
        for row in cpu_cores
        if (found := pooled(row)).size >= _LEAST_POINTS
    ]
    if len(p95s) < 2:
        return None
    middle, highest = float(np.median(p95s)), max(p95s)
    if middle <= 0 or highest < ratio * middle:
        return None
    return Hot(highest / middle, len(p95s), highest)
