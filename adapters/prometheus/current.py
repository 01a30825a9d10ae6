"""What is set now: requests and limits, replicas, autoscalers, and the room that there is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from adapters.prometheus.decode import Labels, Row, Sample
from adapters.prometheus.pods import PodKey, own
from schemas.telemetry import Room, RunningAutoscaler
from schemas.usage import WorkloadKey

ContainerKey = tuple[str, str, str]
"""Namespace, pod, container."""

_RESOURCE: Final = re.compile(
    r"kube_pod_container_resource_(requests|limits)(?:_(cpu)_cores|_(memory)_bytes)?"
)
_REPLICAS: Final = {
    "kube_deployment_spec_replicas": ("Deployment", "deployment"),
    "kube_statefulset_replicas": ("StatefulSet", "statefulset"),
    "kube_daemonset_status_desired_number_scheduled": ("DaemonSet", "daemonset"),
    "kube_replicaset_spec_replicas": ("ReplicaSet", "replicaset"),
    "rollout_info_replicas_desired": ("Rollout", "name"),
}
_HPA: Final = re.compile(r"kube_(?:horizontalpodautoscaler|hpa)_(.+)")
_AFFIX: Final = re.compile(r"^(?:hpa|autoscaler|keda-hpa)-|-(?:hpa|autoscaler)$")


@dataclass(slots=True)
class Resources:
    """What one container of one pod has; None is "not set"."""

    amounts: dict[tuple[str, str], float] = field(default_factory=dict)
    """By ``requests`` or ``limits``, and ``cpu`` or ``memory``."""

    def get(self, what: str, resource: str) -> float | None:
        """Cores or bytes."""
        return self.amounts.get((what, resource))


@dataclass(slots=True)
class PodFacts:
    """What kube-state-metrics tells of single pods."""

    starts: dict[PodKey, float] = field(default_factory=dict)
    resources: dict[ContainerKey, Resources] = field(default_factory=dict)
    last_ends: dict[ContainerKey, float] = field(default_factory=dict)
    exit_codes: dict[ContainerKey, int] = field(default_factory=dict)
    images: dict[ContainerKey, str] = field(default_factory=dict)
    counted: set[ContainerKey] = field(default_factory=set)
    """Containers whose restarts are counted."""
    knows_resources: bool = False
    """Whether requests or limits of anything were told."""

    def add(self, labels: Labels, value: float) -> None:
        """Take in one series, with its last value."""
        metric = labels.get("__name__", "")
        pod = (own(labels, "namespace"), own(labels, "pod"))
        key = (*pod, own(labels, "container"))
        resource = _RESOURCE.fullmatch(metric)
        if resource is not None:
            kind = resource.group(2) or resource.group(3) or labels.get("resource", "")
            self.resources.setdefault(key, Resources()).amounts[resource.group(1), kind] = value
            self.knows_resources = True
        elif metric == "kube_pod_start_time":
            self.starts[pod] = value
        elif metric.endswith("_last_terminated_timestamp"):
            self.last_ends[key] = max(value, self.last_ends.get(key, 0.0))
        elif metric.endswith("_last_terminated_exitcode"):
            self.exit_codes[key] = int(value)
        elif metric.endswith("_restarts_total"):
            self.counted.add(key)
        elif metric == "kube_pod_container_info":
            self.images[key] = labels.get("image_spec") or labels.get("image", "")

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Take in range results: of each series the last value."""
        for row in rows:
            places = np.flatnonzero(np.isfinite(row.values))
            if places.size:
                self.add(row.labels, float(row.values[places[-1]]))

    def regular(self, namespace: str, pods: Iterable[str]) -> set[str]:
        """Names of the containers of these pods, without those that only initialise them."""
        wanted = set(pods)
        keys = (*self.counted, *self.images, *self.resources)
        return {name for space, pod, name in keys if space == namespace and pod in wanted}


def limits_of_cadvisor(samples: Iterable[Sample]) -> dict[ContainerKey, Resources]:
    """Limits as the kernel has them; 0 and enormous numbers mean none."""
    told: dict[ContainerKey, dict[str, float]] = defaultdict(dict)
    for sample in samples:
        key = container_key(sample.labels)
        told[key][sample.labels.get("__name__", "")] = sample.value
    found = {}
    for key, values in told.items():
        amounts = {}
        memory = values.get("container_spec_memory_limit_bytes", 0.0)
        quota = values.get("container_spec_cpu_quota", 0.0)
        period = values.get("container_spec_cpu_period", 0.0)
        if 0 < memory < 1 << 50:
            amounts["limits", "memory"] = memory
        if quota > 0 and period > 0:
            amounts["limits", "cpu"] = quota / period
        found[key] = Resources(amounts)
    return found


def container_key(labels: Labels) -> ContainerKey:
    """Namespace, pod and container of a series of cAdvisor."""
    return (
        labels.get("namespace", ""),
        labels.get("pod") or labels.get("pod_name", ""),
        labels.get("container") or labels.get("container_name", ""),
    )


def state_key(labels: Labels) -> ContainerKey:
    """Namespace, pod and container of a series of kube-state-metrics."""
    return own(labels, "namespace"), own(labels, "pod"), own(labels, "container")


@dataclass(slots=True)
class _Autoscaler:
    target: tuple[str, str] | None = None
    values: dict[str, float] = field(default_factory=dict)

    def told(self, name: str) -> RunningAutoscaler:
        return RunningAutoscaler(
            name,
            _whole(self.values.get("spec_min_replicas")),
            _whole(self.values.get("spec_max_replicas")),
            self.values.get("cpu"),
        )


@dataclass(slots=True)
class Objects:
    """What kube-state-metrics tells of objects other than pods."""

    replicas: dict[WorkloadKey, int] = field(default_factory=dict)
    _autoscalers: dict[PodKey, _Autoscaler] = field(default_factory=dict)
    _nodes: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    _quotas: dict[str, dict[tuple[str, str, str], float]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _ranges: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, labels: Labels, value: float, keys: Mapping[str, WorkloadKey]) -> None:
        """Take in one series.

        Args:
            labels: With its name.
            value: Now.
            keys: The workloads that matter, by ``namespace/Kind/name``.
        """
        metric, namespace = labels.get("__name__", ""), own(labels, "namespace")
        if metric in _REPLICAS:
            kind, label = _REPLICAS[metric]
            key = keys.get(f"{namespace}/{kind}/{labels.get(label, '')}")
            if key is not None:
                self.replicas[key] = max(round(value), self.replicas.get(key, 0))
        elif (hpa := _HPA.fullmatch(metric)) is not None:
            self._add_autoscaler(labels, namespace, hpa.group(1), value)
        elif metric.startswith("kube_node_status_allocatable"):
            resource = metric.removeprefix("kube_node_status_allocatable").split("_")
            name = resource[1] if len(resource) > 1 else labels.get("resource", "")
            self._nodes[labels.get("node", "")][name] = value
        elif metric == "kube_resourcequota":
            what = (labels.get("resourcequota", ""), labels.get("resource", ""))
            self._quotas[namespace][*what, labels.get("type", "")] = value
        elif metric == "kube_limitrange" and labels.get("type") == "Container":
            self._add_range(namespace, labels, value)

    def autoscaler(self, key: WorkloadKey) -> RunningAutoscaler | None:
        """The HPA of a workload: by its target, and by its name where none is told.

        kube-state-metrics before 2.0 does not tell the target: an HPA is then taken to be of the
        workload whose name it has, less ``hpa`` or ``autoscaler``.
        """
        named = None
        for (namespace, name), hpa in sorted(self._autoscalers.items()):
            if namespace != key.namespace:
                continue
            if hpa.target == (key.kind, key.name):
                return hpa.told(name)
            if hpa.target is None and key.name in (name, _AFFIX.sub("", name)):
                named = hpa.told(name)
        return named

    def room(self, namespace: str) -> Room:
        """What there is for a namespace."""
        nodes = [self._nodes[name] for name in sorted(self._nodes)]
        hard, used = self._tightest(namespace)
        return Room(
            node_cpu_cores=tuple(node["cpu"] for node in nodes if "cpu" in node),
            node_memory_bytes=tuple(node["memory"] for node in nodes if "memory" in node),
            quota=hard,
            quota_used=used,
            limit_range=dict(self._ranges.get(namespace, {})),
        )

    def _tightest(self, namespace: str) -> tuple[dict[str, float], dict[str, float]]:
        told = self._quotas.get(namespace, {})
        hard: dict[str, float] = {}
        used: dict[str, float] = {}
        for (quota, resource, kind), value in sorted(told.items()):
            if kind == "hard" and value < hard.get(resource, np.inf):
                hard[resource] = value
                used.pop(resource, None)
                if (quota, resource, "used") in told:
                    used[resource] = told[quota, resource, "used"]
        return hard, used

    def _add_autoscaler(self, labels: Labels, namespace: str, what: str, value: float) -> None:
        name = labels.get("horizontalpodautoscaler") or labels.get("hpa", "")
        hpa = self._autoscalers.setdefault((namespace, name), _Autoscaler())
        if what == "info":
            kind, target = labels.get("scaletargetref_kind"), labels.get("scaletargetref_name")
            hpa.target = (kind, target) if kind and target else hpa.target
        elif what != "spec_target_metric":
            hpa.values[what] = value
        elif (
            labels.get("metric_name") == "cpu"
            and labels.get("metric_target_type", "utilization") == "utilization"
        ):
            hpa.values["cpu"] = value

    def _add_range(self, namespace: str, labels: Labels, value: float) -> None:
        constraint = labels.get("constraint", "")
        name = f"{constraint}.{labels.get('resource', '')}"
        ranges = self._ranges[namespace]
        tighter = max if constraint == "min" else min
        ranges[name] = tighter(value, ranges.get(name, value))


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
