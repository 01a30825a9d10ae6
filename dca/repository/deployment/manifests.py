"""Kubernetes manifests: every workload, with what belongs to it.

A document is a workload when its kind is one of Kubernetes' own, when it has a pod template where
those have it (Argo Rollout, Knative Service, DeploymentConfig), or when it is an application
resource with an image and settings beside it (``spec.image`` with ``replicas``, ``resources`` or
``port``), or when an operator makes a known product of it (`operators`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dca.repository.deployment import operators, pods
from dca.repository.deployment.credentials import clean_text
from dca.repository.deployment.documents import Document
from dca.repository.deployment.redact import redacted
from dca.repository.deployment.runs import Build, Run, known_image
from dca.repository.deployment.sizing import (
    autoscaler,
    count,
    current_sizing,
    is_empty,
    items,
    mapping,
    text,
)
from dca.repository.docker.command import words_from
from dca.repository.paths import (
    PRODUCTION_WORDS,
    STAGE_WORDS,
    basename,
    is_example,
    is_test,
    parent,
    words,
)
from schemas.base import JsonObject
from schemas.context import (
    BUILT_FROM,
    ContainerFacts,
    CurrentSizing,
    FoundIn,
    WorkloadKind,
    WorkloadRef,
)
from schemas.errors import QuantityError
from schemas.quantities import Bytes, memory_bytes

_NATIVE = frozenset(kind.value for kind in WorkloadKind)
_RELATED = frozenset(["HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"])
_SUPPORT = _RELATED | {"PersistentVolumeClaim", "ConfigMap"}
_NOT_APPLICATIONS = frozenset(
    ["Pod", "CustomResourceDefinition", "Template", "ImageStream", "BuildConfig", "HelmRelease"]
)
_WANTED = re.compile(r"""["']?kind["']?\s*:\s*["']?([A-Za-z]{2,60})""")
_POD_TEXT = re.compile(r"""["']?(?:containers|image)["']?\s*:""")
_BUNDLES = frozenset(
    ["release", "releases", "install", "bundle", "dist", "all", "generated", "legacy"]
)
_MAX_RELATED = 8
MAX_WORKLOADS = 1_000
"""Each is compared with each; the largest public repositories have some four hundred."""
_MAX_SCHEDULE = 100
"""Cron expressions have some twenty characters."""


@dataclass(slots=True)
class Cluster:
    """Documents that belong to one application, sorted by purpose."""

    workloads: list[Document] = field(default_factory=list)
    patches: list[Document] = field(default_factory=list)
    """Partial workloads without an image, as kustomize overlays have them."""
    related: dict[tuple[str, str], list[Document]] = field(default_factory=dict)
    """HPAs by their target, PDBs and Services by the first label that they select."""
    claims: dict[str, JsonObject] = field(default_factory=dict)
    configs: dict[str, JsonObject] = field(default_factory=dict)
    left_out: int = 0
    """Workloads beyond `MAX_WORKLOADS`."""

    def add(self, document: Document) -> None:
        """Sort one document in; a ``List`` or OpenShift ``Template`` is unpacked."""
        for data in _unpacked(document.data):
            kind = str(data.get("kind", ""))
            part = Document(data, document.path, document.line, document.text, document.templated)
            name = str(mapping(data, "metadata").get("name", ""))
            if kind == "PersistentVolumeClaim":
                self.claims.setdefault(name, data)
            elif kind == "ConfigMap":
                self.configs.setdefault(name, mapping(data, "data"))
            elif kind in _RELATED and not mapping(data, "spec", "template"):
                key = _selection_key(data)
                if key is not None:
                    self.related.setdefault(key, []).append(part)
            elif is_workload(data):
                self._add_workload(part)
            elif kind in _NATIVE:
                self.patches.append(part)

    def _add_workload(self, document: Document) -> None:
        if len(self.workloads) < MAX_WORKLOADS:
            self.workloads.append(document)
        else:
            self.left_out += 1


def is_wanted(text_: str) -> bool:
    """Whether a document's text may hold a workload or something that belongs to one."""
    if "kind" not in text_:
        return False
    kinds = set(_WANTED.findall(text_[:200_000]))
    if not kinds or kinds <= {"CustomResourceDefinition"}:
        return False
    return bool(kinds & (_SUPPORT | _NATIVE | operators.KINDS)) or bool(_POD_TEXT.search(text_))


def is_workload(data: JsonObject) -> bool:
    """Whether a document says what runs, image included."""
    kind = str(data.get("kind", ""))
    if kind in _NOT_APPLICATIONS or not data.get("apiVersion"):
        return False
    if operators.operated(data) is not None:
        return True
    containers = items(pods.pod_spec(data).get("containers"))
    if containers:
        return any("image" in container for container in containers)
    spec = mapping(data, "spec")
    settings = {"replicas", "resources", "port", "ingresses", "liveness"} & spec.keys()
    return kind not in _NATIVE and isinstance(spec.get("image"), str) and bool(settings)


def runs(
    cluster: Cluster, *, chart: str | None = None, found_in: FoundIn = FoundIn.MANIFEST
) -> list[Run]:
    """The workloads of a cluster of documents.

    Args:
        cluster: The documents.
        chart: Directory of the chart that renders them, None for plain manifests.
        found_in: How they were found.
    """
    found: list[Run] = []
    for document in cluster.workloads:
        metadata = mapping(document.data, "metadata")
        if "test" in str(mapping(metadata, "annotations").get("helm.sh/hook", "")):
            continue
        operated = operators.operated(document.data)
        if operated is not None:
            found.append(_operated_run(document, operated, chart, found_in))
        else:
            found.append(_run(document, cluster, chart, found_in))
    return found


def _unpacked(data: JsonObject) -> Iterable[JsonObject]:
    kind = str(data.get("kind", ""))
    if kind == "List" or (kind.endswith("List") and "items" in data):
        return items(data.get("items"))[:500]
    if kind == "Template" and "objects" in data:
        return items(data.get("objects"))[:500]
    return [data]


def _run(document: Document, cluster: Cluster, chart: str | None, found_in: FoundIn) -> Run:
    data = document.data
    spec, metadata = mapping(data, "spec"), mapping(data, "metadata")
    name = text(metadata.get("name")) or text(metadata.get("generateName"))
    pod = pods.pod_spec(data)
    container = pods.main_container(pod, name or "") if pod else _as_container(spec, name)
    related = _related(document, cluster)
    claim_bytes, has_volume = _volumes(spec, pod, cluster.claims)
    kind = str(data.get("kind", ""))
    image = known_image(text(container.get("image")))
    return Run(
        name=name or _name_of_file(document.path),
        found_in=found_in,
        path=document.path,
        line=document.line,
        rank=_rank(document, chart),
        image=image,
        build=_built_from(metadata),
        entrypoint=words_from(container.get("command")),
        command=words_from(container.get("args")),
        environment=pods.environment(container, cluster.configs),
        ports=pods.ports(container),
        kind=pods.workload_kind(kind),
        schedule=(text(spec.get("schedule")) or "")[:_MAX_SCHEDULE] or None,
        current=_current(document, container, related),
        workload=_reference(document, pod, container, related, chart) if name else None,
        has_volume=has_volume,
        volume_bytes=claim_bytes,
    )


def _built_from(metadata: JsonObject) -> Build | None:
    """The Dockerfile that an earlier sizing noted when it wrote the workload."""
    path = text(mapping(metadata, "annotations").get(BUILT_FROM))
    return None if path is None else Build(parent(path), path)


def _operated_run(
    document: Document, operated: operators.Operated, chart: str | None, found_in: FoundIn
) -> Run:
    """A product that an operator runs; its kind is left to the product."""
    container = {"name": operated.container, "image": operated.image}
    name = text(mapping(document.data, "metadata").get("name"))
    line = document.line_of("spec")
    sizing = current_sizing(operated.resources, operated.replicas, f"{document.path}:{line}")
    return Run(
        name=name or operated.container,
        found_in=found_in,
        path=document.path,
        line=document.line,
        rank=_rank(document, chart),
        image=known_image(operated.image),
        current=None if is_empty(sizing) else sizing,
        workload=_reference(document, {}, container, (), chart) if name else None,
        has_volume=operated.volume_bytes is not None,
        volume_bytes=operated.volume_bytes,
    )


def _as_container(spec: JsonObject, name: str | None) -> JsonObject:
    """An application resource read as if it were its only container."""
    port = count(spec.get("port"))
    keys = ("image", "command", "args", "env", "envFrom", "resources")
    container: JsonObject = {key: spec[key] for key in keys if key in spec}
    return {**container, "name": name or "main", "ports": [{"containerPort": port}] if port else []}


def _name_of_file(path: str) -> str:
    stem = basename(path).partition(".")[0]
    return stem if words(stem) and stem.lower() not in STAGE_WORDS else basename(parent(path))


def _rank(document: Document, chart: str | None) -> int:
    """Lower is preferred: production and plain manifests before bundles, stages and examples."""
    parts = {word for part in document.path.split("/") for word in words(part)}
    rank = 4 if chart is not None else 0
    rank += 2 * len(parts & (STAGE_WORDS - PRODUCTION_WORDS)) - len(parts & PRODUCTION_WORDS)
    rank += 6 if parts & _BUNDLES else 0
    rank += 12 if is_example(document.path) else 0
    rank += 20 if is_test(document.path) else 0
    return rank + (3 if document.templated else 0)


def _current(
    document: Document, container: JsonObject, related: Sequence[JsonObject]
) -> CurrentSizing | None:
    spec = mapping(document.data, "spec")
    replicas = spec.get("replicas")
    bounds = replicas if isinstance(replicas, dict) else {}
    line = document.line_of("spec", "replicas" if "replicas" in spec else "template")
    sizing = current_sizing(
        mapping(container, "resources"),
        count(bounds.get("min")) if bounds else count(replicas),
        f"{document.path}:{line}",
    )
    scalers = [item for item in related if item.get("kind") == "HorizontalPodAutoscaler"]
    if scalers:
        sizing = sizing.model_copy(update={"autoscaler": autoscaler(scalers[0])})
    elif bounds:
        scaler = {
            "metadata": {},
            "spec": {"minReplicas": bounds.get("min"), "maxReplicas": bounds.get("max")},
        }
        sizing = sizing.model_copy(update={"autoscaler": autoscaler(scaler)})
    return None if is_empty(sizing) else sizing


def _reference(
    document: Document,
    pod: JsonObject,
    container: JsonObject,
    related: Sequence[JsonObject],
    chart: str | None,
) -> WorkloadRef:
    metadata = mapping(document.data, "metadata")
    name = text(container.get("name")) or "main"
    facts = (
        pods.container_facts(pod)
        if pod
        else (ContainerFacts(name=name, image=_shown(container.get("image"))),)
    )
    return WorkloadRef(
        api_version=str(document.data.get("apiVersion", "")),
        kind=str(document.data.get("kind", "")),
        name=str(metadata.get("name")),
        namespace=text(metadata.get("namespace")),
        container=name,
        containers=facts,
        path=document.path,
        document=redacted(document.data),
        related=tuple(redacted(item) for item in related),
        chart=chart,
    )


def _shown(image: object) -> str | None:
    written = text(image)
    return clean_text(written) if written else None


def _selection_key(data: JsonObject) -> tuple[str, str] | None:
    spec = mapping(data, "spec")
    if data.get("kind") == "HorizontalPodAutoscaler":
        target = mapping(spec, "scaleTargetRef")
        return str(target.get("kind")), str(target.get("name"))
    selector = mapping(spec, "selector")
    labels = mapping(selector, "matchLabels") if "matchLabels" in selector else selector
    first = min(labels.items(), default=None, key=lambda pair: pair[0])
    return (str(first[0]), str(first[1])) if first else None


def _related(document: Document, cluster: Cluster) -> list[JsonObject]:
    """HPAs, PDBs and Services of a workload, those of its own directory first, each name once."""
    labels = pods.pod_labels(document.data)
    name = str(mapping(document.data, "metadata").get("name"))
    keys = [(str(document.data.get("kind")), name), *labels.items()]
    near = [item for key in keys for item in cluster.related.get(key, ())]
    near.sort(key=lambda item: parent(item.path) != parent(document.path))
    found: dict[tuple[str, str], JsonObject] = {}
    for candidate in near:
        data = candidate.data
        key = (str(data.get("kind")), str(mapping(data, "metadata").get("name")))
        if key not in found and _belongs(data, document.data, labels):
            found[key] = data
    return list(found.values())[:_MAX_RELATED]


def _belongs(candidate: JsonObject, workload: JsonObject, labels: Mapping[str, str]) -> bool:
    spec = mapping(candidate, "spec")
    if candidate.get("kind") == "HorizontalPodAutoscaler":
        target = mapping(spec, "scaleTargetRef")
        name = mapping(workload, "metadata").get("name")
        return target.get("kind") == workload.get("kind") and target.get("name") == name
    selector = mapping(spec, "selector")
    if candidate.get("kind") == "PodDisruptionBudget":
        selector = mapping(selector, "matchLabels")
    return bool(selector) and all(labels.get(key) == str(value) for key, value in selector.items())


def _volumes(
    spec: JsonObject, pod: JsonObject, claims: Mapping[str, JsonObject]
) -> tuple[Bytes | None, bool]:
    """Size of the persistent volumes together, and whether there are any."""
    requested = items(spec.get("volumeClaimTemplates"))
    named = [
        str(mapping(volume, "persistentVolumeClaim").get("claimName", ""))
        for volume in items(pod.get("volumes"))
        if "persistentVolumeClaim" in volume
    ]
    requested += [claims[name] for name in named if name in claims]
    sizes = [_storage(claim) for claim in requested]
    known = [size for size in sizes if size is not None]
    return (Bytes(sum(known)) if known else None), bool(requested or named)


def _storage(claim: JsonObject) -> Bytes | None:
    written = text(mapping(claim, "spec", "resources", "requests").get("storage"))
    try:
        return memory_bytes(written) if written else None
    except QuantityError:
        return None
