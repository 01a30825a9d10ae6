"""Products that an operator runs: the custom resource says what and how large.

Such a resource is a component of the app like a database's own StatefulSet. It has no pod template
that could be patched as Kubernetes patches its own kinds, so it is shown and compared only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dca.repository.deployment.sizing import count, items, mapping, text
from schemas.base import JsonObject
from schemas.errors import QuantityError
from schemas.quantities import Bytes, memory_bytes

_CLAIM = "volumeClaimTemplate.spec.resources.requests.storage"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where one kind of resource says what; paths with dots below ``spec``."""

    group: str
    """API group, the version left out."""
    image: str
    """Image that the operator runs when the resource names none."""
    container: str
    replicas: str = "replicas"
    resources: str = "resources"
    storage: str = ""
    own_image: str = "image"
    pod: str = ""
    """A pod template, whose first container (or the one called `container`) has the resources."""


_POD = "podTemplate.spec"
_KINDS: dict[str, tuple[_Kind, ...]] = {
    "Cluster": (
        _Kind("postgresql.cnpg.io", "cloudnative-pg/postgresql", "postgres", "instances",
              storage="storage.size", own_image="imageName"),
    ),
    "postgresql": (
        _Kind("acid.zalan.do", "zalando/spilo-16", "postgres", "numberOfInstances",
              storage="volume.size", own_image="dockerImage"),
    ),
    "PostgresCluster": (
        _Kind("postgres-operator.crunchydata.com", "crunchydata/crunchy-postgres", "database",
              "instances.0.replicas", "instances.0.resources",
              "instances.0.dataVolumeClaimSpec.resources.requests.storage"),
    ),
    "Kafka": (
        _Kind("kafka.strimzi.io", "strimzi/kafka", "kafka", "kafka.replicas", "kafka.resources",
              "kafka.storage.size", "kafka.image"),
    ),
    "Redis": (
        _Kind("redis.redis.opstreelabs.in", "opstree/redis", "redis", "",
              "kubernetesConfig.resources", f"storage.{_CLAIM}", "kubernetesConfig.image"),
    ),
    "RedisReplication": (
        _Kind("redis.redis.opstreelabs.in", "opstree/redis", "redis", "clusterSize",
              "kubernetesConfig.resources", f"storage.{_CLAIM}", "kubernetesConfig.image"),
    ),
    "RedisCluster": (
        _Kind("redis.redis.opstreelabs.in", "opstree/redis", "redis", "clusterSize",
              "kubernetesConfig.resources", f"storage.{_CLAIM}", "kubernetesConfig.image"),
    ),
    "RedisFailover": (
        _Kind("databases.spotahome.com", "redis", "redis", "redis.replicas", "redis.resources",
              "", "redis.image"),
    ),
    "RabbitmqCluster": (
        _Kind("rabbitmq.com", "rabbitmq", "rabbitmq", storage="persistence.storage"),
    ),
    "Elasticsearch": (
        _Kind("elasticsearch.k8s.elastic.co", "elasticsearch/elasticsearch", "elasticsearch",
              "nodeSets.*.count", "", "nodeSets.0.volumeClaimTemplates.0.spec.resources.requests."
              "storage", pod=f"nodeSets.0.{_POD}"),
    ),
    "Kibana": (
        _Kind("kibana.k8s.elastic.co", "kibana/kibana", "kibana", "count", "", pod=_POD),
    ),
    "MongoDBCommunity": (
        _Kind("mongodbcommunity.mongodb.com", "mongo", "mongod", "members", "",
              pod="statefulSet.spec.template.spec"),
    ),
    "MariaDB": (
        _Kind("k8s.mariadb.com", "mariadb", "mariadb", storage="storage.size"),
    ),
    "Prometheus": (
        _Kind("monitoring.coreos.com", "prometheus/prometheus", "prometheus",
              storage=f"storage.{_CLAIM}"),
    ),
    "Alertmanager": (
        _Kind("monitoring.coreos.com", "prometheus/alertmanager", "alertmanager",
              storage=f"storage.{_CLAIM}"),
    ),
}  # fmt: skip
"""The paths are those of each operator's own API reference (its CustomResourceDefinition)."""

KINDS = frozenset(_KINDS)


@dataclass(frozen=True, slots=True)
class Operated:
    """What a custom resource says of the product that it stands for."""

    image: str
    """As the resource names it, else the one that the operator runs by itself."""
    container: str
    replicas: int | None
    resources: JsonObject
    volume_bytes: Bytes | None


def operated(data: JsonObject) -> Operated | None:
    """Read a custom resource; None when it belongs to no operator that is known here."""
    group = str(data.get("apiVersion", "")).partition("/")[0]
    known = next(
        (item for item in _KINDS.get(str(data.get("kind", "")), ()) if item.group == group), None
    )
    if known is None:
        return None
    spec = mapping(data, "spec")
    counts = [number for item in _at(spec, known.replicas) if (number := count(item)) is not None]
    return Operated(
        image=next(filter(None, map(text, _at(spec, known.own_image))), known.image),
        container=known.container,
        replicas=sum(counts) if counts else None,
        resources=_resources(spec, known),
        volume_bytes=_bytes(spec, known.storage),
    )


def _resources(spec: JsonObject, known: _Kind) -> JsonObject:
    if not known.pod:
        return mapping(next(_at(spec, known.resources), None))
    pod = mapping(next(_at(spec, known.pod), None))
    containers = items(pod.get("containers"))
    named = [item for item in containers if item.get("name") == known.container]
    return mapping(next(iter(named or containers), None), "resources")


def _bytes(spec: JsonObject, path: str) -> Bytes | None:
    written = text(next(_at(spec, path), None))
    try:
        return memory_bytes(written) if written else None
    except QuantityError:
        return None


def _at(value: Any, path: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Values at a path; a number is an index and ``*`` all items of a list."""
    if not path:
        return
    found = [value]
    for part in path.split("."):
        if part == "*":
            found = [item for here in found if isinstance(here, list) for item in here]
        elif part.isdecimal():
            found = [here[int(part)] for here in found
                     if isinstance(here, list) and len(here) > int(part)]  # fmt: skip
        else:
            found = [here[part] for here in found if isinstance(here, dict) and part in here]
    yield from found
