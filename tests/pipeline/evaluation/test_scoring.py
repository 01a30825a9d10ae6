"""Factors, shares, intervals and success, on cases worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.scoring import FIELDS, Prediction, score, succeeds, within
from schemas.plan import CountInterval, CpuInterval, Intervals, MemoryInterval
from schemas.quantities import MIB
from tests.pipeline.evaluation.test_truth import row

CPU, MEMORY, CPU_LIMIT, MEMORY_LIMIT = FIELDS


def made(cpu=100, memory=128, cpu_limit=200, memory_limit=256, replicas=2, intervals=None):
    amounts = {
        CPU: cpu,
        MEMORY: None if memory is None else memory * MIB,
        CPU_LIMIT: cpu_limit,
        MEMORY_LIMIT: None if memory_limit is None else memory_limit * MIB,
    }
    return Prediction(amounts, replicas, intervals)


def test_factor_bias_and_shares_are_those_worked_out_by_hand():
    # 100m in truth; 100, 200, 50 and 800 predicted: factors 1, 2, 2, 8.
    predictions = [made(cpu=100), made(cpu=200), made(cpu=50), made(cpu=800)]
    found = score([row()] * 4, predictions).fields[CPU]
    assert found.n == 4
    assert found.factor == pytest.approx(2 ** (5 / 4))
    assert found.bias == pytest.approx(2 ** (3 / 4))
    assert (found.within_1_5, found.within_2, found.within_4) == (0.25, 0.75, 0.75)


def test_a_number_that_is_not_stated_is_not_scored_and_one_not_predicted_is_wrong():
    found = score([row(), row()], [made(memory=None), None])
    assert found.fields[CPU_LIMIT].n == 0
    assert found.fields[MEMORY].unset == 2
    assert found.fields[MEMORY].factor is None
    assert found.fields[CPU].within_4 == 0.5
    assert found.fields[CPU].unset == 1


def test_replicas_are_scored_where_they_are_stated():
    rows = [row(replicas=2), row(replicas=2), row(replicas=None), row(replicas=5)]
    found = score(rows, [made(replicas=2), made(replicas=3), made(replicas=9), None])
    assert found.replicas_n == 3
    assert found.replicas_exact == pytest.approx(1 / 3)
    assert found.replicas_within_1 == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (made(cpu=400, memory=512, replicas=3), True),
        (made(cpu=401), False),
        (made(memory=31), False),
        (made(replicas=4), False),
        (made(replicas=None), True),
        (made(memory_limit=100_000), True),
        (made(cpu=None), False),
        (None, False),
    ],
    ids=["at the edge", "cpu", "memory", "replicas", "no replicas", "limits", "unset", "not found"],
)
def test_success_is_requests_within_four_times_and_replicas_within_one(prediction, expected):
    assert succeeds(row(), prediction) is expected


def test_all_four_are_within_four_times_or_the_row_does_not_count():
    rows = [row(), row(), row(limits={}), row()]
    predictions = [made(), made(memory_limit=2000), made(memory_limit=2000), None]
    assert score(rows, predictions).all_within_4 == 0.5


def test_a_row_that_states_nothing_succeeds_when_it_is_predicted():
    bare = row(requests={}, limits={}, replicas=None)
    assert succeeds(bare, made())
    assert not succeeds(bare, None)


def test_the_share_of_the_truth_inside_its_interval_is_told():
    intervals = Intervals(
        replicas=CountInterval(low=1, target=1, high=1),
        cpu_request=CpuInterval(low=50, target=90, high=100),
        memory_request=MemoryInterval(low=MIB, target=2 * MIB, high=3 * MIB),
        memory_limit=MemoryInterval(low=MIB, target=MIB, high=256 * MIB),
    )
    found = score([row()], [made(intervals=intervals)]).fields
    assert [found[field].covered for field in FIELDS] == [1.0, 0.0, None, 1.0]
    half = score([row(), row()], [made(intervals=intervals), None]).fields
    assert half[CPU].covered == 0.5


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.sampled_from([1.5, 2.0, 4.0]))
def test_within_is_symmetric(one, other, factor):
    assert within(one, other, factor) == within(other, one, factor)
    assert within(one, other, factor) == (abs(math.log2(one / other)) <= math.log2(factor) + 1e-9)
