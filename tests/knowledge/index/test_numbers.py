"""Amounts are the same however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.numbers import in_digits
from tests.bounded import bounded


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("15,000", "15000"),
        ("1,234,567 keys", "1234567 keys"),
        ("15k", "15000"),
        ("2.5K users", "2500 users"),
        ("1.5 million", "1500000"),
        ("3-million", "3000000"),
        ("fifteen thousand", "15000"),
        ("a hundred thousand", "a 100000"),
        ("Two hundred and fifty", "250"),
        ("twenty-five", "25"),
        ("one million two hundred thousand", "1200000"),
        ("three-node", "3-node"),
    ],
)
def test_an_amount_is_written_in_digits(written, digits):
    assert in_digits(written) == digits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one of them",
        "zero downtime",
        "1.5 GB",
        "k8s",
        "10.0.0.1",
        "1,2,3",
        "12,34",
        "v1,000x",
        "often",
        "someone",
        "b64k8",
    ],
)
def test_what_is_no_amount_stays(text):
    assert in_digits(text) == text


def test_a_number_can_be_shown_with_separators():
    assert in_digits("15000 or fifteen thousand", ",") == "15000 or 15,000"


@given(st.integers(0, 10**15))
def test_separators_do_not_change_a_number(number):
    assert in_digits(f"{number:,}") == str(number)


@given(st.text(max_size=300))
def test_digits_stay_digits(text):
    once = in_digits(text)
    assert in_digits(once) == in_digits(in_digits(once))


@pytest.mark.parametrize(
    "text",
    ["1" * 100_000, "1,000" * 20_000, "one hundred " * 10_000, "1.1" * 30_000, "and " * 20_000],
    ids=["digits", "groups", "words", "points", "and"],
)
def test_hostile_text_ends(text):
    with bounded():
        in_digits(text)
