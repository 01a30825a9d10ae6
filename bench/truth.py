"""Rows of what communities run, and the component of a context that a row is about.

The rows are JSON lines with ``app``, ``service``, ``source_path``, ``source_repo``, ``dockerfile``,
``language``, ``role``, ``tier``, ``description``, ``replicas``, ``requests`` and ``limits``; the
checkouts are directories named ``owner+name``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from schemas.context import Component
from schemas.quantities import cpu_millicores, memory_bytes

Row = dict[str, Any]


def load_rows(path: Path) -> list[Row]:
    """All rows of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def repository_of(row: Row) -> str:
    """``owner/name`` of the repository that holds the source of a row."""
    return str(row.get("source_repo") or row["app"])


def owner_of(row: Row) -> str:
    """The organisation whose habits a row follows."""
    return str(row["app"]).split("/")[0]


def by_repository(rows: Sequence[Row], checkouts: Path) -> Iterator[tuple[str, Path, list[Row]]]:
    """Rows with source, by repository, for the repositories that are checked out."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("source_path"):
            grouped.setdefault(repository_of(row), []).append(row)
    for repository, group in sorted(grouped.items()):
        directory = checkouts / repository.replace("/", "+")
        if directory.is_dir():
            yield repository, directory, group


def component_of(row: Row, components: Sequence[Component]) -> Component | None:
    """The component that a row is about: same Dockerfile, else same source directory.

    Several workloads may run one image; among equals the name that is most alike wins.
    """
    wanted = (row["service"] or "").lower()
    for field, value in (("dockerfile", row["dockerfile"]), ("source_path", row["source_path"])):
        if not value:
            continue
        same = [c for c in components if _clean(getattr(c, field)) == _clean(value)]
        if same:
            return max(same, key=lambda c: _alike(c, wanted))
    return None


def amount(row: Row, kind: str, resource: str) -> int | None:
    """A quantity of a row in millicores or bytes; None when it is not set."""
    text = (row.get(kind) or {}).get(resource)
    if text is None:
        return None
    return cpu_millicores(str(text)) if resource == "cpu" else memory_bytes(str(text))


def _clean(path: str | None) -> str:
    return (path or "").strip("/").removeprefix("./") or "."


def _alike(component: Component, wanted: str) -> float:
    names = [component.name, component.workload.name if component.workload else ""]
    return max(SequenceMatcher(None, name.lower(), wanted).ratio() for name in names)
