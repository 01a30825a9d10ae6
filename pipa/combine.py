"""A figure of the model and what others say of it become one figure, explainably.

Every observation is a vote on the logarithm of the figure, and so is the model's own figure. The
result is where the votes balance when each pulls with its weight, but less the nearer it is:

    sum of  wi (x - xi) / sqrt(d^2 + (x - xi)^2)  =  0        (the pseudo-Huber estimate)

Votes within `d` of each other are averaged; far ones are counted, as a median counts them, so that
one wild value pulls no harder than one that is merely elsewhere. A single observation with the
weight w < 1 beside a figure with one vote moves it by at most d w / sqrt(1 - w^2): by 12 % for
w = 0.5 and d = 0.2. Of mean, median, Huber and this one, the median predicted best what was left
out and this one came near it; unlike the median it says of every fact by how much it moved the
figure.

Before it votes, an observation is brought into the interval of the figure. A bound of that gives
way only where two independent trusted sources lie beyond it: then it moves to the nearer of the two
outermost, at most `influence.widening` times.

Source: Hartley and Zisserman, Multiple View Geometry, appendix 6.8 (pseudo-Huber).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipa.estimate import Estimate
from pipa.observations import Observation

_HALVINGS = 32
"""Leave a thousandth of a millionth of the range."""


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


@dataclass(frozen=True, slots=True)
class Rules:
    """How observations are combined."""

    nearness: float
    """`d` above, > 0."""
    widening: float
    """How many times further than its interval two trusted sources may carry a bound."""
    least: float
    """Relative change under which a fact is not listed."""


def combine(prior: Estimate, weight: float, seen: Sequence[Observation], rules: Rules) -> Combined:
    """Combine a figure with observations of it.

    Args:
        prior: The model's own figure; a figure of 0 has no logarithm and is not moved.
        weight: Its votes, > 0.
        seen: Observations, most relevant first.
        rules: How.

    For example 256 (between 64 and 1024, one vote) and one observation of 1024 with one vote, which
    balance in the middle of the logarithms:

    >>> seen = [Observation("fact:a", 1024, 1, "a")]
    >>> combine(Estimate(64, 256, 1024), 1, seen, Rules(0.2, 4, 0.01)).estimate.target
    512.0
    """
    if prior.low <= 0 or not seen:
        return Combined(prior)
    bounds = widened(prior, seen, rules.widening)
    votes = [(math.log(prior.target), weight)]
    steps: list[tuple[str, float]] = []
    for item in seen:
        votes.append((math.log(min(max(item.value, bounds.low), bounds.high)), item.weight))
        steps.append((item.evidence, math.exp(balance(votes, rules.nearness))))
    after = round(steps[-1][1], 6)
    moved = Estimate(min(bounds.low, after), after, max(bounds.high, after))
    return Combined(moved, _moves(prior.target, steps, after, rules.least))


def balance(votes: Sequence[tuple[float, float]], nearness: float) -> float:
    """Where votes of (position, weight) balance; the sum only grows, so halving finds it."""
    low, high = min(x for x, _ in votes), max(x for x, _ in votes)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        pull = sum(w * (middle - x) / math.hypot(nearness, middle - x) for x, w in votes)
        low, high = (low, middle) if pull > 0 else (middle, high)
    return (low + high) / 2


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
