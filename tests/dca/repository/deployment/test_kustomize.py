"""Kustomizations are read: where a workload belongs, and what production changes of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.deployment import kustomize, manifests
from dca.repository.deployment.documents import parse_documents
from schemas.quantities import GIB, MIB

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: proxy
        image: envoy:1
      - name: api
        image: acme/api:1
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
"""
BASE = {"resources": ["api.yaml"]}


def apply(overlay, files=None, base=BASE, directory="overlays/production"):
    """The workload of `base/api.yaml` with an overlay laid over it."""
    texts = {"base/api.yaml": DEPLOYMENT} | (files or {})
    cluster = manifests.Cluster()
    for path, text in texts.items():
        for document in parse_documents(path, text)[0]:
            cluster.add(document)
    found = [kustomize.kustomization("base/kustomization.yaml", base, texts.get)]
    if overlay is not None:
        path = f"{directory}/kustomization.yaml"
        data = {"resources": ["../../base"]} | overlay
        found.append(kustomize.kustomization(path, data, texts.get))
    (run,) = kustomize.apply(manifests.runs(cluster), found, cluster.patches)
    return run


def operation(path, value, op="replace"):
    return {"op": op, "path": path, "value": value}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/kustomization.yaml", True),
        ("kustomization.yml", True),
        ("Kustomization", True),
        ("kustomization.json", False),
        ("my-kustomization.yaml", False),
    ],
)
def test_names_of_kustomizations(name, expected):
    assert kustomize.is_kustomization(name) is expected


def test_a_workload_is_named_by_the_kustomization_that_lists_its_file():
    assert apply(None).workload.kustomization == "base"
    assert apply({}).workload.kustomization == "base"


def test_a_workload_that_no_kustomization_lists_has_none():
    run = apply(None, base={"resources": ["other.yaml"]})
    assert run.workload.kustomization is None
    assert run.current.replicas == 1


def test_replicas_of_the_production_overlay_count():
    run = apply({"replicas": [{"name": "api", "count": 5}, {"name": "other", "count": 9}]})
    assert run.current.replicas == 5
    assert run.current.memory_request == 64 * MIB


def test_replicas_of_a_staging_overlay_do_not_count():
    run = apply({"replicas": [{"name": "api", "count": 5}]}, directory="overlays/staging")
    assert run.current.replicas == 1


def test_what_the_base_itself_patches_counts_without_any_overlay():
    patch = {
        "target": {"kind": "Deployment"},
        "patch": json.dumps([operation("/spec/replicas", 4)]),
    }
    assert apply(None, base=BASE | {"patches": [patch]}).current.replicas == 4


@pytest.mark.parametrize("key", ["patches", "patchesJson6902"])
def test_a_json_patch_sets_replicas_and_amounts(key):
    operations = [
        operation("/spec/replicas", 6),
        operation("/spec/template/spec/containers/1/resources/limits/memory", "2Gi"),
        operation("/spec/template/spec/containers/1/resources/requests", {"cpu": "1"}, "add"),
        operation("/spec/template/spec/containers/0/resources/limits/memory", "9Gi"),
        operation("/metadata/labels/a~1b", "x", "add"),
    ]
    target = {"kind": "Deployment", "name": "api"}
    run = apply({key: [{"target": target, "patch": json.dumps(operations)}]})
    current = run.current
    assert (current.replicas, current.cpu_request, current.memory_limit) == (6, 1000, 2 * GIB)
    assert current.memory_request == 64 * MIB


def test_a_json_patch_in_a_file_is_read():
    text = "- op: replace\n  path: /spec/replicas\n  value: 8\n"
    overlay = {"patches": [{"target": {"name": "api"}, "path": "replicas.yaml"}]}
    assert apply(overlay, {"overlays/production/replicas.yaml": text}).current.replicas == 8


def test_an_inline_merge_patch_is_read():
    patch = "kind: Deployment\nmetadata: {name: api}\nspec: {replicas: 7}\n"
    assert apply({"patches": [{"patch": patch}]}).current.replicas == 7
    assert apply({"patchesStrategicMerge": [patch]}).current.replicas == 7


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "StatefulSet", "name": "api"},
        {"kind": "Deployment", "name": "web"},
        {"labelSelector": "app=api"},
        {},
    ],
    ids=["kind", "name", "labels", "nothing"],
)
def test_a_patch_for_another_target_is_left_out(target):
    patch = {"target": target, "patch": json.dumps([operation("/spec/replicas", 7)])}
    assert apply({"patches": [patch]}).current.replicas == 1


@pytest.mark.parametrize(
    "operations",
    [
        [operation("/spec/replicas", 7, "remove")],
        [operation("/spec/replicas", "many")],
        [operation("/spec/template/spec/containers/9/resources/limits/memory", "2Gi")],
        [operation("/spec/template/spec/containers/x/resources", {})],
        [operation("/spec/template/spec/containers/1/resources/limits/memory/x/y", "2Gi")],
        [operation("/spec/template/spec/containers/1/resources", [1])],
        [operation("", {})],
        [{"op": "replace"}],
        ["text", 5, None],
    ],
)
def test_operations_that_set_nothing_usable_change_nothing(operations):
    target = {"kind": "Deployment", "name": "api"}
    run = apply({"patches": [{"target": target, "patch": json.dumps(operations)}]})
    assert (run.current.replicas, run.current.memory_limit) == (1, 128 * MIB)


@pytest.mark.parametrize(
    ("change", "image"),
    [
        ({"newTag": "2.5"}, "acme/api:2.5"),
        ({"newName": "registry.example:5000/shop/orders"}, "registry.example:5000/shop/orders:1"),
        ({"newName": "shop/orders", "newTag": "3"}, "shop/orders:3"),
        ({"digest": "sha256:00"}, "acme/api@sha256:00"),
        ({}, "acme/api:1"),
    ],
)
def test_images_of_the_overlay_replace_name_and_tag(change, image):
    assert apply({"images": [{"name": "acme/api", **change}]}).image == image


def test_images_of_the_base_come_before_those_of_the_overlay():
    base = BASE | {"images": [{"name": "acme/api", "newName": "acme/orders"}]}
    run = apply({"images": [{"name": "acme/orders", "newTag": "9"}]}, base=base)
    assert run.image == "acme/orders:9"


def test_another_image_is_not_replaced():
    run = apply({"images": [{"name": "api", "newName": "evil"}, {"name": 5}, "text"]})
    assert run.image == "acme/api:1"


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "https://x.example/y", "a\nb"]
)
def test_references_out_of_the_repository_are_not_followed(name):
    asked = []

    def read(path):
        asked.append(path)

    data = {"resources": [name], "patches": [{"path": name}], "bases": [name]}
    found = kustomize.kustomization("k/kustomization.yaml", data, read)
    assert all(".." not in item and "://" not in item for item in found.resources)
    assert all(not path.startswith(("/", "..")) for path in asked)


def test_hundreds_of_kustomizations_that_name_each_other_end():
    every = [f"../k{number}" for number in range(300)]
    found = [
        kustomize.kustomization(f"k{number}/kustomization.yaml", {"resources": every})
        for number in range(300)
    ]
    cluster = manifests.Cluster()
    for document in parse_documents("k0/api.yaml", DEPLOYMENT)[0]:
        cluster.add(document)
    assert len(kustomize.apply(manifests.runs(cluster), found, ())) == 1


KEYS = st.sampled_from(
    ["resources", "patches", "patch", "path", "target", "kind", "name", "images", "newTag", "op",
     "value", "replicas", "count", "patchesJson6902", "patchesStrategicMerge", "bases"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_content_is_read_without_an_error(overlay):
    run = apply({key: value for key, value in overlay.items() if key != "resources"})
    assert run.name == "api"
