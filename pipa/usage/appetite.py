"""What is asked of the numbers: three levels of risk, and what falling short costs at each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipa.usage.shortage import Prices


class Risk(StrEnum):
    """What is asked of the numbers."""

    THRIFTY = "thrifty"
    BALANCED = "balanced"
    CAREFUL = "careful"


@dataclass(frozen=True, slots=True)
class Appetite:
    """The prices of one risk level; how they were chosen is in docs/usage-model.md."""

    cpu: Prices
    """In cores."""
    memory: Prices
    """In GiB."""
    kill_price_gib: float
    """GiB, held for a day (or as long as the answer holds, if that is longer), worth one kill."""
    most_limit: float
    """Largest memory limit over the largest peak, as far as that is not a small amount."""


APPETITES = {
    Risk.THRIFTY: Appetite(Prices(1.0, 6.0), Prices(250.0, 0.0), 128.0, 1.5),
    Risk.BALANCED: Appetite(Prices(1.0, 16.0), Prices(1000.0, 0.0), 512.0, 2.0),
    Risk.CAREFUL: Appetite(Prices(8.0, 60.0), Prices(4000.0, 0.0), 2048.0, 3.0),
}
"""From level to level the prices of memory are four times higher."""
