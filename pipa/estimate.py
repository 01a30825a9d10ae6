"""Estimates: a low, a target and a high that go through the arithmetic together.

>>> Estimate(16, 24, 40) + Estimate(10, 10, 20)
Estimate(low=26, target=34, high=60)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.quantities import MIB, Bytes, Millicores

_MEMORY_STEPS_MIB = ((128, 16), (512, 32), (1024, 64), (4096, 256), (16384, 1024))
"""Up to this many MiB, amounts are multiples of that many: what people write and can compare."""
_MEMORY_LAST_STEP_MIB = 2048
_CPU_STEPS = ((100, 10), (250, 25), (1000, 50), (4000, 250))
"""The same in millicores."""
_CPU_LAST_STEP = 500
_HALVES = (1.0, 1.5)
_ONE_DIGIT = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5)
"""CPU amounts of one decade that people write."""
_VAGUE = 4
"""A range this many times wide: the figure is known to about a factor of two, so one binary digit
is what it carries."""
_ROUGH = 2
"""Narrower than this, a figure keeps the steps above."""

MS_PER_SECOND = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the range in which it is defensible; 0 <= low <= target <= high."""

    low: float
    target: float
    high: float

    @staticmethod
    def exactly(value: float) -> Estimate:
        """A figure that is known."""
        return Estimate(value, value, value)

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.low + other.low, self.target + other.target, self.high + other.high)

    def __mul__(self, other: Estimate) -> Estimate:
        return Estimate(self.low * other.low, self.target * other.target, self.high * other.high)

    def __truediv__(self, other: Estimate) -> Estimate:
        """Quotient; the divisor's high belongs to the result's low."""
        return Estimate(self.low / other.high, self.target / other.target, self.high / other.low)

    def times(self, factor: float) -> Estimate:
        """Every bound times one known factor."""
        return Estimate(self.low * factor, self.target * factor, self.high * factor)

    def shifted(self, factor: float) -> Estimate:
        """The target times a factor, as far as the range allows; the range stays."""
        return Estimate(self.low, min(max(self.target * factor, self.low), self.high), self.high)

    def at_least(self, floor: float) -> Estimate:
        """No bound under the floor."""
        return Estimate(max(self.low, floor), max(self.target, floor), max(self.high, floor))

    def at_most(self, ceiling: float) -> Estimate:
        """No bound over the ceiling."""
        return Estimate(min(self.low, ceiling), min(self.target, ceiling), min(self.high, ceiling))

    def maximum(self, other: Estimate) -> Estimate:
        """The larger of both, bound by bound."""
        return Estimate(
            max(self.low, other.low),
            max(self.target, other.target),
            max(self.high, other.high),
        )

    def widened(self, factor: float) -> Estimate:
        """A range that reaches `factor` >= 1 times further on both sides."""
        return Estimate(self.low / factor, self.target, self.high * factor)


def friendly_mib(amount_mib: float) -> Bytes:
    """Memory rounded up to a multiple that people write: 100 MiB is 112Mi, 700 MiB is 704Mi."""
    for bound, step in _MEMORY_STEPS_MIB:
        if amount_mib <= bound:
            return Bytes(max(step, _up(amount_mib, step)) * MIB)
    return Bytes(_up(amount_mib, _MEMORY_LAST_STEP_MIB) * MIB)


def friendly_millicores(amount: float) -> Millicores:
    """CPU rounded up to a multiple that people write: 101 is 125, at least 10."""
    for bound, step in _CPU_STEPS:
        if amount <= bound:
            return Millicores(max(step, _up(amount, step)))
    return Millicores(_up(amount, _CPU_LAST_STEP))


def nearest_mib(amount_mib: float) -> float:
    """MiB of the nearest amount that people write, by ratio: 131 is 128, 140 is 128, 150 is 160."""
    above = friendly_mib(amount_mib) / MIB
    return _closer(amount_mib, _below(above, _MEMORY_STEPS_MIB, _MEMORY_LAST_STEP_MIB), above)


def nearest_millicores(amount: float) -> float:
    """The nearest amount of CPU that people write, by ratio: 102 is 100, 115 is 125."""
    above = friendly_millicores(amount)
    return _closer(amount, _below(above, _CPU_STEPS, _CPU_LAST_STEP), above)


def _below(amount: float, steps: tuple[tuple[int, int], ...], last: int) -> float:
    """The amount that people write next below one that they write."""
    return amount - next((step for bound, step in steps if amount <= bound), last)


def _closer(amount: float, below: float, above: float) -> float:
    return below if below > 0 and amount * amount < below * above else above


def round_mib(estimate: Estimate, least: float = 0) -> Estimate:
    """Memory with as many digits as its range carries.

    A rule of thumb that may be off by two is written as people write it, as a power of two; one
    that is better known as a power of two or one and a half of it; the rest stays as it is.

    Args:
        estimate: MiB.
        least: The target is not rounded below it.

    >>> round_mib(Estimate(64, 160, 640)).target
    128.0
    >>> round_mib(Estimate(64, 160, 640), least=144).target
    256.0
    """
    spread = _spread(estimate)
    if spread < _ROUGH:
        return estimate
    digits = (1.0,) if spread >= _VAGUE else _HALVES
    exponent = math.floor(math.log2(estimate.target))
    amounts = [digit * 2.0**power for power in (exponent, exponent + 1) for digit in digits]
    return _with_target(estimate, _nearest(estimate.target, amounts, least))


def round_millicores(estimate: Estimate, least: float = 0) -> Estimate:
    """CPU with one decimal digit, where its range carries no more; the rest stays as it is.

    >>> round_millicores(Estimate(100, 420, 1000)).target
    400.0
    """
    if _spread(estimate) < _VAGUE:
        return estimate
    decade = 10.0 ** math.floor(math.log10(estimate.target))
    amounts = [digit * decade for digit in (*_ONE_DIGIT, 10.0)]
    return _with_target(estimate, _nearest(estimate.target, amounts, least))


def _spread(estimate: Estimate) -> float:
    if estimate.target <= 0:
        return 1.0
    return estimate.high / max(estimate.low, estimate.target / _VAGUE / _VAGUE)


def _nearest(amount: float, amounts: Sequence[float], least: float) -> float:
    """The nearest in proportion, the smaller of two; the least itself where all lie below it."""
    allowed = [item for item in amounts if item >= least]
    return min(allowed, key=lambda item: (abs(math.log(item / amount)), item), default=least)


def _with_target(estimate: Estimate, target: float) -> Estimate:
    return Estimate(min(estimate.low, target), target, max(estimate.high, target))


def _up(amount: float, step: int) -> int:
    # Six decimals: a sum of binary fractions must not tip a whole multiple over to the next.
    return math.ceil(round(amount / step, 6)) * step
