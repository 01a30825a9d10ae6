"""Fits figures of the capacity model: few, shrunk towards their source, and judged owner by owner.

A figure moves along a grid of values that people would write, inside the range of its source. It
moves when the loss over all workloads that use it falls by more than the penalty for leaving the
prior, and when at least `MAJORITY` more owners gain by it than lose: what only one organisation
does is its house style. Coordinates are tried in turn until nothing moves.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.workloads import Sizer, Sizes, errors, weights
from pipa.constants import Constants

MAY_MOVE = (
    *("memory.base.", "memory.live.", "memory.role.", "memory.library."),
    *("cpu.habit", "cpu.role.", "cpu.model_library", "cpu.users.", "cpu.small"),
)
"""Starts of ids. Floors are safety; factors and floors of limits are rules that hold for all, and
fitting them makes predictions for owners that were left out worse."""
LEAST_OWNERS = 5
"""A figure that fewer owners use stays where its source puts it."""
MAJORITY = 3
PENALTY = 0.5
WIDTHS = {"memory.base.": 0.35}
WIDTH = 0.5
"""Octaves by which a figure may well differ from its source; less for what is physics."""
_CPU_AMOUNTS = (10, 20, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000)
_FACTORS = (0.1, 0.2, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 8, 10)
_STEPS_PER_OCTAVE = 4
_FURTHEST = 6
"""Steps from the prior, each way."""
_SWEEPS = 6
_GAIN = 1e-9
Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that may move."""

    id: str
    prior: float
    candidates: tuple[float, ...]
    users: tuple[int, ...]
    """Indices of the workloads that use it."""

    def penalty(self, value: float) -> float:
        """What it costs to leave the prior."""
        width = next((w for start, w in WIDTHS.items() if self.id.startswith(start)), WIDTH)
        return PENALTY * (math.log2(value / self.prior) / width) ** 2


def loss(error: float) -> float:
    """Loss of one number that is off by `error` octaves: mostly whether it is within a factor 2.

    >>> round(loss(0.9), 1), round(loss(1.4), 1), round(loss(5), 1)
    (0.3, 1.0, 1.7)
    """
    off = abs(error)
    return 0.7 / (1 + math.exp(-(off - 1.12) / 0.1)) + 0.25 * min(off, 4)


def may_move(constants: Constants) -> list[str]:
    """Ids of the figures that may be fitted."""
    return sorted(
        id_ for id_ in constants.by_id if id_.startswith(MAY_MOVE) and constants[id_].value > 0
    )


def fittable(sizer: Sizer) -> list[Figure]:
    """The figures that enough owners use, each with the values that it may take."""
    found = []
    for id_ in may_move(sizer.constants):
        users = tuple(i for i, used in enumerate(sizer.used) if id_ in used)
        if len({sizer.workloads[i].owner for i in users}) >= LEAST_OWNERS:
            found.append(Figure(id_, sizer.constants[id_].value, _grid(id_, sizer), users))
    return found


def _grid(id_: str, sizer: Sizer) -> tuple[float, ...]:
    constant = sizer.constants[id_]
    prior, range_ = constant.value, constant.estimate
    if id_.startswith("cpu."):
        amounts: Iterable[float] = _FACTORS if constant.unit.startswith("times") else _CPU_AMOUNTS
    else:
        steps = range(-_FURTHEST, _FURTHEST + 1)
        amounts = (float(f"{prior * 2 ** (step / _STEPS_PER_OCTAVE):.3g}") for step in steps)
    inside = {float(value) for value in amounts if range_.low <= value <= range_.high}
    return tuple(sorted(inside | {prior}))


class Fitter:
    """Fits figures to some of the workloads.

    Args:
        sizer: The workloads.
    """

    def __init__(self, sizer: Sizer) -> None:
        self.sizer = sizer
        self.figures = fittable(sizer)
        self._weights = weights(sizer.workloads)
        self._losses: dict[tuple[int, Sizes], float] = {}

    def fit(self, train: Iterable[int]) -> Values:
        """The figures that move, with their values.

        Args:
            train: Indices of the workloads that may be looked at.
        """
        chosen = frozenset(train)
        values: Values = {}
        for _ in range(_SWEEPS):
            before = dict(values)
            for figure in self.figures:
                users = [i for i in figure.users if i in chosen]
                best = self._best(figure, users, values)
                values.pop(figure.id, None)
                if best != figure.prior:
                    values[figure.id] = best
            if values == before:
                break
        return values

    def by_owner(self, figure: Figure, values: Mapping[str, float]) -> tuple[int, int]:
        """Owners that gain and that lose by a figure's value, beside its prior."""
        without = {id_: value for id_, value in values.items() if id_ != figure.id}
        old = self._all(figure.users, without)
        return self._votes(old, self._all(figure.users, values))

    def _best(self, figure: Figure, users: Sequence[int], values: Values) -> float:
        owners = {self.sizer.workloads[i].owner for i in users}
        if len(owners) < MAJORITY:
            return figure.prior
        present = values.get(figure.id, figure.prior)
        old = self._all(users, values)
        best, least = present, sum(old.values()) + figure.penalty(present)
        for candidate in figure.candidates:
            penalty = figure.penalty(candidate)
            if candidate == present or penalty >= least:
                continue
            new = self._all(users, {**values, figure.id: candidate})
            total = sum(new.values()) + penalty
            better, worse = self._votes(old, new)
            if total < least - _GAIN and better - worse >= MAJORITY:
                best, least = candidate, total
        return best

    def _all(self, users: Iterable[int], values: Mapping[str, float]) -> dict[int, float]:
        return {i: self._loss(i, self.sizer.size(values, i)) for i in users}

    def _loss(self, index: int, sizes: Sizes) -> float:
        key = (index, sizes)
        if key not in self._losses:
            off = errors(self.sizer.workloads[index], sizes)
            self._losses[key] = self._weights[index] * sum(map(loss, off))
        return self._losses[key]

    def _votes(self, old: Mapping[int, float], new: Mapping[int, float]) -> tuple[int, int]:
        change: dict[str, float] = defaultdict(float)
        for index, before in old.items():
            change[self.sizer.workloads[index].owner] += new[index] - before
        better = sum(value < -_GAIN for value in change.values())
        return better, sum(value > _GAIN for value in change.values())


def leave_one_out(fitter: Fitter) -> dict[str, Values]:
    """For every owner, the figures fitted without that owner's workloads."""
    owners = [workload.owner for workload in fitter.sizer.workloads]
    return {
        owner: fitter.fit(i for i, other in enumerate(owners) if other != owner)
        for owner in sorted(set(owners))
    }


def random_halves(fitter: Fitter, times: int, seed: int = 0) -> list[tuple[Values, list[int]]]:
    """Fits to random halves of the owners, each with the workloads of the other half."""
    owners = [workload.owner for workload in fitter.sizer.workloads]
    names = sorted(set(owners))
    draw = random.Random(seed)  # noqa: S311 - a split, not a secret
    found = []
    for _ in range(times):
        draw.shuffle(names)
        half = frozenset(names[: len(names) // 2])
        for inside in (True, False):
            train = [i for i, owner in enumerate(owners) if (owner in half) is inside]
            test = [i for i, owner in enumerate(owners) if (owner in half) is not inside]
            found.append((fitter.fit(train), test))
    return found
