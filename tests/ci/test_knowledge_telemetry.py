"""The telemetry commands as a person uses them."""

from __future__ import annotations

import json

import pytest

from adapters.settings import load_settings
from ci.cli import main
from pipeline.telemetry import open_telemetry
from schemas.usage import Slice
from tests.knowledge.telemetry.usages import NOW, FakeClock, spread, usage


@pytest.fixture(name="filled")
def _filled():
    """Three workloads in the data directory of this test."""
    index = open_telemetry(load_settings(), FakeClock())
    index.remember(
        [
            usage(),
            usage(slice=Slice.INCIDENT, oom_kills=2, missing=("throttling: no such metric",)),
            usage("carts", language="Java", framework=None, requests_per_second=spread(12.5)),
            usage("db", product="postgresql", language=None, framework=None, role="sql_database",
                  repository="https://example.org/x", end_s=int(NOW.timestamp()) - 40 * 86400),
        ]
    )  # fmt: skip
    return index


def run(monkeypatch, capsys, *arguments):
    """Exit code, standard output and standard error."""
    monkeypatch.setattr("sys.argv", ["ai-provision", "knowledge", "telemetry", *arguments])
    code = main()
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(name="telemetry")
def _telemetry(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


def test_the_list_has_one_line_per_container(telemetry, filled):
    code, out, err = telemetry("list")
    assert (code, err) == (0, "")
    heading, *rows = out.splitlines()
    assert heading.split("  ")[0] == "workload"
    assert [row.split()[0].split("/")[2] for row in rows] == ["carts", "db", "orders"]
    assert " 40m " in rows[2]
    assert " 100Mi " in rows[2]
    assert "Go/gin" in rows[2]
    assert "12.5/s" in rows[0]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--language", "GO"), ["orders"]),
        (("--product", "postgresql"), ["db"]),
        (("--role", "backend_api", "--framework", "gin"), ["orders"]),
        (("--repository", "https://example.org/x"), ["db"]),
        (("--language", "cobol"), []),
    ],
    ids=["language", "product", "role and framework", "repository", "none"],
)
def test_the_list_is_filtered(telemetry, filled, arguments, names):
    code, out, err = telemetry("list", "--format", "json", *arguments)
    assert code == 0
    assert [item["workload"]["name"] for item in json.loads(out)] == names
    assert ("no usage is remembered" in err) == (not names)


def test_a_workload_is_shown_with_all_its_slices(telemetry, filled):
    code, out, _ = telemetry("show", "shop/Deployment/orders")
    assert code == 0
    assert "app, all (to 2026-01-15, 14.0 days)" in out
    assert "app, incident" in out
    assert "2 OOM kills" in out
    assert "not known: throttling: no such metric" in out
    assert len(json.loads(telemetry("show", "shop/Deployment/orders", "--format", "json")[1])) == 2


def test_an_unknown_workload_is_a_wrong_argument(telemetry, filled):
    code, out, err = telemetry("show", "shop/Deployment/\x1b[2Jnone")
    assert (code, out) == (2, "")
    assert "error[telemetry.unknown_workload]" in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--workload", "shop/Deployment/orders"), 2),
        (("--repository", "https://example.org/x"), 1),
        (("--before", "2026-01-01"), 1),
        (("--all",), 4),
    ],
    ids=["workload", "repository", "before", "all"],
)
def test_a_purge_says_how_much_it_forgot(telemetry, filled, arguments, count):
    assert telemetry("purge", *arguments)[1] == f"{count} usage summaries forgotten\n"
    assert len(filled.find({})) == 4 - count


def test_a_purge_must_say_of_what(telemetry, filled):
    code, _, err = telemetry("purge")
    assert code == 2
    assert "--all" in err
    assert len(filled.find({})) == 4
    assert telemetry("purge", "--before", "soon")[0] == 2


def test_hostile_names_are_printed_without_their_escapes(telemetry, filled):
    filled.remember([usage("x", container="\x1b[31mred", framework="a\nb\u202e")])
    out = telemetry("list")[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert len(out.splitlines()) == 5


def test_nothing_remembered_is_no_error(telemetry):
    assert telemetry("list") == (0, "", "no usage is remembered\n")
    assert telemetry("purge", "--all")[1] == "0 usage summaries forgotten\n"
