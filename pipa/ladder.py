"""Capacity ladders: the vendor's sizes at several loads, read at the load that is stated here.

Between two rungs both size and load are interpolated on logarithmic scales, so that a size that
grows with a power of the load is met exactly:

    2000 users 4 GiB, 15000 users 8 GiB: 5000 users are ln(2.5) / ln(7.5) = 0.45 of the way, 5.5 GiB

Beyond the ends the outermost rung holds, and the sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipa.demand import Situation
from pipa.estimate import Estimate
from pipa.influence import SIZES
from pipa.observations import LOADS, Fact
from pipa.sizes import Sizing
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.knowledge import FigureName
from schemas.quantities import GIB

_PRODUCT = "product"
_UNITS = {
    FigureName.AT_REQUEST_RATE: "per second",
    FigureName.AT_USERS: "concurrent users",
    FigureName.AT_CONNECTIONS: "connections",
    FigureName.AT_DATA: "GiB of data",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A size, read from a ladder."""

    value: float
    rungs: tuple[tuple[str, float], ...]
    """Ids of the facts that it lies between, with their share of it; shares sum to 1."""
    beyond: bool
    """The load lies outside the ladder."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The sizes of one source at loads of one kind."""

    load: FigureName
    wanted: float
    """The load that is stated for the component."""
    facts: tuple[Fact, ...]

    def read(self, figure: FigureName) -> Reading | None:
        """A figure at the wanted load; None when fewer than two rungs state it."""
        rungs = sorted(
            (fact.figures[self.load], fact.figures[figure], fact.id)
            for fact in self.facts
            if figure in fact.figures
        )
        return read(rungs, self.wanted) if len({rung[0] for rung in rungs}) > 1 else None


def read(rungs: Sequence[tuple[float, float, str]], wanted: float) -> Reading:
    """Interpolate between rungs of (load, size, id), sorted by load, at a load > 0."""
    first, last = rungs[0], rungs[-1]
    if not first[0] <= wanted <= last[0]:
        _, value, id_ = first if wanted < first[0] else last
        return Reading(value, ((id_, 1.0),), beyond=True)
    above = next(rung for rung in rungs if rung[0] >= wanted)
    below = max((rung for rung in rungs if rung[0] <= wanted), key=lambda rung: rung[0])
    if above[0] == below[0]:
        return Reading(above[1], ((above[2], 1.0),), beyond=False)
    share = math.log(wanted / below[0]) / math.log(above[0] / below[0])
    value = math.exp((1 - share) * math.log(below[1]) + share * math.log(above[1]))
    return Reading(value, ((below[2], 1 - share), (above[2], share)), beyond=False)


def ladder_for(facts: Iterable[Fact], situation: Situation) -> Ladder | None:
    """The ladder with the most rungs for a load that is stated."""
    climbs: dict[tuple[str, FigureName], list[Fact]] = {}
    for fact in facts:
        for load in LOADS:
            if fact.match == _PRODUCT and load in fact.figures and not fact.added:
                climbs.setdefault((fact.source, load), []).append(fact)
    stated = _stated(situation)
    ladders = [
        Ladder(load, stated[load], tuple(rungs))
        for (_, load), rungs in climbs.items()
        if load in stated
    ]
    return max(ladders, key=lambda ladder: len(ladder.facts), default=None)


def _stated(situation: Situation) -> dict[FigureName, float]:
    """The loads of the component, by the figure that a rung states them with; all > 0."""
    demand = situation.demand
    loads = {
        FigureName.AT_REQUEST_RATE: situation.load.rate.target if situation.load else None,
        FigureName.AT_USERS: demand.concurrent_users,
        FigureName.AT_CONNECTIONS: demand.connections,
        FigureName.AT_DATA: demand.data_bytes / GIB if demand.data_bytes else None,
    }
    return {figure: float(load) for figure, load in loads.items() if load}


def climb(key: str, sizing: Sizing, situation: Situation, sheet: Worksheet) -> Sizing:
    """The sizes of a product with those of its ladder at the stated load beside them.

    The ladder's size has the weight `influence.ladder`. It may leave the interval of the estimate,
    which is a range around a calculation, by `influence.widening` at most.
    """
    ledger = sheet.ledger
    ladder = ladder_for(ledger.facts, situation) if ledger else None
    if ladder is None:
        return sizing
    amounts = sizing.amounts()
    for name in SIZES:
        reading = ladder.read(FigureName(_figure(name)))
        if reading is not None:
            amounts[name] = _step(f"{key}.{name}", name, amounts[name], (ladder, reading), sheet)
    sizing = sizing.with_amounts(amounts)
    pods = ladder.read(FigureName.REPLICAS)
    return _pods(key, sizing, pods, ladder, sheet) if pods else sizing


def _step(
    figure: str, name: str, prior: Estimate, read_at: tuple[Ladder, Reading], sheet: Worksheet
) -> Estimate:
    ladder, reading = read_at
    assert sheet.ledger is not None  # noqa: S101 - the caller has checked
    votes = sheet.constants["influence.ladder"].value
    most = sheet.constants["influence.widening"].value
    low, high = prior.low / most, prior.high * most
    value = min(max(reading.value, low), high)
    start = math.log(prior.target)
    shift = (math.log(value) - start) * votes / (votes + 1)
    before = prior.target
    for id_, share in reading.rungs:
        after = math.exp(math.log(before) + shift * share)
        if abs(math.log(after / before)) >= sheet.constants["influence.least"].value:
            sheet.ledger.change(figure, name, before, (id_, after))
            before = after
    if before == prior.target:
        return prior
    unit = "millicores" if name.startswith("cpu") else "MiB"
    where = "beyond the ladder's end, which is" if reading.beyond else "on the ladder at"
    ids = tuple(id_ for id_, _ in reading.rungs)
    text = (
        f"{number(ladder.wanted)} {_UNITS[ladder.load]} are {where} {number(reading.value)} {unit}"
        f" ({', '.join(ids)}): {figure} {number(prior.target)} -> {number(before)} {unit}."
    )
    sheet.step("cpu" if name.startswith("cpu") else "memory", text, ids)
    return replace(prior, low=min(prior.low, before), target=before, high=max(prior.high, before))


def _pods(key: str, sizing: Sizing, pods: Reading, ladder: Ladder, sheet: Worksheet) -> Sizing:
    before = sizing.cpu.replicas.target
    moved = sizing.with_count(round(pods.value))
    after = moved.cpu.replicas.target
    if before == after:
        return sizing
    assert sheet.ledger is not None  # noqa: S101 - the caller has checked
    ids = tuple(id_ for id_, _ in pods.rungs)
    nearest = max(pods.rungs, key=lambda rung: rung[1])[0]
    sheet.ledger.change(f"{key}.replicas", "replicas", before, (nearest, after))
    text = (
        f"At {number(ladder.wanted)} {_UNITS[ladder.load]} the ladder has"
        f" {number(pods.value)} pods ({', '.join(ids)}): {before} -> {after}."
    )
    sheet.step("replicas", text, ids)
    return moved


def _figure(name: str) -> str:
    return f"{name}_millicores" if name.startswith("cpu") else f"{name}_mib"
