from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rva.merge import apply_strategic_merge

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is absent")


def kubectl_patch(directory, document, patch):
    """What ``kubectl patch --local`` makes of a document."""
    file, patch_file = directory / "document.json", directory / "patch.json"
    file.write_text(json.dumps(document))
    patch_file.write_text(json.dumps(patch))
    command = ["kubectl", "patch", "--local", "--type=strategic", "-o", "json"]
    result = subprocess.run(
        [*command, "-f", str(file), "--patch-file", str(patch_file)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout)


def deployment(containers, **spec):
    labels = {"app": "a"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            **spec,
        },
    }


def pod_patch(containers, **spec):
    return {"spec": {"template": {"spec": {"containers": containers}}, **spec}}


CASES = {
    "containers_merge_by_name_and_keep_the_order_of_the_document": (
        deployment([{"name": "side", "image": "s:1"}, {"name": "main", "image": "m:1"}]),
        pod_patch([{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}]),
    ),
    "a_null_removes_a_limit": (
        deployment(
            [
                {
                    "name": "main",
                    "image": "m:1",
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                }
            ]
        ),
        pod_patch([{"name": "main", "resources": {"limits": {"cpu": None}}}]),
    ),
    "a_null_where_nothing_is_adds_nothing": (
        deployment([{"name": "main", "image": "m:1"}]),
        pod_patch([{"name": "main", "resources": {"limits": {"cpu": None, "memory": "1Gi"}}}]),
    ),
    "variables_merge_by_name_and_new_ones_come_first": (
        deployment(
            [
                {
                    "name": "main",
                    "image": "m:1",
                    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                }
            ]
        ),
        pod_patch(
            [{"name": "main", "env": [{"name": "C", "value": "3"}, {"name": "B", "value": "9"}]}]
        ),
    ),
    "a_computed_variable_becomes_a_plain_one": (
        deployment(
            [
                {
                    "name": "main",
                    "image": "m:1",
                    "env": [
                        {
                            "name": "GOMEMLIMIT",
                            "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}},
                        }
                    ],
                }
            ]
        ),
        pod_patch(
            [{"name": "main", "env": [{"name": "GOMEMLIMIT", "value": "9MiB", "valueFrom": None}]}]
        ),
    ),
    "other_lists_are_replaced": (
        deployment([{"name": "main", "image": "m:1", "args": ["a", "b"]}]),
        pod_patch([{"name": "main", "args": ["c"]}]),
    ),
    "a_strategy_changes_its_type": (
        deployment(
            [{"name": "main", "image": "m:1"}],
            strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        ),
        pod_patch(
            [{"name": "main"}], replicas=1, strategy={"type": "Recreate", "rollingUpdate": None}
        ),
    ),
}


@needs_kubectl
@pytest.mark.tool
@pytest.mark.parametrize(("document", "patch"), CASES.values(), ids=CASES)
def test_it_merges_as_kubectl_does(tmp_path, document, patch):
    assert apply_strategic_merge(document, patch) == kubectl_patch(tmp_path, document, patch)


NAMES = st.sampled_from(["a", "b", "c", "d"])
QUANTITIES = st.sampled_from(["100m", "2", "64Mi", "1Gi"])
AMOUNTS = st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, min_size=1)


@st.composite
def containers(draw, *, patch):
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    result = []
    for name in names:
        entry = {"name": name} if patch else {"name": name, "image": f"{name}:1"}
        entry["resources"] = {"limits": draw(AMOUNTS)}
        variables = draw(st.lists(NAMES, max_size=4, unique=True))
        if variables:
            entry["env"] = [{"name": one.upper(), "value": draw(QUANTITIES)} for one in variables]
        result.append(entry)
    return result


@needs_kubectl
@pytest.mark.tool
@given(before=containers(patch=False), after=containers(patch=True))
@settings(max_examples=25, deadline=None)
def test_any_lists_merge_as_kubectl_merges_them(tmp_path_factory, before, after):
    document, patch = deployment(before), pod_patch(after)
    directory = tmp_path_factory.mktemp("merge")

    assert apply_strategic_merge(document, patch) == kubectl_patch(directory, document, patch)


def test_the_arguments_stay_as_they_are():
    document, patch = CASES["a_null_removes_a_limit"]
    before = json.dumps([document, patch])

    merged = apply_strategic_merge(document, patch)
    merged["spec"]["template"]["spec"]["containers"][0]["name"] = "changed"

    assert json.dumps([document, patch]) == before


@pytest.mark.parametrize("broken", [None, "text", 7, [], [1, "x", None]])
def test_a_document_that_is_wrong_inside_is_merged_without_an_error(broken):
    document = {"spec": {"template": broken}}

    merged = apply_strategic_merge(document, pod_patch([{"name": "a"}]))

    assert merged["spec"]["template"]["spec"]["containers"] == [{"name": "a"}]
