from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from rva.checks.technical import forbidden_paths
from rva.documents import containers
from rva.merge import apply_strategic_merge
from rva.patch import strategic_merge_patch
from schemas.context import AutoscalerFacts, CurrentSizing, WorkloadKind
from schemas.plan import Autoscaling, ContainerPlan
from schemas.quantities import MIB

KINDS = [kind.value for kind in WorkloadKind]
SIZED = {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "64Mi"}}


def of_kind(build, kind, **fields):
    doc = build.document(
        kind,
        containers=[{"name": "api", "image": "example/api:1", "resources": SIZED}],
        pod={"initContainers": [{"name": "migrate", "image": "example/migrate:1"}]},
    )
    return build.component(kind=WorkloadKind(kind), workload=build.workload(doc), **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_each_built_in_kind_gets_its_numbers(build, kind):
    component = of_kind(build, kind)
    planned = build.plan(sizes=build.resources(cpu=250, memory=256, memory_limit=512))

    patched = apply_strategic_merge(
        component.workload.document, strategic_merge_patch(component, planned)
    )

    main = next(item for item in containers(patched) if item.name == "api")
    assert main.cpu_request_millicores == 250
    assert main.memory_request_bytes == 256 * MIB
    assert main.memory_limit_bytes == 512 * MIB
    assert main.cpu_limit_millicores is None, "the manifest's CPU limit is removed"


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is absent")
@pytest.mark.parametrize("kind", KINDS)
def test_kubectl_accepts_the_patch_and_agrees_with_the_result(build, kind, tmp_path):
    component = of_kind(build, kind)
    extra = ContainerPlan(name="migrate", init=True, resources=build.resources())
    planned = build.plan(
        recreate=True, runtime_env={"GOMEMLIMIT": "460MiB"}, extra_containers=(extra,)
    )
    patch = strategic_merge_patch(component, planned)
    document, file = tmp_path / "d.json", tmp_path / "p.json"
    document.write_text(json.dumps(component.workload.document))
    file.write_text(json.dumps(patch))
    command = ["kubectl", "patch", "--local", "--type=strategic", "-o", "json"]

    result = subprocess.run(
        [*command, "-f", str(document), "--patch-file", str(file)],
        check=True,
        capture_output=True,
        text=True,
    )

    ours = apply_strategic_merge(component.workload.document, patch)
    theirs = json.loads(result.stdout)
    theirs["metadata"].pop("creationTimestamp", None)
    assert theirs == ours


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_allowed_paths_is_touched(build, kind):
    component = of_kind(build, kind)
    planned = build.plan(recreate=True, runtime_env={"GOMEMLIMIT": "460MiB"})

    patch = strategic_merge_patch(component, planned)

    assert forbidden_paths(patch) == []
    assert patch["metadata"] == {"name": "api", "namespace": "shop"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Deployment", 2), ("StatefulSet", 2), ("DaemonSet", None), ("Job", None), ("CronJob", None)],
)
def test_only_kinds_that_have_replicas_get_them(build, kind, expected):
    patch = strategic_merge_patch(of_kind(build, kind), build.plan(replicas=2))

    assert patch["spec"].get("replicas") == expected


def test_an_autoscaler_of_the_plan_owns_the_replicas(build):
    scaling = Autoscaling(min_replicas=2, max_replicas=4, target_cpu_percent=70)

    patch = strategic_merge_patch(of_kind(build, "Deployment"), build.plan(autoscaling=scaling))

    assert "replicas" not in patch["spec"]


def test_an_autoscaler_of_the_repository_owns_the_replicas(build):
    current = CurrentSizing(autoscaler=AutoscalerFacts(min_replicas=2))

    patch = strategic_merge_patch(of_kind(build, "Deployment", current=current), build.plan())

    assert "replicas" not in patch["spec"]


def test_recreate_removes_the_rolling_update(build):
    doc = build.document(spec={"strategy": {"rollingUpdate": {"maxSurge": 1}}})
    component = build.component(workload=build.workload(doc))

    patch = strategic_merge_patch(component, build.plan(replicas=1, recreate=True))

    merged = apply_strategic_merge(doc, patch)
    assert merged["spec"]["strategy"] == {"type": "Recreate"}


def test_a_computed_variable_is_replaced_as_a_whole(build):
    entry = {"name": "GOMEMLIMIT", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    doc = build.document(containers=[{"name": "api", "image": "a:1", "env": [entry]}])
    component = build.component(workload=build.workload(doc))

    patch = strategic_merge_patch(component, build.plan(runtime_env={"GOMEMLIMIT": "9MiB"}))

    (view,) = containers(apply_strategic_merge(doc, patch))
    assert view.document["env"] == [{"name": "GOMEMLIMIT", "value": "9MiB"}]


def test_a_container_that_is_not_there_is_not_added(build):
    extra = ContainerPlan(name="ghost", resources=build.resources())
    component = of_kind(build, "Deployment")

    patch = strategic_merge_patch(component, build.plan(extra_containers=(extra,)))

    assert "ghost" not in json.dumps(patch)


def test_an_init_container_is_patched_among_the_init_containers(build):
    extra = ContainerPlan(name="migrate", resources=build.resources())

    patch = strategic_merge_patch(of_kind(build, "CronJob"), build.plan(extra_containers=(extra,)))

    pod = patch["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert [item["name"] for item in pod["initContainers"]] == ["migrate"]
    assert [item["name"] for item in pod["containers"]] == ["api"]


def test_a_custom_resource_gets_no_patch(build):
    reference = build.workload().model_copy(update={"kind": "Rollout"})

    assert strategic_merge_patch(build.component(workload=reference), build.plan()) is None


def test_a_component_without_a_workload_gets_no_patch(build):
    assert strategic_merge_patch(build.component(), build.plan()) is None


@pytest.mark.parametrize(
    "path",
    [
        {"metadata": {"labels": {"a": "b"}}},
        {"spec": {"template": {"spec": {"hostNetwork": True}}}},
        {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "evil"}]}}}},
        {"spec": {"template": {"spec": {"containers": [{"name": "a", "command": ["sh"]}]}}}},
        {"spec": {"template": {"spec": {"serviceAccountName": "admin"}}}},
    ],
    ids=["labels", "host_network", "image", "command", "service_account"],
)
def test_what_no_sizing_may_change_is_found(path):
    assert len(forbidden_paths({"kind": "Deployment", **path})) == 1
