"""What one round of checks looks at: a component, its plan, and the documents it results in."""

from __future__ import annotations

from dataclasses import dataclass

from rva.companions import companion_documents, related, replaced
from rva.documents import (
    HPA,
    PDB,
    ContainerView,
    at,
    containers,
    environment,
    is_kind,
    mapping,
    pod_spec,
    template_path,
    text,
    whole,
)
from rva.limits import Limits
from rva.merge import apply_strategic_merge
from rva.patch import SCALABLE, autoscaled, strategic_merge_patch
from schemas.base import JsonObject
from schemas.context import Component, Criticality, Role
from schemas.plan import ComponentPlan, Manifests
from schemas.ports import ManifestGenerator
from schemas.trigger import ClusterFacts, Environment

SERVING = frozenset(
    {
        Role.BACKEND_API,
        Role.WEB_FRONTEND,
        Role.GRPC_SERVICE,
        Role.GATEWAY_PROXY,
        Role.ML_INFERENCE,
    }
)
"""Roles that answer requests and keep no state of their own."""
DATABASES = frozenset({Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.VECTOR_DATABASE})


@dataclass(frozen=True, slots=True)
class World:
    """What stays the same while one component is refined."""

    component: Component
    tier: Criticality
    environment: Environment
    limits: Limits
    generate: ManifestGenerator
    cluster: ClusterFacts | None = None
    evidence_ids: frozenset[str] = frozenset()
    """Ids of all evidence that a reasoning step may cite."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A component with a plan, and what the plan makes of its documents."""

    world: World
    plan: ComponentPlan
    patch: JsonObject | None
    workload: JsonObject | None
    """The workload's document as the plan leaves it; None for a custom kind."""
    manifests: Manifests
    """Documents to write: all of a new component, or those beside the patch."""
    documents: Manifests
    """Workload, autoscalers, budgets and services as they will stand."""
    containers: tuple[ContainerView, ...]
    main: str
    """Name of the container that is sized."""

    @property
    def component(self) -> Component:
        """The component."""
        return self.world.component

    @property
    def kind(self) -> str:
        """The kind of the workload as it will stand."""
        workload = self.component.workload
        if workload is not None and template_path(workload.kind):
            return workload.kind
        return self.component.kind.value

    @property
    def scalable(self) -> bool:
        """It has a number of replicas that somebody chooses."""
        return self.kind in SCALABLE

    @property
    def existing(self) -> bool:
        """The workload stands in the repository already."""
        return self.component.workload is not None

    @property
    def autoscaled(self) -> bool:
        """An autoscaler owns the number of replicas."""
        return autoscaled(self.component, self.plan)

    @property
    def main_container(self) -> ContainerView:
        """The container that is sized, as it will stand."""
        found = [item for item in self.containers if item.name == self.main]
        return found[0] if found else planned_views(self.plan, self.main)[0]

    @property
    def pod(self) -> JsonObject:
        """The pod spec as it will stand; empty for a custom kind."""
        return pod_spec(self.workload) if self.workload else {}

    @property
    def autoscalers(self) -> list[JsonObject]:
        """The HPAs that will stand."""
        return [item for item in self.documents if is_kind(item, HPA)]

    @property
    def budgets(self) -> list[JsonObject]:
        """The PDBs that will stand."""
        return [item for item in self.documents if is_kind(item, PDB)]

    @property
    def minimum_replicas(self) -> int:
        """Replicas in the quietest hour: the HPA's minimum, else the plan's."""
        return self._bound("minReplicas", self._current_bound("min_replicas"))

    @property
    def maximum_replicas(self) -> int:
        """Replicas in the busiest hour: the HPA's maximum, else the plan's."""
        return self._bound("maxReplicas", self._current_bound("max_replicas"))

    def variable(self, name: str) -> str | None:
        """Value of a variable of the main container: plan, document, image, in this order."""
        if name in self.plan.runtime_env:
            return self.plan.runtime_env[name]
        entry = environment(self.main_container.document).get(name, {})
        if entry.get("value") is not None:
            return text(entry["value"])
        return self.component.runtime.environment.get(name)

    def computed_variable(self, name: str) -> bool:
        """The variable is filled by the cluster (``valueFrom``), so its value is not known here."""
        return environment(self.main_container.document).get(name, {}).get("valueFrom") is not None

    def _bound(self, key: str, current: int | None) -> int:
        scaling = self.plan.autoscaling
        if scaling is not None:
            return scaling.min_replicas if key == "minReplicas" else scaling.max_replicas
        found = [whole(at(item, "spec", key)) for item in self.autoscalers]
        known = [value for value in found if value is not None]
        return (known or ([] if current is None else [current]) or [self.plan.replicas])[0]

    def _current_bound(self, key: str) -> int | None:
        current = self.component.current
        if current is None or current.autoscaler is None:
            return None
        return whole(getattr(current.autoscaler, key))


def planned_views(plan: ComponentPlan, main: str) -> tuple[ContainerView, ...]:
    """The containers that the plan names, without any document."""
    entries = [(main, False, plan.resources)]
    entries += [(item.name, item.init, item.resources) for item in plan.extra_containers]
    return tuple(
        ContainerView(
            name=name,
            init=init,
            sidecar=False,
            cpu_request_millicores=resources.requests.cpu,
            memory_request_bytes=resources.requests.memory,
            cpu_limit_millicores=resources.limits.cpu,
            memory_limit_bytes=resources.limits.memory,
        )
        for name, init, resources in entries
    )


def make_subject(world: World, plan: ComponentPlan) -> Subject:
    """Build the documents that a plan results in, and look at them together."""
    if world.component.workload is None:
        return _generated(world, plan)
    return _patched(world, plan)


def _generated(world: World, plan: ComponentPlan) -> Subject:
    manifests = world.generate(world.component, plan)
    workload = next(
        (item for item in manifests if template_path(text(item.get("kind")))),
        None,
    )
    views = containers(workload) if workload else planned_views(plan, world.component.name)
    running = [item.name for item in views if not item.init]
    main = world.component.name
    if main not in running and running:
        main = running[0]
    return Subject(world, plan, None, workload, manifests, manifests, views, main)


def _patched(world: World, plan: ComponentPlan) -> Subject:
    reference = world.component.workload
    if reference is None:
        return _generated(world, plan)
    patch = strategic_merge_patch(world.component, plan)
    companions = companion_documents(world.component, plan)
    workload = apply_strategic_merge(reference.document, patch) if patch else None
    views = containers(workload) if workload else planned_views(plan, reference.container)
    own = (*related(reference, HPA), *(r for r in reference.related if not is_kind(r, HPA)))
    documents = replaced(own, companions)
    if workload is not None:
        documents = (workload, *documents)
    return Subject(world, plan, patch, workload, companions, documents, views, reference.container)


def labels(document: JsonObject | None) -> JsonObject:
    """``metadata.labels`` of a document; empty when there are none."""
    return mapping(at(mapping(document), "metadata", "labels"))
