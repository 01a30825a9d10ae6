"""Components and listings for tests of the metrics route, and fakes of its ports."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.context import Component, ContainerFacts, FoundIn, Role, WorkloadKind, WorkloadRef
from schemas.telemetry import NoHistory, WorkloadListing
from schemas.usage import WorkloadKey


def component(name, **fields):
    return Component(name=name, found_in=(FoundIn.DOCKERFILE,), **fields)


def deployed(name, *, kind="Deployment", namespace=None, container="app", workload=None, **fields):
    """A component with a manifest; `chart` and `kustomization` go to its reference."""
    places = {key: fields.pop(key) for key in ("chart", "kustomization") if key in fields}
    labels = fields.pop("labels", {})
    called = workload or name
    ref = WorkloadRef(
        api_version="apps/v1",
        kind=kind,
        name=called,
        namespace=namespace,
        container=container,
        containers=(ContainerFacts(name=container),),
        path="deploy.yaml",
        document={"metadata": {"name": called, "labels": labels}},
        **places,
    )
    own = WorkloadKind(kind) if kind in set(WorkloadKind) else WorkloadKind.DEPLOYMENT
    return component(name, kind=own, workload=ref, **fields)


def product(name, key, **fields):
    role = fields.pop("role", Role.SQL_DATABASE)
    return component(name, third_party=key, role=role, **fields)


def listing(text, *containers, images=(), days=14.0):
    return WorkloadListing(
        key=WorkloadKey.parse(text),
        containers=containers or ("app",),
        images=tuple(images),
        days=days,
        pods=2,
    )


@dataclass
class FakeSource:
    """Implements `schemas.telemetry.MetricsSource` over histories; counts what it is asked."""

    histories: dict = field(default_factory=dict)
    listings: tuple = ()
    error: Exception | None = None
    read_error: Exception | None = None
    asked: list = field(default_factory=list)
    origin: str = "http://prometheus.example:9090"

    def workloads(self):
        self.asked.append("workloads")
        if self.error:
            raise self.error
        return self.listings

    def read(self, keys):
        self.asked.append(keys)
        if self.read_error:
            raise self.read_error
        return {key: self.histories.get(key, NoHistory("no samples")) for key in keys}


def serving(*histories, images=()):
    """A source with some histories, each listed with its containers."""
    return FakeSource(
        {item.key: item for item in histories},
        tuple(
            WorkloadListing(item.key, tuple(item.containers), tuple(images), item.days, 2)
            for item in histories
        ),
    )


@dataclass
class FakeIndex:
    """Implements `schemas.ports.TelemetryIndex`."""

    found: tuple = ()
    own: tuple = ()
    error: Exception | None = None
    kept: list = field(default_factory=list)
    asked: list = field(default_factory=list)

    def remember(self, summaries):
        if self.error:
            raise self.error
        self.kept += summaries

    def slices(self, workload, container, question):
        self.asked.append((str(workload), container))
        if self.error:
            raise self.error
        return self.own

    def similar(self, component, limit=3, repository=None):
        self.asked.append(component.name)
        if self.error:
            raise self.error
        return self.found[:limit]
