# ruff: noqa: E501 - a case is one line
"""The payload form: one JSON object, checked field by field."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dca.trigger import parse_trigger
from schemas.errors import TriggerError
from schemas.trigger import Environment, LimitRangeFacts, NodeFacts, QuotaFacts

BASE = {"app_metadata": {"git_repo": "https://a.example/b", "app_description": "Go API"}}
GIB = 1 << 30
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1", "labels": {"zone": "a"}},
    "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
    "status": {
        "allocatable": {
            "cpu": "3920m",
            "memory": "13Gi",
            "ephemeral-storage": "90Gi",
            "pods": "110",
            "nvidia.com/gpu": "1",
        },
        "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
    },
}  # fmt: skip
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "team"},
    "spec": {"hard": {"requests.cpu": "10"}},
    "status": {
        "hard": {"requests.cpu": "10", "cpu": "12", "limits.memory": "20Gi", "pods": "50"},
        "used": {"requests.cpu": "3500m", "cpu": "3500m", "limits.memory": "25Gi", "pods": "20"},
    },
}
LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "defaults"},
    "spec": {
        "limits": [
            {"type": "Pod", "max": {"cpu": "8"}},
            {
                "type": "Container",
                "min": {"cpu": "50m"},
                "max": {"memory": "4Gi"},
                "maxLimitRequestRatio": {"cpu": "2.5"},
            },
        ]
    },
}


def payload(**more):
    return json.dumps(BASE | more)


def cluster(**context):
    return parse_trigger(payload(deployment_context=context)).cluster


def test_the_smallest_payload_is_a_trigger():
    trigger = parse_trigger("\ufeff\n " + payload())
    assert (trigger.git_repo, trigger.app_description) == ("https://a.example/b", "Go API")
    assert trigger.environment is Environment.PROD
    assert trigger.cluster is None
    assert trigger.app_metadata == {}


def test_the_two_fields_may_stand_at_the_top():
    text = json.dumps({"git_repo": "https://a.example/b", "app_description": "x"})
    assert parse_trigger(text).git_repo == "https://a.example/b"


def test_metadata_and_metrics_are_kept_as_they_are():
    metadata = BASE["app_metadata"] | {"team": "shop", "tier": 1}
    metrics = {"cpu": [0.1, 0.2], "step_seconds": 60}
    trigger = parse_trigger(json.dumps({"app_metadata": metadata, "historical_metrics": metrics}))
    assert trigger.app_metadata == {"team": "shop", "tier": 1}
    assert trigger.historical_metrics == metrics


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dev", "dev"), ("Development", "dev"), ("stage", "staging"), ("production", "prod")],
)
def test_the_environment_is_read(name, expected):
    assert parse_trigger(payload(deployment_context={"environment": name})).environment == expected


def test_facts_are_read_and_other_keys_passed_over():
    facts = cluster(
        kubernetesVersion="v1.31.2",
        namespace="shop",
        cloud="aws",
        nodes=[{"name": "n", "count": 3, "allocatable_cpu": 4, "allocatable_memory": "16Gi"}],
        quota={"remaining_requests_cpu": "2", "remaining_pods": 7},
        **{"limit-ranges": [{"max_cpu": "2"}]},
        storage_classes=["fast"],
        daemonset_requests_cpu="200m",
    )
    assert facts.kubernetes_version == "v1.31.2"
    node = NodeFacts(name="n", count=3, allocatable_cpu=4000, allocatable_memory=16 * GIB)
    assert facts.nodes == (node,)
    assert facts.quotas == (QuotaFacts(remaining_requests_cpu=2000, remaining_pods=7),)
    assert facts.limit_ranges == (LimitRangeFacts(max_cpu=2000),)
    assert facts.storage_classes == ("fast",)
    assert facts.daemonset_requests_cpu == 200


@pytest.mark.parametrize(
    "nodes",
    [NODE, [NODE], {"kind": "List", "items": [NODE]}, {"apiVersion": "v1", "kind": "NodeList", "items": [NODE]}],
    ids=["one", "list", "List", "NodeList"],
)  # fmt: skip
def test_real_nodes_are_read(nodes):
    (node,) = cluster(nodes=nodes).nodes
    assert node == NodeFacts(
        name="n1",
        allocatable_cpu=3920,
        allocatable_memory=13 * GIB,
        allocatable_ephemeral_storage=90 * GIB,
        labels={"zone": "a"},
        taints=("gpu=yes:NoSchedule",),
        extended_resources={"nvidia.com/gpu": 1},
    )


@pytest.mark.parametrize("change", ["cordoned", "not ready"])
def test_a_node_that_takes_no_pods_is_not_ready(change):
    node = json.loads(json.dumps(NODE))
    if change == "cordoned":
        node["spec"]["unschedulable"] = True
    else:
        node["status"]["conditions"][1]["status"] = "Unknown"
    assert not cluster(nodes=node).nodes[0].ready


def test_a_real_quota_is_read_as_what_is_left():
    (quota,) = cluster(resource_quotas=[QUOTA]).quotas
    assert quota == QuotaFacts(
        name="team", remaining_requests_cpu=6500, remaining_limits_memory=0, remaining_pods=30
    )


def test_a_quota_for_other_pods_is_left_out():
    scoped = QUOTA | {"spec": {"scopes": ["BestEffort"]}}
    selector = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}
    assert cluster(quotas=[scoped, QUOTA | {"spec": {"scopeSelector": selector}}]).quotas == ()


def test_a_real_limit_range_is_read_for_containers():
    (limits,) = cluster(limit_ranges=LIMITS).limit_ranges
    assert limits == LimitRangeFacts(
        name="defaults", min_cpu=50, max_memory=4 * GIB, max_cpu_limit_request_ratio=2.5
    )


DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}}
YAML = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"


@pytest.mark.parametrize(
    "manifest",
    [DEPLOYMENT, [DEPLOYMENT], YAML, "---\n" + YAML + "---\n", {"kind": "List", "apiVersion": "v1", "items": [DEPLOYMENT]}],
    ids=["object", "list", "YAML", "YAML documents", "List"],
)  # fmt: skip
def test_a_manifest_is_read_in_every_form(manifest):
    assert parse_trigger(payload(service_manifest=manifest)).service_manifest == (DEPLOYMENT,)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{", "json", "line 1"),
        ('{"a": 1,}', "json", "JSON"),
        ("{} x", "json", "JSON"),
        ('{"x": NaN}', "json", "NaN"),
        ('{"x": ' + "9" * 5000 + "}", "json", "number"),
        ('{"x": "\\ud800"}', "character", "surrogate"),
        ('{"git_repo": "a", "git_repo": "b"}', "duplicate", "git_repo"),
        ('{"x":' * 70 + "1" + "}" * 70, "depth", "64"),
        ('{"x": "' + "y" * (5 << 20) + '"}', "too_long", "larger"),
        ("{}", "missing_field", "app_metadata.git_repo"),
        (payload(extra=1, more=2), "unknown_field", "'extra', 'more'"),
        (payload(git_repo="https://other.example/b"), "duplicate", "differ"),
        (payload(app_metadata=[]), "payload_field", "app_metadata"),
        (payload(app_metadata={"git_repo": 1, "app_description": "x"}), "payload_field", "not text"),
        (payload(app_metadata={"git_repo": "a", "app_description": " "}), "empty_field", "empty"),
        (payload(app_metadata={"git_repo": "a\u001bb", "app_description": "x"}), "character", "001B"),
        (payload(historical_metrics=[1]), "payload_field", "historical_metrics"),
        (payload(deployment_context="prod"), "payload_field", "deployment_context"),
        (payload(deployment_context={"environment": "moon"}), "environment", "moon"),
        (payload(deployment_context={"kubernetes_version": "2.0"}), "payload_field", "kubernetes_version"),
        (payload(deployment_context={"nodes": 3}), "payload_field", "nodes"),
        (payload(deployment_context={"nodes": [3]}), "payload_field", r"nodes\[0\]"),
        (payload(deployment_context={"nodes": [{"name": "n"}]}), "payload_field", r"nodes\[0\].allocatable_cpu"),
        (payload(deployment_context={"nodes": [NODE | {"status": {}}]}), "payload_field", r"nodes\[0\]"),
        (payload(deployment_context={"nodes": [], "node": []}), "payload_field", "twice"),
        (payload(deployment_context={"quotas": [{"remaining_request_cpu": 1}]}), "payload_field", "quotas"),
        (payload(deployment_context={"quotas": [QUOTA | {"status": {"hard": {"cpu": "x"}}}]}), "payload_field", "quantity"),
        (payload(service_manifest=3), "payload_field", "service_manifest"),
        (payload(service_manifest={"kind": "Deployment"}), "payload_field", "apiVersion"),
        (payload(service_manifest="a: [b"), "payload_field", "not readable YAML"),
        (payload(service_manifest="!!python/object/apply:os.system [id]"), "payload_field", "not readable"),
        (payload(service_manifest=BOMB), "payload_field", "aliases"),
        (payload(service_manifest="a: &a [*a]"), "payload_field", "aliases"),
        (payload(service_manifest="[" * 3000), "payload_field", "service_manifest"),
        (payload(service_manifest=YAML + "at: 2024-01-01\n"), "payload_field", "date"),
        (payload(service_manifest=YAML + "1: 2\n"), "payload_field", "JSON"),
        (payload(service_manifest=YAML + "x: .inf\n"), "payload_field", "JSON"),
        (payload(service_manifest=[DEPLOYMENT] * 501), "payload_field", "500"),
    ],
)  # fmt: skip
def test_a_wrong_payload_names_what_is_wrong(text, code, message):
    with pytest.raises(TriggerError, match=message) as caught:
        parse_trigger(text)
    assert caught.value.code == f"trigger.{code}"
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from(["environment", "nodes", "quotas", "limit_ranges", "kubernetes_version"])


@settings(max_examples=200, deadline=None)
@given(context=st.dictionaries(NAMES, JSON, max_size=3) | JSON, manifest=JSON, metrics=JSON)
def test_any_payload_is_a_trigger_or_a_trigger_error(context, manifest, metrics):
    text = payload(
        deployment_context=context, service_manifest=manifest, historical_metrics=metrics
    )
    with suppress(TriggerError):
        trigger = parse_trigger(text)
        assert type(trigger).model_validate_json(trigger.model_dump_json()) == trigger
