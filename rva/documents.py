"""Reading parsed Kubernetes documents that may be wrong anywhere: no accessor ever raises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.base import JsonObject
from schemas.context import WorkloadKind
from schemas.errors import QuantityError
from schemas.quantities import cpu_millicores, memory_bytes

HPA = "HorizontalPodAutoscaler"
PDB = "PodDisruptionBudget"

_TEMPLATE: dict[str, tuple[str, ...]] = {
    WorkloadKind.DEPLOYMENT: ("spec", "template"),
    WorkloadKind.STATEFUL_SET: ("spec", "template"),
    WorkloadKind.DAEMON_SET: ("spec", "template"),
    WorkloadKind.JOB: ("spec", "template"),
    WorkloadKind.CRON_JOB: ("spec", "jobTemplate", "spec", "template"),
}


def mapping(value: Any) -> JsonObject:  # noqa: ANN401 - anything may stand in a document
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[JsonObject]:  # noqa: ANN401 - anything may stand in a document
    """The mappings among the items of a list; empty when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def at(document: JsonObject, *path: str) -> Any:  # noqa: ANN401 - anything may stand there
    """The value at a path of keys; None when a step is missing or no mapping."""
    value: Any = document
    for key in path:
        value = mapping(value).get(key)
    return value


def text(value: Any) -> str:  # noqa: ANN401 - anything may stand in a document
    """A scalar as text; empty for None, mappings and lists."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def whole(value: Any) -> int | None:  # noqa: ANN401 - anything may stand in a document
    """The value when it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def template_path(kind: str) -> tuple[str, ...] | None:
    """Keys that lead to the pod template; None for a kind that is not built in."""
    return _TEMPLATE.get(kind)


def pod_template(document: JsonObject) -> JsonObject:
    """The pod template of a workload document; empty when there is none."""
    path = template_path(text(document.get("kind")))
    return mapping(at(document, *path)) if path else {}


def pod_spec(document: JsonObject) -> JsonObject:
    """The pod spec of a workload document; empty when there is none."""
    return mapping(pod_template(document).get("spec"))


def name_of(document: JsonObject) -> str:
    """``metadata.name``; empty when unset."""
    return text(at(document, "metadata", "name"))


def is_kind(document: JsonObject, kind: str) -> bool:
    """Whether the document has that kind."""
    return document.get("kind") == kind


def targets(hpa: JsonObject, kind: str, name: str) -> bool:
    """Whether an autoscaler scales the object of that kind and name."""
    reference = mapping(at(hpa, "spec", "scaleTargetRef"))
    return reference.get("kind") == kind and reference.get("name") == name


def count_of(value: object, replicas: int, *, round_up: bool) -> int:
    """A count given as a whole number or as a percentage of the replicas; 0 when it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return max(0, value)
    digits = text(value).strip().removesuffix("%")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        return 0
    if not text(value).strip().endswith("%"):
        return int(digits)
    scaled = replicas * int(digits)
    return -(-scaled // 100) if round_up else scaled // 100


@dataclass(frozen=True, slots=True)
class ContainerView:
    """One container as the API server would read it; amounts None when unset or unreadable."""

    name: str
    init: bool
    sidecar: bool
    cpu_request_millicores: int | None = None
    memory_request_bytes: int | None = None
    cpu_limit_millicores: int | None = None
    memory_limit_bytes: int | None = None
    invalid: tuple[str, ...] = ()
    """``limits.memory: 512MB``: amounts that are not quantities."""
    document: JsonObject | None = None

    @property
    def runs_along(self) -> bool:
        """It runs for as long as the pod does: a main container or a sidecar."""
        return self.sidecar or not self.init

    @property
    def effective_cpu_request(self) -> int:
        """Millicores the scheduler counts; an unset request is the limit's, else 0."""
        return _first(self.cpu_request_millicores, self.cpu_limit_millicores)

    @property
    def effective_memory_request(self) -> int:
        """Bytes the scheduler counts; an unset request is the limit's, else 0."""
        return _first(self.memory_request_bytes, self.memory_limit_bytes)


def containers(document: JsonObject) -> tuple[ContainerView, ...]:
    """All containers of a workload document, init containers first."""
    return tuple(_views(pod_spec(document)))


def environment(container: JsonObject | None) -> dict[str, JsonObject]:
    """The entries of ``env`` by name; of doubled names the last, which wins."""
    entries = mappings(mapping(container).get("env"))
    return {text(entry.get("name")): entry for entry in entries}


def _views(spec: JsonObject) -> Iterator[ContainerView]:
    for entry in mappings(spec.get("initContainers")):
        yield view(entry, init=True, sidecar=entry.get("restartPolicy") == "Always")
    for entry in mappings(spec.get("containers")):
        yield view(entry)


def view(entry: JsonObject, *, init: bool = False, sidecar: bool = False) -> ContainerView:
    """Read one entry of ``containers`` or ``initContainers``."""
    resources = mapping(entry.get("resources"))
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    invalid: list[str] = []
    return ContainerView(
        name=text(entry.get("name")),
        init=init,
        sidecar=sidecar,
        cpu_request_millicores=_amount(requests, "cpu", "requests", invalid),
        memory_request_bytes=_amount(requests, "memory", "requests", invalid),
        cpu_limit_millicores=_amount(limits, "cpu", "limits", invalid),
        memory_limit_bytes=_amount(limits, "memory", "limits", invalid),
        invalid=tuple(invalid),
        document=entry,
    )


def _amount(amounts: JsonObject, resource: str, group: str, invalid: list[str]) -> int | None:
    value = amounts.get(resource)
    if value is None:
        return None
    parse = cpu_millicores if resource == "cpu" else memory_bytes
    try:
        return int(parse(str(value)))
    except QuantityError:
        invalid.append(f"{group}.{resource}: {str(value)[:40]}")
        return None


def _first(*values: int | None) -> int:
    return next((value for value in values if value is not None), 0)
