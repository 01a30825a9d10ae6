"""Right for the machine: limits beside the memory that is known to be needed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from pipeline.evaluation.scoring import Prediction
from pipeline.evaluation.truth import Row, amount
from schemas.quantities import memory_bytes

_FILE = Path(__file__).with_name("needs.yaml")
_MEMORY_LIMIT = ("limits", "memory")
WASTE_FACTOR = 4
"""A limit above so many times the need is counted as waste."""


class _Source(BaseModel):
    """Where needs were read, and for which rows they hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(pattern=r"^https://")
    apps: tuple[str, ...]
    note: str = Field(min_length=10)
    stated_limit: bool = False
    """The need is the memory limit that the row itself states."""
    services: dict[str, Annotated[int, BeforeValidator(memory_bytes)]] = Field(default_factory=dict)
    """Bytes, by the name of the service."""


@dataclass(frozen=True, slots=True)
class NeedsScore:
    """Shares of the components whose need is known; None when there are none."""

    n: int
    """Components with a known need."""
    below: float | None = None
    """Limit under the need: it would be killed."""
    wasted: float | None = None
    """Limit more than four times the need."""


def score_needs(rows: Sequence[Row], predictions: Sequence[Prediction | None]) -> NeedsScore:
    """Memory limits beside known needs; a row without a predicted limit is left out."""
    ratios = [
        limit / need
        for row, made in zip(rows, predictions, strict=True)
        if made is not None
        and (need := need_bytes(row))
        and (limit := made.amounts.get(_MEMORY_LIMIT))
    ]
    if not ratios:
        return NeedsScore(0)
    n = len(ratios)
    return NeedsScore(
        n,
        below=sum(ratio < 1 for ratio in ratios) / n,
        wasted=sum(ratio > WASTE_FACTOR for ratio in ratios) / n,
    )


def need_bytes(row: Row) -> int | None:
    """Memory that the component of a row is known to need; None where nobody has found out."""
    for item in _sources():
        if row["app"].lower() in (app.lower() for app in item.apps):
            if item.stated_limit:
                return amount(row, *_MEMORY_LIMIT)
            return item.services.get(row["service"])
    return None


@functools.cache
def _sources() -> tuple[_Source, ...]:
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    return TypeAdapter(tuple[_Source, ...]).validate_python(content)
