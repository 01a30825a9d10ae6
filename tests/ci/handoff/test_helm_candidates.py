import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci.handoff.helm_candidates import (
    MAX_CANDIDATES,
    Candidate,
    Shape,
    candidates,
    default_values,
)
from ci.handoff.helm_fields import canonical, rendered_fields
from ci.handoff.helm_probe import values_tree
from schemas.recommendation import Target
from tests.bounded import bounded


def found(values: str = "", **templates: str) -> list[set[tuple[str, Shape]]]:
    """The groups of candidates of a chart, paths joined by dots."""
    files = {"values.yaml": values.encode()}
    files |= {f"templates/{name}.yaml": body.encode() for name, body in templates.items()}
    return [{(".".join(c.path), c.shape) for c in group} for group in candidates(files)]


def amounts(path: str) -> set[tuple[str, Shape]]:
    return {
        (f"{path}.{part}.{name}", Shape(name))
        for part in ("requests", "limits")
        for name in ("cpu", "memory")
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("resources: {}", amounts("resources"), id="empty resources"),
        pytest.param("resources:", amounts("resources"), id="null resources"),
        pytest.param("a: {resource: {limits: {cpu: 1}}}", amounts("a.resource"), id="other name"),
        pytest.param("apiResources: {}", amounts("apiResources"), id="prefixed"),
        pytest.param(
            "resources: {api: {}, web: {requests: {cpu: 1}}}",
            amounts("resources.api") | amounts("resources.web"),
            id="resources by component",
        ),
        pytest.param(
            "cpuRequest: 1m\nlimits_memory: 1Mi\nmemLimit: 1",
            {
                ("cpuRequest", Shape.CPU),
                ("limits_memory", Shape.MEMORY),
                ("memLimit", Shape.MEMORY),
            },
            id="single amounts",
        ),
        pytest.param(
            "replicaCount: 1\nreplicas: 1\napi: {instances: 2}",
            {
                ("replicaCount", Shape.COUNT),
                ("replicas", Shape.COUNT),
                ("api.instances", Shape.COUNT),
            },
            id="counts",
        ),
        pytest.param(
            "autoscaling: {enabled: false, min: 1, maxReplicas: 2, targetCPU: 80, targetMemory: 8}",
            {
                ("autoscaling.enabled", Shape.SWITCH),
                ("autoscaling.min", Shape.COUNT),
                ("autoscaling.maxReplicas", Shape.COUNT),
                ("autoscaling.targetCPU", Shape.PERCENT),
            },
            id="autoscaling",
        ),
        pytest.param(
            "hpa: {create: true, cpu: {targetAverageUtilization: 80}}",
            {
                ("hpa.create", Shape.SWITCH),
                ("hpa.cpu.targetAverageUtilization", Shape.PERCENT),
            },
            id="hpa",
        ),
        pytest.param("enabled: true\nmemoryDump: false\nname: x\nport: 80", set(), id="others"),
        pytest.param("list: [{resources: {}}]", set(), id="lists are not looked into"),
    ],
)
def test_what_the_values_say(values, expected):
    assert found(values)[0] == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{{ .Values.api.resources }}", amounts("api.resources"), id="plain"),
        pytest.param("{{ $.Values.api.resources }}", amounts("api.resources"), id="root"),
        pytest.param("{{ ((.Values.api).resources) }}", amounts("api.resources"), id="guarded"),
        pytest.param(
            '{{ (index .Values "my-api" "web").resources }}',
            amounts("my-api.web.resources"),
            id="index",
        ),
        pytest.param("{{ .Values.a.replicas }}", {("a.replicas", Shape.COUNT)}, id="count"),
        pytest.param("{{ .Values.image.tag }} {{ .Values }} .Valuesx.cpu", set(), id="others"),
    ],
)
def test_what_the_templates_say(template, expected):
    assert found("", t=template)[1] == expected


def test_usual_keys_are_guessed_beside_an_image():
    guessed = found("api: {image: x}\nother: {name: y}")[2]
    assert amounts("api.resources") | {("api.replicaCount", Shape.COUNT)} <= guessed
    assert amounts("resources") <= guessed
    assert not [path for path, _ in guessed if path.startswith("other")]


def test_a_path_is_a_candidate_once():
    groups = found("resources: {}\nimage: x", t="{{ .Values.resources }}")
    assert groups[0] == amounts("resources")
    assert not (groups[1] | groups[2]) & groups[0]


SUBCHART = {
    "Chart.yaml": b"name: shop\ndependencies: [{name: base, alias: api}, {name: base, alias: web}]",
    "values.yaml": b"api: {replicas: 7}\nglobal: {x: 1}",
    "charts/base/Chart.yaml": b"name: base",
    "charts/base/values.yaml": b"replicas: 1\nresources: {}",
    "charts/base/templates/a.yaml": b"{{ .Values.pod.resources }} {{ .Values.global.resources }}",
}


def test_defaults_of_subcharts_lie_under_those_of_the_chart():
    tree = default_values(SUBCHART)
    assert tree["api"] == {"replicas": 7, "resources": {}}
    assert tree["web"] == {"replicas": 1, "resources": {}}


def test_paths_of_a_subchart_start_with_its_alias_except_global_ones():
    in_values, in_templates, _ = candidates(SUBCHART)
    assert Candidate(("web", "replicas"), Shape.COUNT) in in_values
    paths = {c.path[:2] for c in in_templates}
    assert paths == {("api", "pod"), ("web", "pod"), ("global", "resources")}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(b"a: [unclosed", id="broken"),
        pytest.param(b"\xff\xfe\x00", id="binary"),
        pytest.param(b"- a list", id="list"),
        pytest.param(b"a: !!python/object:os.system {}", id="tag"),
        pytest.param(
            b"a: &a [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 20)}]\n".encode()
                for n in range(9)
            ),
            id="bomb",
        ),
        pytest.param(b"[" * 5000, id="deep"),
        pytest.param(b"a: " + b"x" * (2 << 20), id="large"),
        pytest.param(b"&a a: *a", id="recursive"),
    ],
)
def test_values_that_are_no_values_cost_little_and_give_none(values):
    with bounded():
        assert default_values({"values.yaml": values}) in ({}, {"a": "a"})


def test_the_number_of_candidates_is_bounded():
    values = yaml.safe_dump({f"c{n}": {"resources": {}} for n in range(2000)})
    assert (
        sum(len(group) for group in candidates({"values.yaml": values.encode()})) == MAX_CANDIDATES
    )


keys = st.sampled_from(["resources", "requests", "cpu", "replicas", "hpa", "enabled", "image", "x"])
trees = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: st.dictionaries(keys, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=20,
)


@given(st.dictionaries(keys, trees, max_size=5))
def test_any_values_give_paths_that_make_a_tree(tree):
    groups = candidates({"values.yaml": yaml.safe_dump(tree).encode()})
    entries = [(c.path, n) for n, c in enumerate(c for group in groups for c in group)]
    made = values_tree(entries)
    assert len({path for path, _ in entries}) == len(entries)
    assert isinstance(made, dict)


def test_an_entry_through_another_is_left_out():
    entries = [(("a",), 1), (("a", "b"), 2), (("c", "d"), 3), (("c",), 4)]
    assert values_tree(entries) == {"a": 1, "c": {"d": 3}}


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        ("0.5", "cpu", "500m"),
        ("1000m", "cpu", "1"),
        ("1024Mi", "memory", "1Gi"),
        ("1073741824", "memory", "1Gi"),
        ("1G", "memory", "1000000000"),
        ("{{ x }}", "cpu", "{{ x }}"),
    ],
)
def test_equal_amounts_have_one_form(text, resource, expected):
    assert canonical(text, resource) == expected


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "Deployment"},
        {"kind": "Deployment", "metadata": None},
        {"kind": "HorizontalPodAutoscaler", "spec": []},
    ],
)
def test_documents_of_another_shape_are_passed_over(document):
    target = Target(api_version="apps/v1", kind="Deployment", name="a", container="a", path="x")
    assert rendered_fields([document], target) is None
    workload = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": "two"}}
    assert rendered_fields([document, workload], target) == {}
