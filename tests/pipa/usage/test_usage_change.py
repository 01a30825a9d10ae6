"""What is worth a rollout, and how far one change may go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipa.estimate import Estimate
from pipa.usage.change import Outcome, Wanted, decide, friendly_cpu, friendly_memory
from pipa.usage.settings import UsageSettings
from schemas.quantities import MIB

DEFAULTS = UsageSettings()


def _around(target: float, **fields) -> Wanted:
    return Wanted(Estimate(target * 0.8, target, target * 1.5), **fields)


def _decide(wanted: Wanted, now: float | None, settings: UsageSettings = DEFAULTS):
    return decide(wanted, now, friendly_cpu, settings)


@pytest.mark.parametrize(
    ("target", "now", "outcome", "value"),
    [
        (400, None, Outcome.NEW, 400),
        (400, 0, Outcome.NEW, 400),
        (400, 400, Outcome.SAME, 400),
        (400, 420, Outcome.KEPT_SMALL, 420),
        (420, 400, Outcome.KEPT_SMALL, 400),
        (400, 600, Outcome.LOWERED, 400),
        (600, 500, Outcome.RAISED, 600),
        (100, 1000, Outcome.BOUNDED, 500),
    ],
    ids=["new", "zero", "same", "little less", "little more", "lower", "raise", "bounded"],
)
def test_a_number_is_held_against_the_present_one(target, now, outcome, value):
    decision = _decide(_around(target), now)
    assert (decision.outcome, decision.value) == (outcome, value)


def test_a_safety_increase_is_made_however_small_it_is():
    assert _decide(_around(420, urgent=True), 400).outcome is Outcome.RAISED


def test_an_increase_over_the_low_bound_is_a_matter_of_safety():
    wanted = Wanted(Estimate(415, 420, 500))
    assert _decide(wanted, 400).outcome is Outcome.RAISED


def test_a_decrease_that_the_evidence_does_not_carry_is_kept_with_its_reason():
    decision = _decide(_around(200, no_decrease="2 days do not carry a decrease"), 400)
    assert (decision.value, decision.outcome) == (400, Outcome.KEPT_EVIDENCE)
    assert decision.why == "2 days do not carry a decrease"
    assert decision.kept


def test_the_evidence_does_not_matter_for_an_increase():
    assert _decide(_around(800, no_decrease="2 days"), 400).value == 800


def test_a_number_that_has_held_is_not_raised_inside_its_interval():
    assert _decide(Wanted(Estimate(400, 900, 1000), held=True), 500).value == 500
    assert _decide(Wanted(Estimate(600, 900, 1000), held=True), 500).value == 900
    assert _decide(Wanted(Estimate(400, 900, 1000), held=True, urgent=True), 500).value == 900


def test_settings_decide_what_is_worth_a_rollout_and_how_far_it_goes():
    eager = UsageSettings(min_change_fraction=0.0, max_decrease_fraction=1.0)
    assert _decide(_around(410), 400, eager).value == 410
    assert _decide(_around(10), 1000, eager).value == 10


@given(
    target=st.floats(1, 1e6),
    now=st.none() | st.floats(1, 1e6),
    urgent=st.booleans(),
    reason=st.sampled_from(["", "too little"]),
    least=st.floats(0, 1),
    most=st.floats(0.01, 1),
)
def test_the_interval_holds_the_number_and_no_decrease_goes_too_far(
    target, now, urgent, reason, least, most
):
    settings = UsageSettings(min_change_fraction=least, max_decrease_fraction=most)
    wanted = _around(target, urgent=urgent, no_decrease=reason)
    decision = decide(wanted, now, friendly_cpu, settings)
    assert decision.low <= decision.value <= decision.high
    if decision.now:
        assert decision.value >= decision.now * (1 - most) - 1
        assert not (reason and decision.value < decision.now)


@pytest.mark.parametrize(
    ("amount", "written"),
    [(1, 5), (101, 110), (501, 525), (1010, 1050), (4001, 4100), (100.0000001, 100)],
)
def test_cpu_is_rounded_up_in_small_steps(amount, written):
    assert friendly_cpu(amount) == written


@pytest.mark.parametrize(
    ("mib", "written"), [(1, 4), (257, 272), (1025, 1088), (5000, 5120), (20000, 20480)]
)
def test_memory_is_rounded_up_in_small_steps(mib, written):
    assert friendly_memory(mib * MIB) == written * MIB


@given(st.floats(30 * MIB, 1e12))
def test_rounding_costs_less_than_a_seventh(amount):
    assert amount * (1 - 1e-6) <= friendly_memory(amount) <= amount * 1.14
