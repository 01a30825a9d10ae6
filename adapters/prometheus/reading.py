"""One reading of several workloads: asks for everything, two queries at a time.

What fails becomes a `Missing` of the workloads that it is about, and the rest is used.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from adapters.prometheus import load, queries
from adapters.prometheus.cache import Stretch
from adapters.prometheus.connection import Connection, Deadline, Params
from adapters.prometheus.current import container_key, limits_of_cadvisor
from adapters.prometheus.decode import Decoded, decode_instant
from adapters.prometheus.discovery import Found
from adapters.prometheus.failures import Kind, QueryFailed
from adapters.prometheus.promql import any_of, literal, matches, selector
from adapters.prometheus.ranges import Ranged, RangeReader
from adapters.prometheus.readings import Cells, Readings, cells, take_events
from adapters.prometheus.scope import Scope
from schemas.errors import MetricsError
from schemas.telemetry import Floats, Grid, Load
from schemas.usage import WorkloadKey

WORKERS: Final = 2
"""The server is shared with others; more would only take from them."""
_COARSE_POINTS: Final = 56
"""At which requests, limits and starts of pods are looked at: every six hours of two weeks."""
_SPARSE: Final = 0.7
"""With less of the points that a running pod should have, the window is too short for the scrape
interval: `rate` needs two samples."""
_LONG_POINTS: Final = 12
"""Rows that span less tell nothing about the scrape interval."""
_SCRAPES_PER_WINDOW: Final = 4
"""The usual advice for `rate`: one scrape may fail."""
_HOUR_S: Final = 3600


class Reading:
    """Asks for everything about the workloads of a scope.

    Args:
        connection: The server.
        reader: Reads range queries.
        grid: What is read.
        found: What the server has.
        everything: The workloads.
    """

    def __init__(
        self,
        connection: Connection,
        reader: RangeReader,
        grid: Grid,
        found: Found,
        everything: Scope,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._grid = grid
        self._found = found
        self._scope = found.scope(everything)
        self._readings = Readings(grid, everything.keys, found, found.owned(everything.keys))

    def all(self, deadline: Deadline) -> Readings:
        """What could be read.

        Raises:
            MetricsError: Neither CPU nor memory of anything.
        """
        self._note_discovery()
        readings = self._readings
        if not readings.pods:
            return readings
        step = self._grid.step_s
        _together(
            (
                lambda: self._usage("cpu", self._cpu(step)),
                lambda: self._usage("memory", _working_set(step)),
                lambda: self._events(step),
                lambda: self._current(deadline),
                lambda: self._usage("rss", queries.largest("container_memory_rss", step)),
                self._pod_values,
            )
        )
        if not readings.cpu and not readings.memory:
            self._raise_for_nothing()
        self._widen(deadline)
        self._second_look(deadline)
        return readings

    def _cpu(self, window_s: int) -> queries.Text:
        per_core = bool(self._found.cpus) and not self._found.cpus & {"", "total"}
        return queries.cpu(window_s, per_core=per_core)

    def _usage(self, what: str, text: queries.Text) -> None:
        ranged = self._range(what, text, self._scope)
        setattr(self._readings, what, cells(ranged, container_key))

    def _events(self, step_s: int) -> None:
        ranged = self._range("events", queries.events(step_s), self._scope)
        take_events(self._readings, ranged)

    def _pod_values(self) -> None:
        if not self._found.has_state:
            return
        every = max(1, self._grid.count // _COARSE_POINTS)
        count = -(-self._grid.count // every)
        start = self._grid.end_s - (count - 1) * every * self._grid.step_s
        coarse = Grid(start, every * self._grid.step_s, count)
        ranged = self._reader.read(queries.pod_values, self._scope, coarse, keep=False)
        self._note("requests", ranged)
        self._readings.facts.add_rows(ranged.rows.values())

    def _current(self, deadline: Deadline) -> None:
        """Objects and what tells the load, then the load."""
        objects = queries.current_values(self._scope)
        told = self._instant("replicas", f"{objects} or {load.probe(self._scope)}", deadline)
        if told is None:  # the probe may be what was too much
            told = self._instant("load", objects, deadline)
        if told is None:
            return
        keys = {str(key): key for key in self._scope.keys}
        for sample in told.samples:
            if not load.is_load(sample.labels):
                self._readings.objects.add(sample.labels, sample.value, keys)
        samples = [sample for sample in told.samples if load.is_load(sample.labels)]
        tellers = load.tellers(samples, self._scope.keys, self._readings.pods)
        if tellers:
            self._load(tellers)

    def _load(self, tellers: dict[WorkloadKey, load.Told]) -> None:
        pods = self._readings.pods
        step = self._grid.step_s
        rates = self._by_workload(
            "load",
            lambda scope: load.rates(scope, _of(tellers, scope), pods, step),
            sum(told.requests for told in tellers.values()),
        )
        histograms = {key: told for key, told in tellers.items() if told.buckets}
        slow = self._by_workload(
            "latency",
            lambda scope: load.latencies(scope, _of(histograms, scope), pods, step),
            sum(told.buckets for told in histograms.values()),
        )
        for key, told in tellers.items():
            if str(key) in rates:
                latency = slow.get(str(key))
                self._readings.loads[key] = Load(
                    requests_per_second=rates[str(key)],
                    source=told.family.requests,
                    latency_s=None if latency is None else latency * told.family.to_seconds,
                    latency_quantile=None if latency is None else load.QUANTILE,
                )

    def _by_workload(self, what: str, text: queries.Text, series: int) -> dict[str, Floats]:
        """Rows by workload over the whole grid; of very many series only the newest days."""
        grid = self._grid
        most = load.points(series, grid.step_s, grid.count)
        if most == 0:
            if series:
                self._readings.miss(what, f"{series} series are too many to be read")
            return {}
        if most < grid.count:
            days = most * grid.step_s / 86400
            self._readings.miss(what, f"of {series} series only the last {days:.2g} days were read")
        part = Stretch(grid.count - most, grid.count - 1)
        ranged = self._reader.read(text, self._scope, part.grid(grid))
        self._readings.sources[what] = ranged.source
        self._note(what, ranged)
        found = {}
        for row in ranged.rows.values():
            whole = np.full(grid.count, np.nan)
            whole[part.first :] = row.values
            found[row.labels.get(load.WORKLOAD, "")] = whole
        return found

    def _widen(self, deadline: Deadline) -> None:
        """Ask again with longer windows where the scrape interval is longer than they suit."""
        readings, step = self._readings, self._grid.step_s
        if min(_density(readings.memory, readings.cpu), _density(readings.memory)) >= _SPARSE:
            return
        told = self._instant("cpu", queries.scrapes(_HOUR_S)(self._scope), deadline)
        counts = [sample.value for sample in told.samples] if told is not None else []
        if not counts or max(counts) < 2:
            return
        window = int(_SCRAPES_PER_WINDOW * _HOUR_S / max(counts))
        if window <= step:
            return  # gaps, not scrapes
        _together(
            (
                lambda: self._usage("cpu", self._cpu(window)),
                lambda: self._usage("memory", _working_set(window)),
                lambda: self._usage("rss", queries.largest("container_memory_rss", window)),
                lambda: self._events(window),
            )
        )

    def _second_look(self, deadline: Deadline) -> None:
        """Ask for what the first round left open; usually nothing."""
        readings = self._readings
        if any(one.what == "memory" for found in readings.missing.values() for one in found):
            span = self._grid.count * self._grid.step_s
            told = self._instant("memory", _working_set(span)(self._scope), deadline)
            for sample in told.samples if told is not None else ():
                key = container_key(sample.labels)
                readings.peaks[key] = max(sample.value, readings.peaks.get(key, 0.0))
        if not self._found.has_state:
            told = self._instant("requests", queries.spec_values(self._scope), deadline)
            readings.limits = limits_of_cadvisor(told.samples if told is not None else ())
            return
        pods = self._untold()
        if pods:
            told = self._instant("requests", self._facts_of(pods), deadline)
            for sample in told.samples if told is not None else ():
                readings.facts.add(sample.labels, sample.value)

    def _untold(self) -> set[tuple[str, str]]:
        """Pods whose requests and limits matter and fell between the coarse points."""
        readings = self._readings
        told = {key[:2] for key in (*readings.facts.resources, *readings.facts.counted)}
        killed = {key[:2] for key in (*readings.killed, *readings.ooms)} & set(readings.pods)
        wanted = killed - told
        for key in readings.keys:
            pods = [pod for pod, owner in readings.pods.items() if owner == key]
            if pods and not told.intersection(pods):
                seen = [k[:2] for k in readings.memory if k[:2] in pods]
                wanted |= set(sorted(seen, key=lambda pod: _last(pod, readings.memory))[-3:])
        return set(sorted(wanted)[:100])

    def _facts_of(self, pods: set[tuple[str, str]]) -> str:
        names = any_of(queries.POD_VALUES)
        span = (self._grid.count + 1) * self._grid.step_s
        parts = []
        for namespace, pod, _ in self._scope.state:
            selected = selector(
                "",
                f'__name__=~"{names}"',
                matches(namespace, any_of(literal(one[0]) for one in pods)),
                matches(pod, any_of(literal(one[1]) for one in pods)),
                self._scope.base,
            )
            parts.append(f"last_over_time({selected}[{span}s])")
        return " or ".join(parts)

    def _range(self, what: str, text: queries.Text, scope: Scope) -> Ranged:
        ranged = self._reader.read(text, scope, self._grid)
        self._readings.sources[what] = ranged.source
        self._note(what, ranged)
        return ranged

    def _note(self, what: str, ranged: Ranged) -> None:
        names = ("throttling", "oom_kills", "restarts") if what == "events" else (what,)
        for name in names:
            for key in self._readings.keys:
                why = ranged.why(key)
                if why is not None:
                    self._readings.miss(name, why, key)
            for said in ranged.warnings:
                self._readings.miss(name, f"may be incomplete; the server warned: {said}")
            if ranged.faulty:
                self._readings.miss(name, f"{ranged.faulty} samples were infinite or too large")
            if ranged.skipped:
                self._readings.miss(name, f"{ranged.skipped} series could not be used")

    def _instant(self, what: str, query: str, deadline: Deadline) -> Decoded | None:
        """An instant query at the end of the grid; None when it failed, which is noted."""
        params: Params = {"query": query, "time": self._grid.end_s}
        try:
            decoded = decode_instant(self._connection.ask("query", params, deadline))
        except QueryFailed as error:
            self._readings.miss(what, error.reason)
            return None
        except MetricsError as error:
            self._readings.miss(what, error.message)
            return None
        for said in decoded.warnings:
            self._readings.miss(what, f"may be incomplete; the server warned: {said}")
        self._readings.sources.setdefault(what, query)
        return decoded

    def _note_discovery(self) -> None:
        found, miss = self._found, self._readings.miss
        for said in found.warnings:
            miss("pods", f"may be incomplete; the server warned: {said}")
        if self._readings.pods and not found.has_state:
            why = "no kube_pod_owner (kube-state-metrics); pods were told by their names"
            miss("owners", why)
        if len(found.clusters) > 1:
            some = ", ".join(sorted(found.clusters)[:3])
            why = f"the series come from {len(found.clusters)} clusters ({some})"
            miss("cluster", f"{why}; AI_PROVISION_PROMETHEUS_SELECTOR chooses one")

    def _raise_for_nothing(self) -> None:
        """Nothing at all could be read: say why, if the server is to blame."""
        if self._reader.fatal is not None:
            raise self._reader.fatal
        reasons = [
            one.why
            for found in self._readings.missing.values()
            for one in found
            if one.what in ("cpu", "memory")
        ]
        if reasons:
            kind = Kind.NO_TIME if "time" in reasons[0] else Kind.REFUSED
            raise self._connection.unusable(QueryFailed(kind, reasons[0]))


def _working_set(window_s: int) -> queries.Text:
    return queries.largest("container_memory_working_set_bytes", window_s)


def _together(tasks: tuple[Callable[[], None], ...]) -> None:
    """Run tasks by `WORKERS` at a time; the first exception is raised at the end."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def _of(told: dict[WorkloadKey, load.Told], scope: Scope) -> dict[WorkloadKey, load.Told]:
    return {key: one for key, one in told.items() if key in scope.keys}


def _density(table: Cells, other: Cells | None = None) -> float:
    """Share of points that have a value, between the first and the last of each row of `table`.

    Of the same rows of `other` where that is given; 1 when no row is long enough to tell.
    """
    there = spans = 0
    for key, row in table.items():
        places = np.flatnonzero(np.isfinite(row))
        if places.size and places[-1] - places[0] >= _LONG_POINTS:
            spans += int(places[-1] - places[0]) + 1
            told = row if other is None else other.get(key, row[:0])
            there += int(np.isfinite(told).sum())
    return there / spans if spans else 1.0


def _last(pod: tuple[str, str], memory: Cells) -> int:
    places = [
        int(np.flatnonzero(np.isfinite(row))[-1])
        for key, row in memory.items()
        if key[:2] == pod and np.isfinite(row).any()
    ]
    return max(places, default=0)
