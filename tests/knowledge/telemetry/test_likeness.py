"""What is alike is found, most alike first, with words for it; what is not, is not found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.telemetry.likeness import FLOOR, likeness, same_repository
from knowledge.telemetry.text import MAX_LABEL, label, question_of, rounded, text_of
from schemas.context import Role
from schemas.usage import Slice
from tests.knowledge.telemetry.usages import SHOP, component, spread, usage


def score(repository=SHOP, other=None, **fields):
    found = likeness(component(**fields), other or usage(), repository)
    return 0.0 if found is None else found.score


STRANGERS = {
    "a database": {"language": None, "framework": None, "third_party": "postgresql"},
    "another runtime": {"language": "Java", "framework": "Spring Boot"},
    "another kind of role": {"role": Role.CACHE},
    "a role alone": {"language": None, "framework": None},
}


@pytest.mark.parametrize("fields", STRANGERS.values(), ids=STRANGERS)
def test_what_is_not_alike_is_not_found(fields):
    found = likeness(component(**fields), usage(), None)
    assert found is None or found.best < FLOOR


def test_a_product_is_like_itself_alone():
    database = usage("db", product="postgresql", language=None, framework=None, role="sql_database")
    assert score(other=database, third_party="postgresql") > 0.8
    assert score(other=database, third_party="mysql") == 0
    assert score(other=database) == 0


def test_every_difference_costs_something():
    whole = score(demand={"peak_rps": 100}, other=usage(requests_per_second=spread(100)))
    assert whole == pytest.approx(1.0)
    other = usage(requests_per_second=spread(100))
    for fields in (
        {"framework": "echo"},
        {"role": Role.GRPC_SERVICE},
        {"demand": {"peak_rps": 9000}},
        {"repository": "https://github.com/example/other"},
    ):
        asked = {"demand": {"peak_rps": 100}, **fields}
        assert FLOOR < score(other=other, **asked) < whole


def test_the_unknown_is_half_an_agreement():
    assert score(framework="gin") > score(framework=None) > score(framework="echo")


@pytest.mark.parametrize(
    ("own", "other"),
    [("TypeScript", "JavaScript"), ("Kotlin", "java"), ("GO ", "golang"), ("C#", "dotnet")],
)
def test_languages_of_one_runtime_are_alike(own, other):
    assert score(language=own, other=usage(language=other)) > FLOOR


def test_the_reason_names_what_agrees_and_what_does_not():
    other = usage(requests_per_second=spread(150), framework="echo")
    found = likeness(component(demand={"peak_rps": 200}), other, "https://github.com/example/x")
    assert found.why == (
        "alike: role backend_api, Go, load 150 of 200 requests/s; "
        "differs: framework echo instead of gin, another repository"
    )
    found = likeness(component(framework=None), usage(), SHOP)
    assert found.why == (
        "alike: role backend_api, Go, the same repository; not known: framework, load"
    )


def test_a_repository_is_known_by_any_of_its_urls():
    assert same_repository(SHOP, SHOP.upper() + ".git/")
    assert not same_repository(SHOP, SHOP + "2")


_WORDS = st.one_of(st.none(), st.text(max_size=80))


@given(_WORDS, _WORDS, _WORDS, _WORDS, st.floats(0, 1e12), st.floats(-1e12, 1e12))
def test_any_labels_and_loads_give_a_score_and_printable_words(a, b, c, d, wanted, seen):
    subject = component(language=a, framework=b, demand={"peak_rps": wanted})
    other = usage(language=c, framework=d, requests_per_second=spread(seen))
    found = likeness(subject, other, None)
    if found is not None:
        assert 0 <= found.score <= 1
        assert 0 <= found.with_meaning(-1.0).score <= found.best <= 1
        assert found.why.isprintable()
    assert text_of(other).isprintable()
    assert question_of(subject).isprintable()


def test_the_text_says_stack_role_load_shape_peaks_and_incidents():
    told = text_of(
        usage(
            slice=Slice.LAST_WEEK,
            requests_per_second=spread(123.4),
            cpu_by_hour=tuple(2.0 if hour == 14 else 0.95 for hour in range(24)),
            cpu_by_weekday=(1.4, 1.2, 1.1, 1.1, 1.0, 0.6, 0.6),
            burst_ratio=5.0,
            startup_memory_ratio=1.5,
            memory_trend_per_week=0.3,
            oom_kills=2,
            restarts=3,
            throttled_share=0.25,
        )
    )
    assert told == (
        "Go gin backend api named orders, app in the last week, recently. "
        "load 120 requests per second on 2 pods. "
        "CPU 20 millicores usual, 40 high, 200 at most, bursty. "
        "memory 80 MiB usual, 100 at most, with a start-up peak. "
        "busiest at 14:00 UTC and busiest on Monday. "
        "memory grows from week to week. "
        "2 OOM kills, 3 restarts, throttled in 25 % of periods."
    )


def test_a_summary_of_which_little_is_known_has_a_text():
    bare = dict.fromkeys(("language", "framework", "role", "replicas", "cpu_cores"))
    told = text_of(usage(memory_bytes=None, **bare))
    assert told == "service named orders, app over the whole window."


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.012"), (1.96, "2"), (12.6, "13"), (1234, "1200"), (-5.55, "-5.5")],
)
def test_numbers_have_two_digits(value, text):
    assert rounded(value) == text


@given(st.text(max_size=5000))
def test_a_label_is_one_short_visible_line(text):
    assert 1 <= len(label(text)) <= MAX_LABEL
    assert label(text).isprintable()
