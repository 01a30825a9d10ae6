"""Numbers of prose have the value that people mean."""

import pytest

from dca.description.negation import negated
from dca.description.numbers import numbers
from dca.description.text import Prose


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2k rps", [2000]),
        ("2K users", [2000]),
        ("2krps", [2000]),
        ("1.5M requests", [1_500_000]),
        ("1.5 million", [1_500_000]),
        ("3 bn", [3e9]),
        ("2,000", [2000]),
        ("1,234,567.5", [1_234_567.5]),
        ("50 000 users", [50_000]),
        ("50\u202f000 users", [50_000]),
        ("1'000", [1000]),
        ("1.234.567", [1_234_567]),
        ("99,95 %", [99.95]),
        ("0.5", [0.5]),
        ("one hundred", [100]),
        ("two thousand", [2000]),
        ("500m CPU", [500]),
        ("10 MB/s", [10]),
        ("10 kB", [10]),
        ("500-800 rps", [800]),
        ("500 to 800 rps", [800]),
        ("between 500 and 800 rps", [800]),
        ("500 and 800 rps", [500, 800]),
        ("v1.2.3 #4711 $500 p99 gpt-4 a/5 S3", []),
    ],
)
def test_a_number_has_the_value_that_is_meant(text, values):
    assert [number.value for number in numbers(Prose(text))] == values


def test_a_range_begins_at_its_lower_end():
    (number,) = numbers(Prose("about 500-800 rps"))
    assert (number.start, number.at, number.end) == (6, 10, 13)


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("no X", True),
        ("not X", True),
        ("without X", True),
        ("without any X", True),
        ("no A, no X", True),
        ("no A or X", True),
        ("neither A nor X", True),
        ("doesn't need X", True),
        ("doesn’t need X", True),
        ("is not in need of X", True),
        ("no longer uses X", True),
        ("A instead of X", True),
        ("X is not needed", True),
        ("X isn't required", True),
        ("X was removed", True),
        ("dropped X", True),
        ("non-X", True),
        ("X", False),
        ("not only X", False),
        ("no A, but X", False),
        ("no A. X", False),
        ("no A and uses X", False),
        ("does not use A; X instead", False),
        ("X instead of A", False),
        ("replaced A with X", False),
        ("without A it uses X", False),
        ("X is needed", False),
        ("nothing but X", False),
        ("another X", False),
        ("notable X", False),
    ],
)
def test_a_denial_reaches_as_far_as_it_does(text, denied):
    at = text.index("X")
    assert negated(Prose(text), at, at + 1) is denied
