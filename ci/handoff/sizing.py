"""The numbers of a component as plain data: what YAML, Terraform and Ansible hand on."""

from __future__ import annotations

from ci.handoff.yaml_text import yaml_text
from schemas.base import JsonObject
from schemas.plan import Amounts, Resources
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, Recommendation


def resources_data(resources: Resources) -> JsonObject:
    """Requests and limits as Kubernetes quantities; an amount that is not set is left out."""
    return {
        "requests": _amounts(resources.requests),
        "limits": _amounts(resources.limits),
    }


def contract_data(item: ComponentRecommendation) -> JsonObject:
    """Replicas and resources, and the autoscaler where one is recommended."""
    data: JsonObject = {"replicas": item.replicas, "resources": resources_data(item.resources)}
    if item.autoscaling is not None:
        data["autoscaling"] = item.autoscaling.model_dump(mode="json")
    return data


def sizing_data(item: ComponentRecommendation) -> JsonObject:
    """All numbers of one component, with the workload that they are for.

    ``workload`` and ``container`` name the existing object; without one, ``workload`` is the
    component's own name and ``container`` is absent.
    """
    target = item.target
    data: JsonObject = {
        "kind": target.kind if target else item.kind.value,
        "workload": target.name if target else item.name,
    }
    if target is not None:
        data |= {"container": target.container}
        data |= {"namespace": target.namespace} if target.namespace else {}
    data |= contract_data(item)
    if item.extra_containers:
        data["extra_containers"] = {
            extra.name: {"init": extra.init, "resources": resources_data(extra.resources)}
            for extra in item.extra_containers
        }
    if item.runtime_env:
        data["runtime_env"] = dict(item.runtime_env)
    if item.storage is not None:
        data["storage"] = format_memory(item.storage)
    return data


def contract_text(recommendation: Recommendation) -> str:
    """Replicas and resources by component, as YAML; failed components are comments."""
    header = [f"{failed.name}: not sized, {failed.failure}" for failed in recommendation.failed]
    data = {item.name: contract_data(item) for item in recommendation.components}
    return yaml_text(data, header=header, flow_leaves=True)


def _amounts(amounts: Amounts) -> dict[str, str]:
    data: dict[str, str] = {}
    if amounts.cpu is not None:
        data["cpu"] = format_cpu(amounts.cpu)
    if amounts.memory is not None:
        data["memory"] = format_memory(amounts.memory)
    return data
