"""Which Dockerfiles are services, and where their source is."""

from __future__ import annotations

import pytest

from adapters.helm import UnavailableRenderer
from dca.repository.assemble import read_repository
from dca.repository.deployment.runs import Build
from dca.repository.docker.images import MAX_DOCKERFILES, is_dockerfile, read_images
from dca.repository.docker.origin import layout
from tests.bounded import bounded
from tests.dca.tree import FakeTree

APP = "FROM node:20\nCOPY . .\nCMD node server.js\n"


def units(checkout, files, builds=()):
    tree = checkout(files)
    manifests = ("package.json", "go.mod", "pom.xml", ".csproj", "requirements.txt")
    directories = {p.rpartition("/")[0] or "." for p in tree.paths if p.endswith(manifests)}
    images = read_images(tree, layout(tree, directories), builds)
    return {
        unit.facts.path + (f"#{unit.target}" if unit.target else ""): unit for unit in images.units
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True),
        ("a/b/Containerfile", True),
        ("api.Dockerfile", True),
        ("Dockerfile.prod", True),
        ("Dockerfile-release", True),
        ("DebugDockerfile", True),
        ("dockerfile.md", False),
        ("Dockerfile.j2", False),
        ("Dockerfile.dockerignore", False),
        ("dockerfile_parser.py", False),
        ("notes.txt", False),
    ],
)
def test_names_of_dockerfiles(name, expected):
    assert is_dockerfile(name) is expected


def test_variants_of_one_service_are_one_image_and_the_plain_one_is_read(checkout):
    names = (
        "Dockerfile",
        "Dockerfile.dev",
        "Dockerfile.alpine",
        "Dockerfile.arm64",
        "Dockerfile.test",
    )
    found = units(checkout, {f"api/{name}": APP for name in names} | {"api/package.json": "{}"})
    assert list(found) == ["api/Dockerfile"]
    assert len(found["api/Dockerfile"].variants) == 3


def test_a_production_file_is_preferred_to_one_for_development(checkout):
    assert list(units(checkout, {"Dockerfile.dev": APP, "Dockerfile.prod": APP})) == [
        "Dockerfile.prod"
    ]


def test_dockerfiles_of_two_services_in_one_directory_are_two(checkout):
    files = {"Dockerfile": APP, "Dockerfile.worker": APP.replace("server", "worker")}
    assert set(units(checkout, files)) == {"Dockerfile", "Dockerfile.worker"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".devcontainer/Dockerfile", APP),
        (".github/actions/x/Dockerfile", APP),
        ("e2e/Dockerfile", APP),
        ("tests/mock/Dockerfile", APP),
        ("docker/builder.Dockerfile", APP),
        ("proto/Dockerfile", "FROM golang:1.24\nCOPY go.mod .\nRUN go install tool\n"),
        ("tools/Dockerfile", 'FROM alpine\nCMD ["bash"]\n'),
        ("checks/Dockerfile", "FROM python:3\nCOPY . .\nCMD python -m unittest\n"),
        ("base/Dockerfile", "FROM debian:12\nRUN apt-get install curl\n"),
        ("examples/demo/Dockerfile", APP),
        ("docs/Dockerfile", APP),
    ],
)
def test_helpers_are_left_out(checkout, path, text):
    assert list(units(checkout, {path: text, "api/Dockerfile": APP})) == ["api/Dockerfile"]


def test_examples_count_where_there_is_nothing_else(checkout):
    assert list(units(checkout, {"examples/web/Dockerfile": APP})) == ["examples/web/Dockerfile"]


def test_an_image_that_another_dockerfile_builds_on_is_left_out(checkout):
    files = {"sdk/nodejs/Dockerfile": APP, "a/Dockerfile": "FROM acme/sdk-nodejs\nCOPY a.js .\n"}
    assert list(units(checkout, files)) == ["a/Dockerfile"]


def test_an_image_without_a_command_counts_when_it_packs_a_program(checkout):
    text = "FROM golang AS b\nCOPY . .\nRUN go build -o /x\nFROM scratch\nCOPY --from=b /x /x\n"
    assert list(units(checkout, {"api/Dockerfile": text})) == ["api/Dockerfile"]


def test_stages_that_start_different_services_are_services(checkout):
    text = (
        "FROM python:3 AS common\nCOPY libs libs\n"
        "FROM common AS api\nCOPY services/api /src\nCMD python -m api\n"
        "FROM common AS worker\nCOPY services/worker /src\nCMD python -m worker\n"
        "FROM common AS test\nCMD pytest\n"
    )
    files = {f"services/{name}/requirements.txt": "" for name in ("api", "worker")}
    found = units(checkout, {"Dockerfile": text} | files)
    assert {key: unit.source_path for key, unit in found.items()} == {
        "Dockerfile#api": "services/api",
        "Dockerfile#worker": "services/worker",
    }


@pytest.mark.parametrize(
    ("dockerfile", "text", "files", "source"),
    [
        ("api/Dockerfile", APP, ["api/package.json"], "api"),
        ("src/cart/src/Dockerfile", APP, ["src/cart/src/cart.csproj"], "src/cart"),
        ("docker/Dockerfile", "FROM a\nCOPY go.mod main.go ./\nCMD x", ["go.mod", "main.go"], "."),
        (
            "docker/api/Dockerfile",
            "FROM a\nCOPY src/api ./\nCMD x",
            ["src/api/package.json"],
            "src/api",
        ),
        (
            "docker/Dockerfile.orders",
            "FROM a\nCOPY . .\nRUN go build -o /x ./cmd/orders\nCMD /x",
            ["go.mod", "cmd/orders/main.go", "cmd/users/main.go"],
            "cmd/orders",
        ),
        (
            "build/Dockerfile",
            "FROM a\nCOPY . .\nRUN dotnet publish src/Api/Api.csproj\nCMD x",
            ["src/Api/Api.csproj", "src/Data/Data.csproj"],
            "src/Api",
        ),
        (
            "docker/orders/Dockerfile",
            "FROM a\nCOPY *.jar ./app.jar\nCMD x",
            ["pom.xml", "src/main/java/shop/orders/Main.java"],
            ".",
        ),
        (
            "src/kafka/Dockerfile",
            "FROM apache/kafka\nENV A=b",
            ["src/checkout/go.mod", "src/checkout/kafka/producer.go"],
            "src/kafka",
        ),
        (
            "images/db/Dockerfile",
            "FROM postgres\nCOPY init.sh /x/",
            ["images/db/init.sh"],
            "images/db",
        ),
        (
            "Dockerfile",
            "FROM a\nCOPY . .\nRUN go build ./cmd/x\nCMD x",
            ["go.mod", "cmd/x/main.go"],
            ".",
        ),
    ],
)
def test_the_source_of_a_dockerfile(checkout, dockerfile, text, files, source):
    found = units(checkout, dict.fromkeys(files, "") | {dockerfile: text})
    assert found[dockerfile].source_path == source


def test_the_context_that_a_compose_file_states_counts(checkout):
    files = {"docker/Dockerfile": APP, "web/package.json": "{}", "web/server.js": ""}
    found = units(checkout, files, [Build("web", "docker/Dockerfile")])
    assert found["docker/Dockerfile"].source_path == "web"


def test_a_dockerfile_that_cannot_be_read_is_noted(tmp_path, checkout):
    tree = checkout({"Dockerfile": APP, "api/Dockerfile": APP})
    with (tmp_path / "repository/Dockerfile").open("wb") as stream:
        stream.truncate(50 << 20)
    images = read_images(tree, layout(tree, ()), ())
    assert [unit.facts.path for unit in images.units] == ["api/Dockerfile"]
    assert images.notes[0].code == "skipped.dockerfile"
    assert "52428800 bytes" in images.notes[0].message


def test_more_dockerfiles_than_the_bound_are_named_and_the_shallow_ones_are_read():
    deep = {f"a/b/c/s{number}/Dockerfile": "FROM scratch\n" for number in range(MAX_DOCKERFILES)}
    reading = read_repository(
        FakeTree({**deep, "web/Dockerfile": "FROM node:20\nCOPY . .\nCMD node a.js\n"}),
        UnavailableRenderer(),
    )
    assert "web" in {item.name for item in reading.components}
    assert any(
        f"only the first {MAX_DOCKERFILES} of {MAX_DOCKERFILES + 1}" in note.message
        for note in reading.notes
    )


HOSTILE = {
    "a megabyte of instructions": "FROM a\n" + "RUN x\n" * 160_000,
    "a megabyte on a line": "FROM a\nRUN " + "x" * (1 << 20),
    "continued lines": "FROM a\nRUN " + "x \\\n" * 100_000,
    "stages": "FROM a\n" * 100_000,
    "doubling arguments": "FROM a\nARG A=aaaaaaaaaa\n" + "ARG A=${A}${A}\n" * 60 + "RUN $A\n",
    "doubling environment": "FROM a\nENV A=aaaaaaaaaa\n" + "ENV A=$A$A\n" * 60 + "CMD $A\n",
    "nested variables": "FROM a\nRUN " + "${A:-" * 100_000,
    "quotes": "FROM a\nCMD " + '"' * 100_001,
    "exec form": "FROM a\nCMD " + "[" * 100_000,
    "copies": "FROM a\nCOPY " + "a/b " * 100_000 + ".\n",
    "ports": "FROM a\nEXPOSE " + "8080 " * 100_000,
    "heredocs": "FROM a\n" + "RUN <<A <<B <<C <<D\n" * 5_000,
    "header": "# --- Application Metadata ---\n"
    + ("# a" + " " * 5_000 + ": b\n") * 100
    + "FROM a\n",
    "parents": "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(5_000)),
    "self": "FROM a AS a\nCOPY --from=a . .\nFROM a AS a\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_dockerfile_of_any_size_and_form_is_read_in_time(text):
    with bounded():
        files = FakeTree({"api/Dockerfile": text, "api/go.mod": "module x\n"})
        reading = read_repository(files, UnavailableRenderer())
    assert len(reading.components) <= 1


def test_what_a_build_argument_holds_is_not_shown():
    text = "FROM user:hunter2@registry.example/base:1\nENV TOKEN=hunter2\nCMD run --token $TOKEN\n"
    files = FakeTree({"api/Dockerfile": text, "api/go.mod": "module x\n"})
    (component,) = read_repository(files, UnavailableRenderer()).components
    assert "hunter2" not in component.model_dump_json()
