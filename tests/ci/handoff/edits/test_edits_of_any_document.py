"""Whatever a manifest looks like: an edit says exactly what it should, or is refused."""

from functools import partial

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.handoff.edits.changes import Wish, with_patch
from ci.handoff.edits.proof import same
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.source import source_of
from ci.handoff.edits.stream import fulfilled

AMOUNTS = st.fixed_dictionaries(
    {}, optional={"cpu": st.sampled_from(["1", 1, 0.5, "100m"]), "memory": st.just("1Gi")}
)
TEXT = st.text("ab: #'\"{}[],&*!|>-\n\té", max_size=12)
EXTRAS = st.dictionaries(st.sampled_from(["args", "image", "note", "zz"]), TEXT, max_size=3)
VARIABLES = st.builds(lambda value: {"name": "A", "value": value}, TEXT)
CONTAINER = st.builds(
    lambda extras, resources, env: {"name": "api", **extras, **resources, **env},
    EXTRAS,
    st.fixed_dictionaries(
        {},
        optional={
            "resources": st.none()
            | st.fixed_dictionaries({}, optional={"requests": AMOUNTS, "limits": AMOUNTS})
        },
    ),
    st.fixed_dictionaries({}, optional={"env": st.lists(VARIABLES, max_size=1)}),
)  # fmt: skip
PATCHES = st.builds(
    lambda requests, limits, replicas: {
        "spec": {
            **replicas,
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "api",
                            "resources": {"requests": requests, "limits": limits},
                            "env": [{"name": "GOMEMLIMIT", "value": "1MiB"}],
                        }
                    ]
                }
            },
        }
    },
    st.just({"cpu": "250m", "memory": "512Mi"}),
    st.sampled_from([{"cpu": None, "memory": "2Gi"}, {"memory": "1Gi"}, {"cpu": "2"}]),
    st.sampled_from([{}, {"replicas": 4}]),
)
STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([False, True, None]),
        "default_style": st.sampled_from([None, '"', "'"]),
        "indent": st.sampled_from([2, 4]),
        "explicit_start": st.booleans(),
    }
)


@settings(deadline=None, max_examples=60)
@given(CONTAINER, PATCHES, STYLES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "# c\n"]))
def test_the_result_says_what_the_patch_says_and_nothing_else(
    container, patch, style, newline, before
):
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [container], "other": [1, 2]}}},
    }
    body = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, **style)
    text = (before + body).replace("\n", newline)
    change = partial(with_patch, patch=patch)
    wish = Wish("api", "Deployment", "api", None, change)
    wanted = change(yaml.safe_load(text))
    try:
        result = fulfilled(text, [wish], source_of(text.encode()))
    except EditRefused:
        return
    assert same(yaml.safe_load(result), wanted)
    assert fulfilled(result, [wish], source_of(result.encode())) == result
    assert result.startswith(before.replace("\n", newline))


def test_of_ordinary_manifests_none_is_refused():
    patch = {
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "api", "resources": {"requests": {"cpu": "2"}}}]}
            }
        }
    }
    wish = Wish("api", "Deployment", "api", None, partial(with_patch, patch=patch))
    for resources in ({}, None, {"limits": {"cpu": 1}}, {"requests": {"cpu": 1, "memory": "1Gi"}}):
        for flow in (True, False, None):
            container = {"name": "api", "resources": resources, "image": "x"}
            document = {
                "kind": "Deployment",
                "metadata": {"name": "api"},
                "spec": {"template": {"spec": {"containers": [container]}}},
            }
            text = yaml.safe_dump(document, sort_keys=False, default_flow_style=flow)
            result = yaml.safe_load(fulfilled(text, [wish], source_of(text.encode())))
            listed = result["spec"]["template"]["spec"]["containers"]
            assert str(listed[0]["resources"]["requests"]["cpu"]) == "2"
