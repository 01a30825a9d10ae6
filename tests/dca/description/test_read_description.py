"""Descriptions are read along their eight dimensions, and nothing is made up."""

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dca.description import evidence_of, read_description
from schemas.context import Criticality, DescriptionReading, Dimension
from tests.bounded import bounded

CASES = Path(__file__).parent.parent / "cases"


def load(name):
    return yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))


TUNED, HELD_OUT = load("descriptions"), load("descriptions_held_out")
STYLES, LAST = load("descriptions_styles"), load("descriptions_last")
KNOWN_FAULTS = [case for case in STYLES + LAST if "fault" in case]


def stated(demand):
    values = demand.model_dump(exclude_none=True)
    return {key: value for key, value in values.items() if value != ()}


def same(got, expected):
    expected = {key: tuple(v) if isinstance(v, list) else v for key, v in expected.items()}
    return got.keys() == expected.keys() and all(
        math.isclose(got[key], expected[key], rel_tol=1e-4)
        if isinstance(got[key], int | float)
        else got[key] == expected[key]
        for key in got
    )


def named(reading):
    return sorted(
        item.third_party or f"{item.role or '-'}:{item.language or '-'}/{item.framework or '-'}"
        for item in reading.named
    )


@pytest.mark.parametrize(
    "case",
    [case for case in TUNED + HELD_OUT + STYLES + LAST if "fault" not in case],
    ids=lambda case: case["text"][:50],
)
def test_a_description_means_what_its_case_says(case):
    assert_means(case)


@pytest.mark.parametrize("case", KNOWN_FAULTS, ids=lambda case: case["fault"])
def test_a_known_fault_is_still_one(case):
    with pytest.raises(AssertionError):
        assert_means(case)


def assert_means(case):
    reading = read_description(case["text"])
    assert same(stated(reading.demand), case.get("demand", {})), stated(reading.demand)
    assert named(reading) == sorted(case.get("named", []))
    uses = sorted(item.value for item in reading.statements if item.key.startswith("uses"))
    assert uses == sorted(case.get("uses", []))
    by = {name: stated(demand) for name, demand in reading.by_component.items()}
    expected = case.get("by", {})
    assert by.keys() == expected.keys()
    assert all(same(by[name], expected[name]) for name in by)
    values = {item.key: item.value for item in reading.statements}
    assert case.get("states", {}).items() <= values.items()


def test_there_are_enough_cases_and_half_of_them_are_held_out():
    assert len(TUNED) + len(HELD_OUT) >= 120
    assert len(HELD_OUT) >= 60
    assert len(STYLES) >= 60
    assert sum("fault" not in case for case in STYLES) / len(STYLES) > 0.95
    assert sum("fault" not in case for case in LAST) / len(LAST) >= 0.75


DESIGN = (
    "Supermarket inventory service, zero downtime, 2000 QPS peak, strong consistency, "
    "React frontend + Go/Gin API + PostgreSQL backend"
)


def test_every_dimension_can_be_stated():
    text = f"{DESIGN}. Stateless, 300 GB of data. Uses a managed Kafka. p99 < 50 ms. Needs GPUs."
    dimensions = {item.dimension for item in read_description(text).statements}
    assert dimensions >= set(Dimension) - {Dimension.CRITICALITY}


def test_quotes_are_the_words_of_the_text():
    reading = read_description(DESIGN)
    quotes = {item.key: item.quote for item in reading.statements}
    assert quotes["peak_rps"] == "2000 QPS"
    assert quotes["consistency"] == "strong consistency"
    assert [item.quote for item in reading.named] == [
        "React frontend",
        "Go/Gin API",
        "PostgreSQL backend",
    ]
    assert [item.name for item in reading.named] == ["frontend", "api", "postgresql"]


def test_evidence_carries_each_quote_with_its_figures():
    reading = read_description("p99 under 50 ms, 2k rps")
    evidence = {item.id: item for item in evidence_of(reading)}
    assert set(evidence) == {item.evidence_id for item in reading.statements}
    assert evidence["description:0-15"].figures == {"latency_ms": 50, "latency_quantile": 0.99}
    assert evidence["description:17-23"].figures == {"peak_rps": 2000}
    assert all(item.source == "app_description" for item in evidence.values())


def test_an_explicit_word_outweighs_what_is_implied():
    text = "Not critical. Runs in production and handles payments."
    assert read_description(text).demand.criticality is Criticality.LOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "()" * 50,
        "Диалоговый сервис, 200 запросов в секунду",
        "在庫サービス、ピーク時2000 QPS",
        "İstanbul’da 5000 kullanıcı, 99,95 % \u00a0 300\u202fGB",
        "²³¼ ٣٤٥ rps ①②",
        "1e999 rps, 99999999999999999999 rps, 0 rps, -5 rps",
        "0 ms p99, p0 5 ms, 100 % availability, 0 GB, 9999999999 PB",
        "9" * 300 + " users",
    ],
)
def test_odd_text_is_read_without_error(text):
    assert isinstance(read_description(text), DescriptionReading)


VOCABULARY = st.sampled_from(
    [
        "2k",
        "500-800",
        "1,200",
        "99.95",
        "%",
        "nines",
        "rps",
        "req/s",
        "requests",
        "per",
        "second",
        "minute",
        "day",
        "peak",
        "average",
        "p99",
        "ms",
        "under",
        "concurrent",
        "users",
        "connections",
        "GB",
        "TB",
        "of",
        "data",
        "replicas",
        "vCPU",
        "no",
        "not",
        "without",
        "never",
        "stateless",
        "persistent",
        "React",
        "frontend",
        "Go",
        "Gin",
        "API",
        "PostgreSQL",
        "Redis",
        "Kafka",
        "consumer",
        "worker",
        "backend",
        "service",
        "in",
        "and",
        "+",
        ",",
        ".",
        "(",
        ")",
        "-",
        ";",
        ":",
        "uses",
        "stores",
        "managed",
        "instead",
        "mission-critical",
        "demo",
        "zero",
        "downtime",
        "GPU",
        "nightly",
        "batch",
        "every",
        "15",
        "minutes",
        "the",
        "while",
        "but",
        "İ",
        "’",
        "“",
        "four",
        "five",
        "M",
        "k",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(VOCABULARY, max_size=60).map(" ".join)))
def test_every_quote_is_where_it_says(text):
    reading = read_description(text)
    for item in (*reading.statements, *reading.named):
        assert text[item.start : item.end] == item.quote
        assert item.quote
    ids = [item.id for item in evidence_of(reading)]
    assert len(set(ids)) == len(ids)
    assert {item.evidence_id for item in reading.statements} <= set(ids)
    names = [item.name for item in reading.named]
    assert len(set(names)) == len(names)


HOSTILE = {
    "digits": "1" * 20_000,
    "groups": "111 " * 5000,
    "ranges": "1-" * 10_000,
    "rates": "500 rps " * 2500,
    "sizes": "300 GB " * 2857,
    "latencies": "p99 50 ms " * 2000,
    "products": "Redis " * 3333,
    "components": "Go API " * 2857,
    "negations": "no " * 6666,
    "stores": "stores data in " * 1333,
    "parentheses": "(" * 20_000,
    "blanks": " " * 20_000,
    "one word": "a" * 20_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_longest_text_is_read_quickly(text):
    """Ten times what such texts take here; anything worse than linear takes minutes."""
    with bounded():
        read_description(text)
