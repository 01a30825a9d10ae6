"""Whatever stands in a file of a repository, reading ends, in time, and without an error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.helm import UnavailableRenderer
from dca.repository.assemble import read_repository
from tests.bounded import bounded
from tests.dca.tree import FakeTree

WORDS = {
    "Dockerfile": [
        "FROM a",
        "FROM a AS b",
        "RUN <<E",
        "COPY --from=b . .",
        "ARG A=$A",
        "ENV A=${A:-x}",
        'CMD ["a", 1]',
        "ENTRYPOINT [",
        "EXPOSE 80/tcp 9-1",
        "\\",
        "# escape=`",
        "E",
        "ONBUILD",
    ],
    "k8s/a.yaml": [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata: {name: a}",
        "spec:",
        "  replicas: 0x1F",
        "  template: {spec: {containers: [{image: a, env: [1], ports: {a: b}}]}}",
        "---",
        "<<: *a",
        "&a",
        "- ? [1]",
        "{{ .Values.x }}",
        "\t",
    ],
    "docker-compose.yml": [
        "services:",
        "  a:",
        "    image: ${A:-b}",
        "    build: [x]",
        "    ports: ['1:2:3', {target: a}]",
        "    deploy: 5",
        "    environment: [A=B, 5]",
        "    depends_on: {b: c}",
        "  b: *x",
    ],
    "package.json": [
        '{"name": ',
        '"dependencies": {"express": 5}',
        '"scripts": {"start": "a \\""}',
        ",",
        "}",
        "[",
        "]",
        "5",
        "null",
    ],
    "pom.xml": [
        "<project>",
        "</project>",
        "<dependency>",
        "<artifactId>a",
        "</artifactId>",
        "<parent/>",
        "${a}",
        "<!DOCTYPE a>",
        "&b;",
    ],
    "go.mod": [
        "module a/v2",
        "go 1.22",
        "require (",
        "a v1 // indirect",
        ")",
        "require",
        "replace a => ../..",
        "module",
    ],
    "build.gradle": [
        "dependencies {",
        "implementation 'a:b:1'",
        "implementation libs.a.b",
        "}",
        "plugins { id 'x' }",
        "project(':a')",
        '"',
        "${",
    ],
    "mix.exs": [
        "defmodule A do",
        '{:phoenix, "~> 1"},',
        "end",
        "[",
        "]",
        'apps_path: "../.."',
        "only: :test",
    ],
    "Gemfile": ["gem 'rails'", "group :test do", "end", "ruby '3", "gem", 'source "', "%w["],
    "a.csproj": [
        '<Project Sdk="Microsoft.NET.Sdk.Web">',
        "</Project>",
        '<PackageReference Include="a"/>',
        "<a",
        "net8.0",
        "&x;",
    ],
    "Cargo.toml": [
        "[package]",
        "name = 1",
        "[dependencies]",
        'axum = {path = "../.."}',
        "[workspace]",
        "members = [1]",
        "a.b.c = 1",
        "[[",
        "'''",
    ],
    "pyproject.toml": [
        "[project]",
        'dependencies = [1, "a>="]',
        "[tool.poetry]",
        "dependencies = 5",
        "[tool.uv.sources]",
        "name = []",
    ],
    "requirements.txt": [
        "flask==1",
        "-r requirements.txt",
        "-e .",
        "a @ git+https://x#egg=b",
        "--hash=1",
        "# via -r a",
        "\\",
        "[",
        "-r",
    ],
    "Procfile": ['web: a "b', "release: x", "web:", ": a", "a-b: ${X}"],
    "chart/Chart.yaml": [
        "name: a",
        "version: 1",
        "dependencies: [{name: .., repository: 'file://../..'}]",
        "type: library",
        "&a",
    ],
    "chart/values.yaml": [
        "image: {repository: a}",
        "replicaCount: many",
        "resources: {requests: 5}",
        "a: {b: {c: {image: x}}}",
        "- x",
    ],
    "kustomization.yaml": [
        "resources: [../.., a, 5]",
        "patches: [{path: 5}, {patch: '[1]'}]",
        "images: [x]",
        "replicas: {a: b}",
    ],
    "composer.json": ['{"require": {"php": [1]}}', "{", "}", '"a"'],
    "environment.yml": ["dependencies: [python=3, {pip: [a, 5]}]", "- a", "&a", "*a"],
    "setup.py": ["setup(name=1, install_requires=['a', b])", "(", "'\\d'", "\x0c", "    x"],
    "CMakeLists.txt": ["find_package(Boost", "project(a", "add_executable(", ")"],
    "app.py": ["from flask import Flask", "@app.route('/a'", "(", ")", "def a():", "'''"],
    "main.go": [
        "package main",
        "import (",
        '"a/b"',
        ")",
        "func main() {",
        'mux.HandleFunc("/a"',
        "`",
    ],
}
"""What makes each format, to be put together wrongly."""

CODE = st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: b.decode("latin-1")))


def texts(path):
    lines = st.lists(st.one_of(st.sampled_from(WORDS[path]), st.text(max_size=12)), max_size=14)
    return CODE | lines.map("\n".join) | lines.map(" ".join)


def read(files):
    with bounded():
        reading = read_repository(FakeTree(files), UnavailableRenderer())
    names = [component.name for component in reading.components]
    assert len(names) == len(set(names))
    known = {item.id for item in reading.evidence}
    assert all(item in known for component in reading.components for item in component.evidence)
    return reading


@pytest.mark.parametrize("path", WORDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_text_is_read_or_left_out(path, data):
    beside = {"app.py": "import flask\n", "svc/Dockerfile": "FROM python\nCOPY . .\nCMD x\n"}
    read(beside | {path: data.draw(texts(path))})


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({}, optional={path: texts(path) for path in WORDS}))
def test_any_files_together_are_read(files):
    read(files)


BIG = 1 << 20
ONE_LINE = {
    "a single word": "a" * BIG,
    "white space": " " * BIG,
    "quotes": '"' * BIG,
    "open brackets": "(" * BIG,
    "open braces": "{" * BIG,
    "commas": "a," * (BIG // 2),
    "dots": "a." * (BIG // 2),
    "dashes": "-" * BIG,
    "templates": "{{" * (BIG // 2),
    "tags": "<a>" * (BIG // 3),
}


@pytest.mark.parametrize("path", WORDS)
def test_a_megabyte_on_one_line_is_read_in_time(path):
    for text in ONE_LINE.values():
        for start in ("", f"{WORDS[path][0]} ", f"{WORDS[path][1]}\n"):
            read({path: (start + text)[: BIG - 1]})


def test_a_source_file_of_open_brackets_is_no_code():
    read(
        {
            "requirements.txt": "flask\n",
            "app.py": "from flask import Flask\n@a.route(" + "(" * 400_000,
        }
    )


def test_thousands_of_calls_of_one_service_take_their_number_and_not_its_square():
    proto = "service A {\n" + "rpc B(C) returns (D);\n" * 40_000
    files = {"go.mod": "module x\n", "main.go": "package main\nfunc main() { RegisterAServer() }\n"}
    read(files | {"a.proto": proto})


def test_requirements_that_take_each_other_in_end():
    cycle = {"requirements.txt": "-r b.txt\n" * 500, "b.txt": "-r requirements.txt\n" * 500}
    read({"app.py": "import flask\n"} | cycle)
