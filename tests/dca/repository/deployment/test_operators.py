"""Resources of operators are the products that they make, sized as the resource says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.helm import UnavailableRenderer
from dca.repository.assemble import read_repository
from dca.repository.deployment.operators import KINDS, operated
from schemas.context import WorkloadKind
from schemas.quantities import GIB

SIZE = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
CLAIM = {"spec": {"resources": {"requests": {"storage": "10Gi"}}}}


def pod(name):
    containers = [{"name": "sidecar"}, {"name": name, "resources": SIZE}]
    return {"spec": {"containers": containers}}


CASES = {
    "cloudnative-pg": ("postgresql.cnpg.io/v1", "Cluster", "postgresql",
        {"instances": 3, "resources": SIZE, "storage": {"size": "10Gi"}}),
    "zalando": ("acid.zalan.do/v1", "postgresql", "postgresql",
        {"numberOfInstances": 3, "resources": SIZE, "volume": {"size": "10Gi"}}),
    "crunchy": ("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster", "postgresql",
        {"instances": [{"replicas": 3, "resources": SIZE, "dataVolumeClaimSpec": CLAIM["spec"]}]}),
    "strimzi": ("kafka.strimzi.io/v1beta2", "Kafka", "kafka",
        {"kafka": {"replicas": 3, "resources": SIZE, "storage": {"size": "10Gi"}}}),
    "redis": ("redis.redis.opstreelabs.in/v1beta2", "RedisReplication", "redis",
        {"clusterSize": 3, "kubernetesConfig": {"image": "quay.io/opstree/redis:v7.0.5",
         "resources": SIZE}, "storage": {"volumeClaimTemplate": CLAIM}}),
    "rabbitmq": ("rabbitmq.com/v1beta1", "RabbitmqCluster", "rabbitmq",
        {"replicas": 3, "resources": SIZE, "persistence": {"storage": "10Gi"}}),
    "eck": ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "elasticsearch",
        {"nodeSets": [{"count": 2, "podTemplate": pod("elasticsearch"),
                       "volumeClaimTemplates": [CLAIM]}, {"count": 1}]}),
    "mariadb": ("k8s.mariadb.com/v1alpha1", "MariaDB", "mariadb",
        {"replicas": 3, "resources": SIZE, "storage": {"size": "10Gi"}}),
    "prometheus": ("monitoring.coreos.com/v1", "Prometheus", "prometheus",
        {"replicas": 3, "resources": SIZE, "storage": {"volumeClaimTemplate": CLAIM}}),
}  # fmt: skip


def resource(api, kind, spec):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "store"}, "spec": spec}


@pytest.mark.parametrize(("api", "kind", "product", "spec"), CASES.values(), ids=CASES.keys())
def test_the_product_of_an_operator_is_a_third_party_component(checkout, api, kind, product, spec):
    files = checkout({"k8s/store.yaml": json.dumps(resource(api, kind, spec))})
    (component,) = read_repository(files, UnavailableRenderer()).components
    assert (component.name, component.third_party) == ("store", product)
    current = component.current
    assert (current.replicas, current.cpu_request) == (3, 500)
    assert (current.memory_request, current.memory_limit) == (GIB, 2 * GIB)
    assert (component.has_volume, component.volume_bytes) == (True, 10 * GIB)


@pytest.mark.parametrize(("api", "kind", "product", "spec"), CASES.values(), ids=CASES.keys())
def test_its_kind_is_foreign_so_that_nothing_patches_it(checkout, api, kind, product, spec):
    files = checkout({"k8s/store.yaml": json.dumps(resource(api, kind, spec))})
    (component,) = read_repository(files, UnavailableRenderer()).components
    assert component.workload.kind == kind
    assert component.workload.kind not in {item.value for item in WorkloadKind}


def test_members_of_a_mongodb_are_its_replicas():
    spec = {"members": 3, "statefulSet": {"spec": {"template": pod("mongod")}}}
    found = operated(resource("mongodbcommunity.mongodb.com/v1", "MongoDBCommunity", spec))
    assert (found.image, found.replicas, found.resources) == ("mongo", 3, SIZE)


def test_an_image_that_the_resource_names_counts():
    spec = {"imageName": "ghcr.io/cloudnative-pg/postgresql:16.2"}
    found = operated(resource("postgresql.cnpg.io/v1", "Cluster", spec))
    assert found.image == "ghcr.io/cloudnative-pg/postgresql:16.2"


@pytest.mark.parametrize(
    ("api", "kind"),
    [("cluster.x-k8s.io/v1beta1", "Cluster"), ("acme.example/v1", "Kafka"), ("v1", "Redis")],
)
def test_a_kind_of_the_same_name_of_another_group_is_none(api, kind):
    assert operated(resource(api, kind, {"replicas": 3, "instances": 3})) is None


def test_an_unusable_amount_is_unknown():
    spec = {"replicas": "many", "persistence": {"storage": "ten"}, "resources": [SIZE]}
    found = operated(resource("rabbitmq.com/v1beta1", "RabbitmqCluster", spec))
    assert (found.replicas, found.volume_bytes, found.resources) == (None, None, {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["instances", "kafka", "nodeSets", "replicas", "resources", "storage"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
APIS = st.sampled_from([case[0] for case in CASES.values()])


@given(APIS, st.sampled_from(sorted(KINDS)), JSON)
def test_any_resource_is_read_or_left_alone(api, kind, spec):
    found = operated({"apiVersion": api, "kind": kind, "spec": spec})
    assert found is None or (found.replicas is None or found.replicas >= 0)
