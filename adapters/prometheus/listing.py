"""All workloads that a server knows, with how long and in how many pods they ran.

Owners come from labels alone. When pods ran is looked at every hour or so, which is cheap however
large the cluster is; a workload that none of these looks met (a job of minutes) is looked at
through all of its samples.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from adapters.prometheus.connection import Connection, Deadline
from adapters.prometheus.current import container_key
from adapters.prometheus.discovery import Found, discover_all
from adapters.prometheus.failures import Kind, QueryFailed
from adapters.prometheus.pods import PodKey, guessed_workload
from adapters.prometheus.queries import Text
from adapters.prometheus.ranges import Ranged, RangeReader
from adapters.prometheus.scope import CADVISOR_BY, Scope
from schemas.telemetry import Grid, WorkloadListing
from schemas.usage import WorkloadKey

MAX_POINTS: Final = 336
"""Every hour of two weeks."""
MIN_POINTS: Final = 56
MAX_CELLS: Final = 400_000
"""Points of all containers together: about 10 MB of answer."""
MAX_SHORT: Final = 40
"""Workloads that are looked at through all of their samples."""
_METRIC: Final = "container_memory_working_set_bytes"


@dataclass(slots=True)
class _Seen:
    """What was seen of one workload."""

    pods: set[PodKey] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    first: int | None = None
    last: int = 0

    def at(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = max(self.last, last)


def list_workloads(
    connection: Connection, reader: RangeReader, base: str, grid: Grid, deadline: Deadline
) -> tuple[WorkloadListing, ...]:
    """All workloads, sorted by key.

    Args:
        connection: The server.
        reader: Reads range queries.
        base: Matchers that every series must meet.
        grid: The window.
        deadline: The time that is left.

    Raises:
        MetricsError: The server cannot be read.
    """
    found = discover_all(connection, base, (grid.start_s, grid.end_s), deadline)
    coarse = _coarse(grid, max(1, len(found.chains.pods or found.containers)))
    nothing = Scope((), base)
    ranged = reader.read(lambda _: _presence(base), nothing, coarse, keep=False)
    if not ranged.rows and ranged.failed:
        if reader.fatal is not None:
            raise reader.fatal
        raise connection.unusable(QueryFailed(Kind.LESS_TIME, ranged.failed[0][1]))
    seen: dict[WorkloadKey, _Seen] = defaultdict(_Seen)
    for pod in found.chains.pods or found.containers:
        key = _owner(found, pod)
        if key is not None:
            seen[key].pods.add(pod)
    _take(ranged, found, seen)
    short = tuple(sorted(key for key, one in seen.items() if one.first is None))[:MAX_SHORT]
    if short:
        scope = found.scope(Scope(short, base))
        _take(reader.read(_all_samples(coarse.step_s), scope, coarse, keep=False), found, seen)
    return tuple(
        WorkloadListing(
            key=key,
            containers=tuple(sorted(one.containers)),
            images=tuple(sorted(one.images)),
            days=(one.last - one.first) * coarse.step_s / 86400,
            pods=len(one.pods),
        )
        for key, one in sorted(seen.items())
        if one.first is not None
    )


def _coarse(grid: Grid, pods: int) -> Grid:
    """The window in steps of about an hour, longer where there are very many pods."""
    points = min(MAX_POINTS, max(MIN_POINTS, MAX_CELLS // (2 * pods)))
    span = grid.end_s - grid.start_s
    step = max(grid.step_s, math.ceil(span / points / grid.step_s) * grid.step_s)
    count = span // step + 1
    return Grid(grid.end_s - (count - 1) * step, step, count)


def _presence(base: str) -> str:
    selectors = Scope((), base).all_containers(_METRIC)
    return " or ".join(f"count by ({CADVISOR_BY},image) ({one})" for one in selectors)


def _all_samples(window_s: int) -> Text:
    def text(scope: Scope) -> str:
        return " or ".join(
            f"count by ({CADVISOR_BY},image) (last_over_time({one}[{window_s}s]))"
            for one in scope.of_containers(_METRIC)
        )

    return text


def _take(ranged: Ranged, found: Found, seen: dict[WorkloadKey, _Seen]) -> None:
    for row in ranged.rows.values():
        namespace, pod, container = container_key(row.labels)
        key = _owner(found, (namespace, pod))
        places = np.flatnonzero(np.isfinite(row.values))
        if key is None or not places.size:
            continue
        one = seen[key]
        one.at(int(places[0]), int(places[-1]))
        one.pods.add((namespace, pod))
        one.containers.add(container)
        if row.labels.get("image"):
            one.images.add(row.labels["image"])


def _owner(found: Found, pod: PodKey) -> WorkloadKey | None:
    """By kube-state-metrics, and by its name where that does not know the pod."""
    if pod in found.chains.pods:
        return found.chains.workload(*pod)
    return guessed_workload(*pod)
