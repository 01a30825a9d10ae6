"""Third-party products: which rule, and what it gives."""

from __future__ import annotations

import re

import pytest

from pipa.products import by_image, product_of
from schemas.context import Criticality, Role, Traffic, WorkloadKind
from schemas.quantities import GIB, MIB
from schemas.trigger import Environment

POSTGRES = {
    "name": "db",
    "third_party": "postgresql",
    "role": Role.SQL_DATABASE,
    "kind": WorkloadKind.STATEFUL_SET,
}


def _steps(plan, about: str) -> str:
    return " ".join(step.text for step in plan.reasoning if step.about == about)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"third_party": "postgresql", "role": Role.SQL_DATABASE}, "postgresql"),
        ({"third_party": "redis-master", "role": Role.CACHE}, "redis"),
        ({"third_party": "kafka-broker-pool", "role": Role.MESSAGE_BROKER}, "kafka"),
        ({"third_party": "argo-cd-redis", "role": Role.CACHE}, "redis"),
        ({"third_party": "someones-own-prometheus", "role": Role.OBSERVABILITY}, "prometheus"),
        ({"third_party": "redis-operator", "role": Role.CONTROLLER}, "fallback-controller"),
        ({"third_party": "brandnewdb", "role": Role.SQL_DATABASE}, "fallback-sql-database"),
        ({"third_party": "something", "role": Role.BACKEND_API}, "fallback-backend-api"),
        ({"third_party": "something", "role": Role.BACKEND_API, "language": "Go"}, None),
        (
            {"third_party": "something", "role": Role.BACKEND_API, "language": "C++"},
            "fallback-backend-api",
        ),
        ({"base_image": "docker.io/library/postgres:16", "role": Role.SQL_DATABASE}, "postgresql"),
        ({"base_image": "nginx:1.27", "role": Role.WEB_FRONTEND}, None),
        ({"language": "Go"}, None),
    ],
)
def test_the_rule_is_the_most_special_one_that_fits(component, constants, fields, key):
    assert product_of(component(**fields), constants) == key


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("envoyproxy/envoy:v1.31", "envoy"),
        ("gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.11", "cloud-sql-proxy"),
        ("bitnami/redis:7", "redis"),
        ("ghcr.io/acme/payments:1", None),
        (None, None),
        ("", None),
    ],
)
def test_an_image_tells_the_product(constants, image, key):
    assert by_image(image, constants) == key


def test_a_database_of_which_nothing_is_said_gets_its_usual_size(size, constants):
    plan = size(**POSTGRES)
    rule = constants.products["postgresql"]
    assert plan.replicas == 1
    assert plan.resources.requests.cpu == rule.cpu_request
    assert plan.resources.requests.memory == rule.memory_request * MIB
    assert plan.resources.limits.memory == rule.memory_limit * MIB
    assert plan.storage == rule.storage * GIB
    assert plan.runtime_env == {}


@pytest.mark.parametrize("key", ["postgresql", "mysql", "mariadb", "mssql", "neo4j"])
def test_a_single_writer_is_one_pod_however_critical(size, key, constants):
    role = constants.products[key].role
    demand = {"criticality": Criticality.CRITICAL, "zero_downtime": True, "peak_rps": 50_000}
    plan = size(
        name="db", third_party=key, role=role, kind=WorkloadKind.STATEFUL_SET, demand=demand
    )
    assert plan.replicas == 1
    assert plan.autoscaling is None
    assert plan.resources.limits == plan.resources.requests


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("kafka", Role.MESSAGE_BROKER),
        ("rabbitmq", Role.MESSAGE_BROKER),
        ("etcd", Role.PLATFORM),
        ("elasticsearch", Role.SEARCH_ENGINE),
        ("zookeeper", Role.PLATFORM),
    ],
)
def test_members_that_vote_are_one_or_an_odd_number(size, key, role):
    fields = {
        "name": "q",
        "third_party": key,
        "role": role,
        "kind": WorkloadKind.STATEFUL_SET,
    }
    assert size(Environment.DEV, **fields).replicas == 1
    production = size(demand={"criticality": Criticality.HIGH}, **fields)
    assert production.replicas == 3
    assert production.disruption_budget


def test_memory_grows_with_connections_and_data(size, constants):
    plain = size(demand={"sample": False}, **POSTGRES)
    data = size(demand={"sample": False, "data_bytes": 100 * GIB}, **POSTGRES)
    open_ = size(demand={"sample": False, "connections": 500}, **POSTGRES)
    each = constants.products["postgresql"].memory_per_connection[1]
    assert data.resources.requests.memory > 8 * GIB
    assert data.storage == 200 * GIB
    grown = open_.resources.requests.memory - plain.resources.requests.memory
    assert grown >= 500 * each * MIB
    assert f"500 connections x {each:g} MiB" in _steps(open_, "memory")


def test_a_cache_holds_its_data_and_room_for_the_fork(size):
    plan = size(name="cache", third_party="redis", role=Role.CACHE, demand={"data_bytes": 4 * GIB})
    assert plan.resources.limits.memory >= 4 * GIB / 0.75


def test_a_broker_keeps_half_a_minute_of_writes_in_memory(size):
    demand = {"ingest_bytes_per_second": 50 * MIB, "sample": False}
    plan = size(
        name="kafka",
        third_party="kafka",
        role=Role.MESSAGE_BROKER,
        kind=WorkloadKind.STATEFUL_SET,
        demand=demand,
    )
    assert "30 s of 50 MiB per second" in _steps(plan, "memory")
    assert plan.resources.requests.memory >= 1500 * MIB


def test_queries_cost_cpu(size, constants):
    plan = size(demand={"peak_rps": 2000}, **POSTGRES)
    rate = 2000 * constants["load.share.sql_database"].value
    cost = constants.products["postgresql"].cpu_per_operation[1]
    assert plan.resources.requests.cpu >= rate * cost / constants["cpu.utilisation"].value


@pytest.mark.parametrize(
    ("key", "role", "variable"),
    [
        ("kafka", Role.MESSAGE_BROKER, "KAFKA_HEAP_OPTS"),
        ("elasticsearch", Role.SEARCH_ENGINE, "ES_JAVA_OPTS"),
        ("opensearch", Role.SEARCH_ENGINE, "OPENSEARCH_JAVA_OPTS"),
        ("logstash", Role.OBSERVABILITY, "LS_JAVA_OPTS"),
    ],
)
def test_the_heap_of_a_jvm_product_is_at_most_half_of_its_limit(size, key, role, variable):
    plan = size(name="x", third_party=key, role=role, kind=WorkloadKind.STATEFUL_SET)
    amounts = [int(digits) for digits in re.findall(r"\d+", plan.runtime_env[variable])]
    assert max(amounts) * MIB <= plan.resources.limits.memory / 2


def test_a_heap_stays_small_enough_for_compressed_pointers(size):
    plan = size(
        name="x",
        third_party="elasticsearch",
        role=Role.SEARCH_ENGINE,
        kind=WorkloadKind.STATEFUL_SET,
        demand={"data_bytes": 4096 * GIB},
    )
    amounts = [int(digits) for digits in re.findall(r"\d+", plan.runtime_env["ES_JAVA_OPTS"])]
    assert plan.resources.limits.memory > 64 * GIB
    assert max(amounts) * MIB <= 31 * GIB


def test_a_stateless_proxy_has_two_pods_in_production_and_is_scaled_by_load(size):
    fields = {"name": "edge", "third_party": "envoy", "role": Role.GATEWAY_PROXY}
    assert size(**fields).replicas == 2
    assert size(Environment.DEV, **fields).replicas == 1
    busy = size(demand={"peak_rps": 20_000, "traffic": Traffic.SPIKY}, **fields)
    assert busy.replicas > 2
    assert busy.autoscaling is not None


def test_an_agent_on_every_node_is_not_counted(size):
    plan = size(
        name="agent",
        third_party="fluent-bit",
        role=Role.OBSERVABILITY,
        kind=WorkloadKind.DAEMON_SET,
        demand={"criticality": Criticality.CRITICAL},
    )
    assert plan.replicas == 1
    assert not plan.disruption_budget


def test_a_database_in_a_deployment_with_a_volume_is_recreated(size):
    plan = size(**{**POSTGRES, "kind": WorkloadKind.DEPLOYMENT, "has_volume": True})
    assert plan.recreate
    assert plan.replicas == 1


# --- storage


def test_a_stated_volume_is_kept(size):
    assert size(volume_bytes=7 * GIB, **POSTGRES).storage == 7 * GIB


def test_a_sample_stores_next_to_nothing(size, constants):
    plan = size(demand={"sample": True}, **POSTGRES)
    assert plan.storage == constants["storage.sample"].value * GIB


def test_what_need_not_persist_has_no_volume(size):
    assert size(demand={"persistence": False}, **POSTGRES).storage is None


def test_a_stateless_service_has_no_volume_unless_it_mounts_one(size, constants):
    assert size(language="Go").storage is None
    mounted = size(language="Go", has_volume=True)
    assert mounted.storage == constants["storage.default"].value * GIB


def test_several_pods_of_a_deployment_share_no_volume(size, constants):
    fields = {"name": "chat", "third_party": "mattermost", "role": Role.BACKEND_API}
    assert constants.products["mattermost"].storage
    several, single = size(**fields), size(Environment.DEV, **fields)
    assert several.replicas == 2
    assert several.storage is None
    assert not several.recreate
    assert single.storage is not None
    assert single.recreate


@pytest.mark.parametrize("demand", [{"zero_downtime": True}, {"criticality": Criticality.HIGH}])
def test_a_stateless_product_that_must_stay_up_has_three_pods(size, demand):
    fields = {"name": "edge", "third_party": "envoy", "role": Role.GATEWAY_PROXY}
    assert size(demand=demand, **fields).replicas == 3
    assert size(demand={"sample": True, **demand}, **fields).replicas == 1


def test_a_store_of_ones_own_that_must_stay_up_is_guaranteed(size):
    plan = size(
        language="Java",
        role=Role.NOSQL_DATABASE,
        kind=WorkloadKind.STATEFUL_SET,
        demand={"criticality": Criticality.CRITICAL},
    )
    assert plan.resources.requests == plan.resources.limits


def test_queries_keep_connections_busy_and_each_costs_memory(size, constants):
    idle, busy = size(**POSTGRES), size(demand={"peak_rps": 2000}, **POSTGRES)
    rate = 2000 * constants["load.share.sql_database"].value
    connections = rate * constants["load.query_time"].value / 1000
    assert f"{connections:g} busy connections" in _steps(busy, "memory")
    assert busy.resources.requests.memory > idle.resources.requests.memory


def test_stated_connections_count_instead_of_the_estimated_ones(size):
    plan = size(demand={"peak_rps": 2000, "connections": 50}, **POSTGRES)
    assert "50 connections" in _steps(plan, "memory")
    assert "busy connections" not in _steps(plan, "memory")


def test_a_store_that_keeps_copies_has_them_wherever_it_is_in_use(size):
    fields = {"name": "q", "third_party": "kafka", "role": Role.MESSAGE_BROKER}
    fields["kind"] = WorkloadKind.STATEFUL_SET
    assert size(**fields).replicas == 3
    assert size(Environment.DEV, **fields).replicas == 1
    assert size(demand={"sample": True}, **fields).replicas == 1
