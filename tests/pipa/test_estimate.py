"""The arithmetic of estimates and the rounding to amounts that people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipa.estimate import Estimate, friendly_mib, friendly_millicores
from schemas.quantities import MIB

AMOUNTS = st.floats(min_value=0.001, max_value=1e6)
ESTIMATES = st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(lambda three: Estimate(*sorted(three)))


def _ordered(estimate: Estimate) -> bool:
    slack = 1 + 1e-9
    return estimate.low <= estimate.target * slack and estimate.target <= estimate.high * slack


@given(ESTIMATES, ESTIMATES)
def test_sums_products_quotients_and_maxima_stay_ordered(a: Estimate, b: Estimate):
    for result in (a + b, a * b, a / b, a.maximum(b), a.widened(2), a.times(3)):
        assert _ordered(result)


@given(ESTIMATES, AMOUNTS)
def test_floors_and_ceilings_hold_for_every_bound(estimate: Estimate, bound: float):
    assert estimate.at_least(bound).low >= bound
    assert estimate.at_most(bound).high <= bound


def test_the_quotient_takes_the_divisors_high_for_its_low():
    assert Estimate(10, 20, 30) / Estimate(1, 2, 5) == Estimate(2, 10, 30)


@pytest.mark.parametrize(
    ("amount", "expected_mib"),
    [(0, 16), (1, 16), (16, 16), (100, 112), (128, 128), (129, 160), (500, 512), (513, 576)]
    + [(700, 704), (1025, 1280), (4097, 5120), (20000, 20480)],
)
def test_memory_is_rounded_up_to_multiples_that_people_write(amount: float, expected_mib: int):
    assert friendly_mib(amount) == expected_mib * MIB


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0, 10), (9, 10), (101, 125), (250, 250), (251, 300), (1001, 1250), (4001, 4500)],
)
def test_cpu_is_rounded_up_to_multiples_that_people_write(amount: float, expected: int):
    assert friendly_millicores(amount) == expected


@given(st.floats(min_value=0, max_value=1e6))
def test_rounding_never_goes_down_and_is_idempotent(amount: float):
    cpu, memory = friendly_millicores(amount), friendly_mib(amount)
    assert cpu >= amount - 1e-3
    assert memory / MIB >= amount - 1e-3
    assert friendly_millicores(cpu) == cpu
    assert friendly_mib(memory / MIB) == memory


def test_the_noise_of_binary_fractions_does_not_tip_a_whole_multiple_over():
    assert friendly_mib(48 * 1.1 / 1.1 + 1e-12) == 48 * MIB
