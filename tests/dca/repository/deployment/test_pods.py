"""Pods: the container that does the work, its variables and its ports."""

from __future__ import annotations

import pytest

from dca.repository.deployment import pods
from schemas.context import WorkloadKind


def pod(*names, **more):
    return {"containers": [{"name": name, "image": f"acme/{name}"} for name in names], **more}


@pytest.mark.parametrize(
    ("names", "workload", "main"),
    [
        (["api"], "shop", "api"),
        (["istio-proxy", "orders"], "shop", "orders"),
        (["redis-exporter", "redis"], "redis", "redis"),
        (["fluent-bit", "vault-agent", "web"], "x", "web"),
        (["cloud-sql-proxy", "worker"], "x", "worker"),
        (["one", "shop-api"], "shop-api", "shop-api"),
        (["one", "server"], "x", "server"),
        (["one", "two"], "x", "one"),
        (["istio-proxy"], "gateway", "istio-proxy"),
        (["proxy", "reproxy"], "reproxy", "reproxy"),
    ],
)
def test_the_main_container_is_no_helper_and_is_like_its_workload(names, workload, main):
    assert pods.main_container(pod(*names), workload)["name"] == main


def test_a_pod_without_containers_has_no_main_one():
    assert pods.main_container({}, "x") == {}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", {"template": {"spec": pod("a")}}),
        ("CronJob", {"jobTemplate": {"spec": {"template": {"spec": pod("a")}}}}),
    ],
)
def test_the_pod_stands_where_its_kind_has_it(kind, spec):
    assert pods.pod_spec({"kind": kind, "spec": spec}) == pod("a")


@pytest.mark.parametrize("document", [{}, {"spec": 5}, {"spec": {"template": []}}])
def test_a_document_without_a_pod_has_none(document):
    assert pods.pod_spec(document) == {}
    assert pods.pod_labels(document) == {}


def test_containers_are_listed_with_what_they_are():
    spec = pod(
        "api",
        initContainers=[{"name": "migrate"}, {"name": "mesh", "restartPolicy": "Always"}, "odd"],
    )
    spec["containers"][0]["resources"] = {"requests": {"cpu": 1, "memory": "1Gi"}}
    found = pods.container_facts(spec)
    assert [(item.name, item.init, item.sidecar, item.sized) for item in found] == [
        ("api", False, False, True),
        ("migrate", True, False, False),
        ("mesh", True, True, False),
    ]


def test_a_password_in_an_image_is_not_shown():
    (found,) = pods.container_facts({"containers": [{"image": "user:hunter2@registry.example/a"}]})
    assert "hunter2" not in found.image
    assert found.name == "main"


def test_variables_come_from_the_container_and_from_config_maps():
    container = {
        "envFrom": [{"configMapRef": {"name": "shop"}}, {"secretRef": {"name": "x"}}, 5],
        "env": [
            {"name": "A", "value": "own"},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "shop", "key": "b"}}},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "x", "key": "c"}}},
            {"name": "D", "value": 5},
            "odd",
        ],
    }
    configs = {"shop": {"A": "shared", "b": "from map", "E": "e" * 10_000}}
    found = pods.environment(container, configs)
    assert found["A"] == "own"
    assert (found["B"], found["D"], found["b"]) == ("from map", "5", "from map")
    assert "C" not in found
    assert len(found["E"]) == 4_000


def test_variables_may_be_written_as_a_mapping():
    assert pods.environment({"env": {"A": 1, "B": None}}, {}) == {"A": "1"}


def test_ports_are_those_that_can_be():
    listed = [{"containerPort": port} for port in (80, "443", 80, 0, 70000, -1, "x", None, True)]
    assert pods.ports({"ports": listed}) == (80, 443)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("StatefulSet", WorkloadKind.STATEFUL_SET),
        ("CronJob", WorkloadKind.CRON_JOB),
        ("Rollout", WorkloadKind.DEPLOYMENT),
        ("", WorkloadKind.DEPLOYMENT),
    ],
)
def test_a_custom_resource_is_sized_as_a_deployment(kind, expected):
    assert pods.workload_kind(kind) is expected
