"""What a number comes with: why it is so, and the range between the levels of risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipa.estimate import Estimate
from pipa.usage.appetite import Risk


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence on where a number comes from."""

    about: str
    """``cpu_request``, ``cpu_limit``, ``memory_request`` or ``memory_limit``."""
    text: str


def around(by_risk: Mapping[Risk, float], target: float) -> Estimate:
    """From what the thrifty level asks for to what the careful one does, around the target."""
    low, high = by_risk[Risk.THRIFTY], by_risk[Risk.CAREFUL]
    return Estimate(min(low, target), target, max(high, target))
