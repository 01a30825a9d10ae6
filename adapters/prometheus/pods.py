"""Which pods belong to which workload.

By kube-state-metrics where it is there: ``kube_pod_owner`` tells the pod's controller,
``kube_replicaset_owner`` and ``kube_job_owner`` what stands behind it. Otherwise by the names that
controllers give to pods (Kubernetes, `SimpleNameGenerator`: up to 58 characters of the base, then
five of an alphabet without vowels), which can confuse workloads with odd names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from adapters.prometheus.decode import Labels
from adapters.prometheus.promql import literal
from schemas.usage import WorkloadKey

GENERATED_BASE: Final = 58
"""k8s.io/apiserver/pkg/storage/names: 63 less five random characters."""
_HASH_CHARACTERS: Final = 12
"""Longest ``-hash`` of a ReplicaSet, with its hyphen, and one in reserve."""
_SAFE: Final = "[bcdfghjklmnpqrstvwxz2456789]"
"""k8s.io/apimachinery/pkg/util/rand."""
_REPLICA_SET: Final = re.compile(rf"(.+)-(?:{_SAFE}{{5,10}}|[0-9]{{6,10}}|[0-9a-f]{{9,10}})")
_SCHEDULED: Final = re.compile(r"(.+)-[0-9]{7,10}")
_GENERATED: Final = re.compile(rf"(.+)-{_SAFE}{{5}}")
_NUMBERED: Final = re.compile(r"(.+)-[0-9]{1,5}")
_REPLICATED: Final = frozenset({"Deployment", "Rollout"})

Owner = tuple[str, str]
"""Kind and name."""
PodKey = tuple[str, str]
"""Namespace and name."""


@dataclass(slots=True)
class Chains:
    """Who controls what, as far as the server tells."""

    pods: dict[PodKey, Owner] = field(default_factory=dict)
    replica_sets: dict[PodKey, Owner] = field(default_factory=dict)
    jobs: dict[PodKey, Owner] = field(default_factory=dict)

    def add(self, labels: Labels) -> None:
        """Take in one series of an owner metric."""
        metric = labels.get("__name__", "")
        namespace = labels.get("exported_namespace") or labels.get("namespace", "")
        owner = (labels.get("owner_kind", ""), labels.get("owner_name", ""))
        if labels.get("owner_is_controller", "true") == "false":
            return
        if metric == "kube_pod_owner":
            self.pods[namespace, own(labels, "pod")] = owner
        elif metric == "kube_pod_info":
            owner = (labels.get("created_by_kind", ""), labels.get("created_by_name", ""))
            self.pods.setdefault((namespace, own(labels, "pod")), owner)
        elif metric == "kube_replicaset_owner":
            self.replica_sets[namespace, labels.get("replicaset", "")] = owner
        elif metric == "kube_job_owner":
            self.jobs[namespace, labels.get("job_name") or own(labels, "job")] = owner

    def workload(self, namespace: str, pod: str) -> WorkloadKey | None:
        """The workload of a pod that kube-state-metrics knows."""
        owner = self.pods.get((namespace, pod))
        if owner is None:
            return None
        kind, name = owner
        if not _is_owner(owner) or kind == "Node":
            return workload_key(namespace, "Pod", pod)
        if kind == "ReplicaSet":
            above = self.replica_sets.get((namespace, name))
            if above is None:  # not told: a Deployment's ReplicaSet carries its name
                match = _REPLICA_SET.fullmatch(name)
                above = ("Deployment", match.group(1)) if match else None
            kind, name = above if above is not None and _is_owner(above) else owner
        elif kind == "Job":
            above = self.jobs.get((namespace, name))
            if above is None:
                match = _SCHEDULED.fullmatch(name)
                above = ("CronJob", match.group(1)) if match else None
            kind, name = above if above is not None and _is_owner(above) else owner
        return workload_key(namespace, kind, name)


def own(labels: Labels, name: str) -> str:
    """A label of kube-state-metrics, which scraping may have renamed ``exported_…``."""
    return labels.get(f"exported_{name}") or labels.get(name, "")


def workload_key(namespace: str, kind: str, name: str) -> WorkloadKey | None:
    """The key, or None when labels do not make one."""
    try:
        return WorkloadKey.parse(f"{namespace}/{kind}/{name}")
    except (ValueError, ValidationError):
        return None


def guessed_workload(namespace: str, pod: str) -> WorkloadKey | None:
    """The workload that a pod's name tells of; for servers without kube-state-metrics."""
    generated = _GENERATED.fullmatch(pod)
    if generated is None:
        numbered = _NUMBERED.fullmatch(pod)
        if numbered is not None:
            return workload_key(namespace, "StatefulSet", numbered.group(1))
        return workload_key(namespace, "Pod", pod)
    base = generated.group(1)
    scheduled, replicated = _SCHEDULED.fullmatch(base), _REPLICA_SET.fullmatch(base)
    if replicated is not None and not (scheduled and len(base) - len(scheduled.group(1)) == 9):
        return workload_key(namespace, "Deployment", replicated.group(1))
    if scheduled is not None:  # minutes since 1970 have eight digits until the year 2160
        return workload_key(namespace, "CronJob", scheduled.group(1))
    return workload_key(namespace, "DaemonSet", base)


def pod_pattern(key: WorkloadKey) -> str:
    """An RE2 expression for the names of a workload's pods: all of them, and perhaps others."""
    name = key.name
    if len(name) > GENERATED_BASE - _HASH_CHARACTERS and key.kind not in ("StatefulSet", "Pod"):
        return literal(name[: GENERATED_BASE - _HASH_CHARACTERS]) + ".*"
    if key.kind in _REPLICATED:
        tail = "-[a-z0-9]+-[a-z0-9]+"
    elif key.kind in ("StatefulSet",):
        tail = "-[0-9]+"
    elif key.kind in ("DaemonSet", "ReplicaSet", "ReplicationController"):
        tail = "-[a-z0-9]+"
    elif key.kind == "Pod":
        tail = ""
    elif key.kind in ("Job", "CronJob", "DeploymentConfig"):
        tail = "-[a-z0-9-]+"
    else:  # of operators, which name pods as they like
        tail = "(-.+)?"
    return literal(name) + tail


def owner_pattern(key: WorkloadKey) -> str:
    """An RE2 expression for what ``kube_pod_owner`` calls the owner of a workload's pods."""
    between = "-[a-z0-9]+" if key.kind in _REPLICATED or key.kind == "CronJob" else ""
    return literal(key.name) + between


def by_name(pods: Iterable[PodKey], keys: tuple[WorkloadKey, ...]) -> dict[PodKey, WorkloadKey]:
    """Pods of workloads by their names alone; the workload with the longest name wins."""
    patterns = [
        (key, re.compile(pod_pattern(key)))
        for key in sorted(keys, key=lambda key: len(key.name), reverse=True)
    ]
    found = {}
    for namespace, pod in pods:
        for key, pattern in patterns:
            if key.namespace == namespace and pattern.fullmatch(pod):
                found[namespace, pod] = key
                break
    return found


def _is_owner(owner: Owner) -> bool:
    return all(part and part != "<none>" for part in owner)
