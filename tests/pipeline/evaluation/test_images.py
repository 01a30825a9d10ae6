"""Third-party images are sized from a manifest without numbers, and charts from a name."""

import json

import pytest

from adapters.settings import Settings
from pipeline.evaluation.charts import load_charts
from pipeline.evaluation.images import NoFiles, evaluate_images, label, manifest
from pipeline.evaluation.run import Scope, Sizer
from schemas.errors import InputFileError
from schemas.quantities import GIB
from tests.pipeline.evaluation.test_truth import row

OFF = Settings(knowledge="off")
CACHE = row(
    app="Acme/shop",
    service="session-db (helm chart)",
    description="Redis that keeps the sessions of a sample shop",
    source_path=None,
    image="redis:alpine",
    workload_kind="StatefulSet",
)


def outcomes(rows, **scope):
    return evaluate_images(rows, Sizer(Scope((), **scope), OFF), lambda *_: None).outcomes


def test_an_image_is_sized_as_the_product_that_it_is():
    (found,) = outcomes([CACHE])
    assert found.answer.third_party == "redis"
    assert found.answer.image == "redis:alpine"
    assert 0 < found.answer.resources.requests.memory < 4 * GIB
    assert found.answer.current is None or found.answer.current.cpu_request is None


def test_the_answer_is_not_in_what_the_tool_gets():
    text = json.dumps(manifest(CACHE))
    assert "resources" not in text
    assert "replicas" not in text
    assert manifest(CACHE)["kind"] == "StatefulSet"
    assert manifest(row(workload_kind="Redis (operator)"))["kind"] == "Deployment"


def test_rows_with_source_are_left_to_their_repository_and_one_without_image_has_a_reason():
    found = outcomes([row(), {**CACHE, "image": None}])
    assert [item.reason for item in found] == ["it names no image"]


def test_an_app_that_is_excluded_is_not_sized():
    assert outcomes([CACHE], exclude_apps=frozenset({"acme/shop"})) == ()


def test_a_rule_that_the_owner_of_the_row_states_is_not_used():
    keyed = {**CACHE, "app": "bitnami/charts", "image": "logstash:8", "service": "logstash"}
    (known,) = outcomes([keyed], leave_one_app_out=False)
    (left_out,) = outcomes([keyed])
    assert known.answer.resources.model_dump() != left_out.answer.resources.model_dump()


@pytest.mark.parametrize(
    ("service", "expected"),
    [("api", "api"), ("API Server/web", "api-server-web"), ("--", "app"), ("x" * 80, "x" * 63)],
)
def test_a_service_becomes_the_name_of_an_object(service, expected):
    assert label(service) == expected


def test_there_is_no_file_in_the_tree_of_no_repository():
    tree = NoFiles()
    assert (tree.paths, tree.size("x"), tree.read_text("x")) == ((), 0, None)


LINE = {
    "component": "redis-master",
    "aliases": ["redis", "redis primary"],
    "role": "cache",
    "source_repo": "acme/charts",
    "profile": "ha",
    "workload_kind": "StatefulSet",
    "replicas": 1,
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"cpu": None, "memory": None},
}


def charts(tmp_path, *lines):
    path = tmp_path / "charts.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return load_charts(path)


def test_a_line_of_a_chart_becomes_a_row_that_leaks_no_number(tmp_path):
    preset = {**LINE, "component": "preset-nano", "workload_kind": "any"}
    (found,) = charts(tmp_path, LINE, preset)
    assert found["app"] == "acme/charts"
    assert (found["service"], found["image"]) == ("redis-master", "redis")
    assert found["description"] == "redis, profile ha"
    assert (found["tier"], found["role"], found["source_path"]) == ("chart_default", "cache", None)
    (plain,) = charts(tmp_path, {**LINE, "profile": "default", "aliases": []})
    assert plain["description"] == plain["image"] == "redis-master"
    (sized,) = outcomes([found])
    assert sized.answer.third_party == "redis"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({**LINE, "component": None}, "charts.jsonl:2 has no component"),
        ({**LINE, "source_repo": "charts"}, "app is not owner/name: charts"),
        ({**LINE, "requests": {"cpu": "x"}}, "charts.jsonl:2: 'x' is not"),
    ],
)
def test_a_line_that_is_no_chart_is_named(tmp_path, line, words):
    with pytest.raises(InputFileError) as caught:
        charts(tmp_path, LINE, line)
    assert words in caught.value.message
