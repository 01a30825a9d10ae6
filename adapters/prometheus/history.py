"""Everything that was read about workloads, as `schemas.telemetry.WorkloadHistory`. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

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
from adapters.prometheus.events import Life, Witness, increments, oom_kills
from adapters.prometheus.pods import PodKey
from adapters.prometheus.ranges import Ranged, merged
from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    Missing,
    NoHistory,
    OomKill,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey

MAX_CELLS: Final = 8_000_000
"""Of one array (64 MB): 1,984 pods with a point every five minutes for two weeks."""
_RUNNING_POINTS: Final = 3
"""A pod with a sample among so many newest points runs now."""
_INITIAL_SHARE: Final = 0.1
"""A container that kube-state-metrics does not count, and that ran this much less than another of
its pods, only initialises them."""

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


def histories(readings: Readings, origin: str) -> dict[WorkloadKey, WorkloadHistory | NoHistory]:
    """The history of each workload that was asked for, or why there is none."""
    used: dict[WorkloadKey, set[ContainerKey]] = {key: set() for key in readings.keys}
    anything = np.zeros(readings.grid.count, dtype=bool)
    for container in {**readings.cpu, **readings.memory}:
        key = readings.pods.get(container[:2])
        if key is not None:
            seen = _seen(container, readings)
            readings.seen[container] = seen
            used[key].add(container)
            anything |= seen
    readings.scraped = anything
    return {key: _history(key, found, readings, origin) for key, found in used.items()}


def _history(
    key: WorkloadKey, used: set[ContainerKey], readings: Readings, origin: str
) -> WorkloadHistory | NoHistory:
    grid = readings.grid
    if not any(readings.seen[container].any() for container in used):
        return NoHistory(_why_none(key, readings, origin))
    missing = list(readings.missing.get(key, ()))
    lives = _lives(key, used, readings)
    kept = _newest(lives, grid, missing)
    names = _containers({k for k in used if k[1] in kept}, key, readings)
    containers = {name: _container(key, name, kept, readings, missing) for name in names}
    for name, container in containers.items():
        _complain(name, container, key, readings, missing)
    return WorkloadHistory(
        key=key,
        grid=grid,
        containers=containers,
        started_s={
            pod: readings.facts.starts[key.namespace, pod]
            for pod in kept
            if (key.namespace, pod) in readings.facts.starts
        },
        replicas=_replicas(key, used, readings),
        replicas_wanted=readings.objects.replicas.get(key),
        autoscaler=readings.objects.autoscaler(key),
        load=readings.loads.get(key),
        room=readings.objects.room(key.namespace),
        missing=tuple(missing),
        sources=dict(readings.sources),
        origin=origin,
    )


def _why_none(key: WorkloadKey, readings: Readings, origin: str) -> str:
    days = readings.grid.count * readings.grid.step_s / 86400
    pods = [pod for pod, owner in readings.pods.items() if owner == key]
    if pods:
        reasons = [m.why for m in readings.missing.get(key, ()) if m.what in ("cpu", "memory")]
        told = reasons[0] if reasons else "no samples of CPU or memory"
        return f"{len(pods)} pods of {key} are known at {origin}, but: {told}"
    namespaces = {namespace for namespace, _ in readings.pods}
    more = "" if key.namespace in namespaces else f"; nor any asked for in {key.namespace}"
    return f"no pod of {key} was seen in the last {days:.3g} days at {origin}{more}"


def _lives(
    key: WorkloadKey, used: set[ContainerKey], readings: Readings
) -> dict[str, tuple[int, int]]:
    """First and last place on the grid at which each pod was seen."""
    lives: dict[str, tuple[int, int]] = {}
    for container in sorted(used):
        pod = container[1]
        seen = readings.seen[container]
        if seen.any():
            first, last = int(np.argmax(seen)), int(seen.size - 1 - np.argmax(seen[::-1]))
            old = lives.get(pod, (first, last))
            lives[pod] = (min(first, old[0]), max(last, old[1]))
    return lives


def _seen(container: ContainerKey, readings: Readings) -> Flags:
    seen = np.zeros(readings.grid.count, dtype=bool)
    for table in (readings.memory, readings.cpu):
        if container in table:
            seen |= np.isfinite(table[container])
    return seen


def _newest(
    lives: dict[str, tuple[int, int]], grid: Grid, missing: list[Missing]
) -> dict[str, tuple[int, int]]:
    """Pods, oldest first; when there are very many, only the newest."""
    order = sorted(lives, key=lambda pod: (lives[pod], pod))
    most = max(1, MAX_CELLS // grid.count)
    if len(order) > most:
        missing.append(Missing("pods", f"of {len(order)} pods only the newest {most} were kept"))
        order = order[-most:]
    return {pod: lives[pod] for pod in order}


def _containers(used: set[ContainerKey], key: WorkloadKey, readings: Readings) -> list[str]:
    """Names of the containers, without those that only initialise pods."""
    points: dict[str, int] = defaultdict(int)
    for container in used:
        points[container[2]] += int(readings.seen[container].sum())
    regular = readings.facts.regular(key.namespace, {container[1] for container in used})
    most = max(points.values(), default=0)
    return sorted(
        name
        for name, count in points.items()
        if not (regular and name not in regular and count < most * _INITIAL_SHARE)
    )


def _container(
    key: WorkloadKey,
    name: str,
    lives: dict[str, tuple[int, int]],
    readings: Readings,
    missing: list[Missing],
) -> ContainerHistory:
    space = key.namespace
    tables = (readings.cpu, readings.memory)
    pods = tuple(pod for pod in lives if any((space, pod, name) in table for table in tables))
    keys = [(space, pod, name) for pod in pods]
    memory = _stack(readings.memory, keys, readings.grid)
    now = _running(keys, lives, readings)
    known = readings.facts.knows_resources and now is not None
    amounts = _amounts(now, keys, readings)
    kills, restarts = _events(keys, lives, readings)
    return ContainerHistory(
        name=name,
        pods=pods,
        cpu_cores=_stack(readings.cpu, keys, readings.grid),
        memory_bytes=memory,
        rss_bytes=_optional(readings.rss, keys, readings.grid),
        throttled=_optional(readings.throttled, keys, readings.grid),
        peak_bytes=_peaks(memory, keys, readings),
        oom_kills=kills,
        restarts=restarts,
        cpu_request_cores=amounts.get("requests", "cpu"),
        cpu_limit_cores=amounts.get("limits", "cpu"),
        memory_request_bytes=amounts.get("requests", "memory"),
        memory_limit_bytes=amounts.get("limits", "memory"),
        requests_known=known,
        image=_image(keys, readings),
    )


def _stack(table: Cells, keys: list[ContainerKey], grid: Grid) -> Floats:
    out = np.full((len(keys), grid.count), np.nan)
    for row, key in enumerate(keys):
        if key in table:
            out[row] = table[key]
    return out


def _optional(table: Cells, keys: list[ContainerKey], grid: Grid) -> Floats | None:
    return _stack(table, keys, grid) if any(key in table for key in keys) else None


def _peaks(memory: Floats, keys: list[ContainerKey], readings: Readings) -> Floats | None:
    """Each point is the largest raw sample of its step, so the row's largest is the peak."""
    both = np.array([readings.peaks.get(key, np.nan) for key in keys])
    if memory.size:
        both = np.fmax(both, np.fmax.reduce(memory, axis=1))
    return np.asarray(both) if np.isfinite(both).any() else None


def _running(
    keys: list[ContainerKey], lives: Mapping[str, tuple[int, int]], readings: Readings
) -> ContainerKey | None:
    """The newest pod that runs now, else the one that ran last, of those whose facts are told."""
    told = [key for key in keys if _is_told(key, readings.facts)]
    edge = readings.grid.count - _RUNNING_POINTS

    def order(key: ContainerKey) -> tuple[bool, float, int, int]:
        first, last = lives[key[1]]
        start = readings.facts.starts.get(key[:2], 0.0)
        return last >= edge, start, first, last

    return max(told, key=order, default=None)


def _is_told(key: ContainerKey, facts: PodFacts) -> bool:
    return key in facts.resources or key in facts.counted or key in facts.images


def _amounts(now: ContainerKey | None, keys: list[ContainerKey], readings: Readings) -> Resources:
    if now is not None:
        return readings.facts.resources.get(now, Resources())
    of_kernel = [readings.limits[key] for key in keys if key in readings.limits]
    return of_kernel[-1] if of_kernel else Resources()


def _events(
    keys: list[ContainerKey], lives: Mapping[str, tuple[int, int]], readings: Readings
) -> tuple[tuple[OomKill, ...], int | None]:
    kills: list[OomKill] = []
    restarts, counted = 0, False
    for key in keys:
        life = _life(key, lives, readings)
        facts = readings.facts
        witness = Witness(
            ooms=readings.ooms.get(key),
            restarts=readings.restarts.get(key),
            killed=readings.killed.get(key),
            last_end_s=facts.last_ends.get(key),
        )
        limit = facts.resources.get(key, readings.limits.get(key, Resources()))
        kills += oom_kills(key[1], witness, life, readings.grid, limit.get("limits", "memory"))
        counted |= key in facts.counted or witness.restarts is not None
        restarts += int(increments(witness.restarts, life, readings.grid.count).sum())
    return tuple(sorted(kills, key=lambda kill: kill.at_s)), restarts if counted else None


def _life(key: ContainerKey, lives: Mapping[str, tuple[int, int]], readings: Readings) -> Life:
    grid, first = readings.grid, lives[key[1]][0]
    start = readings.facts.starts.get(key[:2])
    if start is not None:
        return Life(first, start >= grid.start_s - grid.step_s)
    return Life(first, first > int(np.argmax(readings.scraped)) + 1)


def _replicas(key: WorkloadKey, used: set[ContainerKey], readings: Readings) -> Floats | None:
    """Pods that ran at each moment; NaN where nothing at all was scraped."""
    by_pod: dict[str, Flags] = {}
    for container in used:
        seen = readings.seen[container]
        by_pod[container[1]] = by_pod.get(container[1], np.zeros_like(seen)) | seen
    total = np.stack(list(by_pod.values())).sum(axis=0).astype(np.float64)
    total[~readings.scraped] = np.nan
    return np.asarray(total)


def _image(keys: list[ContainerKey], readings: Readings) -> str | None:
    """The image of the newest pod that tells one."""
    for key in reversed(keys):
        image = readings.found.images.get(key) or readings.facts.images.get(key)
        if image:
            return image
    return None


def _complain(
    name: str,
    container: ContainerHistory,
    key: WorkloadKey,
    readings: Readings,
    missing: list[Missing],
) -> None:
    """Say what this container lacks."""
    cpu, memory = container.cpu_cores, container.memory_bytes
    if not np.isfinite(cpu).any():
        missing.append(Missing("cpu", f"{name}: no container_cpu_usage_seconds_total"))
    if not np.isfinite(memory).any():
        missing.append(Missing("memory", f"{name}: no container_memory_working_set_bytes"))
    if container.throttled is None and container.cpu_limit_cores is not None:
        missing.append(Missing("throttling", f"{name}: no container_cpu_cfs_periods_total"))
    if not container.requests_known:
        why = "no kube_pod_container_resource_requests or _limits: not scraped, or nowhere set"
        missing.append(Missing("requests", f"{name}: {why}"))
    blind = (
        container.restarts is None and "container_oom_events_total" not in readings.found.metrics
    )
    if blind and not container.oom_kills:
        why = "neither container_oom_events_total nor restarts from kube-state-metrics"
        missing.append(Missing("oom_kills", f"{name}: {why}"))
