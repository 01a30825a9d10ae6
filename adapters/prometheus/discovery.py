"""What a server has of some workloads: their pods, and how its labels are called.

One request for the labels of all series that matter (``/api/v1/series``), which reads no samples.
Where a server does not offer that, instant queries give the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.prometheus.connection import Connection, Deadline, Params
from adapters.prometheus.decode import Labels, decode_instant, decode_series
from adapters.prometheus.failures import Kind, QueryFailed
from adapters.prometheus.pods import Chains, PodKey, by_name, pod_pattern
from adapters.prometheus.promql import matches, selector
from adapters.prometheus.scope import CADVISOR, CADVISOR_OLD, STATE, STATE_EXPORTED, Scope
from schemas.errors import MetricsError
from schemas.usage import WorkloadKey

CONTAINER_METRICS: Final = (
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_oom_events_total",
)
MANY_DUPLICATES: Final = 1.5
"""Series per container from which the server is asked to merge them."""
_COUNTED: Final = "container_memory_working_set_bytes"


@dataclass(slots=True)
class Found:
    """What the server has."""

    chains: Chains = field(default_factory=Chains)
    images: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Of (namespace, pod, container), where cAdvisor tells it."""
    containers: dict[PodKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of pods in cAdvisor's metrics."""
    metrics: set[str] = field(default_factory=set)
    """Names that were seen."""
    exported: set[bool] = field(default_factory=set)
    old: set[bool] = field(default_factory=set)
    cpus: set[str] = field(default_factory=set)
    """Values of the label ``cpu`` of ``container_cpu_usage_seconds_total``."""
    clusters: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    series: int = 0
    """Of containers' working sets."""

    def add(self, labels: Labels) -> None:
        """Take in one series."""
        metric = labels.get("__name__", "")
        self.metrics.add(metric)
        if labels.get("cluster"):
            self.clusters.add(labels["cluster"])
        if metric.startswith("kube_"):
            self.chains.add(labels)
            self.exported.add("exported_namespace" in labels)
            return
        old = "pod_name" in labels
        self.old.add(old)
        namespace, pod, container = (labels.get(n, "") for n in (CADVISOR_OLD if old else CADVISOR))
        self.containers[namespace, pod].add(container)
        self.series += metric == _COUNTED
        if labels.get("image"):
            self.images[namespace, pod, container] = labels["image"]
        if metric == "container_cpu_usage_seconds_total":
            self.cpus.add(labels.get("cpu", ""))

    @property
    def has_state(self) -> bool:
        """Whether kube-state-metrics is there."""
        return bool(self.chains.pods)

    def scope(self, scope: Scope) -> Scope:
        """The scope, with the labels and pods that are really there."""
        cadvisor = tuple(CADVISOR_OLD if old else CADVISOR for old in sorted(self.old))
        state = tuple(STATE_EXPORTED if other else STATE for other in sorted(self.exported))
        unusual: dict[WorkloadKey, list[PodKey]] = defaultdict(list)
        owned = self.owned(scope.keys)
        patterns = {key: re.compile(pod_pattern(key)) for key in scope.keys}
        for pod, key in owned.items():
            if not patterns[key].fullmatch(pod[1]):
                unusual[key].append(pod)
        return replace(
            scope,
            cadvisor=cadvisor or scope.cadvisor,
            state=state or scope.state,
            merge=self.series > MANY_DUPLICATES * sum(map(len, self.containers.values())),
            unusual={key: tuple(sorted(pods)[:200]) for key, pods in unusual.items()},
        )

    def owned(self, keys: tuple[WorkloadKey, ...]) -> dict[PodKey, WorkloadKey]:
        """Pods of these workloads: by their owners, and by name where no owner is told."""
        wanted = set(keys)
        found, unknown = {}, []
        for pod in {**dict.fromkeys(self.chains.pods), **dict.fromkeys(self.containers)}:
            key = self.chains.workload(*pod)
            if key is None:
                unknown.append(pod)
            elif key in wanted:
                found[pod] = key
        return found | by_name(unknown, keys)


def discover(
    connection: Connection, scope: Scope, window: tuple[int, int], deadline: Deadline
) -> Found:
    """Ask what the server has of the workloads in a scope.

    Args:
        connection: The server.
        scope: The workloads, with all styles of labels.
        window: First and last moment, in Unix seconds.
        deadline: The time that is left.

    Raises:
        MetricsError: The server cannot be read.
    """
    return _found(connection, selectors(scope), window, deadline)


def selectors(scope: Scope) -> tuple[str, ...]:
    """The series that tell of pods, owners and containers."""
    texts: list[str] = []
    for namespace in dict.fromkeys(style[0] for style in scope.state):
        among = matches(namespace, scope.namespaces)
        owners, names = matches("owner_name", scope.owners), matches("owner_name", scope.names)
        created = matches("created_by_name", scope.owners)
        texts += [
            selector("kube_pod_owner", among, owners, scope.base),
            selector("kube_pod_info", among, created, scope.base),
            selector("kube_replicaset_owner", among, names, scope.base),
            selector("kube_job_owner", among, names, scope.base),
        ]
    bare = tuple(key for key in scope.keys if key.kind == "Pod")
    if bare:
        texts += scope.part(bare).of_pods("kube_pod_owner")
    for metric in CONTAINER_METRICS:
        texts += scope.of_containers(metric)
    return tuple(texts)


def discover_all(
    connection: Connection, base: str, window: tuple[int, int], deadline: Deadline
) -> Found:
    """Ask for all owners that the server knows; without any, for all containers.

    Raises:
        MetricsError: The server cannot be read.
    """
    metrics = ("kube_pod_owner", "kube_replicaset_owner", "kube_job_owner")
    found = _found(connection, tuple(selector(m, base) for m in metrics), window, deadline)
    if found.has_state:
        return found
    containers = Scope((), base).all_containers("container_memory_working_set_bytes")
    return _found(connection, containers, window, deadline)


def _found(
    connection: Connection,
    texts: tuple[str, ...],
    window: tuple[int, int],
    deadline: Deadline,
) -> Found:
    found = Found()
    try:
        labels, warnings = _labels(connection, texts, window, deadline)
    except QueryFailed as error:
        raise connection.unusable(error) from error
    for one in labels:
        found.add(one)
    found.warnings = list(dict.fromkeys(warnings))
    return found


def _labels(
    connection: Connection,
    texts: tuple[str, ...],
    window: tuple[int, int],
    deadline: Deadline,
) -> tuple[list[Labels], list[str]]:
    """Labels of all series; a selector at a time where all together are too much."""
    start, end = window
    try:
        params: Params = {"match[]": texts, "start": start, "end": end}
        labels, warnings = decode_series(connection.ask("series", params, deadline))
        return list(labels), list(warnings)
    except QueryFailed as error:
        if error.kind is Kind.NO_TIME:
            raise
        if len(texts) > 1 and error.kind in (Kind.LESS_TIME, Kind.FEWER_SERIES):
            parts = [_labels(connection, (text,), window, deadline) for text in texts]
            return sum((part[0] for part in parts), []), sum((part[1] for part in parts), [])
    except MetricsError as error:
        if error.code != "metrics.not_found":  # some gateways pass on queries alone
            raise
    return _by_queries(connection, texts, window, deadline)


def _by_queries(
    connection: Connection,
    texts: Iterable[str],
    window: tuple[int, int],
    deadline: Deadline,
) -> tuple[list[Labels], list[str]]:
    found: list[Labels] = []
    warnings: list[str] = []
    start, end = window
    for text in texts:
        query = f"last_over_time({text}[{end - start}s])"
        decoded = decode_instant(connection.ask("query", {"query": query, "time": end}, deadline))
        # Some servers drop the name from the result: it stands in the selector.
        name = text.partition("{")[0]
        found += [{"__name__": name, **sample.labels} for sample in decoded.samples]
        warnings += decoded.warnings
    return found, warnings
