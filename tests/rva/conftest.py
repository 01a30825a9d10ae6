"""Builders for components, plans and worlds, and the fakes that stand for RVA's ports."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest

from adapters.policies import load_policies
from rva.limits import Limits
from rva.policies import DEFAULT_POLICY
from rva.subject import World, make_subject
from schemas.context import (
    Component,
    ContainerFacts,
    Criticality,
    FoundIn,
    Role,
    WorkloadKind,
    WorkloadRef,
)
from schemas.plan import (
    Amounts,
    ComponentPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    ReasoningStep,
    Resources,
)
from schemas.quantities import MIB
from schemas.trigger import Environment

DEFAULT_LIMITS = load_policies(DEFAULT_POLICY).limits


class FakeGenerator:
    """Writes a bare workload that carries the plan's numbers, as PIPA's generator would."""

    def __call__(self, component, plan):
        container = {
            "name": component.name,
            "image": component.image or "example/app:1",
            "resources": plan.resources.model_dump(mode="json", exclude_none=True),
            "readinessProbe": {"tcpSocket": {"port": 8080}},
            "env": [{"name": k, "value": v} for k, v in sorted(plan.runtime_env.items())],
        }
        pod = {"containers": [container]}
        for extra in plan.extra_containers:
            group = "initContainers" if extra.init else "containers"
            pod.setdefault(group, []).append(
                {
                    "name": extra.name,
                    "image": "example/extra:1",
                    "resources": extra.resources.model_dump(mode="json", exclude_none=True),
                }
            )
        labels = {"app": component.name}
        spec = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        if plan.autoscaling is None and component.kind in ("Deployment", "StatefulSet"):
            spec["replicas"] = plan.replicas
        if plan.recreate:
            spec["strategy"] = {"type": "Recreate"}
        documents = [
            {
                "apiVersion": "apps/v1",
                "kind": component.kind.value,
                "metadata": {"name": component.name, "labels": labels},
                "spec": spec,
            }
        ]
        if plan.disruption_budget:
            documents.append(
                {
                    "apiVersion": "policy/v1",
                    "kind": "PodDisruptionBudget",
                    "metadata": {"name": component.name},
                    "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}},
                }
            )
        return tuple(documents)


class FakeValidator:
    """Says of every document what it was told to."""

    def __init__(self, *errors):
        self._errors = list(errors)

    def errors(self, document, kubernetes_version=None):
        return list(self._errors)


def component(name="api", **fields):
    values = {
        "found_in": (FoundIn.DOCKERFILE,),
        "source_path": name,
        "role": Role.BACKEND_API,
        "kind": WorkloadKind.DEPLOYMENT,
    }
    return Component(name=name, **(values | fields))


def document(kind="Deployment", *, name="api", containers=None, spec=None, pod=None):
    pod_spec = {"containers": containers or [{"name": "api", "image": "example/api:1"}]}
    pod_spec |= pod or {}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec}
    body = {"selector": {"matchLabels": labels}, "template": template}
    api = "apps/v1"
    if kind in ("Job", "CronJob"):
        api = "batch/v1"
        pod_spec["restartPolicy"] = "Never"
        body = {"template": {"spec": pod_spec}}
    if kind == "CronJob":
        body = {"schedule": "0 3 * * *", "jobTemplate": {"spec": body}}
    if kind == "StatefulSet":
        body["serviceName"] = name
    body |= spec or {}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": body}


def workload(doc=None, *, container="api", related=(), path="k8s/api.yaml"):
    doc = document() if doc is None else doc
    spec = doc["spec"]
    spec = spec["jobTemplate"]["spec"] if doc["kind"] == "CronJob" else spec
    pod = spec["template"]["spec"]
    facts = [ContainerFacts(name=c["name"]) for c in pod.get("containers", [])]
    facts += [ContainerFacts(name=c["name"], init=True) for c in pod.get("initContainers", [])]
    return WorkloadRef(
        api_version=doc["apiVersion"],
        kind=doc["kind"],
        name=doc["metadata"]["name"],
        namespace=doc["metadata"].get("namespace"),
        container=container,
        containers=tuple(facts),
        path=path,
        document=copy.deepcopy(doc),
        related=tuple(related),
    )


def resources(cpu=200, memory=256, cpu_limit=None, memory_limit=512):
    """Millicores and MiB; None is not set."""
    mib = lambda amount: None if amount is None else int(amount * MIB)  # noqa: E731
    return Resources(
        requests=Amounts(cpu=cpu, memory=mib(memory)),
        limits=Amounts(cpu=cpu_limit, memory=mib(memory_limit)),
    )


def intervals(replicas, sizes, factor=2):
    """Ranges from half to twice each number."""

    def span(kind, value):
        return kind(low=value // factor, target=value, high=value * factor)

    requests, limits = sizes.requests, sizes.limits
    return Intervals(
        replicas=span(CountInterval, replicas),
        cpu_request=span(CpuInterval, requests.cpu or 100),
        memory_request=span(MemoryInterval, requests.memory or 128 * MIB),
        cpu_limit=None if limits.cpu is None else span(CpuInterval, limits.cpu),
        memory_limit=span(MemoryInterval, limits.memory or 256 * MIB),
    )


def plan(name="api", *, replicas=2, sizes=None, **fields):
    sizes = resources() if sizes is None else sizes
    values = {
        "component": name,
        "replicas": replicas,
        "resources": sizes,
        "intervals": intervals(replicas, sizes),
        "confidence": 0.6,
        "disruption_budget": replicas > 1,
        "reasoning": (ReasoningStep(number=1, about="demand", text="Two replicas by default."),),
    }
    return ComponentPlan(**(values | fields))


def world(
    of=None,
    *,
    tier=Criticality.NORMAL,
    environment=Environment.PROD,
    cluster=None,
    limits=None,
    evidence=(),
):
    values = dict(DEFAULT_LIMITS)
    for key in limits or {}:
        values = {k: v for k, v in values.items() if not k.startswith(f"{key}.")}
    return World(
        component=of or component(),
        tier=tier,
        environment=environment,
        limits=Limits(values | (limits or {})),
        generate=FakeGenerator(),
        cluster=cluster,
        evidence_ids=frozenset(evidence),
    )


def subject(of=None, planned=None, **fields):
    of = of or component()
    return make_subject(world(of, **fields), planned or plan(of.name))


@pytest.fixture
def build():
    """Builders: ``build.component(...)``, ``build.plan(...)``, ``build.subject(...)`` …"""
    return SimpleNamespace(
        component=component,
        document=document,
        workload=workload,
        resources=resources,
        intervals=intervals,
        plan=plan,
        world=world,
        subject=subject,
        generator=FakeGenerator(),
        validator=FakeValidator,
        limits=DEFAULT_LIMITS,
    )


@pytest.fixture(scope="session")
def builders():
    """The same for property tests, whose examples share fixtures."""
    return SimpleNamespace(
        component=component,
        document=document,
        workload=workload,
        resources=resources,
        intervals=intervals,
        plan=plan,
        world=world,
        subject=subject,
    )
