"""Rows of what communities run, and the component of a context that a row is about.

A row is a JSON object on a line of its own, with ``app`` (``owner/name``), ``service``,
``description``, ``requests`` and ``limits`` (each ``cpu`` and ``memory``, a quantity or null);
and, where known, ``source_path``, ``source_repo``, ``dockerfile``, ``image``, ``language``,
``framework``, ``role``, ``tier``, ``workload_kind``, ``replicas``, and ``manifest_path`` with
``locator``, where the numbers stand. Checkouts are directories named ``owner+name``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from schemas.context import Component
from schemas.errors import InputFileError, QuantityError
from schemas.quantities import cpu_millicores, memory_bytes
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS

Row = dict[str, Any]
FIELDS = (("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory"))
"""The four numbers that are scored."""
_TEXTS = ("app", "service", "description")
_OPTIONAL = (
    *("source_path", "source_repo", "dockerfile", "image", "language", "framework", "role"),
    *("tier", "workload_kind", "manifest_path"),
)


def load_rows(path: Path) -> list[Row]:
    """All rows of a JSON-lines file.

    Raises:
        InputFileError: The file cannot be read, or a line is no row; the line is named.
    """
    return [checked(row, place) for place, row in read_lines(path, "the truth")]


def read_lines(path: Path, what: str) -> list[tuple[str, Row]]:
    """Every object of a JSON-lines file, with ``file:line`` where it stands.

    Raises:
        InputFileError: The file cannot be read, or a line is no JSON object; the line is named.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputFileError(f"{what} {path} cannot be read: {reason}") from error
    rows = [
        (place, _object(line, place))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
        for place in (f"{path}:{number}",)
    ]
    if not rows:
        raise InputFileError(f"{what} {path} holds no row")
    return rows


def _object(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{place} is no JSON object", code="truth.row") from error
    if not isinstance(row, dict):
        raise InputFileError(f"{place} is no JSON object", code="truth.row")
    return row


def checked(row: Row, place: str) -> Row:
    """The row, with null for every optional part that is missing.

    Raises:
        InputFileError: A part is missing or cannot be used.
    """
    for name in _TEXTS:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise InputFileError(f"{place} has no {name}", code="truth.row")
    problem = _problem(row)
    if problem:
        raise InputFileError(f"{place}: {problem}", code="truth.row")
    return row


def _problem(row: Row) -> str:
    """What is wrong with the optional parts of a row, which are set to null where they miss."""
    if row["app"].count("/") != 1:
        return f"app is not owner/name: {row['app']}"
    if len(row["description"]) > MAX_DESCRIPTION_CHARACTERS:
        return f"description is longer than {MAX_DESCRIPTION_CHARACTERS} characters"
    for name in _OPTIONAL:
        if not isinstance(row.setdefault(name, None), str | None):
            return f"{name} is no text"
    replicas = row.setdefault("replicas", None)
    if replicas is not None and (type(replicas) is not int or replicas < 0):
        return "replicas is no whole number"
    try:
        for field in FIELDS:
            amount(row, *field)
    except (QuantityError, AttributeError, TypeError) as error:
        return str(error)
    return ""


def repository_of(row: Row) -> str:
    """``owner/name`` of the repository that holds the source of a row."""
    return str(row.get("source_repo") or row["app"])


def owner_of(row: Row) -> str:
    """The organisation whose habits a row follows, lower case."""
    return str(row["app"]).split("/")[0].lower()


def owners_of(row: Row) -> frozenset[str]:
    """The owners of the app and of its source, lower case: whose facts would give it away."""
    return frozenset({owner_of(row), repository_of(row).split("/")[0].lower()})


def by_repository(
    rows: Sequence[Row], *checkouts: Path
) -> Iterator[tuple[str, Path | None, list[Row]]]:
    """Rows with source, by repository; the checkout is None where there is none."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("source_path"):
            grouped.setdefault(repository_of(row), []).append(row)
    for repository, group in sorted(grouped.items()):
        places = (parent / repository.replace("/", "+") for parent in checkouts)
        yield repository, next((place for place in places if place.is_dir()), None), group


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
    """A quantity of a row in millicores or bytes; None when it is not set.

    Raises:
        QuantityError: It is no quantity.
    """
    text = (row.get(kind) or {}).get(resource)
    if text is None:
        return None
    return cpu_millicores(str(text)) if resource == "cpu" else memory_bytes(str(text))


def _clean(path: str | None) -> str:
    return (path or "").strip("/").removeprefix("./") or "."


def _alike(component: Component, wanted: str) -> float:
    names = [component.name, component.workload.name if component.workload else ""]
    return max(SequenceMatcher(None, name.lower(), wanted).ratio() for name in names)
