"""What was read about the workloads of one scope, sorted by container; no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adapters.prometheus import queries
from adapters.prometheus.current import (
    ContainerKey,
    Objects,
    PodFacts,
    Resources,
    container_key,
    state_key,
)
from adapters.prometheus.decode import Labels
from adapters.prometheus.discovery import Found
from adapters.prometheus.pods import PodKey
from adapters.prometheus.ranges import Ranged, merged
from schemas.telemetry import Floats, Grid, Load, Missing
from schemas.usage import WorkloadKey

Cells = dict[ContainerKey, Floats]
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Readings:
    """What was read about all workloads of one scope."""

    grid: Grid
    keys: tuple[WorkloadKey, ...]
    found: Found
    pods: dict[PodKey, WorkloadKey]
    cpu: Cells = field(default_factory=dict)
    memory: Cells = field(default_factory=dict)
    rss: Cells = field(default_factory=dict)
    throttled: Cells = field(default_factory=dict)
    peaks: dict[ContainerKey, float] = field(default_factory=dict)
    """Only where they are not in `memory`."""
    ooms: Cells = field(default_factory=dict)
    restarts: Cells = field(default_factory=dict)
    killed: Cells = field(default_factory=dict)
    facts: PodFacts = field(default_factory=PodFacts)
    limits: dict[ContainerKey, Resources] = field(default_factory=dict)
    """As cAdvisor knows them; asked for only without kube-state-metrics."""
    objects: Objects = field(default_factory=Objects)
    loads: dict[WorkloadKey, Load] = field(default_factory=dict)
    missing: dict[WorkloadKey, list[Missing]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    seen: dict[ContainerKey, Flags] = field(default_factory=dict)
    """Where each container has CPU or memory."""
    scraped: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Where any has."""

    def miss(self, what: str, why: str, *keys: WorkloadKey) -> None:
        """Note once that something could not be read, of some workloads or of all."""
        entry = Missing(what, why)
        for key in keys or self.keys:
            entries = self.missing.setdefault(key, [])
            if entry not in entries:
                entries.append(entry)


def cells(
    ranged: Ranged, key_of: Callable[[Labels], ContainerKey], metrics: tuple[str, ...] = ("",)
) -> Cells:
    """Rows by container; those of the same container fall together, the largest counts.

    Args:
        ranged: The rows.
        key_of: Which container a row is about.
        metrics: Names that count; the results of most functions have none.
    """
    rows: dict[ContainerKey, list[Floats]] = defaultdict(list)
    for row in ranged.rows.values():
        if row.labels.get("__name__", "") in metrics:
            rows[key_of(row.labels)].append(row.values)
    found = {key: merged(same) for key, same in rows.items()}
    for values in found.values():
        values[values < 0] = np.nan  # no usage is negative
    return found


def take_events(readings: Readings, ranged: Ranged) -> None:
    """Sort the metrics of the events query."""
    readings.ooms = cells(ranged, container_key, queries.OOMS)
    readings.restarts = cells(ranged, state_key, queries.RESTARTS)
    readings.killed = cells(ranged, state_key, queries.KILLED)
    throttled = cells(ranged, container_key, queries.THROTTLED)
    readings.throttled = {
        key: throttled_share(throttled.get(key), periods)
        for key, periods in cells(ranged, container_key, queries.PERIODS).items()
    }


def throttled_share(throttled: Floats | None, periods: Floats) -> Floats:
    """The share of the CFS periods of each step that were throttled.

    Args:
        throttled: Counter of throttled periods at the end of each step; NaN for zero or unseen.
        periods: Counter of all periods.

    >>> throttled_share(np.array([np.nan, 1.0, 2.0, 2.0]), np.array([5.0, 10.0, 20.0, 4.0]))[1:]
    array([0.2, 0.1, 0.5])
    """
    there = np.zeros(periods.size) if throttled is None else np.nan_to_num(throttled)
    share = np.full(periods.size, np.nan)
    of_all = np.diff(periods)
    of_throttled = np.diff(there)
    back = of_all < 0  # the counters were set back to zero
    of_all = np.where(back, periods[1:], of_all)
    of_throttled = np.where(back, there[1:], of_throttled)
    some = of_all > 0
    share[1:][some] = np.clip(of_throttled[some] / of_all[some], 0.0, 1.0)
    return share
