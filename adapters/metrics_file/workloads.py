"""Series of containers put together to the histories of workloads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from adapters.metrics_file.export_format import MAX_CELLS
from adapters.metrics_file.grids import Samples, grid_of, highest, on_grid, rate, summed
from adapters.metrics_file.metrics import Metric, Part
from adapters.metrics_file.reading import wrong
from adapters.prometheus.pods import Chains, guessed_workload, workload_key
from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    Missing,
    OomKill,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey

WHOLE_POD: Final = "pod"
"""Name of the container where the answers tell of whole pods."""
_WIDEST_STEPS: Final = 5
"""A counter that was not seen for longer tells no rate."""
_SHARED: Final = (Part.CPU, Part.MEMORY, Part.RSS, Part.THROTTLED, Part.PERIODS, Part.LOAD)
_USAGE: Final = (Part.CPU, Part.MEMORY)
_NOT_READ: Final = {
    Part.THROTTLED: "throttling",
    Part.OOM: "oom_kills",
    Part.RESTARTS: "restarts",
    Part.LOAD: "load",
    Part.REQUEST: "requests",
}
_COPY_LABELS: Final = frozenset({"cpu"})


@dataclass(frozen=True, slots=True)
class Series:
    """One series of any answer."""

    labels: Mapping[str, str]
    samples: Samples
    query: str


@dataclass(frozen=True, slots=True)
class PodContainer:
    """A container of a pod."""

    namespace: str
    pod: str
    container: str | None
    """None where the series is of the whole pod; empty for the sum beside the containers."""
    stated: tuple[str, str] | None = None
    """Kind and name of the workload, where the labels have it."""


_Item = tuple[PodContainer, Series, Metric]
Gathered = Mapping[Part, Sequence[_Item]]
_Place = tuple[str, str, str]
"""Namespace, pod and container."""
_Rows = dict[_Place, Floats]


def assemble(
    series: Gathered, chains: Chains, queries: Mapping[Part, str], origin: str
) -> Mapping[WorkloadKey, WorkloadHistory]:
    """The histories of all workloads that any CPU or memory is known of.

    Raises:
        InputFileError: The samples span too much.
    """
    usage = [item for part in _USAGE for _, item, _ in series.get(part, ())]
    grid = grid_of((item.samples[0] for item in usage), origin)
    shared = sum(len(series.get(part, ())) for part in _SHARED)
    if shared * grid.count > MAX_CELLS:
        raise wrong(origin, f"more than {MAX_CELLS:,} points in all")
    owners = _owners(series, chains)
    rows = {part: _rows(series.get(part, ()), grid) for part in _SHARED}
    by_key: dict[WorkloadKey, list[str]] = defaultdict(list)
    for (_, pod), owner in owners.items():
        by_key[owner].append(pod)
    members: dict[WorkloadKey, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for place in [place for part in _USAGE for place in rows[part]]:
        key = owners.get(place[:2])
        if key is not None:
            members[key][place[2]].add(place[1])
    facts = _Facts(grid, rows, _by_pod(series), frozenset(p for p in series if series[p]))
    return {
        key: WorkloadHistory(
            key=key,
            grid=grid,
            containers={
                name: facts.container(key, name, tuple(sorted(pods)))
                for name, pods in sorted(boxes.items())
            },
            started_s=facts.started(key, {pod for pods in boxes.values() for pod in pods}),
            load=facts.load(key, by_key[key]),
            missing=facts.missing(boxes),
            sources={part.value: query for part, query in queries.items()},
            origin=origin,
        )
        for key, boxes in sorted(members.items())
    }


def _owners(series: Gathered, chains: Chains) -> dict[tuple[str, str], WorkloadKey]:
    """The workload of each pod: as labels say, as kube-state-metrics says, else by its name."""
    found: dict[tuple[str, str], WorkloadKey] = {}
    for where in (where for part in (*_USAGE, Part.LOAD) for where, _, _ in series.get(part, ())):
        pod = (where.namespace, where.pod)
        if pod in found:
            continue
        stated = workload_key(where.namespace, *where.stated) if where.stated else None
        key = stated or chains.workload(*pod) or guessed_workload(*pod)
        if key is not None:
            found[pod] = key
    return found


def _rows(items: Iterable[_Item], grid: Grid) -> _Rows:
    """One row per container; series that differ only by their core are added, copies count once.

    A sum over the containers (an empty label) counts only where the containers themselves are not.
    """
    found: dict[_Place, dict[tuple[tuple[str, str], ...], list[Floats]]] = {}
    for where, series, metric in items:
        name = WHOLE_POD if not where.container else where.container
        samples = (
            rate(series.samples, _WIDEST_STEPS * grid.step_s)
            if metric.counter
            else (series.samples)
        )
        rest = tuple(sorted((k, v) for k, v in series.labels.items() if k not in _COPY_LABELS))
        by_copy = found.setdefault((where.namespace, where.pod, name), {})
        by_copy.setdefault(rest, []).append(on_grid(samples, grid))
    single = {place[:2] for place in found if place[2] != WHOLE_POD}
    return {
        place: highest([summed(rows) for rows in copies.values()])
        for place, copies in found.items()
        if place[2] != WHOLE_POD or place[:2] not in single
    }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the series say of one workload after the other."""

    grid: Grid
    rows: Mapping[Part, _Rows]
    by_pod: Mapping[tuple[Part, str, str], Sequence[_Item]]
    told: frozenset[Part]
    """What there is any series of."""

    def container(self, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> ContainerHistory:
        """One container over all its pods."""
        return ContainerHistory(
            name=name,
            pods=pods,
            cpu_cores=self._table(Part.CPU, key, name, pods),
            memory_bytes=self._table(Part.MEMORY, key, name, pods),
            rss_bytes=self._table(Part.RSS, key, name, pods) if Part.RSS in self.told else None,
            throttled=self._throttled(key, name, pods),
            oom_kills=self._kills(key, name, pods),
            restarts=self._restarts(key, name, pods),
            cpu_request_cores=self._set(Part.REQUEST, "cpu", key, name, pods),
            cpu_limit_cores=self._set(Part.LIMIT, "cpu", key, name, pods),
            memory_request_bytes=self._set(Part.REQUEST, "memory", key, name, pods),
            memory_limit_bytes=self._set(Part.LIMIT, "memory", key, name, pods),
            requests_known=Part.REQUEST in self.told,
            image=self._image(key, name, pods),
        )

    def started(self, key: WorkloadKey, pods: set[str]) -> dict[str, float]:
        """Start of each pod that is known."""
        return {
            pod: last[1]
            for pod in sorted(pods)
            for _, item, _ in self.by_pod.get((Part.START, key.namespace, pod), ())
            if (last := _last(item.samples)) is not None
        }

    def load(self, key: WorkloadKey, pods: Iterable[str]) -> Load | None:
        """Requests per second over all pods: of the first metric that tells any."""
        items = [
            (item, metric)
            for pod in pods
            for _, item, metric in self.by_pod.get((Part.LOAD, key.namespace, pod), ())
            if item.labels.get("reporter", "destination") == "destination"
        ]
        if not items:
            return None
        name = items[0][1].name
        rows = [
            on_grid(
                rate(item.samples, _WIDEST_STEPS * self.grid.step_s)
                if metric.counter
                else item.samples,
                self.grid,
            )
            for item, metric in items
            if metric.name == name
        ]
        return Load(summed(rows), name) if np.isfinite(rows).any() else None

    def missing(self, boxes: Iterable[str]) -> tuple[Missing, ...]:
        """What the file does not tell."""
        told = [
            Missing(word, "the file has no series of it")
            for part, word in _NOT_READ.items()
            if part not in self.told
        ]
        if WHOLE_POD in boxes:
            told.append(Missing("containers", "the series are of whole pods"))
        return tuple(told)

    def _table(self, part: Part, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> Floats:
        unknown = np.full(self.grid.count, np.nan)
        rows = self.rows[part]
        return np.array([rows.get((key.namespace, pod, name), unknown) for pod in pods])

    def _throttled(self, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> Floats | None:
        if Part.THROTTLED not in self.told:
            return None
        throttled = self._table(Part.THROTTLED, key, name, pods)
        if Part.PERIODS not in self.told:
            return throttled
        periods = self._table(Part.PERIODS, key, name, pods)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(periods > 0, throttled / periods, np.nan)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def _kills(self, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> tuple[OomKill, ...]:
        found: dict[tuple[str, float], OomKill] = {}
        limit = self._set(Part.LIMIT, "memory", key, name, pods)
        for item in self._of(Part.OOM, key, name, pods):
            times, values = item.samples
            pod = item.labels.get("pod", "")
            for at in times[1:][np.diff(values) > 0][:1000].tolist():
                found[pod, at] = OomKill(at, pod, limit)
        return tuple(found[place] for place in sorted(found))

    def _restarts(self, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> int | None:
        if Part.RESTARTS not in self.told:
            return None
        by_pod: dict[str, float] = {}
        for item in self._of(Part.RESTARTS, key, name, pods):
            grown = np.diff(item.samples[1])
            count = float(grown[grown > 0].sum())
            pod = item.labels.get("pod", "")
            by_pod[pod] = max(by_pod.get(pod, 0.0), count)
        return round(min(sum(by_pod.values()), 1e9))

    def _set(
        self, part: Part, resource: str, key: WorkloadKey, name: str, pods: tuple[str, ...]
    ) -> float | None:
        """The newest request or limit of any pod."""
        newest: tuple[float, float] | None = None
        for item in self._of(part, key, name, pods, resource):
            last = _last(item.samples)
            if last is not None and (newest is None or last > newest):
                newest = last
        return newest[1] if newest is not None and newest[1] > 0 else None

    def _image(self, key: WorkloadKey, name: str, pods: tuple[str, ...]) -> str | None:
        images = (item.labels.get("image") for item in self._of(Part.MEMORY, key, name, pods))
        return next((image for image in images if image), None)

    def _of(
        self,
        part: Part,
        key: WorkloadKey,
        name: str,
        pods: tuple[str, ...],
        resource: str = "",
    ) -> Iterable[Series]:
        for pod in pods:
            for where, item, metric in self.by_pod.get((part, key.namespace, pod), ()):
                if (where.container or WHOLE_POD) == name and metric.resource == resource:
                    yield item


def _by_pod(series: Gathered) -> Mapping[tuple[Part, str, str], Sequence[_Item]]:
    found: dict[tuple[Part, str, str], list[_Item]] = defaultdict(list)
    for part, items in series.items():
        for item in items:
            found[part, item[0].namespace, item[0].pod].append(item)
    return found


def _last(samples: Samples) -> tuple[float, float] | None:
    times, values = samples
    return (float(times[-1]), float(values[-1])) if times.size else None
