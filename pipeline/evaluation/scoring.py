"""What is right about predictions: factors, shares, intervals, replicas, success."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.evaluation.truth import FIELDS, Row, amount
from schemas.plan import Intervals

Field = tuple[str, str]
Amounts = dict[Field, float | None]
"""Millicores or bytes; None for a number that is not set."""
_TINY = 1e-9
"""100 is within a factor 2 of 200, whatever the logarithms round to."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a method says of one row."""

    amounts: Amounts
    replicas: int | None = None
    intervals: Intervals | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class FieldScore:
    """One number over many rows; shares are of all rows that state it."""

    n: int
    """Rows that state the number."""
    unset: int
    """Of these, without a prediction: counted as wrong."""
    factor: float | None = None
    """Geometric mean of max(p/t, t/p); 1 is perfect."""
    bias: float | None = None
    """Geometric mean of p/t; above 1 asks for more than the community."""
    within_1_5: float = 0.0
    within_2: float = 0.0
    within_4: float = 0.0
    covered: float | None = None
    """Share of the truth inside the interval; None for a method without intervals. A number that is
    not predicted, or has no interval, counts as outside."""


@dataclass(frozen=True, slots=True)
class Scores:
    """A method over many rows."""

    fields: dict[Field, FieldScore]
    success: float
    """Share of rows with every stated request within a factor 4 and replicas within 1."""
    all_within_4: float
    """Share of rows with every stated request and limit within a factor 4."""
    replicas_n: int = 0
    replicas_exact: float | None = None
    replicas_within_1: float | None = None


def score(rows: Sequence[Row], predictions: Sequence[Prediction | None]) -> Scores:
    """Score predictions beside their rows; None (not found) is wrong in everything."""
    pairs = list(zip(rows, predictions, strict=True))
    gaps = [_gap(row, made) for row, made in pairs if isinstance(row["replicas"], int)]
    return Scores(
        fields={field: _field(field, pairs) for field in FIELDS},
        success=_share([succeeds(row, made) for row, made in pairs]),
        all_within_4=_share([_all_within(FIELDS, row, made) for row, made in pairs]),
        replicas_n=len(gaps),
        replicas_exact=_share([gap == 0 for gap in gaps]) if gaps else None,
        replicas_within_1=_share([gap <= 1 for gap in gaps]) if gaps else None,
    )


def succeeds(row: Row, made: Prediction | None) -> bool:
    """Every stated request within a factor 4, and stated replicas within 1.

    A method that predicts no replicas is judged by its requests alone.
    """
    if made is None or not _all_within(FIELDS[:2], row, made):
        return False
    stated = isinstance(row["replicas"], int) and made.replicas is not None
    return not stated or _gap(row, made) <= 1


def _all_within(fields: Sequence[Field], row: Row, made: Prediction | None) -> bool:
    """Whether every number that the row states is predicted within a factor 4."""
    return made is not None and all(
        not (truth := amount(row, *field)) or within(made.amounts.get(field), truth, 4)
        for field in fields
    )


def within(predicted: float | None, truth: float, factor: float) -> bool:
    """Whether a prediction is within a factor of the truth, either way."""
    return bool(predicted) and _distance(predicted or 0, truth) <= math.log2(factor) + _TINY


def _distance(predicted: float, truth: float) -> float:
    return abs(math.log2(predicted / truth))


def _gap(row: Row, made: Prediction | None) -> float:
    if made is None or made.replicas is None:
        return math.inf
    return float(abs(row["replicas"] - made.replicas))


def _field(field: Field, pairs: Sequence[tuple[Row, Prediction | None]]) -> FieldScore:
    stated = [(truth, made) for row, made in pairs if (truth := amount(row, *field))]
    logs = [
        math.log2(value / truth)
        for truth, made in stated
        if made is not None and (value := made.amounts.get(field))
    ]
    n = len(stated)
    if not logs:
        return FieldScore(n, n)
    told = any(made and made.intervals for _, made in stated)
    return FieldScore(
        n=n,
        unset=n - len(logs),
        factor=2 ** statistics.mean(map(abs, logs)),
        bias=2 ** statistics.mean(logs),
        within_1_5=_near(logs, 1.5) / n,
        within_2=_near(logs, 2) / n,
        within_4=_near(logs, 4) / n,
        covered=_share([_inside(field, *pair) for pair in stated]) if told else None,
    )


def _near(logs: Sequence[float], factor: float) -> int:
    return sum(abs(log) <= math.log2(factor) + _TINY for log in logs)


def _inside(field: Field, truth: float, made: Prediction | None) -> bool:
    intervals = None if made is None else made.intervals
    if intervals is None:
        return False
    found = {
        FIELDS[0]: intervals.cpu_request,
        FIELDS[1]: intervals.memory_request,
        FIELDS[2]: intervals.cpu_limit,
        FIELDS[3]: intervals.memory_limit,
    }[field]
    return found is not None and found.low <= truth <= found.high


def _share(truths: Sequence[bool]) -> float:
    return sum(truths) / len(truths) if truths else 0.0
