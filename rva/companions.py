"""Documents that stand beside a patch: an autoscaler and a disruption budget for a workload.

A workload that has one already gets that document back, changed in the fields of the plan only
and under its own name, so that applying it changes the existing object.
"""

from __future__ import annotations

import copy

from rva.documents import (
    HPA,
    PDB,
    at,
    count_of,
    is_kind,
    mapping,
    mappings,
    name_of,
    pod_template,
    targets,
    whole,
)
from schemas.base import JsonObject
from schemas.context import Component, WorkloadRef
from schemas.plan import Autoscaling, ComponentPlan, Manifests


def companion_documents(component: Component, plan: ComponentPlan) -> Manifests:
    """The documents that the plan needs beside the patch of an existing workload.

    Empty when there is no workload, and for what the repository's own documents say already.
    """
    workload = component.workload
    if workload is None:
        return ()
    documents: list[JsonObject] = []
    if plan.autoscaling is not None:
        documents.append(_autoscaler(workload, plan.autoscaling))
    if plan.disruption_budget:
        documents += _budgets(workload, _fewest(workload, plan))
    return tuple(item for item in documents if item not in workload.related)


def related(workload: WorkloadRef, kind: str) -> list[JsonObject]:
    """The documents of that kind which the repository has for the workload."""
    found = [item for item in workload.related if is_kind(item, kind)]
    if kind == HPA:
        return [item for item in found if targets(item, workload.kind, workload.name)]
    return found


def _metadata(workload: WorkloadRef) -> JsonObject:
    metadata: JsonObject = {"name": workload.name}
    if workload.namespace:
        metadata["namespace"] = workload.namespace
    return metadata


def _autoscaler(workload: WorkloadRef, scaling: Autoscaling) -> JsonObject:
    existing = related(workload, HPA)
    if existing:
        return _changed_autoscaler(existing[0], scaling)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": HPA,
        "metadata": _metadata(workload),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": workload.api_version,
                "kind": workload.kind,
                "name": workload.name,
            },
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [_cpu_metric(scaling)],
        },
    }


def _cpu_metric(scaling: Autoscaling) -> JsonObject:
    target = {"type": "Utilization", "averageUtilization": scaling.target_cpu_percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _changed_autoscaler(document: JsonObject, scaling: Autoscaling) -> JsonObject:
    changed = copy.deepcopy(document)
    spec = changed["spec"] = mapping(changed.get("spec"))
    spec |= {"minReplicas": scaling.min_replicas, "maxReplicas": scaling.max_replicas}
    if changed.get("apiVersion") == "autoscaling/v1":
        spec["targetCPUUtilizationPercentage"] = scaling.target_cpu_percent
        return changed
    # v2beta2 has the shape of v2, and only v2 is served since 1.26; v2beta1 has another shape.
    others = mappings(spec.get("metrics")) if changed.get("apiVersion") != _V2BETA1 else []
    spec["metrics"] = _with_cpu(others, _cpu_metric(scaling))
    changed["apiVersion"] = "autoscaling/v2"
    return changed


_V2BETA1 = "autoscaling/v2beta1"


def _with_cpu(metrics: list[JsonObject], cpu: JsonObject) -> list[JsonObject]:
    is_cpu = [at(metric, "resource", "name") == "cpu" for metric in metrics]
    if any(is_cpu):
        return [cpu if flag else metric for metric, flag in zip(metrics, is_cpu, strict=True)]
    return [*metrics, cpu]


def _fewest(workload: WorkloadRef, plan: ComponentPlan) -> int:
    """Replicas in the quietest hour."""
    if plan.autoscaling is not None:
        return plan.autoscaling.min_replicas
    found = [whole(at(item, "spec", "minReplicas")) for item in related(workload, HPA)]
    return next((count for count in found if count is not None), plan.replicas)


def _budgets(workload: WorkloadRef, replicas: int) -> list[JsonObject]:
    existing = related(workload, PDB)
    if existing:
        return [
            _served(item) if allowed_evictions(item, replicas) > 0 else _loosened(_served(item))
            for item in existing
        ]
    selector = at(workload.document, "spec", "selector")
    labels = at(pod_template(workload.document), "metadata", "labels")
    if not isinstance(selector, dict) and not isinstance(labels, dict):
        return []
    return [
        {
            "apiVersion": "policy/v1",
            "kind": PDB,
            "metadata": _metadata(workload),
            "spec": {
                "maxUnavailable": 1,
                "selector": copy.deepcopy(mapping(selector) or {"matchLabels": mapping(labels)}),
            },
        }
    ]


def allowed_evictions(budget: JsonObject, replicas: int) -> int:
    """Evictions that a budget allows while all replicas are healthy (percentages round up)."""
    spec = mapping(budget.get("spec"))
    if spec.get("maxUnavailable") is not None:
        return count_of(spec["maxUnavailable"], replicas, round_up=True)
    if spec.get("minAvailable") is not None:
        return replicas - count_of(spec["minAvailable"], replicas, round_up=True)
    return replicas


def _served(budget: JsonObject) -> JsonObject:
    """The budget in the version that clusters since 1.25 serve; the shape is the same.

    Only an empty selector changed its meaning, from no pods to all pods: such a one stays as it is.
    """
    if budget.get("apiVersion") != "policy/v1beta1" or not at(budget, "spec", "selector"):
        return budget
    return copy.deepcopy(budget) | {"apiVersion": "policy/v1"}


def _loosened(budget: JsonObject) -> JsonObject:
    changed = copy.deepcopy(budget)
    spec = changed["spec"] = mapping(changed.get("spec"))
    spec.pop("minAvailable", None)
    spec["maxUnavailable"] = 1
    return changed


def replaced(existing: tuple[JsonObject, ...], newer: Manifests) -> tuple[JsonObject, ...]:
    """Documents after applying newer ones: same kind and name means replaced."""
    names = {(item.get("kind"), name_of(item)) for item in newer}
    kept = [item for item in existing if (item.get("kind"), name_of(item)) not in names]
    return (*kept, *newer)
