"""Whether a number is worth a change: rollouts cost, and a decrease on thin evidence costs more.

A safety increase is always made. Any other number that moves by less than the setting is left as it
is; a decrease needs enough evidence, and takes away at most the setting's share.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipa.estimate import Estimate
from pipa.usage.settings import UsageSettings
from schemas.quantities import MIB

Round = Callable[[float], int]
"""Rounds an amount up to one that people write."""

_CPU_STEPS = ((100, 5), (500, 10), (1000, 25), (4000, 50))
_CPU_LAST_STEP = 100
_MEMORY_STEPS_MIB = ((256, 4), (1024, 16), (4096, 64), (16384, 256))
_MEMORY_LAST_STEP_MIB = 1024


class Outcome(StrEnum):
    """What became of a number."""

    NEW = "new"
    """Nothing is set now."""
    SAME = "same"
    RAISED = "raised"
    LOWERED = "lowered"
    BOUNDED = "bounded"
    """Lowered, but only by the largest share of one change."""
    KEPT_SMALL = "kept_small"
    """The change is not worth a rollout."""
    KEPT_EVIDENCE = "kept_evidence"
    """The history does not carry the decrease."""


_KEPT = frozenset({Outcome.KEPT_SMALL, Outcome.KEPT_EVIDENCE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the model wants a number to be."""

    estimate: Estimate
    urgent: bool = False
    """An increase is a matter of safety: a kill, throttling, use above the request."""
    no_decrease: str = ""
    """Why this number may not be lowered; empty when it may."""
    held: bool = False
    """The present number has held for the whole window: inside the interval it is not raised."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A number as it is proposed, with the interval around it."""

    value: int
    low: int
    high: int
    outcome: Outcome
    now: int | None
    wanted: int
    why: str = ""

    @property
    def kept(self) -> bool:
        """Another number was wanted, but the present one stays."""
        return self.outcome in _KEPT

    @property
    def changes(self) -> bool:
        """The pod template gets another number."""
        return self.value != self.now


def decide(wanted: Wanted, now: float | None, rounded: Round, settings: UsageSettings) -> Decision:
    """Hold a wanted number against the present one.

    >>> wanted = Wanted(Estimate(90, 104, 130))
    >>> decide(wanted, 100, friendly_cpu, UsageSettings()).outcome.value
    'kept_small'
    >>> urgent = Wanted(Estimate(90, 104, 130), urgent=True)
    >>> decide(urgent, 100, friendly_cpu, UsageSettings()).value
    110
    """
    estimate = wanted.estimate
    target = rounded(estimate.target)
    present = None if now is None else round(now)
    value, outcome, why = _judged(wanted, target, present, rounded, settings)
    low = min(rounded(estimate.low), value)
    high = max(rounded(estimate.high), value)
    return Decision(value, low, high, outcome, present, target, why)


def _judged(
    wanted: Wanted, target: int, now: int | None, rounded: Round, settings: UsageSettings
) -> tuple[int, Outcome, str]:
    if not now:
        return target, Outcome.NEW, "nothing is set now"
    if target == now:
        return now, Outcome.SAME, "it is right as it is"
    share = abs(target - now) / now
    small = share < settings.min_change_fraction
    if target > now:
        urgent = wanted.urgent or now < wanted.estimate.low
        if small and not urgent:
            return now, Outcome.KEPT_SMALL, _not_worth(share, settings)
        if wanted.held and not urgent:
            return now, Outcome.KEPT_SMALL, "it has held, and lies within the interval"
        return target, Outcome.RAISED, "a safety increase" if urgent else ""
    if small:
        return now, Outcome.KEPT_SMALL, _not_worth(share, settings)
    if wanted.no_decrease:
        return now, Outcome.KEPT_EVIDENCE, wanted.no_decrease
    least = min(now, rounded(now * (1 - settings.max_decrease_fraction)))
    if target < least:
        most = f"at most {settings.max_decrease_fraction:.0%} is taken away in one change"
        return least, Outcome.BOUNDED, most
    return target, Outcome.LOWERED, ""


def _not_worth(share: float, settings: UsageSettings) -> str:
    return (
        f"a change of {share:.1%} is not worth a rollout"
        f" (from {settings.min_change_fraction:.0%} on it is)"
    )


def friendly_cpu(millicores: float) -> int:
    """Millicores rounded up in steps of about two per cent: 101 is 110, at least 5."""
    return _stepped(millicores, _CPU_STEPS, _CPU_LAST_STEP)


def friendly_memory(amount_bytes: float) -> int:
    """Bytes rounded up in steps of about two per cent: 301 MiB is 304 MiB, at least 4 MiB."""
    return _stepped(amount_bytes / MIB, _MEMORY_STEPS_MIB, _MEMORY_LAST_STEP_MIB) * MIB


def _stepped(amount: float, steps: tuple[tuple[int, int], ...], last: int) -> int:
    step = next((step for bound, step in steps if amount <= bound), last)
    # Six decimals: a sum of binary fractions must not tip a whole multiple over to the next.
    return max(step, math.ceil(round(amount / step, 6)) * step)
