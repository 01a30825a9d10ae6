"""Axes that start at zero and whose marks are round amounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ci.handoff.amounts import three_digits
from ci.report.resource import Resource
from schemas.quantities import GIB, MIB, TIB

MOST_MARKS = 5
ROOM_FOR_LIMITS = 2.5
"""An amount that nobody reserves (a limit, the end of a range) stretches an axis at most to so many
times the largest amount that matters; beyond, it is named at the edge."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of an axis."""

    percent: float
    """From the axis' start."""
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from 0 to `top`, in the unit of a `ResourceView`."""

    resource: Resource
    top: float
    step: float

    def percent(self, amount: float) -> float:
        """Where an amount lies, in [0, 100]; beyond the top it is at the top."""
        return round(100 * min(max(amount, 0.0), self.top) / self.top, 2)

    def beyond(self, amount: float) -> bool:
        """Whether an amount lies outside of the picture."""
        return amount > self.top * 1.0001

    def marks(self) -> tuple[Mark, ...]:
        """The marks, zero first."""
        count = round(self.top / self.step)
        return tuple(
            Mark(self.percent(index * self.step), mark_text(self.resource, index * self.step))
            for index in range(count + 1)
        )


def make_scale(resource: Resource, matter: Iterable[float], stretch: Iterable[float]) -> Scale:
    """A scale on which amounts can be seen.

    Args:
        resource: Decides what is round: 1, 2 and 5 times a power of ten for CPU, powers of two for
            memory.
        matter: Amounts that must be inside: use and requests.
        stretch: Amounts that are inside if that leaves room for the others.
    """
    needed = max([0.0, *matter])
    wished = max([0.0, *stretch])
    room = max(needed, min(wished, needed * ROOM_FOR_LIMITS) if needed else wished)
    top = max(room, 1.0 if resource is Resource.CPU else float(MIB)) * 1.02
    step = _step(resource, top / MOST_MARKS)
    return Scale(resource, step * _ceil(top / step), step)


def tight_scale(resource: Resource, matter: Iterable[float], stretch: Iterable[float]) -> Scale:
    """The same without rounding the top up: for bars that carry their numbers beside them."""
    scale = make_scale(resource, matter, stretch)
    needed, wished = max([0.0, *matter]), max([0.0, *stretch])
    room = max(needed, min(wished, needed * ROOM_FOR_LIMITS) if needed else wished)
    return Scale(resource, (room or scale.top) * 1.02, scale.step)


def mark_text(resource: Resource, amount: float) -> str:
    """A mark's label, with its unit: ``250m``, ``1.5 cores``, ``512Mi``, ``1Gi``."""
    if amount == 0:
        return "0"
    if resource is Resource.CPU:
        if amount < 1000:
            return f"{three_digits(amount)}m"
        cores = three_digits(amount / 1000)
        return f"{cores} core" if cores == "1" else f"{cores} cores"
    for size, suffix in ((TIB, "Ti"), (GIB, "Gi"), (MIB, "Mi")):
        if amount >= size:
            return three_digits(amount / size) + suffix
    return three_digits(amount / 1024) + "Ki"


def _step(resource: Resource, least: float) -> float:
    """The smallest round step of at least `least`."""
    if resource is Resource.MEMORY:
        step = 1024.0
        while step < least:
            step *= 2
        return step
    power = 0.1
    while power * 10 < least:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _ceil(value: float) -> int:
    return int(-(-value // 1))
