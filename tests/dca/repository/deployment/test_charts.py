"""Charts: which count, what is handed to the renderer, and what is read without one."""

from __future__ import annotations

import pytest

from adapters.helm import UnavailableRenderer
from dca.repository.deployment.charts import MAX_CHARTS, chart_directories, read_charts
from schemas.context import FoundIn
from schemas.errors import ToolError
from schemas.ports import RenderedChart
from schemas.quantities import MIB
from tests.dca.tree import FakeTree

CHART = "apiVersion: v2\nname: {0}\nversion: 0.1.0\n"
VALUES = """\
replicaCount: 2
image: {repository: acme/shop, tag: "1.2"}
resources: {requests: {cpu: 100m, memory: 64Mi}}
"""
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop"},
    "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "acme/shop"}]}}},
}


class FakeRenderer:
    """Keeps what it is asked to render and answers with the same documents, or fails."""

    available = True

    def __init__(self, *documents, error=None):
        self.documents, self.error, self.asked = documents, error, []

    def render(self, files, values=None):
        self.asked.append(dict(files))
        if self.error:
            raise ToolError(self.error)
        sources = tuple(f"shop/templates/{number}.yaml" for number in range(len(self.documents)))
        return RenderedChart(self.documents, sources)


def chart(directory="chart", name="shop", values=VALUES):
    prefix = "" if directory == "." else f"{directory}/"
    return {
        f"{prefix}Chart.yaml": CHART.format(name),
        f"{prefix}values.yaml": values,
        f"{prefix}templates/a.yaml": "kind: {{ .Values.kind }}\n",
    }


def read(files, renderer=None):
    return read_charts(FakeTree(files), renderer or UnavailableRenderer())


def codes(found):
    return [note.code for note in found.notes]


def test_a_rendered_workload_knows_its_chart_and_its_template():
    (run,) = read(chart(), FakeRenderer(DEPLOYMENT)).runs
    assert (run.name, run.found_in, run.path) == ("shop", FoundIn.CHART, "templates/0.yaml")
    assert run.workload.chart == "chart"


def test_the_renderer_gets_the_chart_and_nothing_else():
    renderer = FakeRenderer(DEPLOYMENT)
    beside = {"chart/README.md": "x", "chart/src/main.go": "x", "secret.txt": "x",
              "chart/files/config.json": "{}", "chart/charts/sub/Chart.yaml": "a: b"}  # fmt: skip
    read(chart() | beside, renderer)
    assert set(renderer.asked[0]) == {
        "Chart.yaml", "values.yaml", "templates/a.yaml", "files/config.json",
        "charts/sub/Chart.yaml",
    }  # fmt: skip


def test_a_local_dependency_is_put_where_helm_looks_for_it():
    renderer = FakeRenderer(DEPLOYMENT)
    files = chart() | chart("lib", "lib")
    files["chart/Chart.yaml"] += "dependencies: [{name: lib, repository: 'file://../lib'}]\n"
    read(files, renderer)
    assert "charts/lib/values.yaml" in renderer.asked[0]


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("x", "file://../../../etc"),
        ("x", "file:///etc"),
        ("..", "file://../outside"),
        ("a/b", "file://../outside"),
        ("x", "https://charts.example"),
        ("x", "file://.."),
    ],
)
def test_a_dependency_outside_the_repository_or_with_an_odd_name_is_not_taken(name, repository):
    renderer = FakeRenderer(DEPLOYMENT)
    files = chart() | {"outside/values.yaml": "canary: 1", "etc/passwd.yaml": "canary: 1"}
    files["chart/Chart.yaml"] += f"dependencies: [{{name: {name}, repository: '{repository}'}}]\n"
    read(files, renderer)
    assert not any(".." in path or path.startswith("/") for path in renderer.asked[0])
    assert not any(b"canary" in text for text in renderer.asked[0].values())


def test_without_a_renderer_the_values_are_read_and_that_is_said():
    found = read(chart())
    (run,) = found.runs
    assert (run.name, run.image, run.current.replicas) == ("shop", "acme/shop:1.2", 2)
    assert (run.current.cpu_request, run.current.memory_request) == (100, 64 * MIB)
    assert run.workload is None
    assert codes(found) == ["skipped.chart", "unknown.chart"]


def test_a_chart_that_does_not_render_is_read_from_its_values_and_says_why():
    found = read(chart(), FakeRenderer(error="helm: image is needed"))
    assert [run.image for run in found.runs] == ["acme/shop:1.2"]
    assert "image is needed" in found.notes[0].message


def test_what_the_renderer_quotes_is_masked():
    found = read(chart(), FakeRenderer(error="helm: bad value password=hunter2 in a"))
    assert "hunter2" not in found.notes[0].message


def test_every_section_with_an_image_and_a_size_is_a_workload():
    values = (
        "api: {image: {repository: acme/api}, replicas: 3}\n"
        "worker: {image: acme/worker, resources: {}}\n"
        "metrics: {image: acme/metrics}\n"
        "deep: {a: {b: {c: {d: {image: x, replicas: 1}}}}}\n"
    )
    found = read(chart(values=values))
    assert {run.name: run.image for run in found.runs} == {
        "api": "acme/api",
        "worker": "acme/worker",
    }


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("acme/api:1", "acme/api:1"),
        ("{repository: acme/api}", "acme/api"),
        ("{registry: r.example, repository: acme/api, tag: 7}", "r.example/acme/api:7"),
        ("{name: acme/api}", "acme/api"),
    ],
)
def test_images_are_written_in_several_ways(image, expected):
    (run,) = read(chart(values=f"replicas: 1\nimage: {image}\n")).runs
    assert run.image == expected


@pytest.mark.parametrize("values", ["", "- a", "image: {tag: 1}\nreplicas: 1", "a: [", "image: 5"])
def test_values_without_a_usable_image_make_no_workload(values):
    assert read(chart(values=values)).runs == []


def test_a_chart_below_another_chart_is_part_of_it():
    paths = ["a/Chart.yaml", "a/charts/b/Chart.yaml", "c/Chart.yaml", "a/other/Chart.yaml"]
    assert chart_directories(paths) == ("a", "a/other", "c")


@pytest.mark.parametrize("directory", ["tests/chart", "e2e/shop", ".github/chart"])
def test_charts_of_tests_and_tooling_are_left_out(directory):
    assert read(chart(directory)).runs == []


def test_library_charts_run_nothing():
    files = chart()
    files["chart/Chart.yaml"] += "type: library\n"
    assert read(files).runs == []


def test_more_charts_than_the_bound_are_named():
    files = {}
    for number in range(MAX_CHARTS + 3):
        files |= chart(f"charts-{number:03}", f"n{number}")
    found = read(files, FakeRenderer(DEPLOYMENT))
    assert len(found.runs) == MAX_CHARTS
    assert codes(found) == ["skipped.chart"] * 3


def test_a_chart_in_the_root_is_read():
    (run,) = read(chart("."), FakeRenderer(DEPLOYMENT)).runs
    assert run.workload.chart == "."


def test_a_definition_of_a_resource_is_no_workload():
    definition = {"apiVersion": "x/v1", "kind": "CustomResourceDefinition",
                  "spec": {"image": "a", "replicas": 1}}  # fmt: skip
    assert read(chart(values=""), FakeRenderer(definition)).runs == []
