"""Telemetry: what a metrics source knows of running workloads, as arrays on one grid of time.

The only contracts that hold arrays; they stay inside one run. `schemas.usage` has what is kept,
shown and searched. Import this module only where arrays are needed: it brings NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.usage import UsageSummary, WorkloadKey

Floats: TypeAlias = NDArray[np.float64]
"""NaN is "not known here": the pod did not run, or nothing was scraped."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Evenly spaced moments: ``start_s + k * step_s`` for k < count, the end of each step."""

    start_s: int
    """Unix seconds."""
    step_s: int
    count: int

    @property
    def end_s(self) -> int:
        """The last moment."""
        return self.start_s + self.step_s * max(0, self.count - 1)

    @property
    def days(self) -> float:
        """Span from the first to the last moment."""
        return (self.end_s - self.start_s) / 86400

    def times(self) -> NDArray[np.int64]:
        """All moments, in Unix seconds."""
        return self.start_s + self.step_s * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class OomKill:
    """One container killed for memory."""

    at_s: float
    """Unix seconds, as near as the source can tell."""
    pod: str
    limit_bytes: float | None = None
    """The memory limit at that moment; None when it is not known."""


@dataclass(frozen=True, slots=True)
class ContainerHistory:
    """One container of a workload, over all pods that ran it.

    Arrays have the shape (pods, grid.count). A pod that lived minutes is a row like any other.
    """

    name: str
    pods: tuple[str, ...]
    cpu_cores: Floats
    """Mean use within each step."""
    memory_bytes: Floats
    """Largest working set within each step."""
    rss_bytes: Floats | None = None
    throttled: Floats | None = None
    """Share of the CFS periods of each step that were throttled, in [0, 1]."""
    peak_bytes: Floats | None = None
    """Per pod: largest working set of all raw samples of the window (a start-up peak may lie
    between the points of a coarser grid)."""
    oom_kills: tuple[OomKill, ...] = ()
    restarts: int | None = None
    """Restarts of the container within the window, over all pods."""
    cpu_request_cores: float | None = None
    """What the running pods have now; None is "not set" (see `requests_known`)."""
    cpu_limit_cores: float | None = None
    memory_request_bytes: float | None = None
    memory_limit_bytes: float | None = None
    requests_known: bool = False
    """Whether the source could tell requests and limits at all."""
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What clients ask of a workload, summed over its pods; shape (grid.count,)."""

    requests_per_second: Floats
    source: str
    """The metric that tells, e.g. ``istio_requests_total``."""
    latency_s: Floats | None = None
    latency_quantile: float | None = None


@dataclass(frozen=True, slots=True)
class RunningAutoscaler:
    """An HPA of the workload, as the cluster has it."""

    name: str
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_cpu_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What the cluster has; None is unknown."""

    node_cpu_cores: tuple[float, ...] = ()
    """Allocatable, one per node."""
    node_memory_bytes: tuple[float, ...] = ()
    quota: Mapping[str, float] = field(default_factory=dict)
    """Hard limits of the namespace's ResourceQuota (``requests.cpu`` in cores, ``…memory`` in
    bytes), the tightest where there are several."""
    quota_used: Mapping[str, float] = field(default_factory=dict)
    limit_range: Mapping[str, float] = field(default_factory=dict)
    """``max.cpu``, ``min.memory``, ``default.cpu``, ``defaultRequest.memory`` and so on, for
    containers."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that could not be read."""

    what: str
    """``throttling``, ``oom_kills``, ``load``, ``cpu`` …"""
    why: str


@dataclass(frozen=True, slots=True)
class WorkloadListing:
    """One workload that the source knows."""

    key: WorkloadKey
    containers: tuple[str, ...]
    images: tuple[str, ...] = ()
    days: float = 0.0
    """From its first to its last sample inside the window."""
    pods: int = 0
    """Pods that were seen inside the window."""


@dataclass(frozen=True, slots=True)
class WorkloadHistory:
    """All that was read about one workload."""

    key: WorkloadKey
    grid: Grid
    containers: Mapping[str, ContainerHistory]
    started_s: Mapping[str, float] = field(default_factory=dict)
    """Start of each pod, where it is known."""
    replicas: Floats | None = None
    """Pods that ran at each moment; shape (grid.count,)."""
    replicas_wanted: int | None = None
    """``spec.replicas`` now."""
    autoscaler: RunningAutoscaler | None = None
    load: Load | None = None
    room: Room = Room()
    missing: tuple[Missing, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """What was asked for each part: ``cpu``, ``memory``, ``throttling``, … to the PromQL, or the
    file and the place in it."""
    origin: str = ""
    """The server (without credentials) or the file."""

    @property
    def days(self) -> float:
        """Days from the first to the last moment with any sample."""
        seen = np.zeros(self.grid.count, dtype=bool)
        for container in self.containers.values():
            seen |= np.isfinite(container.memory_bytes).any(axis=0)
            seen |= np.isfinite(container.cpu_cores).any(axis=0)
        where = np.flatnonzero(seen)
        return float(where[-1] - where[0]) * self.grid.step_s / 86400 if where.size else 0.0


@dataclass(frozen=True, slots=True)
class NoHistory:
    """Why a workload has none."""

    reason: str
    usage: UsageSummary | None = None
    """What the source knows instead: a few percentiles that somebody computed elsewhere."""


Histories: TypeAlias = Mapping[WorkloadKey, WorkloadHistory | NoHistory]


class MetricsSource(Protocol):
    """Reads usage history: a server, a file, or a payload."""

    @property
    def origin(self) -> str:
        """The server (without credentials) or the file, as it may be shown."""

    def workloads(self) -> tuple[WorkloadListing, ...]:
        """All workloads with any history, sorted by key.

        Raises:
            MetricsError: The source does not answer, or not as it should.
        """

    def read(self, keys: tuple[WorkloadKey, ...]) -> Histories:
        """The histories of some workloads, read together.

        What one of them lacks is in its `WorkloadHistory.missing`; a workload that cannot be read
        is a `NoHistory` and does not sink the others.

        Raises:
            MetricsError: Nothing could be read at all.
        """
