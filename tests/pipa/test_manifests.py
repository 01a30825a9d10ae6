"""Generated documents: valid against the API's schemas, and what the plan says."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipa.manifests import NOTE, generate_manifests, image_of
from schemas.context import (
    Component,
    ContainerFacts,
    FoundIn,
    Role,
    WorkloadKind,
    WorkloadRef,
)
from schemas.plan import (
    Amounts,
    Autoscaling,
    ComponentPlan,
    ContainerPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    Resources,
)
from schemas.quantities import GIB, MIB

VERSION = "1.33"
SCALED = (WorkloadKind.DEPLOYMENT, WorkloadKind.STATEFUL_SET)


def _component(**fields: Any) -> Component:
    return Component(**{"name": "api", "found_in": (FoundIn.DOCKERFILE,), **fields})


def _plan(**fields: Any) -> ComponentPlan:
    resources = Resources(
        requests=Amounts(cpu=250, memory=512 * MIB), limits=Amounts(cpu=2000, memory=GIB)
    )
    count = fields.get("replicas", 2)
    intervals = Intervals(
        replicas=CountInterval(low=count, target=count, high=count),
        cpu_request=CpuInterval(low=100, target=250, high=500),
        memory_request=MemoryInterval(low=MIB, target=512 * MIB, high=GIB),
        memory_limit=MemoryInterval(low=MIB, target=GIB, high=GIB),
    )
    given_ = {
        "component": "api",
        "replicas": 2,
        "resources": resources,
        "intervals": intervals,
        "confidence": 0.5,
        "reasoning": (),
        **fields,
    }
    return ComponentPlan(**given_)


def _by_kind(component: Component, plan: ComponentPlan) -> dict[str, Any]:
    return {item["kind"]: item for item in generate_manifests(component, plan)}


def _pod(workload: dict[str, Any]) -> dict[str, Any]:
    spec = workload["spec"]
    template = (
        spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    )
    return template["spec"]


def _assert_valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


AMOUNTS = st.builds(
    Amounts, cpu=st.none() | st.integers(0, 10**6), memory=st.none() | st.integers(0, 2**45)
)
RESOURCES = st.builds(Resources, requests=AMOUNTS, limits=AMOUNTS)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
PLANS = st.builds(
    lambda **fields: _plan(**fields),
    replicas=st.integers(0, 100),
    resources=RESOURCES,
    extra_containers=st.lists(
        st.builds(ContainerPlan, name=NAMES, init=st.booleans(), resources=RESOURCES),
        max_size=3,
        unique_by=lambda item: item.name,
    ).map(tuple),
    autoscaling=st.none()
    | st.builds(
        Autoscaling,
        min_replicas=st.integers(1, 5),
        max_replicas=st.integers(5, 50),
        target_cpu_percent=st.integers(1, 100),
    ),
    runtime_env=st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True), st.text()),
    storage=st.none() | st.integers(1, 2**45),
    recreate=st.booleans(),
    disruption_budget=st.booleans(),
)
COMPONENTS = st.builds(
    lambda **fields: _component(**fields),
    name=NAMES,
    kind=st.sampled_from(WorkloadKind),
    role=st.sampled_from(Role),
    ports=st.lists(st.integers(-5, 70_000), max_size=4).map(tuple),
    image=st.none() | st.text(max_size=60) | st.just("ghcr.io/acme/api:1.2@sha256:" + "0" * 64),
    third_party=st.sampled_from([None, "postgresql", "kafka", "unheard"]),
    language=st.sampled_from([None, "Java", "Go"]),
    schedule=st.sampled_from([None, "*/5 * * * *"]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(COMPONENTS, PLANS)
def test_any_plan_gives_documents_that_the_api_accepts(component, plan):
    documents = generate_manifests(component, plan)
    for document in documents:
        _assert_valid(document)
        assert "namespace" not in document["metadata"]
    assert sum(item["kind"] == component.kind.value for item in documents) == 1
    json.dumps(documents)


@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_selectors_match_the_labels_of_the_pods(kind):
    component = _component(kind=kind, ports=(8080,))
    documents = _by_kind(component, _plan(disruption_budget=True))
    workload = documents[kind.value]
    spec = workload["spec"].get("jobTemplate", workload)["spec"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = []
    if "selector" in spec:
        selectors.append(spec["selector"]["matchLabels"])
    if "Service" in documents:
        selectors.append(documents["Service"]["spec"]["selector"])
    if "PodDisruptionBudget" in documents:
        selectors.append(documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"])
    assert all(selector.items() <= labels.items() for selector in selectors)
    assert bool(selectors) == (kind not in (WorkloadKind.JOB, WorkloadKind.CRON_JOB))


def test_the_main_container_has_the_plans_resources_and_variables():
    plan = _plan(runtime_env={"GOMEMLIMIT": "460MiB", "GOMAXPROCS": "2"})
    (container,) = _pod(_by_kind(_component(), plan)["Deployment"])["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "250m", "memory": "512Mi"},
        "limits": {"cpu": "2", "memory": "1Gi"},
    }
    assert container["env"] == [
        {"name": "GOMAXPROCS", "value": "2"},
        {"name": "GOMEMLIMIT", "value": "460MiB"},
    ]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False}


def test_a_limit_that_is_not_set_is_left_out():
    resources = Resources(requests=Amounts(cpu=100, memory=MIB), limits=Amounts(memory=MIB))
    (container,) = _pod(_by_kind(_component(), _plan(resources=resources))["Deployment"])[
        "containers"
    ]
    assert container["resources"]["limits"] == {"memory": "1Mi"}


def test_an_autoscaled_workload_names_no_count():
    scaling = Autoscaling(min_replicas=2, max_replicas=6, target_cpu_percent=70)
    documents = _by_kind(_component(), _plan(autoscaling=scaling))
    assert "replicas" not in documents["Deployment"]["spec"]
    autoscaler = documents["HorizontalPodAutoscaler"]
    assert autoscaler["apiVersion"] == "autoscaling/v2"
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == "api"
    assert autoscaler["spec"]["minReplicas"] == 2
    assert autoscaler["spec"]["maxReplicas"] == 6
    (metric,) = autoscaler["spec"]["metrics"]
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}


def test_one_may_be_disrupted_at_a_time():
    documents = _by_kind(_component(), _plan(disruption_budget=True))
    assert documents["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert "PodDisruptionBudget" not in _by_kind(_component(), _plan())


@pytest.mark.parametrize(
    ("recreate", "strategy"),
    [(True, "Recreate"), (False, "RollingUpdate")],
    ids=["single-writer", "stateless"],
)
def test_the_strategy_follows_the_plan(recreate, strategy):
    documents = _by_kind(_component(), _plan(recreate=recreate))
    assert documents["Deployment"]["spec"]["strategy"]["type"] == strategy


def test_pods_are_spread_where_there_are_several():
    spread = _pod(_by_kind(_component(), _plan(replicas=2))["Deployment"])
    alone = _pod(_by_kind(_component(), _plan(replicas=1))["Deployment"])
    (constraint,) = spread["topologySpreadConstraints"]
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
    assert "topologySpreadConstraints" not in alone


def test_a_stateful_set_claims_its_volume_and_has_a_headless_service():
    component = _component(
        name="db",
        kind=WorkloadKind.STATEFUL_SET,
        role=Role.SQL_DATABASE,
        third_party="postgresql",
    )
    documents = _by_kind(component, _plan(storage=20 * GIB))
    (claim,) = documents["StatefulSet"]["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "20Gi"
    assert documents["Service"]["spec"]["clusterIP"] == "None"
    assert documents["StatefulSet"]["spec"]["serviceName"] == "db"
    (container,) = _pod(documents["StatefulSet"])["containers"]
    assert container["volumeMounts"][0]["mountPath"] == "/var/lib/postgresql/data"
    assert container["ports"][0]["containerPort"] == 5432
    assert "db-env" in documents["StatefulSet"]["metadata"]["annotations"][NOTE]


def test_a_deployment_with_storage_has_a_claim_of_its_own_that_comes_first():
    documents = generate_manifests(_component(), _plan(storage=GIB, recreate=True, replicas=1))
    assert [item["kind"] for item in documents] == ["PersistentVolumeClaim", "Deployment"]
    (volume,) = _pod(documents[1])["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == documents[0]["metadata"]["name"]


def test_ports_become_a_service_and_a_readiness_probe():
    documents = _by_kind(_component(ports=(8080, 9090, 8080, 0, 70_000)), _plan())
    assert [port["port"] for port in documents["Service"]["spec"]["ports"]] == [8080, 9090]
    (container,) = _pod(documents["Deployment"])["containers"]
    assert container["readinessProbe"]["tcpSocket"] == {"port": 8080}
    assert "startupProbe" not in container


def test_without_a_known_port_there_is_neither_service_nor_probe():
    documents = _by_kind(_component(), _plan())
    assert set(documents) == {"Deployment"}
    (container,) = _pod(documents["Deployment"])["containers"]
    assert "readinessProbe" not in container


def test_a_slow_starter_gets_time():
    (container,) = _pod(
        _by_kind(_component(ports=(8080,), language="Kotlin"), _plan())["Deployment"]
    )["containers"]
    assert container["startupProbe"]["failureThreshold"] > 1


@pytest.mark.parametrize(
    ("image", "kept"),
    [
        ("ghcr.io/acme/api:1.2", True),
        ("registry.local:5000/team/api@sha256:" + "a" * 64, True),
        ("nginx", True),
        ("{{ .Values.image }}", False),
        ("$IMAGE:latest", False),
        ("UPPER/case:1", False),
        ("a b", False),
        ("", False),
        (None, False),
        ("a/" * 5000, False),
    ],
)
def test_an_image_that_cannot_be_one_is_replaced_and_noted(image, kept):
    component = _component(image=image)
    documents = _by_kind(component, _plan())
    notes = documents["Deployment"]["metadata"].get("annotations", {}).get(NOTE, "")
    assert (image_of(component) == image) is kept
    assert ("image" in notes) is not kept
    if not kept:
        assert image_of(component) == "ghcr.io/change-me/api:CHANGE-ME"


def test_runs_have_a_restart_policy_and_a_schedule():
    nightly = _by_kind(_component(kind=WorkloadKind.CRON_JOB), _plan(replicas=1))["CronJob"]
    stated = _by_kind(_component(kind=WorkloadKind.CRON_JOB, schedule="*/5 * * * *"), _plan())
    assert _pod(nightly)["restartPolicy"] == "Never"
    assert "schedule" in nightly["metadata"]["annotations"][NOTE]
    assert stated["CronJob"]["spec"]["schedule"] == "*/5 * * * *"
    assert "schedule" not in stated["CronJob"]["metadata"]["annotations"][NOTE]


def test_the_service_of_a_component_that_begins_with_a_digit_has_a_valid_name():
    documents = _by_kind(_component(name="2048-game", ports=(80,)), _plan())
    assert documents["Service"]["metadata"]["name"] == "svc-2048-game"


def test_other_containers_stand_where_they_belong():
    resources = Resources(requests=Amounts(cpu=50, memory=64 * MIB))
    extra = (
        ContainerPlan(name="mesh", resources=resources),
        ContainerPlan(name="migrate", init=True, resources=resources),
    )
    workload = WorkloadRef(
        api_version="apps/v1",
        kind="Deployment",
        name="api",
        container="api",
        containers=(ContainerFacts(name="mesh", image="envoyproxy/envoy:v1.31"),),
        path="a.yaml",
        document={},
    )
    documents = _by_kind(_component(workload=workload), _plan(extra_containers=extra))
    pod = _pod(documents["Deployment"])
    assert [item["name"] for item in pod["containers"]] == ["api", "mesh"]
    assert pod["containers"][1]["image"] == "envoyproxy/envoy:v1.31"
    assert [item["name"] for item in pod["initContainers"]] == ["migrate"]


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_kubectl_reads_the_documents_back_unchanged(kind, tmp_path):
    component = _component(kind=kind, ports=(8080,), language="Java")
    plan = _plan(
        storage=GIB,
        disruption_budget=True,
        runtime_env={"A": "b"},
        autoscaling=Autoscaling(min_replicas=2, max_replicas=4, target_cpu_percent=70)
        if kind in SCALED
        else None,
    )
    for document in generate_manifests(component, plan):
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document))
        patch = json.dumps({"metadata": {"labels": {"seen": "yes"}}})
        command = ["kubectl", "patch", "--local", "-f", str(path), "--type=merge", "-o", "json"]
        done = subprocess.run(
            [*command, "-p", patch], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        read = json.loads(done.stdout)
        assert read["metadata"]["labels"].pop("seen") == "yes"
        assert _contains(read["spec"], document["spec"])


def _contains(read: Any, written: Any) -> bool:
    """Everything that was written is in what kubectl read."""
    if isinstance(written, dict):
        return all(key in read and _contains(read[key], value) for key, value in written.items())
    if isinstance(written, list):
        return len(read) == len(written) and all(map(_contains, read, written))
    return bool(read == written)
