"""What the code of a directory says, with and without its Dockerfile."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import json

import pytest

from dca.repository.facts import DockerfileFacts
from dca.repository.source.languages import source_directories, source_facts
from tests.dca.tree import FakeTree


def facts(files, directory=".", **dockerfile):
    image = DockerfileFacts(path="Dockerfile", **dockerfile) if dockerfile else None
    return source_facts(FakeTree(files), directory, image)


def package(**fields):
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("files", "language", "framework"),
    [
        ({"requirements.txt": "fastapi", "main.py": "app = 1"}, "Python", "FastAPI"),
        ({"package.json": package(dependencies={"express": "4"}), "server.js": "x"}, "JavaScript", "Express"),
        ({"package.json": package(dependencies={"@nestjs/core": "1"}), "tsconfig.json": "{}", "a.ts": "x"},
         "TypeScript", "NestJS"),
        ({"package.json": package(dependencies={"next": "1"}), "pages/index.tsx": "x" * 9, "x.js": "x"},
         "TypeScript", "Next.js"),
        ({"go.mod": "module a/b\nrequire github.com/gin-gonic/gin v1",
          "main.go": 'package main\nimport (\n"github.com/gin-gonic/gin" // (web)\n)\nfunc main() {}'}, "Go", "Gin"),
        ({"pom.xml": "<project><dependencies><dependency><groupId>org.springframework.boot</groupId>"
          "<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
          "src/main/java/A.java": "class A {}"}, "Java", "Spring Boot"),
        ({"build.gradle.kts": 'dependencies { implementation("io.ktor:ktor-server-netty:3") }',
          "src/main/kotlin/A.kt": "fun main() {}"}, "Kotlin", "Ktor"),
        ({"Api.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "Program.cs": "x"}, "C#", "ASP.NET Core"),
        ({"Cargo.toml": '[package]\nname="x"\n[dependencies]\naxum="1"', "src/main.rs": "fn main() {}"}, "Rust", "Axum"),
        ({"Gemfile": 'gem "rails"', "app/a.rb": "x"}, "Ruby", "Ruby on Rails"),
        ({"composer.json": package(require={"slim/slim": "4"}), "index.php": "<?php"}, "PHP", "Slim"),
        ({"mix.exs": 'defmodule A do\n[{:phoenix, "~> 1"}]\nend', "lib/a.ex": "x"}, "Elixir", "Phoenix"),
        ({"CMakeLists.txt": "project(x)", "main.cpp": "int main() {}"}, "C++", None),
        ({"meson.build": "project('x')", "main.c": "int main() {}"}, "C", None),
        ({"rebar.config": "{deps, []}.", "src/a.erl": "x"}, "Erlang", None),
        ({"build.sbt": 'x := "com.typesafe.play" %% "play" % "3"', "A.scala": "x"}, "Scala", "Play"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_language_and_framework_of_a_plain_project(files, language, framework):
    found = facts(files)
    assert (found.language, found.framework) == (language, framework)


GO_WITH_UI = {
    "go.mod": "module a/b",
    "main.go": "package main",
    "ui/package.json": package(dependencies={"react": "1"}),
    "ui/src/app.tsx": "x" * 5000,
}


def test_a_go_service_with_a_large_ui_is_go():
    assert (
        facts(GO_WITH_UI, base_image="scratch", build_images=("node:22", "golang:1.22")).language
        == "Go"
    )
    assert facts(GO_WITH_UI).language == "Go"


def test_a_node_build_below_a_web_server_is_the_front_end():
    files = {
        "package.json": package(devDependencies={"@angular/core": "1"}),
        "src/a.ts": "x",
        "tsconfig.json": "{}",
    }
    found = facts(files, base_image="nginx:1", build_images=("node:20", "nginx:1"))
    assert (found.language, found.framework) == ("TypeScript", "Angular")


def test_rails_with_much_javascript_stays_ruby():
    files = {
        "Gemfile": 'gem "rails"',
        "config.ru": "",
        "app/a.rb": "x" * 100,
        "package.json": package(dependencies={"react": "1"}),
        "app/javascript/x.js": "x" * 9000,
    }
    assert facts(files, base_image="ruby:3.3").language == "Ruby"


def test_an_image_on_a_product_without_code_has_the_language_of_the_product():
    files = {"db/Dockerfile": "", "db/init.sql": "", "package.json": "{}", "app.js": ""}
    found = facts(files, "db", base_image="postgres:16")
    assert (found.language, found.framework) == ("C", "PostgreSQL")


def test_static_files_on_nginx_have_its_language():
    assert facts({"a/index.html": ""}, "a", base_image="nginx").language == "C"


def test_a_directory_of_nothing_says_nothing():
    found = facts({"README.md": ""})
    assert (found.language, found.framework, found.libraries, found.deployable) == (
        None,
        None,
        (),
        False,
    )


def test_kotlin_with_some_java_is_kotlin_and_tests_do_not_count():
    files = {
        "build.gradle": "",
        "src/main/kotlin/A.kt": "x" * 300,
        "src/main/java/B.java": "x" * 400,
        "src/test/java/C.java": "x" * 9000,
    }
    assert facts(files).language == "Kotlin"


@pytest.mark.parametrize(
    ("files", "image", "version"),
    [
        ({"requirements.txt": "flask", "a.py": ""}, "python:3.12-slim", "3.12"),
        (
            {"requirements.txt": "flask", "a.py": "", ".python-version": "3.11.4\n"},
            "python:3.12",
            "3.11.4",
        ),
        ({"go.mod": "module a\ngo 1.23", "main.go": "package main"}, "golang:1.21", "1.23"),
        ({"Gemfile": 'gem "x"', ".ruby-version": "ruby-3.3.0", "a.rb": ""}, None, "3.3.0"),
        ({"pom.xml": "<project/>", "A.java": "x"}, "gcr.io/distroless/java21-debian12", "21"),
        ({"pom.xml": "<project/>", "A.java": "x"}, "eclipse-temurin:21-jre", "21"),
    ],
)
def test_the_version_comes_from_the_project_before_the_image(files, image, version):
    assert facts(files, base_image=image, build_images=()).language_version == version


SHARED = {
    "go.mod": "module a/b\nrequire (\n\tgithub.com/gin-gonic/gin v1\n\tgithub.com/streadway/amqp v1\n)",
    "cmd/api/main.go": 'package main\nimport (\n"a/b/internal/web"\n)',
    "cmd/ingest/main.go": 'package main\nimport "github.com/streadway/amqp"\nfunc f() { c.Consume("q") }',
    "internal/web/web.go": 'package web\nimport "github.com/gin-gonic/gin"\nfunc f() { r.GET("/x", h) }',
}


def test_programs_of_one_go_module_are_told_apart_by_what_they_import():
    api, ingest = facts(SHARED, "cmd/api"), facts(SHARED, "cmd/ingest")
    assert (api.framework, api.endpoint_count, [use.name for use in api.uses]) == ("Gin", 1, [])
    assert ingest.framework is None
    assert [use.name for use in ingest.uses] == ["rabbitmq"]
    assert "queue_consumer" in ingest.traits


def test_the_image_decides_between_the_programs_of_a_module():
    found = facts(SHARED, base_image="scratch", entrypoint=("/app/api",))
    assert found.framework == "Gin"


def test_a_module_is_followed_into_the_projects_it_is_built_with():
    files = {
        "settings.gradle": "include ':app', ':libs:web'",
        "app/build.gradle": "dependencies { implementation project(':libs:web') }",
        "app/src/main/kotlin/A.kt": "fun main() {}",
        "libs/web/build.gradle": "dependencies { api 'io.ktor:ktor-server-core:3' }",
    }
    assert facts(files, "app").framework == "Ktor"


def test_uses_name_their_evidence_and_no_secret():
    files = {
        "package.json": '{\n"dependencies": {\n"ioredis": "5"}}',
        "a.js": "",
        ".env.example": "# db\nDATABASE_URL=postgres://admin:hunter2@db/shop\n",
        "application.yml": "url: jdbc:mysql://db/shop\n",
    }
    found = facts(files)
    assert {use.name for use in found.uses} == {"redis", "postgresql", "mysql"}
    by_id = {item.id: item for item in found.evidence}
    assert all(id_ in by_id for use in found.uses for id_ in use.evidence)
    assert by_id["file:package.json:3#redis"].line == 3
    assert "hunter2" not in str(found)


def test_libraries_that_matter_for_the_size_are_named():
    found = facts({"requirements.txt": "torch\nrequests\n", "a.py": ""})
    assert found.sizing_libraries == ("torch",)
    assert found.libraries == ("torch", "requests")


def test_sources_show_traits_and_templates():
    files = {
        "requirements.txt": "flask",
        "app.py": "return render_template('a.html')",
        "templates/a.html": "",
        "templates/b.html": "",
    }
    assert {"html_rendering", "html_templates"} <= set(facts(files).traits)


def test_name_and_start_command_come_from_the_manifest():
    found = facts(
        {"package.json": package(name="shop", scripts={"start": "node a.js"}), "a.js": ""}
    )
    assert (found.name, found.start_command, found.deployable) == ("shop", ("node", "a.js"), True)


def test_directories_with_a_program_are_found_and_tests_left_out():
    files = {
        "api/go.mod": "",
        "web/package.json": "",
        "tests/package.json": "",
        "job/main.py": "",
        "api/cmd/main.go": "",
        "node_modules/x/package.json": "",
        "docs/conf.py": "",
    }
    assert source_directories(FakeTree(files)) == ("api", "job", "web")


def test_a_damaged_manifest_does_not_sink_the_directory():
    found = facts({"package.json": "{", "requirements.txt": "flask", "app.py": "x"})
    assert (found.language, found.framework) == ("Python", "Flask")


def test_what_is_read_is_bounded():
    files = {f"a{n}.py": "x = 1\n" for n in range(2000)} | {"requirements.txt": "flask"}
    tree = FakeTree(files)
    source_facts(tree, ".")
    assert len(tree.reads) < 600
    assert len(tree.reads) == len(set(tree.reads))
