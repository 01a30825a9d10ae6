"""Rows of the truth: read, refused, and matched with components."""

import json

import pytest

from pipeline.evaluation.truth import (
    amount,
    by_repository,
    component_of,
    load_rows,
    owners_of,
)
from schemas.context import Component, FoundIn
from schemas.errors import InputFileError


def row(**changes):
    fields = {
        "image": None,
        "workload_kind": None,
        "manifest_path": None,
        "app": "Acme/shop",
        "service": "api",
        "description": "Go API",
        "source_path": "services/api",
        "source_repo": None,
        "dockerfile": None,
        "language": "Go",
        "framework": None,
        "role": "backend_api",
        "tier": "demo",
        "replicas": 2,
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": None, "memory": "0.25Gi"},
    }
    return {**fields, **changes}


def written(tmp_path, *lines):
    path = tmp_path / "truth.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_rows_are_read_and_what_is_missing_is_null(tmp_path):
    least = {"app": "a/b", "service": "c", "description": "d", "requests": {"cpu": 1}}
    found = load_rows(written(tmp_path, json.dumps(row()), "", json.dumps(least)))
    assert found[0] == row()
    assert found[1]["replicas"] is None
    assert found[1]["source_path"] is None
    assert amount(found[1], "requests", "cpu") == 1000
    assert amount(found[1], "limits", "memory") is None
    assert amount(found[0], "limits", "memory") == 256 * 2**20


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is no JSON object"),
        ("[]", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        (json.dumps(row(app="shop")), "app is not owner/name: shop"),
        (json.dumps(row(service=" ")), "has no service"),
        (json.dumps(row(description=None)), "has no description"),
        (json.dumps(row(description="x" * 20_001)), "description is longer than 20000"),
        (json.dumps(row(replicas="2")), "replicas is no whole number"),
        (json.dumps(row(replicas=True)), "replicas is no whole number"),
        (json.dumps(row(replicas=-1)), "replicas is no whole number"),
        (json.dumps(row(language=["Go"])), "language is no text"),
        (json.dumps(row(requests={"cpu": "many"})), "many"),
        (json.dumps(row(limits=["cpu"])), "truth.jsonl:2"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path, line, words):
    with pytest.raises(InputFileError) as caught:
        load_rows(written(tmp_path, json.dumps(row()), line))
    assert words in caught.value.message
    assert "truth.jsonl:2" in caught.value.message
    assert caught.value.exit_code == 2


def test_only_a_newline_ends_a_line(tmp_path):
    text = json.dumps(row(description="one\u2028two\x85three"), ensure_ascii=False)
    assert load_rows(written(tmp_path, text))[0]["description"] == "one\u2028two\x85three"


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\n\n"], ids=["absent", "binary", "empty"])
def test_a_file_without_rows_is_one_sentence(tmp_path, content):
    path = tmp_path / "t.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputFileError, match="the truth"):
        load_rows(path)


def test_rows_are_grouped_by_the_repository_of_their_source(tmp_path):
    (tmp_path / "two" / "acme+lib").mkdir(parents=True)
    rows = [row(), row(source_repo="acme/lib"), row(source_path=None)]
    found = list(by_repository(rows, tmp_path / "one", tmp_path / "two"))
    assert found == [
        ("Acme/shop", None, [rows[0]]),
        ("acme/lib", tmp_path / "two" / "acme+lib", [rows[1]]),
    ]
    assert owners_of(rows[1]) == {"acme"}
    assert owners_of(row(source_repo="Other/x")) == {"acme", "other"}


def component(name, **changes):
    return Component(name=name, found_in=(FoundIn.DOCKERFILE,), **changes)


def test_the_dockerfile_decides_then_the_directory_then_the_name():
    one = component("web", source_path="services/api", dockerfile="services/api/Dockerfile")
    two = component("api", source_path="services/api", dockerfile="services/api/Dockerfile.w")
    other = component("other", source_path="elsewhere")
    everything = [other, one, two]
    assert component_of(row(dockerfile="services/api/Dockerfile"), everything) is one
    assert component_of(row(dockerfile="gone/Dockerfile"), everything) is two
    assert component_of(row(source_path="./services/api/"), everything) is two
    assert component_of(row(source_path="nowhere"), everything) is None
