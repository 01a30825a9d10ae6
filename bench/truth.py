"""Rows for the benchmarks: those of `ai-provision eval`, and those of charts, which name no app."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.evaluation import truth
from pipeline.evaluation.truth import Row, amount, component_of, owner_of, repository_of

__all__ = [
    "Row",
    "amount",
    "by_repository",
    "component_of",
    "load_rows",
    "owner_of",
    "repository_of",
]


def load_rows(path: Path) -> list[Row]:
    """All rows of a JSON-lines file, unchecked."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def by_repository(rows: Sequence[Row], checkouts: Path) -> Iterator[tuple[str, Path, list[Row]]]:
    """Rows with source, by repository, for the repositories that are checked out."""
    for repository, directory, group in truth.by_repository(rows, checkouts):
        if directory is not None:
            yield repository, directory, group
