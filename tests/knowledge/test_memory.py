"""Which past decisions matter, and how they are judged."""

from datetime import UTC, datetime, timedelta

import pytest

from knowledge.memory import MAX_NOTE, Feedback, Memory, judge, likeness
from schemas.context import Component, FoundIn, Role
from schemas.errors import UsageError
from schemas.knowledge import DecidedSize, Decision, Outcome
from schemas.ports import DecisionFilter

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HERE = "https://git.example/shop"


class FakeStore:
    """Keeps decisions in a dictionary; every one is related to everything."""

    def __init__(self, *decisions):
        self.kept = {(d.run, d.component): d for d in decisions}

    def put(self, decisions):
        self.kept.update({(d.run, d.component): d for d in decisions})

    def find(self, where):
        return [
            d
            for d in self.kept.values()
            if where.run in (None, d.run) and where.component in (None, d.component)
        ]

    def related(self, component, repository):
        return sorted(self.kept.values(), key=lambda d: d.decided_at, reverse=True)

    def delete(self, where):
        raise AssertionError("nothing asks for it")


class FakeClock:
    def now(self):
        return NOON

    def monotonic(self):
        return 0.0


def decision(run="r1", component="api", **changes):
    fields = {
        "run": run,
        "decided_at": NOON,
        "repository": HERE,
        "component": component,
        "role": Role.BACKEND_API,
        "language": "Go",
        "framework": "Gin",
        "summary": "backend_api Go/Gin",
        "size": DecidedSize(
            cpu_request="200m", memory_request="256Mi", cpu_limit="400m", memory_limit="512Mi"
        ),
        "why": "habit",
    }
    return Decision(**{**fields, **changes})


API = Component(
    name="api",
    found_in=(FoundIn.DOCKERFILE,),
    language="Go",
    framework="Gin",
    role=Role.BACKEND_API,
)


def memory(*decisions):
    return Memory(FakeStore(*decisions), FakeClock())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 1.0),
        ({"framework": "Echo"}, 0.9),
        ({"component": "cart"}, 0.5),
        ({"component": "cart", "role": Role.WORKER}, 0.2),
        ({"component": "cart", "framework": None}, 0.4),
        ({"component": "cart", "framework": None, "outcome": Outcome.GOOD}, 0.5),
        ({"component": "cart", "framework": None, "language": "Java"}, 0.0),
        ({"component": "cart", "product": "redis"}, 0.0),
        ({"repository": "https://git.example/other"}, 0.5),
    ],
    ids=[
        "the same",
        "its stack changed",
        "framework and role",
        "framework",
        "language and role",
        "with an outcome",
        "another stack",
        "a product",
        "another repository",
    ],
)
def test_likeness_falls_with_the_distance(changes, expected):
    assert likeness(decision(**changes), API, HERE) == pytest.approx(expected)


def test_the_most_alike_come_first_and_what_is_unlike_stays_away():
    found = memory(
        decision("unlike", "x", language="Java", framework=None),
        decision("alike", "cart", decided_at=NOON + timedelta(days=3)),
        decision("same"),
    ).similar(API, HERE)
    assert [item.run for item in found] == ["same", "alike"]


def test_a_recommendation_that_repeats_itself_counts_once():
    days = [decision(f"r{n}", decided_at=NOON + timedelta(days=n)) for n in range(5)]
    assert [item.run for item in memory(*days).similar(API, HERE)] == ["r4"]


def test_the_newest_known_outcome_is_kept_beside_the_newest_decision():
    days = [decision(f"r{n}", decided_at=NOON + timedelta(days=n)) for n in range(5)]
    days[1] = days[1].model_copy(update={"outcome": Outcome.OOM_KILLED})
    days[0] = days[0].model_copy(update={"outcome": Outcome.GOOD})
    assert [item.run for item in memory(*days).similar(API, HERE)] == ["r4", "r1"]


def test_at_most_the_limit_comes_back():
    many = [decision(f"r{n}", f"c{n}") for n in range(9)]
    assert len(memory(*many).similar(API, HERE, limit=4)) == 4


@pytest.mark.parametrize(
    ("cpu", "ram", "expected"),
    [
        ("100m", "200Mi", Outcome.GOOD),
        ("100m", "461Mi", Outcome.TOO_SMALL),
        ("360m", "200Mi", Outcome.THROTTLED),
        ("70m", "100Mi", Outcome.TOO_LARGE),
        ("70m", "110Mi", Outcome.GOOD),
        (None, "100Mi", Outcome.TOO_LARGE),
        ("100m", None, Outcome.GOOD),
        (None, None, Outcome.GOOD),
    ],
)
def test_a_measurement_is_judged_against_what_was_recommended(cpu, ram, expected):
    measured = DecidedSize(cpu_request=cpu, memory_request=ram)
    assert judge(decision().size, measured) is expected


def test_feedback_marks_every_component_of_a_run_or_the_one_named():
    store = FakeStore(decision(), decision(component="web"), decision("r2"))
    subject = Memory(store, FakeClock())
    subject.mark("r1", "web", Feedback(Outcome.THROTTLED, note="p99 doubled"))
    assert store.kept["r1", "web"].outcome is Outcome.THROTTLED
    assert store.kept["r1", "web"].outcome_note == "p99 doubled"
    assert store.kept["r1", "web"].outcome_at == NOON
    assert store.kept["r1", "api"].outcome is None
    assert len(subject.mark("r1", None, Feedback(Outcome.GOOD))) == 2
    assert store.kept["r1", "web"].outcome_note == "p99 doubled"
    assert store.kept["r2", "api"].outcome is None


def test_a_measurement_alone_gives_the_outcome():
    store = FakeStore(decision())
    measured = DecidedSize(memory_request="500Mi")
    Memory(store, FakeClock()).mark("r1", None, Feedback(measured=measured))
    assert store.kept["r1", "api"].outcome is Outcome.TOO_SMALL
    assert store.kept["r1", "api"].measured == measured


@pytest.mark.parametrize(
    ("run", "component", "feedback", "words"),
    [
        ("nope", None, Feedback(Outcome.GOOD), "run nope"),
        ("r1", "nope", Feedback(Outcome.GOOD), "component nope in run r1"),
        ("r1", None, Feedback(), "says nothing"),
        ("r1", None, Feedback(Outcome.GOOD, note="x" * (MAX_NOTE + 1)), "1001 characters"),
        ("r1", None, Feedback(measured=DecidedSize(cpu_request=1)), "2 components"),
    ],
    ids=["unknown run", "unknown component", "nothing said", "long note", "which component"],
)
def test_feedback_that_cannot_be_used_is_refused(run, component, feedback, words):
    store = FakeStore(decision(), decision(component="web"))
    with pytest.raises(UsageError, match=words):
        Memory(store, FakeClock()).mark(run, component, feedback)
    assert all(item.outcome is None for item in store.find(DecisionFilter()))
