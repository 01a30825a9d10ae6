"""The numbers of a workload, read from rendered documents and from a recommendation alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.base import JsonObject
from schemas.errors import QuantityError
from schemas.plan import Amounts
from schemas.quantities import format_cpu, format_memory, parse_quantity
from schemas.recommendation import ComponentRecommendation, Target

Field = tuple[str, ...]
"""``("replicas",)``, ``("autoscaling", "minReplicas")``, ``(container, "requests", "cpu")``."""
Value = str | int | None

REPLICAS: Field = ("replicas",)
MIN_REPLICAS: Field = ("autoscaling", "minReplicas")
MAX_REPLICAS: Field = ("autoscaling", "maxReplicas")
CPU_TARGET: Field = ("autoscaling", "targetCPU")
AUTOSCALING: tuple[Field, ...] = (MIN_REPLICAS, MAX_REPLICAS, CPU_TARGET)
_SCALED_KINDS = frozenset({"Deployment", "StatefulSet"})


def rendered_fields(documents: Iterable[JsonObject], target: Target) -> dict[Field, Value] | None:
    """The numbers that rendered documents give a workload; None when they do not hold it.

    Quantities are in canonical form, so that ``0.5`` and ``500m`` are the same number.
    """
    listed = list(documents)
    workload = next((doc for doc in listed if _is_target(doc, target)), None)
    if workload is None:
        return None
    fields: dict[Field, Value] = {}
    replicas = _at(workload, "spec", "replicas")
    if isinstance(replicas, int):
        fields[REPLICAS] = replicas
    pod = _pod(workload)
    for key in ("initContainers", "containers"):
        containers = pod.get(key)
        for container in containers if isinstance(containers, list) else []:
            if isinstance(container, dict):
                fields |= _container_fields(container)
    return fields | _autoscaler_fields(listed, target)


def wanted_fields(item: ComponentRecommendation, target: Target) -> dict[Field, Value]:
    """The numbers that a recommendation asks for; None for an amount that is not to be set."""
    fields: dict[Field, Value] = {}
    if target.kind in _SCALED_KINDS:
        fields[REPLICAS] = item.replicas
    containers = [(target.container, item.resources)]
    containers += [(extra.name, extra.resources) for extra in item.extra_containers]
    for name, resources in containers:
        fields |= _amount_fields(name, "requests", resources.requests)
        fields |= _amount_fields(name, "limits", resources.limits)
    if item.autoscaling is not None:
        fields[MIN_REPLICAS] = item.autoscaling.min_replicas
        fields[MAX_REPLICAS] = item.autoscaling.max_replicas
        fields[CPU_TARGET] = item.autoscaling.target_cpu_percent
    return fields


def _amount_fields(name: str, part: str, amounts: Amounts) -> dict[Field, Value]:
    cpu = None if amounts.cpu is None else format_cpu(amounts.cpu)
    memory = None if amounts.memory is None else format_memory(amounts.memory)
    return {(name, part, "cpu"): cpu, (name, part, "memory"): memory}


def _is_target(document: JsonObject, target: Target) -> bool:
    return document.get("kind") == target.kind and _at(document, "metadata", "name") == target.name


def _pod(workload: JsonObject) -> Mapping[str, Any]:
    for path in (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "template", "spec")):
        pod = _at(workload, *path)
        if isinstance(pod, dict):
            return pod
    return {}


def _container_fields(container: JsonObject) -> dict[Field, Value]:
    fields: dict[Field, Value] = {}
    for part in ("requests", "limits"):
        for name in ("cpu", "memory"):
            amount = _at(container, "resources", part, name)
            if isinstance(amount, str | int | float) and not isinstance(amount, bool):
                fields[(str(container.get("name")), part, name)] = canonical(str(amount), name)
    return fields


def canonical(text: str, resource: str) -> str:
    """A quantity in canonical form (memory in the binary one), other text as it is."""
    try:
        quantity = parse_quantity(text)
    except QuantityError:
        return text
    if resource == "memory" and quantity.nano >= 0:
        return format_memory(-(-quantity.nano // 10**9))
    return quantity.canonical()


def _autoscaler_fields(documents: list[JsonObject], target: Target) -> dict[Field, Value]:
    for document in documents:
        reference = _at(document, "spec", "scaleTargetRef")
        if document.get("kind") != "HorizontalPodAutoscaler" or not isinstance(reference, dict):
            continue
        if (reference.get("kind"), reference.get("name")) == (target.kind, target.name):
            spec = document["spec"]
            fields = {
                MIN_REPLICAS: spec.get("minReplicas"),
                MAX_REPLICAS: spec.get("maxReplicas"),
                CPU_TARGET: _cpu_target(spec),
            }
            return {field: value for field, value in fields.items() if isinstance(value, int)}
    return {}


def _cpu_target(spec: JsonObject) -> object:
    metrics = spec.get("metrics")
    for metric in metrics if isinstance(metrics, list) else []:
        if _at(metric, "resource", "name") == "cpu":
            old = _at(metric, "resource", "targetAverageUtilization")
            return old or _at(metric, "resource", "target", "averageUtilization")
    return spec.get("targetCPUUtilizationPercentage")


def _at(value: object, *path: str) -> object:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
