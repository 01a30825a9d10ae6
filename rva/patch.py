"""The strategic-merge patch that brings a repository's workload to a plan.

A patch says replicas, strategy, resources and the runtime's own variables, and nothing else.
"""

from __future__ import annotations

from typing import Any

from rva.companions import related
from rva.documents import (
    HPA,
    containers,
    environment,
    mapping,
    template_path,
)
from schemas.base import JsonObject
from schemas.context import Component, WorkloadKind, WorkloadRef
from schemas.plan import Amounts, ComponentPlan, Resources
from schemas.quantities import format_cpu, format_memory

SCALABLE = frozenset({WorkloadKind.DEPLOYMENT.value, WorkloadKind.STATEFUL_SET.value})
"""Kinds with ``spec.replicas``."""


def strategic_merge_patch(component: Component, plan: ComponentPlan) -> JsonObject | None:
    """The patch for the component's workload.

    Returns:
        The patch with the object's identity; None without a workload and for a kind that is not
        one of the built-in five (its merge keys are not known).
    """
    workload = component.workload
    path = template_path(workload.kind) if workload else None
    if workload is None or path is None:
        return None
    patch: JsonObject = {
        "apiVersion": workload.api_version,
        "kind": workload.kind,
        "metadata": {"name": workload.name},
        "spec": _spec(component, workload, plan),
    }
    if workload.namespace:
        patch["metadata"]["namespace"] = workload.namespace
    _put(patch, (*path, "spec"), _pod(workload, plan))
    return patch


def autoscaled(component: Component, plan: ComponentPlan) -> bool:
    """Whether an autoscaler, planned or already there, owns the number of replicas."""
    if plan.autoscaling is not None:
        return True
    if component.current is not None and component.current.autoscaler is not None:
        return True
    return component.workload is not None and bool(related(component.workload, HPA))


def _spec(component: Component, workload: WorkloadRef, plan: ComponentPlan) -> JsonObject:
    spec: JsonObject = {}
    if workload.kind in SCALABLE and not autoscaled(component, plan):
        spec["replicas"] = plan.replicas
    if workload.kind == WorkloadKind.DEPLOYMENT and plan.recreate:
        spec["strategy"] = {"type": "Recreate", "rollingUpdate": None}
    return spec


def _pod(workload: WorkloadRef, plan: ComponentPlan) -> JsonObject:
    present = {item.name: item for item in containers(workload.document)}
    main = _container(workload, workload.container, plan.resources)
    variables = _variables(workload, plan.runtime_env)
    if variables:
        main["env"] = variables
    groups: dict[str, list[JsonObject]] = {"initContainers": [], "containers": []}
    own = present.get(workload.container)
    groups["initContainers" if own is not None and own.init else "containers"].append(main)
    for extra in plan.extra_containers:
        # A container that is not there must not be added by a patch about sizes.
        found = present.get(extra.name)
        if found is not None and extra.name != workload.container:
            group = "initContainers" if found.init else "containers"
            groups[group].append(_container(workload, extra.name, extra.resources))
    return {key: value for key, value in groups.items() if value}


def _container(workload: WorkloadRef, name: str, resources: Resources) -> JsonObject:
    present = {item.name: item for item in containers(workload.document)}.get(name)
    current = mapping(mapping(present.document).get("resources")) if present else {}
    return {
        "name": name,
        "resources": {
            "requests": _amounts(resources.requests, mapping(current.get("requests"))),
            "limits": _amounts(resources.limits, mapping(current.get("limits"))),
        },
    }


def _amounts(planned: Amounts, current: JsonObject) -> JsonObject:
    wanted = {
        "cpu": None if planned.cpu is None else format_cpu(planned.cpu),
        "memory": None if planned.memory is None else format_memory(planned.memory),
    }
    # Null removes what the manifest sets and the plan does not; elsewhere it would say nothing.
    return {key: value for key, value in wanted.items() if value is not None or key in current}


def _variables(workload: WorkloadRef, wanted: dict[str, str]) -> list[JsonObject]:
    present = {item.name: item for item in containers(workload.document)}.get(workload.container)
    existing = environment(present.document if present else None)
    result: list[JsonObject] = []
    for name, value in sorted(wanted.items()):
        entry: JsonObject = {"name": name, "value": value}
        if existing.get(name, {}).get("valueFrom") is not None:
            # Both together are refused by the API server.
            entry["valueFrom"] = None
        result.append(entry)
    return result


def _put(document: JsonObject, path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401
    for key in path[:-1]:
        document = document.setdefault(key, {})
    document[path[-1]] = value
