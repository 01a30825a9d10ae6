"""A figure of the model and what others say of it become one figure, explainably.

The rule is a weighted mean of the logarithms. Beside the weighted median and a Huber mean it
predicts sizes that were left out as well as either, and unlike the median it says of every single
fact by how much it moved the figure. What makes it robust are its bounds: no observation counts as
further away than the interval of the model's own figure.

    after = exp((w0 ln(figure) + sum wi ln(clipped xi)) / (w0 + sum wi))

A bound gives way only where two independent trusted sources lie beyond it: then it moves to the
nearer of the two outermost, at most `influence.widening` times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipa.estimate import Estimate
from pipa.observations import Observation


@dataclass(frozen=True, slots=True)
class Move:
    """What one fact changed, after those before it."""

    evidence: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Combined:
    """A figure after all that is said of it."""

    estimate: Estimate
    moves: tuple[Move, ...] = ()
    """They multiply up to the whole change, in the order of the facts."""


def combine(
    prior: Estimate,
    weight: float,
    seen: Sequence[Observation],
    *,
    widening: float,
    least: float,
) -> Combined:
    """Combine a figure with observations of it.

    Args:
        prior: The model's own figure; a figure of 0 has no logarithm and is not moved.
        weight: Its votes, > 0.
        seen: Observations, most relevant first.
        widening: How many times further than its interval two trusted sources may carry a bound.
        least: Relative change under which a fact is not listed.

    For example 256 (between 64 and 1024, one vote) and one observation of 1024 with one vote:

    >>> combine(Estimate(64, 256, 1024), 1, [Observation("fact:a", 1024, 1, "a")],
    ...         widening=4, least=0.01).estimate.target
    512.0
    """
    if prior.low <= 0 or not seen:
        return Combined(prior)
    bounds = widened(prior, seen, widening)
    total, mean = weight, math.log(prior.target)
    steps: list[tuple[str, float]] = []
    for item in seen:
        value = math.log(min(max(item.value, bounds.low), bounds.high))
        total += item.weight
        mean += (value - mean) * item.weight / total
        steps.append((item.evidence, math.exp(mean)))
    after = round(steps[-1][1], 6)
    moved = Estimate(min(bounds.low, after), after, max(bounds.high, after))
    return Combined(moved, _moves(prior.target, steps, after, least))


def widened(prior: Estimate, seen: Sequence[Observation], most: float) -> Estimate:
    """The interval of a figure, wider where two independent trusted sources are beyond it."""
    trusted: dict[str, list[float]] = {}
    for item in seen:
        if item.trusted:
            trusted.setdefault(item.source, []).append(item.value)
    if len(trusted) < 2:
        return prior
    second_highest = sorted(max(values) for values in trusted.values())[-2]
    second_lowest = sorted(min(values) for values in trusted.values())[1]
    high = max(prior.high, min(second_highest, prior.high * most))
    low = min(prior.low, max(second_lowest, prior.low / most))
    return Estimate(low, prior.target, high)


def _moves(
    start: float, steps: Sequence[tuple[str, float]], end: float, least: float
) -> tuple[Move, ...]:
    """The facts whose effect is worth telling; what is left over goes to the last of them."""
    threshold = math.log1p(least)
    moves: list[Move] = []
    before = start
    for evidence, after in steps:
        if abs(math.log(after / before)) >= threshold:
            moves.append(Move(evidence, before, after))
            before = after
    if moves:
        last = moves[-1]
        moves[-1] = Move(last.evidence, last.before, end)
    return tuple(moves)
