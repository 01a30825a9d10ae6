"""Patches and kustomize components, proven with the real kubectl."""

import pytest
import yaml

from ci.handoff.patch import patches_text, workload_patches
from ci.handoff.write import write_all
from schemas.context import AutoscalerFacts, CurrentSizing
from schemas.plan import Autoscaling

pytestmark = pytest.mark.tool


def containers_of(document, key="containers"):
    spec = document["spec"].get("jobTemplate", document)["spec"]
    return {item["name"]: item for item in spec["template"]["spec"].get(key, [])}


def expected(item):
    return item.resources.model_dump(mode="json", exclude_none=True)


def original(build, item):
    """The target as it stood in the repository, with every container the patch names."""
    target = item.target
    changes = {"namespace": target.namespace} if target.namespace else {}
    workload = build.workload(target.name, target.kind, **changes)
    pod = workload["spec"].get("jobTemplate", workload)["spec"]["template"]["spec"]
    for extra in item.extra_containers:
        key = "initContainers" if extra.init else "containers"
        pod.setdefault(key, []).append({"name": extra.name, "image": "sidecar:1"})
    return workload


def check_numbers(item, document):
    main = containers_of(document)[item.target.container]
    assert main["resources"] == expected(item)
    assert main["image"] == f"registry.example/{item.name}:1"
    for extra in item.extra_containers:
        found = containers_of(document, "initContainers" if extra.init else "containers")
        assert found[extra.name]["resources"] == expected(extra)
        assert found[extra.name]["image"] == "sidecar:1"
    count = len(containers_of(document)) + len(containers_of(document, "initContainers"))
    assert count == 1 + len(item.extra_containers)
    if item.target.kind != "CronJob" and item.autoscaling is None:
        assert document["spec"]["replicas"] == item.replicas


@pytest.mark.parametrize("name", ["api", "web", "postgres", "report", "proxied"])
def test_kubectl_accepts_every_patch_and_it_gives_the_numbers(shop, build, tool, tmp_path, name):
    item = next(item for item in shop.components if item.name == name)
    write_all(shop, tmp_path / "out")
    target = tmp_path / "target.yaml"
    target.write_text(yaml.safe_dump(original(build, item)))
    patch = tmp_path / "out" / "patches" / f"{name}.yaml"
    command = ("kubectl", "patch", "--local", "-f", target, "--type=strategic")
    patched = tool(*command, "--patch-file", patch, "-o", "yaml").stdout
    check_numbers(item, yaml.safe_load(patched))
    target.write_text(patched)
    assert tool(*command, "--patch-file", patch, "-o", "yaml").stdout == patched


def overlay(tmp_path, documents, components):
    """A kustomization of `documents` that uses the written components."""
    directory = tmp_path / "overlay"
    directory.mkdir()
    (directory / "base.yaml").write_text(yaml.safe_dump_all(documents))
    entry = {"resources": ["base.yaml"], "components": components}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(entry))
    return directory


def built(tool, directory):
    documents = yaml.safe_load_all(tool("kubectl", "kustomize", directory).stdout)
    return {(doc["kind"], doc["metadata"]["name"]): doc for doc in documents}


def test_an_overlay_with_the_component_gives_all_numbers(shop, build, tool, tmp_path):
    write_all(shop, tmp_path / "out")
    existing = [item for item in shop.components if item.target]
    directory = overlay(tmp_path, [original(build, i) for i in existing], ["../out/kustomize"])
    found = built(tool, directory)
    for item in existing:
        check_numbers(item, found[item.target.kind, item.target.name])
    worker = next(item for item in shop.components if item.target is None)
    resources = containers_of(found["Deployment", "worker"])["worker"]["resources"]
    assert resources == expected(worker)
    assert found["HorizontalPodAutoscaler", "web"]["spec"]["maxReplicas"] == 9
    assert len(found) == 7


def test_an_overlay_can_take_one_component_alone(shop, build, tool, tmp_path):
    write_all(shop, tmp_path / "out")
    api = shop.components[0]
    directory = overlay(tmp_path, [original(build, api)], ["../out/kustomize/api"])
    check_numbers(api, built(tool, directory)["Deployment", "api"])


def test_the_component_follows_a_base_with_namespace_and_prefix(shop, build, tool, tmp_path):
    write_all(shop, tmp_path / "out")
    api = shop.components[0]
    directory = overlay(tmp_path, [original(build, api)], ["../out/kustomize/api"])
    entry = yaml.safe_load((directory / "kustomization.yaml").read_text())
    entry |= {"namespace": "prod", "namePrefix": "blue-"}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(entry))
    check_numbers(api, built(tool, directory)["Deployment", "blue-api"])


V1_SPEC = {"minReplicas": 1, "maxReplicas": 2, "targetCPUUtilizationPercentage": 80}
V2_METRIC = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        pytest.param("autoscaling/v1", V1_SPEC, id="v1"),
        pytest.param(
            "autoscaling/v2", {"minReplicas": 1, "maxReplicas": 2, "metrics": [V2_METRIC]}, id="v2"
        ),
    ],
)
def test_an_autoscaler_that_is_there_is_changed_not_doubled(build, tool, tmp_path, version, spec):
    scaling = Autoscaling(min_replicas=3, max_replicas=9, target_cpu_percent=65)
    current = CurrentSizing(autoscaler=AutoscalerFacts(name="web.v1"))
    item = build.patched("web", autoscaling=scaling, current=current)
    hpa = build.hpa("web", scaling)
    hpa["metadata"]["name"] = "web.v1"
    write_all(build.recommendation(item.model_copy(update={"manifests": (hpa,)})), tmp_path / "out")
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    there = {
        "apiVersion": version,
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web.v1", "labels": {"team": "shop"}},
        "spec": {"scaleTargetRef": reference, **spec},
    }
    directory = overlay(tmp_path, [original(build, item), there], ["../out/kustomize"])
    after = built(tool, directory)["HorizontalPodAutoscaler", "web.v1"]
    assert after["apiVersion"] == "autoscaling/v2"
    assert after["spec"] == hpa["spec"]
    assert after["metadata"]["labels"] == {"team": "shop"}


def test_a_budget_that_is_there_is_replaced_whole(build, tool, tmp_path):
    """``minAvailable`` and ``maxUnavailable`` exclude each other: merging would keep both."""
    selector = {"matchLabels": {"app": "api"}}
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "api"},
        "spec": {"minAvailable": 1, "selector": selector},
    }
    changed = {**budget, "spec": {"maxUnavailable": 1, "selector": selector}}
    item = build.patched("api", replaces=("PodDisruptionBudget/api",))
    item = item.model_copy(update={"manifests": (changed,)})
    write_all(build.recommendation(item), tmp_path / "out")
    directory = overlay(tmp_path, [original(build, item), budget], ["../out/kustomize"])
    assert built(tool, directory)["PodDisruptionBudget", "api"] == changed


def test_workloads_of_a_chart_stay_out_of_the_common_component(build, tool, tmp_path):
    charted = build.patched("web", build.target("web", chart="charts/web", path="templates/a.yaml"))
    api = build.patched("api")
    write_all(build.recommendation(api, charted), tmp_path / "out")
    directory = overlay(tmp_path, [original(build, api)], ["../out/kustomize"])
    check_numbers(api, built(tool, directory)["Deployment", "api"])
    assert (tmp_path / "out" / "kustomize" / "web" / "patch.yaml").exists()


@pytest.mark.parametrize("shared", ["manifest", "target"])
def test_variants_of_one_app_do_not_meet_in_the_common_component(build, tool, tmp_path, shared):
    first = build.patched("api")
    if shared == "target":
        second = build.patched("api-2", build.target("api", path="other/api.yaml"), replicas=7)
        second = second.model_copy(update={"name": "api-2"})
    else:
        manifest = build.sized_manifest(build.component("worker"))
        first = first.model_copy(update={"manifests": (manifest,)})
        second = build.component("worker").model_copy(update={"manifests": (manifest,)})
    write_all(build.recommendation(first, second), tmp_path / "out")
    directory = overlay(tmp_path, [original(build, first)], ["../out/kustomize"])
    check_numbers(first, built(tool, directory)["Deployment", "api"])
    text = (tmp_path / "out" / "kustomize" / "kustomization.yaml").read_text()
    assert f"Left out: {second.name}, its objects are those of another one." in text
    assert (tmp_path / "out" / "kustomize" / second.name / "kustomization.yaml").exists()


def test_hostile_text_arrives_unchanged_and_odd_names_build(hostile, build, tool, tmp_path):
    write_all(hostile, tmp_path / "out")
    item = hostile.components[0]
    directory = overlay(tmp_path, [build.workload("api")], ["../out/kustomize"])
    found = built(tool, directory)["Deployment", "api"]
    annotations = found["metadata"]["annotations"]
    assert annotations == item.patch["metadata"]["annotations"]
    (main,) = (c for c in containers_of(found).values() if c["name"] == "api")
    assert main["env"] == [{"name": "OPTIONS", "value": item.runtime_env["OPTIONS"]}]


def test_the_target_names_the_object_whatever_the_patch_says(build):
    item = build.patched("api", build.target("api", namespace="shop"))
    wrong = {**item.patch, "kind": "Secret", "metadata": {"name": "x", "namespace": "kube-system"}}
    rec = build.recommendation(item.model_copy(update={"patch": wrong}))
    (patch,) = workload_patches(rec)
    assert patch.document["kind"] == "Deployment"
    assert patch.document["metadata"] == {"name": "api", "namespace": "shop"}


def test_a_component_without_patch_has_no_patch_file(build, tmp_path):
    item = build.component("api", target=build.target("api"))
    write_all(build.recommendation(item), tmp_path / "out")
    assert not (tmp_path / "out" / "patches").exists()
    assert not (tmp_path / "out" / "kustomize").exists()
    assert patches_text(build.recommendation(item)) == ""
