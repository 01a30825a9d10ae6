"""The pod of a workload: where its template stands, its containers, the one that matters."""

from __future__ import annotations

from collections.abc import Mapping

from dca.repository.deployment.credentials import clean_text
from dca.repository.deployment.runs import image_name
from dca.repository.deployment.sizing import count, items, mapping, text
from dca.repository.paths import words
from schemas.base import JsonObject
from schemas.context import ContainerFacts, WorkloadKind

_HELPER_WORDS = (
    *[("istio", "proxy"), ("linkerd", "proxy"), ("cloud", "sql", "proxy"), ("cloudsql", "proxy")],
    *[("cloud", "sql", "auth", "proxy"), ("oauth", "2", "proxy"), ("kube", "rbac", "proxy")],
    *[
        ("fluent", "bit"),
        ("fluentd",),
        ("filebeat",),
        ("vector",),
        ("promtail",),
        ("vault", "agent"),
    ],
    *[
        ("exporter",),
        ("sidecar",),
        ("otel", "collector"),
        ("otc", "container"),
        ("jaeger", "agent"),
    ],
    *[("datadog", "agent"), ("auth", "proxy"), ("git", "sync"), ("config", "reloader"), ("esp",)],
    *[("csi", "provisioner"), ("node", "driver", "registrar"), ("livenessprobe",), ("wait", "for")],
)
"""Names of containers that only serve the main one, as whole words."""

_MAIN_WORDS = frozenset(
    ["app", "application", "main", "manager", "server", "web", "api", "controller"]
)


def pod_spec(document: JsonObject) -> JsonObject:
    """The pod spec of a workload of any kind that has one where Kubernetes' own kinds have it."""
    spec = mapping(document, "spec")
    for keys in (("template", "spec"), ("jobTemplate", "spec", "template", "spec")):
        pod = mapping(spec, *keys)
        if items(pod.get("containers")):
            return pod
    return {}


def pod_labels(document: JsonObject) -> dict[str, str]:
    """Labels of the pods of a workload."""
    spec = mapping(document, "spec")
    labels = mapping(spec, "template", "metadata", "labels") or mapping(
        spec, "jobTemplate", "spec", "template", "metadata", "labels"
    )
    return {str(key): str(value) for key, value in labels.items()}


def container_facts(pod: JsonObject) -> tuple[ContainerFacts, ...]:
    """All containers of a pod, the init containers last."""
    found = [_facts(container, init=False) for container in items(pod.get("containers"))]
    found += [_facts(container, init=True) for container in items(pod.get("initContainers"))]
    return tuple(found)


def _facts(container: JsonObject, *, init: bool) -> ContainerFacts:
    requests = mapping(container, "resources", "requests")
    image = text(container.get("image"))
    return ContainerFacts(
        name=text(container.get("name")) or "main",
        init=init,
        sidecar=init and container.get("restartPolicy") == "Always",
        image=clean_text(image) if image else None,
        sized=text(requests.get("cpu")) is not None and text(requests.get("memory")) is not None,
    )


def main_container(pod: JsonObject, workload: str) -> JsonObject:
    """The container that does the work: not a proxy, an exporter or a log shipper."""
    containers = items(pod.get("containers"))
    own = [container for container in containers if not _is_helper(container)] or containers
    if len(own) == 1:
        return own[0]
    return max(own, key=lambda container: _likeness(container, workload), default={})


def _likeness(container: JsonObject, workload: str) -> tuple[int, int]:
    """How much a container looks like the main one; the first wins among equals."""
    name = str(container.get("name", ""))
    same = set(words(name)) & set(words(workload))
    image = set(words(image_name(str(container.get("image", ""))).rpartition("/")[2]))
    return len(same) * 2 + len(image & set(words(workload))), int(name.lower() in _MAIN_WORDS)


def _is_helper(container: JsonObject) -> bool:
    image = image_name(str(container.get("image", ""))).rpartition("/")[2]
    return any(
        _contains(words(str(name)), run)
        for name in (container.get("name", ""), image)
        for run in _HELPER_WORDS
    )


def _contains(sequence: tuple[str, ...], run: tuple[str, ...]) -> bool:
    return any(sequence[i : i + len(run)] == run for i in range(len(sequence) - len(run) + 1))


def environment(container: JsonObject, configs: Mapping[str, JsonObject]) -> dict[str, str]:
    """Variables of a container that are written out, config maps of the repository included."""
    found: dict[str, str] = {}
    for source in items(container.get("envFrom")):
        name = str(mapping(source, "configMapRef").get("name", ""))
        for key, value in configs.get(name, {}).items():
            found[str(key)] = str(value)[:4_000]
    env = container.get("env")
    if isinstance(env, dict):
        env = [{"name": key, "value": value} for key, value in env.items()]
    for item in items(env):
        value = text(item.get("value"))
        if value is None:
            reference = mapping(item, "valueFrom", "configMapKeyRef")
            value = text(
                configs.get(str(reference.get("name", "")), {}).get(str(reference.get("key")))
            )
        if value is not None:
            found[str(item.get("name", ""))] = value[:4_000]
    return found


def ports(container: JsonObject) -> tuple[int, ...]:
    """Container ports."""
    listed = (count(item.get("containerPort")) for item in items(container.get("ports")))
    return tuple(dict.fromkeys(port for port in listed if port and port < 65536))


def workload_kind(kind: str) -> WorkloadKind:
    """The kind as which a workload is sized; a custom resource that runs pods is a Deployment."""
    try:
        return WorkloadKind(kind)
    except ValueError:
        return WorkloadKind.DEPLOYMENT
