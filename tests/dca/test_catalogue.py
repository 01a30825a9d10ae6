"""Products are recognised by image, by name in prose, and by client library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.catalogue import (
    catalogue,
    image_tag,
    product_for_image,
    product_for_library,
    product_for_word,
    products_in_text,
)
from schemas.context import Role, WorkloadKind


def test_every_kind_of_product_is_there():
    roles = {product.role for product in catalogue().products.values()}
    assert roles >= {
        Role.SQL_DATABASE,
        Role.NOSQL_DATABASE,
        Role.VECTOR_DATABASE,
        Role.CACHE,
        Role.MESSAGE_BROKER,
        Role.SEARCH_ENGINE,
        Role.GATEWAY_PROXY,
        Role.OBSERVABILITY,
        Role.CONTROLLER,
        Role.ML_INFERENCE,
        Role.LOAD_GENERATOR,
        Role.PLATFORM,
    }
    assert len(catalogue().products) >= 120


def test_keys_are_lower_case_words_with_hyphens():
    for key in catalogue().products:
        assert key == key.lower()
        assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_what_votes_keeps_state():
    for product in catalogue().products.values():
        assert product.stateful or not product.quorum, product.key


def test_every_library_belongs_to_a_product_of_the_catalogue():
    with_libraries = [item for item in catalogue().products.values() if item.libraries]
    assert len(with_libraries) >= 50


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("postgres", "postgresql"),
        ("postgres:16-alpine", "postgresql"),
        ("docker.io/bitnami/postgresql:15", "postgresql"),
        ("registry.example:5000/team/redis@sha256:0123", "redis"),
        ("quay.io/prometheus/prometheus:v2.50.0", "prometheus"),
        ("MCR.microsoft.com/mssql/server:2022-latest", "mssql"),
        ("otel/opentelemetry-collector-contrib:0.99.0", "opentelemetry-collector"),
        ("registry.k8s.io/ingress-nginx/controller:v1.10.0", "ingress-nginx"),
    ],
)
def test_an_image_is_its_product_wherever_it_comes_from(image, key):
    product = product_for_image(image)
    assert product is not None
    assert product.key == key


@pytest.mark.parametrize(
    "image", ["acme/postgres-backup", "acme/controller:1", "acme/frontend", "", ":", "@", "///"]
)
def test_an_image_of_ones_own_is_no_product(image):
    assert product_for_image(image) is None


@pytest.mark.parametrize(
    ("image", "tag"),
    [("redis:7", "7"), ("host:5000/redis", ""), ("host:5000/redis:7@sha256:a", "7")],
)
def test_the_tag_is_what_follows_the_last_name(image, tag):
    assert image_tag(image) == tag


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("React frontend + Go/Gin API + PostgreSQL backend", ["postgresql"]),
        ("the redis exporter scrapes Redis", ["redis-exporter", "redis"]),
        ("Postgres, mysql and SQL Server", ["postgresql", "mysql", "mssql"]),
        ("events go through Apache Kafka to ClickHouse", ["kafka", "clickhouse"]),
        ("runs on k8s with no database", []),
    ],
)
def test_prose_names_products(text, keys):
    assert [product.key for product, _, _ in products_in_text(text)] == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("stores each vector in a vector database", []),
        ("we keep the keys in a vault", []),
        ("we keep the keys in Vault", ["vault"]),
        ("a consul cluster of three", ["consul-server"]),
        ("temporal data with express delivery", []),
        ("written with Apache Beam", []),
        ("Spark of life", []),
        ("nightly Spark jobs", ["spark-worker"]),
    ],
)
def test_a_plain_word_is_a_product_only_when_it_is_meant(text, keys):
    assert [product.key for product, _, _ in products_in_text(text)] == keys


def test_the_place_of_a_name_is_exact():
    text = "uses SQL-Server here"
    ((product, start, end),) = products_in_text(text)
    assert (product.key, text[start:end]) == ("mssql", "SQL-Server")


@given(st.text(max_size=300))
def test_any_text_is_read_without_overlaps(text):
    spans = [(start, end) for _, start, end in products_in_text(text)]
    assert spans == sorted(spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))


def test_a_word_must_be_the_whole_name():
    assert product_for_word("PostgreSQL") is product_for_word("postgres")
    assert product_for_word("postgres stuff") is None
    assert product_for_word("k8s") is None
    assert product_for_word("") is None


@pytest.mark.parametrize(
    ("ecosystem", "name", "key"),
    [
        ("python", "psycopg2-binary", "postgresql"),
        ("python", "Confluent_Kafka", "kafka"),
        ("node", "ioredis", "redis"),
        ("node", "@temporalio/worker", "temporal"),
        ("go", "github.com/jackc/pgx/v5/pgxpool", "postgresql"),
        ("java", "org.springframework.kafka:spring-kafka", "kafka"),
        ("dotnet", "Npgsql.EntityFrameworkCore.PostgreSQL", "postgresql"),
        ("ruby", "sidekiq", "redis"),
        ("elixir", "postgrex", "postgresql"),
    ],
)
def test_a_client_library_names_its_product(ecosystem, name, key):
    product = product_for_library(ecosystem, name)
    assert product is not None
    assert product.key == key


@pytest.mark.parametrize(
    ("ecosystem", "name"), [("go", "k8s.io/client-go"), ("python", "requests"), ("cobol", "x")]
)
def test_other_libraries_name_none(ecosystem, name):
    assert product_for_library(ecosystem, name) is None


def test_a_store_is_a_stateful_set_unless_the_catalogue_says_else():
    products = catalogue().products
    assert products["postgresql"].kind is WorkloadKind.STATEFUL_SET
    assert products["grafana"].kind is WorkloadKind.DEPLOYMENT
    assert products["fluent-bit"].kind is WorkloadKind.DAEMON_SET
