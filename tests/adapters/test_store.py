"""The SQLite store of decisions, on a real file."""

import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import FORMAT, SqliteDecisions
from schemas.context import Component, FoundIn, Role
from schemas.errors import StoreError
from schemas.knowledge import DecidedSize, Decision, Outcome
from schemas.ports import DecisionFilter

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def decision(run="r1", component="api", **changes):
    fields = {
        "run": run,
        "decided_at": NOON,
        "repository": "https://git.example/shop",
        "component": component,
        "role": Role.BACKEND_API,
        "language": "Go",
        "framework": "Gin",
        "summary": "backend_api Go/Gin",
        "size": DecidedSize(replicas=2, cpu_request="100m", memory_request="128Mi"),
        "why": "habit",
    }
    return Decision(**{**fields, **changes})


def component(**changes):
    fields = {
        "name": "api",
        "found_in": (FoundIn.DOCKERFILE,),
        "language": "Go",
        "framework": "Gin",
        "role": Role.BACKEND_API,
    }
    return Component(**{**fields, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "decisions.sqlite"


@pytest.fixture
def store(path):
    return SqliteDecisions(path)


def test_reading_before_the_first_decision_finds_nothing_and_makes_nothing(store, path):
    assert store.find(DecisionFilter()) == ()
    assert store.related(component(), "x") == ()
    assert store.delete(DecisionFilter()) == 0
    assert not path.parent.exists()


def test_what_was_put_is_found_again_by_another_process_and_only_its_owner_may_read_it(store, path):
    store.put([decision()])
    assert SqliteDecisions(path).find(DecisionFilter()) == (decision(),)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_decision_with_a_known_run_and_component_replaces_the_earlier_one(store):
    store.put([decision(), decision(component="web")])
    store.put([decision(outcome=Outcome.GOOD)])
    found = store.find(DecisionFilter(component="api"))
    assert [item.outcome for item in found] == [Outcome.GOOD]
    assert len(store.find(DecisionFilter())) == 2


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (DecisionFilter(run="r1"), {"r2", "r3"}),
        (DecisionFilter(component="web"), {"r1", "r3"}),
        (DecisionFilter(repository="https://other.example"), {"r1", "r2"}),
        (DecisionFilter(before=NOON), {"r1", "r2"}),
        (DecisionFilter(run="r1", component="web"), {"r1", "r2", "r3"}),
        (DecisionFilter(), set()),
    ],
    ids=["run", "component", "repository", "before", "both must hold", "all"],
)
def test_only_what_the_filter_names_is_forgotten(store, where, kept):
    early = NOON - timedelta(days=1)
    everything = [
        decision("r1"),
        decision("r2", "web"),
        decision("r3", repository="https://other.example", decided_at=early),
    ]
    store.put(everything)
    assert store.delete(where) == 3 - len(kept)
    assert {item.run for item in store.find(DecisionFilter())} == kept


def test_what_is_forgotten_is_gone_from_the_file(store, path):
    store.put([decision(why="the secret reason")])
    assert b"the secret reason" in path.read_bytes()
    store.delete(DecisionFilter())
    assert b"the secret reason" not in path.read_bytes()


def test_moments_are_compared_in_utc_whatever_their_zone(store):
    late = datetime.fromisoformat("2026-05-04T23:00:00-05:00")  # 04:00 UTC of the next day
    store.put([decision("late", decided_at=late), decision("noon")])
    assert [item.run for item in store.find(DecisionFilter())] == ["late", "noon"]


@pytest.mark.parametrize(
    ("changes", "is_related"),
    [
        ({}, True),
        ({"component": "other"}, True),
        ({"component": "other", "framework": None, "role": Role.WORKER}, False),
        ({"component": "other", "framework": None}, True),
        ({"component": "other", "language": "Java", "framework": None}, False),
        ({"component": "other", "product": "redis", "role": Role.CACHE}, False),
    ],
    ids=["itself", "framework", "other role", "language and role", "other stack", "a product"],
)
def test_related_decisions_share_component_framework_or_language_and_role(
    store, changes, is_related
):
    store.put([decision(**changes)])
    assert bool(store.related(component(), "https://git.example/shop")) is is_related


def test_a_product_is_related_to_decisions_about_that_product_only(store):
    redis = {"product": "redis", "language": None, "framework": None, "role": Role.CACHE}
    store.put([decision(), decision("r2", "cache", **redis, repository="elsewhere")])
    subject = component(
        name="cache", third_party="redis", language=None, framework=None, role=Role.CACHE
    )
    found = store.related(subject, "https://git.example/shop")
    assert [item.run for item in found] == ["r2"]


@given(name=st.text(min_size=1, max_size=40))
def test_no_name_is_taken_for_sql(tmp_path_factory, name):
    store = SqliteDecisions(tmp_path_factory.mktemp("sql") / "d.sqlite")
    usable = name.encode("utf-8", "replace").decode()
    store.put([decision("kept", "kept"), decision("r", usable)])
    assert [item.run for item in store.find(DecisionFilter(component=usable, run="r"))] == ["r"]
    assert store.delete(DecisionFilter(component=usable, run="r")) == 1
    assert [item.run for item in store.find(DecisionFilter())] == ["kept"]


def test_a_file_that_is_no_database_is_one_sentence_and_left_as_it_is(store, path):
    path.parent.mkdir()
    path.write_text("not a database at all, but something of the user" * 100)
    before = path.read_bytes()
    for action in (
        lambda: store.put([decision()]),
        lambda: store.find(DecisionFilter()),
        lambda: store.delete(DecisionFilter()),
    ):
        with pytest.raises(StoreError, match="not a database"):
            action()
    assert path.read_bytes() == before


def test_a_store_of_a_newer_version_is_left_alone(store, path):
    store.put([decision()])
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        store.put([decision("r2")])


def test_a_decision_that_cannot_be_read_is_named(store, path):
    store.put([decision()])
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE decision SET document = '{}'")
    connection.close()
    with pytest.raises(StoreError, match="cannot be read"):
        store.find(DecisionFilter())


def test_a_full_disk_keeps_what_was_there(store, path):
    store.put([decision()])
    code = (
        "import resource, sys\n"
        "from tests.adapters.test_store import *\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size},) * 2)\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n"
        f"    SqliteDecisions(Path({str(path)!r})).put([decision('r2', why='x' * 4000)] * 50)\n"
        "except StoreError as error:\n"
        "    print(error.render())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "decisions could not be kept" in done.stdout
    assert store.find(DecisionFilter()) == (decision(),)


def test_two_processes_may_write_at_once(path):
    code = (
        "from tests.adapters.test_store import *\n"
        f"store = SqliteDecisions(Path({str(path)!r}))\n"
        "[store.put([decision(f'{sys.argv[1]}-{n}')]) for n in range(30)]\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(SqliteDecisions(path).find(DecisionFilter())) == 60
