from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.prose import (
    defused,
    figure_amount,
    foreign_digit,
    in_digits,
    numerals_in,
    packed,
    sentences_in,
    unsafe_parts,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("T04 at p95 in v2", []),
        ("from 2-64 pods, 99.5 %", [2, 64, 99.5]),
        ("three replicas and one cat", [3]),
        ("Twelve GiB", [12]),
        ("1,024 MiB", [1, 24]),
        ("512Mi and 3x", [512, 3]),
        ("1" * 400, [float("inf")]),
    ],
)
def test_numerals_are_read_but_for_those_in_names(text, values):
    assert [value for _, value in numerals_in(text)] == values


def test_only_numbers_before_a_unit_are_put_in_digits():
    assert in_digits("two reasons for two cores") == "two reasons for 2 cores"


@pytest.mark.parametrize(("text", "sign"), [("64", None), ("６４ pods", "６"), ("½ core", "½")])
def test_other_signs_for_numbers_are_found(text, sign):
    assert foreign_digit(text) == sign


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("One.", 1),
        ("It is 1.5 GiB, e.g. for a heap", 1),
        ("One. Two! (Three?) Four", 4),
    ],
)
def test_sentences_are_counted(text, count):
    assert sentences_in(text) == count


@pytest.mark.parametrize(
    ("name", "value", "amount"),
    [
        ("memory_limit_mib", 512, ("memory", 512.0)),
        ("heap_gib", 1.5, ("memory", 1536.0)),
        ("cpu_request_millicores", 250, ("cpu", 250.0)),
        ("cpu_cores", 2, ("cpu", 2000.0)),
        ("replicas_count", 3, ("count", 3.0)),
        ("latency_ms", 20, None),
        ("memory_limit_mib", True, None),
        ("memory_limit_mib", "512", None),
    ],
)
def test_a_figure_is_an_amount_by_the_unit_of_its_name(name, value, amount):
    assert figure_amount(name, value) == amount


@given(st.dictionaries(st.text(), st.text()))
def test_packed_data_holds_no_bracket_and_reads_back(facts):
    text = packed(facts)
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == facts


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("see https://x.example/a", "see https: //x.example/a"),
        ("WWW.x.example", "WWW .x.example"),
        ("[a](b) and ![c](d)", "[a] (b) and ! [c] (d)"),
        ("<img src=x>", "< img src=x>"),
        ("ask @bob, not bob@x.example", "ask @ bob, not bob@x.example"),
        ("&commat;bob &#64;bob A&B", "& commat;bob & #64;bob A&B"),
        ("3 < 4, a @ b, 10:00 // noon", "3 < 4, a @ b, 10:00 // noon"),
    ],
)
def test_links_markup_and_mentions_are_broken_by_a_space(text, broken):
    assert defused(text) == broken
    assert defused(broken) == broken


@given(st.text(alphabet="a:/@<>![]().w x&#6;b", max_size=40))
def test_what_is_broken_holds_nothing_that_lives(text):
    assert not {"a link", "markup", "an image", "a mention"} & set(unsafe_parts(defused(text)))
