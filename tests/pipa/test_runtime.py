"""Which runtime a component is taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipa.libraries import groups
from pipa.runtime import Runtime, detect, image_words
from schemas.context import Component, FoundIn, Role, RuntimeSettings


@pytest.mark.parametrize(
    ("fields", "variant"),
    [
        ({"language": "Go", "framework": "Gin"}, "go"),
        ({"language": "Rust"}, "rust"),
        ({"language": "C++"}, "native"),
        ({"language": "TypeScript", "framework": "NestJS"}, "node"),
        ({"language": "TypeScript", "framework": "Next.js"}, "node_ssr"),
        ({"language": "JavaScript", "framework": "SvelteKit"}, "node_ssr"),
        ({"language": "Python", "framework": "FastAPI"}, "python"),
        ({"language": "Python", "framework": "Django"}, "python_heavy"),
        ({"language": "Python", "libraries": ("langchain",)}, "python_heavy"),
        ({"language": "Java", "framework": "Spring Boot"}, "jvm_spring"),
        ({"language": "Kotlin", "framework": "Ktor"}, "jvm"),
        (
            {"language": "Java", "framework": "Quarkus", "base_image": "quay.io/quarkus/ubi-micro"},
            "jvm_native",
        ),
        ({"language": "C#", "framework": "ASP.NET Core"}, "dotnet"),
        ({"language": "Ruby", "framework": "Ruby on Rails"}, "ruby_rails"),
        ({"language": "Ruby", "framework": "Sinatra"}, "ruby"),
        ({"language": "PHP", "framework": "Laravel"}, "php"),
        ({"language": "Elixir", "framework": "Phoenix"}, "beam"),
        ({"language": "COBOL"}, "unknown"),
        ({}, "unknown"),
        ({"base_image": "eclipse-temurin:21-jre"}, "jvm"),
        ({"base_image": "docker.io/library/golang:1.23"}, "go"),
        ({"base_image": "python:3.12-slim"}, "python"),
        ({"image": "mcr.microsoft.com/dotnet/aspnet:8.0"}, "dotnet"),
    ],
)
def test_the_language_decides_and_an_image_where_there_is_none(fields, variant: str):
    subject = Component(name="x", found_in=(FoundIn.DOCKERFILE,), **fields)
    assert detect(subject).variant == variant


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "TypeScript", "framework": "Angular", "base_image": "nginx:1.27-alpine"},
        {
            "language": "JavaScript",
            "framework": "React",
            "base_image": "nginxinc/nginx-unprivileged",
        },
        {
            "language": "JavaScript",
            "framework": "Vue.js",
            "runtime": RuntimeSettings(server="caddy"),
        },
        {"language": "JavaScript", "framework": "React + nginx", "base_image": "node:22"},
        {"framework": "React", "role": Role.WEB_FRONTEND},
        {"language": "TypeScript", "role": Role.WEB_FRONTEND, "third_party": "some-web"},
    ],
    ids=["nginx", "unprivileged", "caddy", "named", "only-described", "product"],
)
def test_browser_code_behind_a_web_server_is_static(fields):
    subject = Component(name="web", found_in=(FoundIn.DOCKERFILE,), **fields)
    assert detect(subject).runtime is Runtime.STATIC


@pytest.mark.parametrize("framework", ["React + Express", "Next.js", "Fastify"])
def test_a_node_server_is_not_static(framework: str):
    subject = Component(
        name="web",
        found_in=(FoundIn.DOCKERFILE,),
        language="TypeScript",
        framework=framework,
        role=Role.WEB_FRONTEND,
    )
    assert detect(subject).runtime is Runtime.NODE


def test_only_interpreters_with_one_working_thread_are_bound_to_a_core():
    bound = {
        language
        for language in ("Go", "Java", "C#", "Elixir", "Python", "TypeScript", "Ruby", "Rust")
        if detect(
            Component(name="x", found_in=(FoundIn.DOCKERFILE,), language=language)
        ).one_core_per_process
    }
    assert bound == {"Python", "TypeScript", "Ruby"}


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_any_text_has_a_profile(language: str, framework: str, image: str):
    subject = Component(
        name="x",
        found_in=(FoundIn.DOCKERFILE,),
        language=language,
        framework=framework,
        base_image=image,
    )
    assert detect(subject).runtime in Runtime


def test_words_of_an_image_leave_registry_tag_and_digest_out():
    assert image_words("ghcr.io/a/my-node_app:1.2@sha256:00") >= {"my", "node", "app"}
    assert "1" not in image_words("a/b:1.2")
    assert image_words(None) == {""}


@pytest.mark.parametrize(
    ("library", "group"),
    [
        ("torch", "torch"),
        ("Sentence-Transformers", "model"),
        ("org.apache.kafka:kafka-clients", "kafka"),
        ("github.com/confluentinc/confluent-kafka-go/v2", "kafka"),
        ("github.com/IBM/sarama", "kafka"),
        ("@duckdb/node-api", "duckdb"),
        ("scikit_learn", "numeric"),
        ("org.apache.spark:spark-core_2.12", "spark"),
        ("com.github.ben-manes.caffeine:caffeine", "cache"),
        ("github.com/dgraph-io/ristretto/v2", "cache"),
        ("org.apache.poi:poi-ooxml", "documents"),
    ],
)
def test_a_library_is_found_by_its_name_in_any_ecosystem(library: str, group: str):
    assert groups([library]) == (group,)


def test_groups_count_once_and_unknown_libraries_not_at_all():
    assert groups(["pandas", "polars", "left-pad", "numpy"]) == ("dataframe", "numeric")
