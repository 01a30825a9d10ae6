"""What a user may ask of the numbers that come from history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class UsageSettings:
    """Settings of the usage model; this module brings no NumPy."""

    risk: Literal["thrifty", "balanced", "careful"] = "balanced"
    """Less requested, or fewer samples above the request and fewer OOM kills."""
    min_change_fraction: float = 0.10
    """A number that moves by a smaller share is left as it is; in [0, 1]."""
    max_decrease_fraction: float = 0.50
    """Largest share of a number that one change takes away; in (0, 1]."""
