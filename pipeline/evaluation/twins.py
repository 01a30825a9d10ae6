"""How far teams differ among themselves: what no prediction can be expected to beat by much."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.evaluation.scoring import Field, within
from pipeline.evaluation.truth import FIELDS, Row, amount, owner_of

ALIKE = ("language", "framework", "role", "tier")
"""Twins are rows of two owners that are alike in all of these, each of them known."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One number, seen from the rows that have a twin; each row counts once."""

    n: int
    """Rows with a twin that states the number too."""
    within_2: float | None = None
    """Mean share of a row's twins that are within a factor of 2 of it."""
    within_4: float | None = None


def agreement(rows: Sequence[Row], among: Sequence[Row]) -> dict[Field, Agreement]:
    """How often the twins of `rows` among all rows state about the same.

    Args:
        rows: The rows that are scored.
        among: All rows.
    """
    twins = [(row, [other for other in among if _are_twins(row, other)]) for row in rows]
    return {field: _agreement(field, twins) for field in FIELDS}


def _are_twins(row: Row, other: Row) -> bool:
    return owner_of(row) != owner_of(other) and all(
        row[key] and row[key] == other[key] for key in ALIKE
    )


def _agreement(field: Field, twins: Sequence[tuple[Row, list[Row]]]) -> Agreement:
    near: list[float] = []
    far: list[float] = []
    for row, others in twins:
        own = amount(row, *field)
        values = [value for other in others if (value := amount(other, *field))]
        if own and values:
            near.append(statistics.mean(within(value, own, 2) for value in values))
            far.append(statistics.mean(within(value, own, 4) for value in values))
    if not near:
        return Agreement(0)
    return Agreement(len(near), statistics.mean(near), statistics.mean(far))
