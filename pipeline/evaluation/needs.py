"""Right for the machine: limits beside the memory that is known to be needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from pipeline.evaluation.scoring import Prediction
from pipeline.evaluation.truth import Row
from schemas.quantities import MIB

_FILE = Path(__file__).with_name("needs.yaml")
_MEMORY_LIMIT = ("limits", "memory")
WASTE_FACTOR = 4
"""A limit above so many times the need is counted as waste."""


class _Memory(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    by_language: dict[str, float] = {}
    by_service: dict[str, float] = {}


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    app: str
    note: str
    memory_mib: _Memory


@dataclass(frozen=True, slots=True)
class NeedsScore:
    """Shares of the components whose need is known; None when there are none."""

    n: int
    below: float | None = None
    """Limit under the need: it would be killed."""
    wasted: float | None = None
    """Limit more than four times the need."""


def score_needs(rows: Sequence[Row], predictions: Sequence[Prediction | None]) -> NeedsScore:
    """Memory limits beside known needs; a row without a prediction is left out."""
    sources = _sources()
    ratios = [
        limit / need
        for row, made in zip(rows, predictions, strict=True)
        if made is not None
        and (need := _need_bytes(row, sources))
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


def _need_bytes(row: Row, sources: Sequence[_Source]) -> float | None:
    for item in sources:
        if item.app.lower() == row["app"].lower():
            memory = item.memory_mib
            found = memory.by_service.get(row["service"]) or memory.by_language.get(
                str(row["language"])
            )
            return None if found is None else found * MIB
    return None


def _sources() -> list[_Source]:
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    return TypeAdapter(list[_Source]).validate_python(content)
