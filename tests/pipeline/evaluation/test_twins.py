"""Twins: what two teams state about the same."""

import pytest

from pipeline.evaluation.scoring import FIELDS
from pipeline.evaluation.twins import agreement
from tests.pipeline.evaluation.test_truth import row

CPU = FIELDS[0]
KNOWN = {"framework": "Gin"}


def cpu(app, amount, **changes):
    return row(app=app, requests={"cpu": amount}, **{**KNOWN, **changes})


def test_each_row_counts_once_however_many_twins_it_has():
    rows = [cpu("one/a", "100m"), cpu("two/a", "200m"), cpu("two/b", "500m"), cpu("two/c", "1")]
    found = agreement(rows[:1], rows)[CPU]
    assert (found.n, found.within_2, found.within_4) == (1, pytest.approx(1 / 3), 1 / 3)
    assert agreement(rows, rows)[CPU].n == 4
    assert agreement(rows, rows)[CPU].within_2 == pytest.approx((1 / 3 + 1) / 4)


@pytest.mark.parametrize(
    "other",
    [
        cpu("one/b", "100m"),
        cpu("two/a", "100m", tier="production"),
        cpu("two/a", "100m", language="Java"),
        cpu("two/a", None),
    ],
    ids=["same owner", "other tier", "other language", "not stated"],
)
def test_rows_that_are_not_alike_are_no_twins(other):
    found = agreement([cpu("one/a", "100m")], [other])[CPU]
    assert (found.n, found.within_2) == (0, None)


def test_two_unknown_frameworks_are_not_the_same_one():
    rows = [row(app="one/a", framework=None), row(app="two/a", framework=None)]
    assert agreement(rows, rows)[CPU].n == 0
