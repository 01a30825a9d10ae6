"""Credentials are found by name, by place and by form; what is none stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.deployment.credentials import (
    REMOVED,
    clean_text,
    clean_words,
    cleaned_words,
    is_secret_name,
)
from tests.bounded import bounded

SECRET = "hunter2"  # noqa: S105 - what must not survive


@pytest.mark.parametrize(
    "words",
    [
        ("--password", SECRET),
        ("--password=" + SECRET,),
        ("-password", SECRET),
        ("--db-passwd=" + SECRET,),
        ("--api-key", SECRET),
        ("--key=" + SECRET,),
        ("--access_token", SECRET),
        ("--sas-url=" + SECRET,),
        ("-Dspring.datasource.password=" + SECRET,),
        ("--spring.redis.password=" + SECRET,),
        ("PASSWORD=" + SECRET, "run"),
        ("postgres://shop:" + SECRET + "@db/shop",),
        ("redis://:" + SECRET + "@cache:6379/0",),
        ("https://" + SECRET + "@sentry.example/1",),
        ("shop:" + SECRET + "@tcp(db:3306)/shop",),
        ("--url=https://x.example/y?a=1&token=" + SECRET + "&b=2",),
        ("Server=db;User Id=sa;Password=" + SECRET + ";Encrypt=true",),
        ("AccountName=x;AccountKey=" + SECRET,),
        ("-H", "Authorization: Bearer " + SECRET),
        ("--header=Authorization: Basic " + SECRET,),
        ("curl", "-u", "admin:" + SECRET, "http://x"),
        ("curl", "--user=admin:" + SECRET),
        ("redis-cli", "-a", SECRET, "ping"),
        ("/usr/bin/redis-cli", "-a", SECRET),
        ("mysqladmin", "-p" + SECRET, "ping"),
        ("sqlcmd", "-S", "db", "-P", SECRET),
        ("sh", "-c", "redis-cli -a " + SECRET + " ping"),
        ("sh", "-c", "PGPASSWORD=" + SECRET + " psql -h db"),
        ("sh", "-c", "curl -u admin:" + SECRET + " http://x"),
        ("run", "--requirepass", SECRET),
        ('{"password": "' + SECRET + '"}',),
    ],
    ids=lambda words: " ".join(words).replace(SECRET, "…")[:50],
)
def test_a_secret_among_the_words_of_a_command_is_masked(words):
    cleaned = clean_words(words)
    assert SECRET not in " ".join(cleaned)
    assert REMOVED in " ".join(cleaned)
    assert len(cleaned) == len(words)


@pytest.mark.parametrize(
    "token",
    [
        "ghp_abcdefghijklmnopqrstuvwx",
        "github_pat_11ABCDEFG0abcdefghij",
        "glpat-abcdefghijklmnopqrst",
        "xoxb-123456789012-abcdefghijkl",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "sk-abcdefghijklmnopqrstuv",
        "a" * 41,
    ],
)
def test_known_forms_of_tokens_are_masked_wherever_they_stand(token):
    assert clean_text(f"before {token} after") == f"before {REMOVED} after"


@pytest.mark.parametrize(
    "words",
    [
        ("java", "-Xmx1g", "-jar", "/app/orders-service-1.0.0.jar", "--port", "8080"),
        ("gunicorn", "-w", "4", "-k", "uvicorn.workers.UvicornWorker", "app.main:app"),
        ("python", "-m", "uvicorn", "app:app", "--host", "0.0.0.0:8000"),
        ("nginx", "-g", "daemon off;"),
        ("redis-server", "--maxmemory", "256mb", "--appendonly", "yes"),
        ("docker", "run", "-u", "1000:1000", "image"),
        ("celery", "-A", "app.tasks", "worker", "-c", "8", "-Q", "mail,default"),
        ("node", "--max-old-space-size=512", "dist/main.js"),
        ("postgres", "-c", "shared_buffers=256MB"),
        ("--tls-secret-name", "shop-tls"),
        ("/manager", "--metrics-bind-address=:8443", "--leader-elect"),
        ("--max-tokens=4096", "--tokenizer", "acme/words", "--authorization-mode=RBAC"),
        ("--webhook-port=9443", "--pass-through=true", "--cookie-domain", "shop.example"),
    ],
    ids=lambda words: words[0],
)
def test_plain_words_stay(words):
    assert clean_words(words) == words


@pytest.mark.parametrize(
    "text",
    [
        "nginx:1.25@sha256:" + "0" * 64,
        "registry.example:5000/acme/api:1.2.3",
        "ghcr.io/acme/api@sha256:" + "ab" * 32,
        "http://api.shop.svc.cluster.local:8080/health",
        "db.shop.svc:5432",
        "0 2 * * *",
    ],
)
def test_images_and_addresses_stay(text):
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("DB_PASSWORD", True),
        ("apiKey", True),
        ("x-api-key", True),
        ("client_secret", True),
        ("ConnectionStrings:connectionString", True),
        ("authorization", True),
        ("secretName", False),
        ("secretKeyRef", False),
        ("imagePullPolicy", False),
        ("automountServiceAccountToken", False),
        ("password-file", False),
        ("tokenPath", False),
        ("replicas", False),
        ("passenger_max_pool_size", False),
        ("topologyKey", False),
        ("", False),
    ],
)
def test_names_that_say_that_their_value_is_a_secret(name, secret):
    assert is_secret_name(name) is secret


def test_what_is_no_text_stays_as_it_is():
    assert cleaned_words([1, None, "--password", 5, "x"]) == [1, None, "--password", 5, REMOVED]


def test_an_option_after_a_secret_option_is_no_secret():
    assert clean_words(("--password", "--verbose")) == ("--password", "--verbose")


def test_long_text_is_cut():
    assert len(clean_text("word " * 10_000)) < 2_100


@pytest.mark.parametrize(
    "unit", ["a", "a:", "a=", "://", "@", "password", "-u ", " ", "a.b-c_d", "&x="]
)
def test_a_megabyte_takes_no_time(unit):
    with bounded():
        clean_text(unit * ((1 << 20) // len(unit)))


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_words_keep_their_number(words):
    assert len(clean_words(tuple(words))) == len(words)


@given(st.text(max_size=200), st.text("abcXYZ019", min_size=4, max_size=30))
def test_the_value_of_a_password_does_not_survive_whatever_stands_before_it(before, secret):
    words = clean_words((before, "--password", f"{secret}!", f"--token={secret}!"))
    assert f"{secret}!" not in words[2:]
    assert words[3] == f"--token={REMOVED}"
