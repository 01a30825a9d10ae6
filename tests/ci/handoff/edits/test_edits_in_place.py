"""What an edit leaves of a document: byte for byte everything but the lines that have to change."""

import json
import textwrap
from functools import partial

import pytest
import yaml

from ci.handoff.edits.changes import Wish, with_patch
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.source import source_of
from ci.handoff.edits.stream import fulfilled
from rva.merge import apply_strategic_merge

PATCH = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api"},
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "api",
                        "resources": {
                            "requests": {"cpu": "250m", "memory": "512Mi"},
                            "limits": {"memory": "1Gi"},
                        },
                    }
                ]
            }
        },
    },
}


def container_patch(**changes):
    """The patch with another container entry and no replicas."""
    entry = {"name": "api", **changes}
    return {"spec": {"template": {"spec": {"containers": [entry]}}}}


def resources(requests=None, limits=None):
    return container_patch(resources={"requests": requests or {}, "limits": limits or {}})


def edited(text, *patches, name="api"):
    wishes = [
        Wish(name, "Deployment", name, None, partial(with_patch, patch=patch))
        for patch in patches or (PATCH,)
    ]
    return fulfilled(text, wishes, source_of(text.encode()))


def manifest(container, before="", after="", top="  replicas: 1\n"):
    """A Deployment around the lines of a container."""
    body = textwrap.indent(textwrap.dedent(container).strip("\n"), " " * 8)
    return (
        f"{before}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api}}\n"
        f"spec:\n{top}  template:\n    spec:\n      containers:\n{body}\n{after}"
    )


CASES = {
    "values in place, comments and spaces kept": (
        """
        - name: api   # main
          resources:
            requests: # asked
              cpu:    100m   # measured
              memory: 128Mi
            limits:
              memory: 256Mi  # hard
        """,
        """
        - name: api   # main
          resources:
            requests: # asked
              cpu:    250m   # measured
              memory: 512Mi
            limits:
              memory: 1Gi  # hard
        """,
    ),
    "quotes stay as they are": (
        """
        - name: api
          resources:
            requests: {cpu: '100m', memory: "128Mi"}
            limits: {memory: "256Mi"}
        """,
        """
        - name: api
          resources:
            requests: {cpu: '250m', memory: "512Mi"}
            limits: {memory: "1Gi"}
        """,
    ),
    "an amount that is the same already stays as it is written": (
        """
        - name: api
          resources:
            requests: {cpu: 0.25, memory: 524288Ki}
            limits: {memory: 1024Mi}
        """,
        """
        - name: api
          resources:
            requests: {cpu: 0.25, memory: 524288Ki}
            limits: {memory: 1024Mi}
        """,
    ),
    "no resources at all: below the last entry": (
        """
        - name: api
          image: api:1
          args:
          - serve   # the server
        - name: other
        """,
        """
        - name: api
          image: api:1
          args:
          - serve   # the server
          resources:
            requests:
              cpu: 250m
              memory: 512Mi
            limits:
              memory: 1Gi
        - name: other
        """,
    ),
    "an empty mapping with the comments of a template": (
        """
        - name: api
          resources: {}  # none yet
            # limits:
            #   cpu: 100m
          image: api:1
        """,
        """
        - name: api
          resources:  # none yet
            requests:
              cpu: 250m
              memory: 512Mi
            limits:
              memory: 1Gi
            # limits:
            #   cpu: 100m
          image: api:1
        """,
    ),
    "a key without a value": (
        """
        - name: api
          resources:
          image: api:1
        """,
        """
        - name: api
          resources:
            requests:
              cpu: 250m
              memory: 512Mi
            limits:
              memory: 1Gi
          image: api:1
        """,
    ),
    "one half, one amount: the other is added in the document's own quotes": (
        """
        - name: api
          resources:
              requests:
                  cpu: "100m"
                  nvidia.com/gpu: 1
        """,
        """
        - name: api
          resources:
              requests:
                  cpu: "250m"
                  nvidia.com/gpu: 1
                  memory: "512Mi"
              limits:
                  memory: "1Gi"
        """,
    ),
    "in brackets: inside them": (
        """
        - {name: api, resources: {requests: {cpu: 100m}}}
        """,
        """
        - {name: api, resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 1Gi}}}
        """,
    ),
    "the key of a doubled key that counts": (
        """
        - name: api
          resources: {requests: {cpu: 1}}
          resources: {requests: {cpu: 100m, memory: 512Mi}, limits: {memory: 1Gi}}
        """,
        """
        - name: api
          resources: {requests: {cpu: 1}}
          resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 1Gi}}
        """,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_only_the_lines_that_have_to_change_do(before, after):
    top = "  replicas: 1 # one\n"
    assert edited(manifest(before, top=top)) == manifest(after, top="  replicas: 3 # one\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n\n"], ids=["no end", "end", "blank lines"])
def test_line_endings_and_the_end_of_the_file_stay(newline, end):
    text = manifest("- name: api\n  image: x", before="# top\n---\n").rstrip("\n") + end
    result = edited(text.replace("\n", newline))
    assert result.count("\r\n") == (result.count("\n") if newline == "\r\n" else 0)
    assert result.endswith("memory: 1Gi" + end.replace("\n", newline))
    assert result.startswith(f"# top{newline}---{newline}")


def test_what_the_manifest_sets_and_the_plan_does_not_goes_with_its_line():
    text = manifest(
        """
        - name: api
          resources:
            limits:
              cpu: 2
              memory: 1Gi
            requests:
              cpu: 100m
              memory: 512Mi
          env: []
        """
    )
    patch = resources({"cpu": "100m", "memory": "512Mi"}, {"cpu": None, "memory": "1Gi"})
    assert edited(text, patch) == text.replace("              cpu: 2\n", "")


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ("{cpu: 2, memory: 1Gi}", "{memory: 1Gi}"),
        ("{memory: 1Gi, cpu: 2}", "{memory: 1Gi}"),
        ("{memory: 1Gi, cpu: 2, nvidia.com/gpu: 1}", "{memory: 1Gi, nvidia.com/gpu: 1}"),
    ],
    ids=["first", "last", "middle"],
)
def test_an_amount_in_brackets_goes_with_its_comma(limits, left):
    text = manifest(f"- name: api\n  resources:\n    limits: {limits} # c")
    patch = resources(limits={"cpu": None, "memory": "1Gi"})
    assert edited(text, patch) == text.replace(limits, left)


def test_a_half_of_which_nothing_is_left_goes_too():
    text = manifest(
        "- name: api\n  resources:\n    limits:\n      cpu: 1\n    requests:\n      cpu: 1"
    )
    result = edited(text, resources({"cpu": "1"}, {"cpu": None}))
    assert result == text.replace("            limits:\n              cpu: 1\n", "")


def test_an_amount_takes_the_place_of_the_only_one_that_goes():
    text = manifest("- name: api\n  resources:\n    limits:\n      cpu: 1 # c\n    requests: {}")
    patch = resources(limits={"cpu": None, "memory": "1Gi"})
    assert edited(text, patch) == text.replace("cpu: 1 # c", "memory: 1Gi # c")


def test_a_number_without_quotes_stays_one():
    text = manifest("- name: api\n  resources: {requests: {cpu: 1}}")
    assert "{cpu: 2}" in edited(text, resources({"cpu": "2"}))


def test_replicas_that_are_not_there_come_first():
    text = manifest("- name: api\n  resources: {requests: {cpu: 1}}", top="  paused: true # p\n")
    patch = {"spec": {"replicas": 2, "strategy": {"type": "Recreate", "rollingUpdate": None}}}
    assert edited(text, patch) == text.replace(
        "  paused", "  replicas: 2\n  strategy:\n    type: Recreate\n  paused"
    )


VARIABLES = {
    "appended": (
        "  env:\n  - name: A\n    value: x\n  ports: []",
        '  env:\n  - name: A\n    value: x\n  - name: GOMEMLIMIT\n    value: "460MiB"\n  ports: []',
    ),
    "in place": (
        "  env:\n    - {name: GOMEMLIMIT, value: 1GiB}\n    - name: B",
        '  env:\n    - {name: GOMEMLIMIT, value: "460MiB"}\n    - name: B',
    ),
    "appended in brackets": (
        "  env: [{name: A, value: x}]",
        '  env: [{name: A, value: x}, {name: GOMEMLIMIT, value: "460MiB"}]',
    ),
    "in the place of a reference": (
        "  env:\n  - name: GOMEMLIMIT\n    valueFrom:\n      fieldRef: {fieldPath: x}\n  - name: B",
        '  env:\n  - name: GOMEMLIMIT\n    value: "460MiB"\n  - name: B',
    ),
    "the first one": (
        "  image: x",
        '  image: x\n  env:\n  - name: GOMEMLIMIT\n    value: "460MiB"',
    ),
    "an empty list": (
        "  env: [] # none",
        '  env: # none\n  - name: GOMEMLIMIT\n    value: "460MiB"',
    ),
}


@pytest.mark.parametrize(("before", "after"), VARIABLES.values(), ids=VARIABLES)
def test_the_runtimes_variables_are_set(before, after):
    entry = {"name": "GOMEMLIMIT", "value": "460MiB"}
    if "valueFrom" in before:
        entry["valueFrom"] = None
    patch = container_patch(env=[entry])
    # The list of containers shows how lists stand below their key.
    around = {"before": "# c\n", "top": "  list:\n  - a\n"}
    text = manifest(f"- name: api\n{before}", **around).replace(
        "containers:\n        ", "containers:\n      "
    )
    text = text.replace("\n        ", "\n      ")
    wanted = manifest(f"- name: api\n{after}", **around).replace("\n        ", "\n      ")
    assert edited(text, patch) == wanted


def test_other_documents_of_the_stream_are_not_looked_at():
    strange = "# first\nkind: ConfigMap\ndata: {a: !odd [1, 2}\n"
    text = manifest("- name: api", before=f"{strange}---\n", after="...\n---\n{{ template }}\n")
    result = edited(text)
    assert result.startswith(f"{strange}---\n")
    assert result.endswith("...\n---\n{{ template }}\n")
    assert "memory: 512Mi" in result


def test_an_item_of_a_list_is_edited_where_it_stands():
    inner = textwrap.indent(manifest("- name: api"), "  ")
    text = f"apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n- {inner.lstrip()}"
    result = edited(text)
    assert yaml.safe_load(result)["items"][0] == {"kind": "ConfigMap"}
    assert yaml.safe_load(result)["items"][1] == apply_strategic_merge(
        yaml.safe_load(text)["items"][1], PATCH
    )


def test_json_stays_json():
    text = (
        '{\n  "kind": "Deployment",\n  "metadata": {"name": "api"},\n  "spec": {\n'
        '    "template": {"spec": {"containers": [\n      {\n        "name": "api"\n      }\n'
        "    ]}}\n  }\n}\n"
    )
    result = edited(text)
    assert yaml.safe_load(result) == apply_strategic_merge(
        yaml.safe_load(text), {"spec": PATCH["spec"]}
    )
    assert json.loads(result) == yaml.safe_load(result)


SHARED = """
- name: api
  resources: &res
    requests: {cpu: 100m}
- name: other
  resources: *res
"""


def test_a_shared_anchor_is_not_changed_for_one_of_two():
    with pytest.raises(EditRefused, match="anchor"):
        edited(manifest(SHARED), resources({"cpu": "250m"}))


def test_a_shared_anchor_is_changed_when_both_get_the_same():
    patch = resources({"cpu": "250m"})
    listed = patch["spec"]["template"]["spec"]["containers"]
    listed.append({**listed[0], "name": "other"})
    text = manifest(SHARED)
    assert edited(text, patch) == text.replace("100m", "250m")


def test_two_values_for_one_anchor_are_refused():
    patch = resources({"cpu": "250m"})
    listed = patch["spec"]["template"]["spec"]["containers"]
    listed.append({"name": "other", "resources": {"requests": {"cpu": "50m"}}})
    with pytest.raises(EditRefused, match="two different values"):
        edited(manifest(SHARED), patch)


def test_an_own_value_is_written_over_a_merged_one():
    text = manifest(
        "- <<: &d {image: x, resources: {requests: {cpu: 1, memory: 1Gi}}}\n  name: api"
    )
    result = edited(text, resources({"cpu": "2", "memory": "1Gi"}))
    loaded = yaml.safe_load(result)["spec"]["template"]["spec"]["containers"][0]
    assert loaded["resources"] == {"requests": {"cpu": "2", "memory": "1Gi"}}
    assert "&d {image: x, resources: {requests: {cpu: 1, memory: 1Gi}}}" in result


REFUSED = {
    "a template": ("- name: api\n  image: {{ .Values.image }}", PATCH, "plain YAML"),
    "no such container": ("- name: other", PATCH, "no container 'api'"),
    "a container twice": ("- name: api\n- name: api", PATCH, "twice"),
    "an image": ("- name: api", container_patch(image="evil"), "no matter of its size"),
    "another amount": (
        "- name: api",
        resources({"nvidia.com/gpu": "1"}),
        "no matter of its size",
    ),
    "a secret reference": (
        "- name: api",
        container_patch(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]),
        "no matter of its size",
    ),
    "resources that are a text": ("- name: api\n  resources: none", PATCH, "not written as"),
}


@pytest.mark.parametrize(("container", "patch", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_proven_is_refused(container, patch, reason):
    with pytest.raises(EditRefused, match=reason):
        edited(manifest(container), patch)


def test_an_edit_that_would_change_the_text_above_it_is_refused():
    text = manifest("- name: api\n  x: |\n    no line break at the end").rstrip("\n")
    with pytest.raises(EditRefused, match="would not say exactly"):
        edited(text)


def test_an_object_that_stands_twice_is_refused():
    text = manifest("- name: api")
    with pytest.raises(EditRefused, match="2 times"):
        edited(f"{text}---\n{text}")


def test_two_containers_of_one_object_are_edited_together():
    text = manifest("- name: api\n- name: other")
    second = resources({"cpu": "50m"})
    second["spec"]["template"]["spec"]["containers"][0]["name"] = "other"
    loaded = yaml.safe_load(edited(text, resources({"cpu": "1"}), second))
    listed = loaded["spec"]["template"]["spec"]["containers"]
    assert [item["resources"]["requests"]["cpu"] for item in listed] == ["1", "50m"]
