"""Estimates: a low, a target and a high that go through the arithmetic together.

>>> Estimate(16, 24, 40) + Estimate(10, 10, 20)
Estimate(low=26, target=34, high=60)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from schemas.quantities import MIB, Bytes, Millicores

_MEMORY_STEPS_MIB = ((128, 16), (512, 32), (1024, 64), (4096, 256), (16384, 1024))
"""Up to this many MiB, amounts are multiples of that many: what people write and can compare."""
_MEMORY_LAST_STEP_MIB = 2048
_CPU_STEPS = ((100, 10), (250, 25), (1000, 50), (4000, 250))
"""The same in millicores."""
_CPU_LAST_STEP = 500


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
    return _nearest(amount_mib, _below(above, _MEMORY_STEPS_MIB, _MEMORY_LAST_STEP_MIB), above)


def nearest_millicores(amount: float) -> float:
    """The nearest amount of CPU that people write, by ratio: 102 is 100, 115 is 125."""
    above = friendly_millicores(amount)
    return _nearest(amount, _below(above, _CPU_STEPS, _CPU_LAST_STEP), above)


def _below(amount: float, steps: tuple[tuple[int, int], ...], last: int) -> float:
    """The amount that people write next below one that they write."""
    return amount - next((step for bound, step in steps if amount <= bound), last)


def _nearest(amount: float, below: float, above: float) -> float:
    return below if below > 0 and amount * amount < below * above else above


def _up(amount: float, step: int) -> int:
    # Six decimals: a sum of binary fractions must not tip a whole multiple over to the next.
    return math.ceil(round(amount / step, 6)) * step
