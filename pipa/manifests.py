"""Kubernetes documents for a component that has none.

Namespace-neutral: no document names a namespace, so that the caller's context decides. What cannot
be known (an image that nobody named, the schedule of a CronJob) is filled with a value that the API
accepts, starts with ``CHANGE-ME`` or ``change-me`` where it can, and is noted in an annotation.
"""

from __future__ import annotations

import re
from typing import Any

from pipa.demand import STATEFUL
from pipa.wellknown import PRODUCTS
from schemas.base import JsonObject
from schemas.context import BUILT_FROM, Component, WorkloadKind
from schemas.plan import ComponentPlan, Manifests, Resources
from schemas.quantities import format_cpu, format_memory

NOTE = "ai-provision/note"
"""Annotation that lists what must be filled in by hand."""
_IMAGE = re.compile(
    r"^[a-z0-9][a-z0-9.-]{0,200}(:\d{1,5})?(/[a-z0-9][a-z0-9._-]{0,120}){0,8}"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$"
)
_API = {
    WorkloadKind.DEPLOYMENT: "apps/v1",
    WorkloadKind.STATEFUL_SET: "apps/v1",
    WorkloadKind.DAEMON_SET: "apps/v1",
    WorkloadKind.JOB: "batch/v1",
    WorkloadKind.CRON_JOB: "batch/v1",
}
_RUNS = (WorkloadKind.JOB, WorkloadKind.CRON_JOB)
_SCALED = (WorkloadKind.DEPLOYMENT, WorkloadKind.STATEFUL_SET)
_NIGHTLY = "0 3 * * *"
_RETRIES = 3
"""A run that failed three times needs a person."""
_PROBE_SECONDS, _START_ATTEMPTS = 5, 36
"""A slow start-up gets three minutes, looked at every five seconds."""
_SLOW_STARTERS = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
_VOLUME = "data"


def generate_manifests(component: Component, plan: ComponentPlan) -> Manifests:
    """Documents in the order in which they are applied: volume, service, workload, HPA, PDB.

    Args:
        component: What runs; its kind decides the workload.
        plan: Its numbers.
    """
    documents = [
        _claim(component, plan),
        _service(component),
        _workload(component, plan),
        _autoscaler(component, plan),
        _disruption_budget(component, plan),
    ]
    return tuple(document for document in documents if document is not None)


def _labels(component: Component) -> dict[str, str]:
    labels = {"app.kubernetes.io/name": component.name}
    labels["app.kubernetes.io/component"] = component.role.value
    labels["app.kubernetes.io/managed-by"] = "ai-provision"
    return labels


def _selector(component: Component) -> dict[str, str]:
    return {"app.kubernetes.io/name": component.name}


def _document(api: str, kind: str, name: str, component: Component) -> JsonObject:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "labels": _labels(component)},
    }


def _ports(component: Component) -> list[int]:
    ports = [port for port in dict.fromkeys(component.ports) if 0 < port < 1 << 16]
    known = PRODUCTS.get(component.third_party or "")
    return ports or ([known.port] if known else [])


def _service_name(component: Component) -> str:
    # Unlike other names, one of a Service may not begin with a digit.
    return f"svc-{component.name}"[:63] if component.name[0].isdigit() else component.name


def _service(component: Component) -> JsonObject | None:
    ports = _ports(component)
    stateful = component.kind is WorkloadKind.STATEFUL_SET
    if component.kind in _RUNS or not (ports or stateful):
        return None
    document = _document("v1", "Service", _service_name(component), component)
    spec: JsonObject = {"selector": _selector(component)}
    if stateful:
        spec["clusterIP"] = "None"
    if ports:
        spec["ports"] = [
            {"name": f"tcp-{port}", "port": port, "targetPort": port} for port in ports
        ]
    document["spec"] = spec
    return document


def _workload(component: Component, plan: ComponentPlan) -> JsonObject:
    document = _document(_API[component.kind], component.kind.value, component.name, component)
    annotations = _annotations(component, plan)
    if annotations:
        document["metadata"]["annotations"] = annotations
    template = {
        "metadata": {"labels": _labels(component)},
        "spec": _pod(component, plan),
    }
    document["spec"] = _workload_spec(component, plan, template)
    return document


def _workload_spec(component: Component, plan: ComponentPlan, template: JsonObject) -> JsonObject:
    run: JsonObject = {"backoffLimit": _RETRIES, "template": template}
    if component.kind is WorkloadKind.JOB:
        return run
    if component.kind is WorkloadKind.CRON_JOB:
        return {
            "schedule": component.schedule or _NIGHTLY,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"metadata": {"labels": _labels(component)}, "spec": run},
        }
    spec: JsonObject = {"selector": {"matchLabels": _selector(component)}, "template": template}
    if component.kind in _SCALED and plan.autoscaling is None:
        spec = {"replicas": plan.replicas, **spec}
    if component.kind is WorkloadKind.DEPLOYMENT:
        spec["strategy"] = _strategy(plan)
    if component.kind is WorkloadKind.STATEFUL_SET:
        spec["serviceName"] = _service_name(component)
        if plan.storage:
            claim = {"metadata": {"name": _VOLUME}, "spec": _claim_spec(plan)}
            spec["volumeClaimTemplates"] = [claim]
    return spec


def _strategy(plan: ComponentPlan) -> JsonObject:
    if plan.recreate:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def _pod(component: Component, plan: ComponentPlan) -> JsonObject:
    spec: JsonObject = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}
    initial = [
        _side(component, extra.name, extra.resources)
        for extra in plan.extra_containers
        if extra.init
    ]
    beside = [
        _side(component, extra.name, extra.resources)
        for extra in plan.extra_containers
        if not extra.init
    ]
    if initial:
        spec["initContainers"] = initial
    spec["containers"] = [_main(component, plan), *beside]
    if component.kind in _RUNS:
        spec["restartPolicy"] = "Never"
    most = plan.autoscaling.max_replicas if plan.autoscaling else plan.replicas
    if component.kind in _SCALED and most > 1:
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _selector(component)},
            }
        ]
    if _has_claim(component, plan):
        claim = {"claimName": component.name}
        spec["volumes"] = [{"name": _VOLUME, "persistentVolumeClaim": claim}]
    return spec


def _main(component: Component, plan: ComponentPlan) -> JsonObject:
    container: JsonObject = {
        "name": component.name,
        "image": image_of(component),
        "resources": _resources(plan.resources),
        "securityContext": {"allowPrivilegeEscalation": False},
    }
    if plan.runtime_env:
        pairs = sorted(plan.runtime_env.items())
        container["env"] = [{"name": name, "value": value} for name, value in pairs]
    if component.third_party and component.role in STATEFUL:
        secret = {"name": f"{component.name}-env", "optional": True}
        container["envFrom"] = [{"secretRef": secret}]
    ports = _ports(component)
    if ports:
        container["ports"] = [{"name": f"tcp-{port}", "containerPort": port} for port in ports]
        if component.kind not in _RUNS:
            container.update(_probes(component, ports[0]))
    if plan.storage and component.kind in _SCALED:
        known = PRODUCTS.get(component.third_party or "")
        path = known.data if known else "/data"
        # A sub-path, because some databases refuse a directory with the file system's lost+found.
        mount = {"name": _VOLUME, "mountPath": path, "subPath": _VOLUME}
        container["volumeMounts"] = [mount]
    return container


def _probes(component: Component, port: int) -> JsonObject:
    probe: JsonObject = {"tcpSocket": {"port": port}, "periodSeconds": _PROBE_SECONDS}
    probes: JsonObject = {"readinessProbe": probe}
    if (component.language or "").lower() in _SLOW_STARTERS:
        probes["startupProbe"] = {**probe, "failureThreshold": _START_ATTEMPTS}
    return probes


def _side(component: Component, name: str, resources: Resources) -> JsonObject:
    known = component.workload.containers if component.workload else ()
    image = next((item.image for item in known if item.name == name), None)
    return {
        "name": name,
        "image": image if _valid(image) else _placeholder(name),
        "resources": _resources(resources),
        "securityContext": {"allowPrivilegeEscalation": False},
    }


def _resources(resources: Resources) -> JsonObject:
    result: JsonObject = {}
    for section in ("requests", "limits"):
        amounts = getattr(resources, section)
        given: dict[str, Any] = {}
        if amounts.cpu is not None:
            given["cpu"] = format_cpu(amounts.cpu)
        if amounts.memory is not None:
            given["memory"] = format_memory(amounts.memory)
        if given:
            result[section] = given
    return result


def image_of(component: Component) -> str:
    """The component's image, or a valid reference that says that it must be changed."""
    image = component.image
    return image if image and _valid(image) else _placeholder(component.name)


def _valid(image: str | None) -> bool:
    return image is not None and _IMAGE.fullmatch(image) is not None


def _placeholder(name: str) -> str:
    return f"ghcr.io/change-me/{name}:CHANGE-ME"


def _annotations(component: Component, plan: ComponentPlan) -> dict[str, str]:
    notes = _notes(component, plan)
    annotations = {NOTE: "; ".join(notes)} if notes else {}
    if component.dockerfile:
        annotations[BUILT_FROM] = component.dockerfile
    return annotations


def _notes(component: Component, plan: ComponentPlan) -> list[str]:
    notes = []
    if not _valid(component.image):
        notes.append("image: no image is known, replace the placeholder")
    if component.kind is WorkloadKind.CRON_JOB and not component.schedule:
        notes.append("schedule: none is known, replace the nightly one")
    if component.third_party and component.role in STATEFUL:
        notes.append(f"credentials: read from the Secret {component.name}-env when it exists")
    if plan.storage and (component.third_party or "") not in PRODUCTS:
        notes.append("volume: the data directory is not known, check the mount path")
    return notes


def _has_claim(component: Component, plan: ComponentPlan) -> bool:
    return bool(plan.storage) and component.kind is WorkloadKind.DEPLOYMENT


def _claim(component: Component, plan: ComponentPlan) -> JsonObject | None:
    if not _has_claim(component, plan):
        return None
    document = _document("v1", "PersistentVolumeClaim", component.name, component)
    document["spec"] = _claim_spec(plan)
    return document


def _claim_spec(plan: ComponentPlan) -> JsonObject:
    size = format_memory(plan.storage or 0)
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}


def _autoscaler(component: Component, plan: ComponentPlan) -> JsonObject | None:
    scaling = plan.autoscaling
    if scaling is None or component.kind not in _SCALED:
        return None
    document = _document("autoscaling/v2", "HorizontalPodAutoscaler", component.name, component)
    target = {"type": "Utilization", "averageUtilization": scaling.target_cpu_percent}
    document["spec"] = {
        "scaleTargetRef": {
            "apiVersion": _API[component.kind],
            "kind": component.kind.value,
            "name": component.name,
        },
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return document


def _disruption_budget(component: Component, plan: ComponentPlan) -> JsonObject | None:
    if not plan.disruption_budget or component.kind not in _SCALED:
        return None
    document = _document("policy/v1", "PodDisruptionBudget", component.name, component)
    document["spec"] = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(component)}}
    return document
