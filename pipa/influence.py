"""Which facts move which figures of the model, and the record of it.

A worksheet asks here for every figure that it hands out. The table below says which figure of a
fact observes which figure of the model; `pipa.combine` says how far it moves. What nothing
observes, or what no fact was found for, stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipa.combine import Combined, Move, Rules, combine
from pipa.constants import Constant, Constants
from pipa.estimate import Estimate, nearest_mib, nearest_millicores
from pipa.observations import Fact, Observation, observations
from pipa.tier import Tier
from pipa.words import number
from schemas.knowledge import FigureName
from schemas.plan import Influence

_PRODUCT = "product"
_RULE, _FALLBACK = "influence.prior.rule", "influence.prior.fallback"
_PODS = "influence.prior.replicas"
SIZES = ("cpu_request", "memory_request", "cpu_limit", "memory_limit")
"""The numbers of a plan that facts and decisions state, requests before limits."""
_NOUNS = {"decision": "earlier decision", "metrics": "similar service"}
"""What evidence is called, by the start of its id; everything else is a fact."""
_NAMED = 3
"""Facts that a sentence names; the influences list all."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure of a fact acts on."""

    figure: FigureName
    number: str
    """The number of the plan."""
    about: str
    """The subject of the reasoning step."""
    nearest: Callable[[float], float] | None = None
    """How it is rounded after a move: numbers are rounded up at the end, and a change by a
    hundredth must not become one by a quarter."""


_MEMORY, _CPU = "memory_request", "cpu_request"
_FIELDS = {
    "cpu_request": Target(FigureName.CPU_REQUEST, _CPU, "cpu", nearest_millicores),
    "memory_request": Target(FigureName.MEMORY_REQUEST, _MEMORY, "memory", nearest_mib),
    "cpu_limit": Target(FigureName.CPU_LIMIT, "cpu_limit", "cpu", nearest_millicores),
    "memory_limit": Target(FigureName.MEMORY_LIMIT, "memory_limit", "memory", nearest_mib),
    "memory_per_connection": Target(FigureName.MEMORY_PER_CONNECTION, _MEMORY, "memory"),
    "data_in_memory": Target(FigureName.MEMORY_PER_DATA, _MEMORY, "memory"),
    "cpu_per_operation": Target(FigureName.CPU_PER_REQUEST, _CPU, "cpu"),
}
"""Figures of a product's rule."""
_PREFIXES = {
    "memory.base.": Target(FigureName.MEMORY_IDLE, _MEMORY, "memory"),
    "cpu.request.": Target(FigureName.CPU_PER_REQUEST, _CPU, "cpu"),
}
"""Figures of the app's own code, by the start of their id."""
_LEAST = "memory.floor."
"""Figures below which nothing goes: a vendor's minimum raises them."""
_LEAST_OF_FIELD = {
    "memory_request": FigureName.MEMORY_IDLE,
    "memory_limit": FigureName.MEMORY_MINIMUM,
}
"""A product's pod asks for what it holds when idle, and may use what its vendor calls the least."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure after the facts, with the sentence that says so; empty when nothing moved."""

    estimate: Estimate
    about: str = ""
    text: str = ""
    evidence: tuple[str, ...] = ()


class Ledger:
    """What was retrieved for one component, and what it changed.

    Args:
        facts: The usable facts, most relevant first.
        tier: How much use the deployment sees: facts of other installations count little.
        constants: All figures.
    """

    def __init__(self, facts: Sequence[Fact], tier: Tier, constants: Constants) -> None:
        self._facts = tuple(facts)
        self._tier = tier
        self._constants = constants
        self._influences: list[Influence] = []
        self._voices: dict[str, tuple[Observation, ...]] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The usable facts."""
        return self._facts

    @property
    def influences(self) -> tuple[Influence, ...]:
        """What changed, in the order in which it did."""
        return tuple(self._influences)

    def constant(self, constant: Constant) -> Moved:
        """A figure of the app's own code."""
        if not self._facts:
            return Moved(constant.estimate)
        if constant.id.startswith(_LEAST):
            return self._raised(
                constant, _MEMORY, FigureName.MEMORY_MINIMUM, self._widest(constant)
            )
        target = next((t for start, t in _PREFIXES.items() if constant.id.startswith(start)), None)
        return self._moved(constant, target, _RULE)

    def product(self, key: str, field: str, constant: Constant) -> Moved:
        """A figure of a product's rule."""
        if not self._facts:
            return Moved(constant.estimate)
        prior = _FALLBACK if key.startswith("fallback-") else _RULE
        named = replace(constant, id=f"{key}.{field}")
        moved = self._moved(named, _FIELDS.get(field), prior)
        least = _LEAST_OF_FIELD.get(field)
        if least is None:
            return moved
        raised = self._raised(
            replace(named, estimate=moved.estimate), field, least, moved.estimate.high
        )
        if not raised.text:
            return moved
        text = f"{moved.text} {raised.text}".strip()
        return replace(raised, text=text, evidence=(*moved.evidence, *raised.evidence))

    def size(
        self, figure: str, number: str, prior: Estimate, weight: float, seen: Sequence[Observation]
    ) -> Moved:
        """One of the four sizes, however it was computed, moved by observations of it.

        Args:
            figure: Its id in the record.
            number: ``cpu_request``, ``memory_request``, ``cpu_limit`` or ``memory_limit``.
            prior: What was computed, in millicores or MiB.
            weight: Votes of what was computed.
            seen: What is said of it.
        """
        target = _FIELDS[number]
        combined = self._combine(prior, weight, seen)
        if target.nearest is not None:
            combined = _rounded(prior, combined, target.nearest)
        if any(item.trusted for item in seen):
            self._voices.setdefault(number, tuple(seen))
        return self._record(figure, target, prior, combined)

    def stated(self, figure: str, number: str, prior: Estimate, weight: float) -> Moved:
        """One of the four sizes of a product, moved by what is stated of that product."""
        facts = [fact for fact in self._facts if fact.match == _PRODUCT]
        if not facts:
            return Moved(prior)
        seen = observations(
            facts, _FIELDS[number].figure, self._tier, self._constants, beside=weight
        )
        return self.size(figure, number, prior, weight, seen)

    def pods(self, key: str, count: int, between: tuple[int, int]) -> Moved:
        """The number of pods of a product, inside the bounds of its rule."""
        low, high = between
        prior = Estimate(min(low, count), count, max(high, count))
        seen = self._said(FigureName.REPLICAS, _PODS)
        combined = _rounded(prior, self._combine(prior, self._value(_PODS), seen), round)
        return self._record(
            f"{key}.replicas", Target(FigureName.REPLICAS, "replicas", "replicas"), prior, combined
        )

    def change(self, figure: str, number: str, before: float, move: tuple[str, float]) -> None:
        """Record a change that was made elsewhere; `move` is the evidence and the new figure."""
        evidence, after = move
        unit = unit_of(_FIELDS[number].figure) if number in _FIELDS else "pods"
        self._influences.append(
            Influence(
                number=number,
                figure=figure,
                evidence=evidence,
                before=before,
                after=after,
                unit=unit,
            )
        )

    def voices(self) -> dict[str, tuple[Observation, ...]]:
        """What was said of each figure that was asked for, by the number it acts on."""
        return dict(self._voices)

    def _moved(self, constant: Constant, target: Target | None, prior: str) -> Moved:
        if target is None:
            return Moved(constant.estimate)
        # What is known of the thing itself is never overridden by what others of its role do.
        seen = self._said(target.figure, prior)
        if seen and target.figure.value.startswith(target.number):
            self._voices[target.number] = seen
        combined = self._combine(constant.estimate, self._value(prior), seen)
        if target.nearest is not None:
            combined = _rounded(constant.estimate, combined, target.nearest)
        return self._record(constant.id, target, constant.estimate, combined)

    def _said(self, figure: FigureName, prior: str) -> tuple[Observation, ...]:
        """What the facts say of a figure; beside a rule only those about the thing itself."""
        facts = self._facts if prior == _FALLBACK else [f for f in self._facts if f.own]
        beside = self._value(prior)
        return observations(facts, figure, self._tier, self._constants, beside)

    def _combine(self, prior: Estimate, weight: float, seen: Sequence[Observation]) -> Combined:
        return combine(
            prior,
            weight,
            seen,
            Rules(
                self._value("influence.nearness"),
                self._value("influence.widening"),
                self._value("influence.least"),
            ),
        )

    def _raised(self, constant: Constant, acts_on: str, figure: FigureName, most: float) -> Moved:
        """A vendor's word on the least that works raises a figure, up to `most`."""
        best: tuple[float, str] | None = None
        for fact in self._facts:
            value = fact.figures.get(figure)
            if value is not None and fact.vendor and fact.own and not fact.added:
                best = max(best or (0.0, ""), (min(value, most), fact.id))
        prior = constant.estimate
        if best is None or best[0] <= prior.target * (1 + self._value("influence.least")):
            return Moved(prior)
        after, evidence = best
        combined = Combined(prior.at_least(after), (Move(evidence, prior.target, after),))
        return self._record(constant.id, Target(figure, acts_on, "memory"), prior, combined)

    def _record(self, figure: str, target: Target, prior: Estimate, combined: Combined) -> Moved:
        if not combined.moves:
            return Moved(combined.estimate)
        unit = unit_of(target.figure)
        for move in combined.moves:
            self._influences.append(
                Influence(
                    number=target.number,
                    figure=figure,
                    evidence=move.evidence,
                    before=move.before,
                    after=move.after,
                    unit=unit,
                )
            )
        ids = tuple(dict.fromkeys(move.evidence for move in combined.moves))
        text = (
            f"{_facts(ids)}: {figure} {number(prior.target)} {unit} ->"
            f" {number(combined.estimate.target)} {unit}"
        )
        text += _bounds_text(prior, combined.estimate, unit)
        return Moved(combined.estimate, target.about, f"{text}.", ids)

    def _widest(self, constant: Constant) -> float:
        return constant.estimate.high * self._value("influence.widening")

    def _value(self, id_: str) -> float:
        return self._constants[id_].value


def _rounded(prior: Estimate, moved: Combined, nearest: Callable[[float], float]) -> Combined:
    """The moved figure as people would write it; unmoved when that is what it was before.

    What rounding adds or takes is spread over the facts in proportion to their own effect.
    """
    low, high = moved.estimate.low, moved.estimate.high
    before, after = prior.target, min(max(nearest(moved.estimate.target), low), high)
    raw = math.log(moved.estimate.target / before)
    if not moved.moves or not raw or after == nearest(before):
        return Combined(replace(moved.estimate, target=before))
    stretch = math.log(after / before) / raw
    moves, reached = [], before
    for move in moved.moves:
        effect = math.log(move.after / move.before) * stretch
        moves.append(Move(move.evidence, reached, reached * math.exp(effect)))
        reached = moves[-1].after
    moves[-1] = replace(moves[-1], after=after)
    return Combined(Estimate(low, after, high), tuple(moves))


def unit_of(figure: FigureName) -> str:
    """Unit of a figure: the last word of its name."""
    word = figure.value.rsplit("_", 1)[-1]
    return {"mib": "MiB", "count": "pods", "fraction": "bytes per byte of data"}.get(word, word)


def _facts(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_NAMED])
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    kinds = {id_.partition(":")[0] for id_ in ids}
    noun = _NOUNS.get(kinds.pop(), "retrieved fact") if len(kinds) == 1 else "retrieved fact"
    return f"{len(ids)} {noun}{'' if len(ids) == 1 else 's'} ({shown}{more})"


def _bounds_text(prior: Estimate, after: Estimate, unit: str) -> str:
    wider = after.high > prior.high * 1.001 or after.low < prior.low / 1.001
    if not wider or math.isclose(prior.low, prior.high):
        return ""
    return (
        f"; independent sources lie beyond the interval, which is now {number(after.low)} to"
        f" {number(after.high)} {unit}"
    )
