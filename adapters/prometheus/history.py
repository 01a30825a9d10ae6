"""Everything that was read about workloads, as `schemas.telemetry.WorkloadHistory`. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np

from adapters.prometheus.current import ContainerKey, PodFacts, Resources
from adapters.prometheus.events import Life, Witness, increments, oom_kills
from adapters.prometheus.readings import Cells, Flags, Readings
from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
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

_NEAR_LIMIT: Final = 0.9


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
            exit_code=facts.exit_codes.get(key),
            near_limit=_near_limit(key, readings),
        )
        kills += oom_kills(key[1], witness, life, readings.grid, _memory_limit(key, readings))
        counted |= key in facts.counted or witness.restarts is not None
        restarts += int(increments(witness.restarts, life, readings.grid.count).sum())
    return tuple(sorted(kills, key=lambda kill: kill.at_s)), restarts if counted else None


def _memory_limit(key: ContainerKey, readings: Readings) -> float | None:
    told = readings.facts.resources.get(key, readings.limits.get(key, Resources()))
    return told.get("limits", "memory")


def _near_limit(key: ContainerKey, readings: Readings) -> bool:
    limit, row = _memory_limit(key, readings), readings.memory.get(key)
    return limit is not None and row is not None and bool((row >= _NEAR_LIMIT * limit).any())


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
