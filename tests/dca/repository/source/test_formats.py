"""Manifests of unknown origin are parsed within bounds, and damage is told without a quotation."""

from __future__ import annotations

import pytest

from adapters.helm import UnavailableRenderer
from dca.repository.assemble import read_repository
from dca.repository.source import syntax
from dca.repository.source.dependencies.formats import (
    DamagedError,
    json_value,
    toml,
    xml,
    yaml_value,
)
from tests.bounded import bounded
from tests.dca.tree import FakeTree

LAUGHS = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (toml, ".".join("a" * 100_000) + " = 1"),
        (toml, "x = {" + ".".join('"+"' for _ in range(50_000)) + " = 1}"),
        (toml, "a = " + "[" * 100_000),
        (toml, "a = " + "9" * 100_000),
        (toml, "a"),
        (json_value, "[" * 100_000),
        (json_value, "9" * 100_000),
        (json_value, "{"),
        (yaml_value, "[" * 100_000),
        (yaml_value, "a: &a [*a]"),
        (yaml_value, "!!int hunter2"),
        (xml, LAUGHS),
        (xml, OUTSIDE),
        (xml, "<a>" * 100_000),
        (xml, ""),
    ],
    ids=["toml key", "toml quoted key", "toml depth", "toml number", "toml", "json depth",
         "json number", "json", "yaml depth", "yaml alias", "yaml tag", "xml entity", "xml file",
         "xml depth", "xml"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_time_and_not_quoted(read, text):
    with bounded(), pytest.raises(DamagedError) as caught:
        read(text)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_what_can_be_read_is_read():
    assert toml('[a.b.c]\nd = "1.2.3.4.5.6.7"\n') == {"a": {"b": {"c": {"d": "1.2.3.4.5.6.7"}}}}
    assert json_value('\ufeff{"a": 1}') == {"a": 1}
    assert yaml_value("a: 2020-01-01") == {"a": "2020-01-01"}
    assert xml("<a><b/></a>").find("b") is not None


DAMAGED = {
    "pom.xml": LAUGHS,
    "package.json": "{",
    "Cargo.toml": "=",
    "pyproject.toml": "[",
    "app.csproj": "<a",
    "composer.json": "]",
    "setup.py": "setup(",
    "environment.yml": "a: [",
    "vcpkg.json": "x",
}


@pytest.mark.parametrize("path", DAMAGED)
def test_a_damaged_manifest_is_a_note_and_sinks_nothing_else(path):
    files = {path: DAMAGED[path], "Dockerfile": "FROM python:3.12\nCOPY . .\nCMD python app.py\n",
             "app.py": "import flask\n"}  # fmt: skip
    reading = read_repository(FakeTree(files), UnavailableRenderer())
    assert len(reading.components) == 1
    (note,) = [note for note in reading.notes if note.code == "skipped.manifest"]
    assert note.message.startswith(f"{path}: ")


def test_a_manifest_above_the_bound_is_a_note():
    files = {"Dockerfile": "FROM node:20\nCOPY . .\nCMD node a.js\n", "a.js": "x",
             "package.json": '{"name": "' + "x" * (1 << 20) + '"}'}  # fmt: skip
    reading = read_repository(FakeTree(files), UnavailableRenderer())
    assert any("package.json: files above" in note.message for note in reading.notes)


@pytest.mark.parametrize(
    "text", ["(" * 40_000, "{" * 40_000, ")" * 40_000, "@" * 40_000, "a<" * 20_000, "'" * 40_000]
)
def test_what_cannot_be_code_is_not_parsed(text):
    assert syntax.parse("Python", text) is None


def test_code_with_brackets_in_its_texts_is_parsed():
    assert syntax.parse("Python", 'a = ["(", "[[", "{"]\n' * 100 + "b = f(1)\n" * 2_000) is not None


def test_the_text_of_a_whole_file_is_no_name():
    tree = syntax.parse("Python", "x = 1\n" * 20_000)
    assert syntax.text_of(tree) == ""
    assert syntax.text_of(tree.named_children[0]) == "x = 1"
