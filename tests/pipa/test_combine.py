"""A figure and its observations become one figure: bounded, robust, and told in steps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipa.combine import Rules, balance, combine, widened
from pipa.estimate import Estimate
from pipa.observations import Observation

RULES = Rules(nearness=0.2, widening=4, least=0.01)
PRIOR = Estimate(64, 256, 1024)
VALUES = st.floats(min_value=1e-3, max_value=1e8)
OBSERVATIONS = st.lists(
    st.builds(
        Observation,
        evidence=st.sampled_from(["fact:a", "fact:b", "fact:c"]),
        value=VALUES,
        weight=st.floats(min_value=0.01, max_value=5),
        source=st.sampled_from(["a", "b", "c"]),
        trusted=st.booleans(),
    ),
    max_size=6,
)


def seen(value: float, weight: float = 0.5, source: str = "a", *, trusted: bool = False):
    return Observation(f"fact:{source}", value, weight, source, trusted)


def target(*observations, prior=PRIOR, weight=1.0):
    return combine(prior, weight, observations, RULES).estimate.target


def test_without_observations_nothing_changes():
    assert combine(PRIOR, 1, (), RULES).estimate is PRIOR


def test_a_figure_of_zero_is_not_moved():
    zero = Estimate(0, 0, 5)
    assert combine(zero, 1, (seen(5),), RULES).estimate is zero


def test_equal_votes_meet_in_the_middle_of_the_logarithms():
    assert target(seen(1024, 1)) == pytest.approx(512)


def test_near_votes_are_averaged():
    assert target(seen(260, 0.5)) == pytest.approx(256 * (260 / 256) ** (1 / 3), rel=1e-4)


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.8])
def test_one_fact_alone_moves_a_rule_by_no_more_than_its_weight_allows(weight):
    most = 0.2 * weight / math.sqrt(1 - weight**2)
    assert 0 < math.log(target(seen(1024, weight)) / 256) <= most + 1e-6


def test_one_wild_value_pulls_no_harder_than_one_that_is_elsewhere():
    assert target(seen(1e8)) == target(seen(1024))


def test_the_majority_of_votes_carries_the_figure():
    three = [seen(512, 0.5, source) for source in "abc"]
    assert target(*three) > 400
    assert target(*three[:1]) < 300


def test_a_weak_figure_follows_what_is_known():
    assert target(seen(768, 0.5), weight=0.1) == pytest.approx(768, rel=0.06)


def test_two_trusted_sources_carry_a_bound_as_far_as_the_nearer_of_them():
    two = (seen(2000, 2, "a", trusted=True), seen(3000, 2, "b", trusted=True))
    assert widened(PRIOR, two, 4).high == 2000
    assert combine(PRIOR, 1, two, RULES).estimate.target > 1024


@pytest.mark.parametrize(
    "observations",
    [
        (seen(9000, 2, "a", trusted=True),),
        (seen(9000, 2, "a", trusted=True), seen(9000, 2, "a", trusted=True)),
        (seen(9000, 2, "a", trusted=True), seen(9000, 2, "b")),
        (seen(9000, 2, "a", trusted=True), seen(300, 2, "b", trusted=True)),
    ],
    ids=["one", "one source twice", "one of them not trusted", "the other inside"],
)
def test_else_the_bounds_hold(observations):
    assert widened(PRIOR, observations, 4) == PRIOR
    assert combine(PRIOR, 1, observations, RULES).estimate.target <= 1024


def test_a_bound_gives_way_only_so_far():
    two = [seen(1e7, 2, source, trusted=True) for source in "ab"]
    assert widened(PRIOR, two, 4).high == 4096
    low = [seen(0.01, 2, source, trusted=True) for source in "ab"]
    assert widened(PRIOR, low, 4).low == 16


def test_an_effect_under_a_hundredth_is_not_listed():
    assert combine(PRIOR, 1, (seen(257, 0.1),), RULES).moves == ()


@given(OBSERVATIONS, st.floats(min_value=0.01, max_value=5))
def test_the_moves_multiply_up_to_the_whole_change(observations, weight):
    combined = combine(PRIOR, weight, observations, RULES)
    product = math.prod(move.after / move.before for move in combined.moves)
    if combined.moves:
        assert product == pytest.approx(combined.estimate.target / PRIOR.target)
        assert combined.moves[0].before == PRIOR.target
    else:
        assert combined.estimate.target == pytest.approx(PRIOR.target, rel=0.07)


@given(OBSERVATIONS, st.floats(min_value=0.01, max_value=5))
def test_the_result_is_ordered_and_inside_the_bounds(observations, weight):
    bounds = widened(PRIOR, observations, RULES.widening)
    estimate = combine(PRIOR, weight, observations, RULES).estimate
    assert estimate.low <= estimate.target <= estimate.high
    assert bounds.low * 0.999 <= estimate.target <= bounds.high * 1.001
    assert PRIOR.low / 4 <= bounds.low <= PRIOR.low
    assert PRIOR.high <= bounds.high <= PRIOR.high * 4


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.01, 5)), min_size=1, max_size=8))
def test_votes_balance_between_the_outermost(votes):
    middle = balance(votes, 0.2)
    assert min(x for x, _ in votes) - 1e-6 <= middle <= max(x for x, _ in votes) + 1e-6
