"""Where a limit hid the demand: OOM kills and throttling. Then less was seen than was needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipa.usage.seen import pooled, quantile
from schemas.telemetry import ContainerHistory

_REPEATED = 3
"""Kills at one limit from which chance is no explanation."""
_SAME_LIMIT = 0.98
_MOST_HIDDEN = 0.5
"""Beyond it the share of throttled periods says nothing of how much was asked for."""
_DROP_BELOW = 0.5
"""p95 of use over the limit under which throttling comes from bursts shorter than a sample."""


@dataclass(frozen=True, slots=True)
class OomRules:
    """How far above a kill the limit goes (`usage.oom_*`)."""

    factor: float
    least_bytes: float
    repeated: float


@dataclass(frozen=True, slots=True)
class Killed:
    """OOM kills of a container."""

    kills: int
    at_bytes: float
    """Largest amount at which it died: the limit then, or the peak that was seen."""
    limit_known: bool
    """`at_bytes` is a limit that was read."""
    above_bytes: float
    """The limit must be at least this."""
    repeated: bool
    """Three or more died at that limit."""


def killed(container: ContainerHistory, rules: OomRules) -> Killed | None:
    """The OOM kills and the limit that follows; None without kills.

    Source:
        kubernetes/autoscaler, VPA recommender: max(used + 100 MiB, used x 1.2), where used is what
        the container had when it died.
    """
    kills = container.oom_kills
    if not kills:
        return None
    limits = [kill.limit_bytes for kill in kills if kill.limit_bytes]
    known = bool(limits)
    if not limits and container.memory_limit_bytes:
        limits, known = [container.memory_limit_bytes] * len(kills), True
    at = max(limits, default=0.0) or peak_of(container)
    repeated = sum(limit >= at * _SAME_LIMIT for limit in limits) >= _REPEATED
    factor = rules.repeated if repeated else rules.factor
    return Killed(len(kills), at, known, max(at * factor, at + rules.least_bytes), repeated)


def peak_of(container: ContainerHistory) -> float:
    """Largest working set of all raw samples; 0 when nothing was seen."""
    peaks = [quantile(container.memory_bytes, 1.0)]
    if container.peak_bytes is not None:
        peaks.append(quantile(container.peak_bytes, 1.0))
    return max(peaks)


@dataclass(frozen=True, slots=True)
class Throttled:
    """CFS throttling of a container that has a CPU limit."""

    share: float
    """Of the periods, over all pods and moments."""
    limit_cores: float
    p95_cores: float

    @property
    def bursts(self) -> bool:
        """The limit is far from used on average: what is cut off is shorter than a sample."""
        return self.p95_cores < _DROP_BELOW * self.limit_cores

    def unhidden_cores(self) -> float:
        """p95 with what was throttled added: the time that was asked for is at least that.

        Source:
            Kruize adds throttled CPU to what was used.
        """
        return self.p95_cores / self.served

    @property
    def served(self) -> float:
        """Share of what was asked for that was given, at least; in [0.5, 1]."""
        return 1 - min(self.share, _MOST_HIDDEN)


def throttled(container: ContainerHistory, least: float) -> Throttled | None:
    """Throttling above `least`; None when it is not, or cannot be, told."""
    if container.throttled is None or container.cpu_limit_cores is None:
        return None
    shares = pooled(container.throttled)
    share = float(np.mean(shares)) if shares.size else 0.0
    if share <= least:
        return None
    return Throttled(share, container.cpu_limit_cores, quantile(container.cpu_cores, 0.95))
