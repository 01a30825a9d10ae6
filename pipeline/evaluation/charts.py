"""Rows of what charts ship, as rows of the truth.

A line has ``component``, ``source_repo`` (``owner/name``), ``requests`` and ``limits``; and, where
known, ``aliases``, ``role``, ``profile``, ``workload_kind`` and ``replicas``.
"""

from __future__ import annotations

from pathlib import Path

from dca.catalogue import product_for_image
from pipeline.evaluation.truth import Row, checked, read_lines
from schemas.errors import InputFileError

_TIER = "chart_default"
_NO_WORKLOAD = "any"
"""Kind of the lines that list presets: those are of no component."""


def load_charts(path: Path) -> list[Row]:
    """The components of a file of chart defaults; each is described by its name alone.

    Raises:
        InputFileError: The file cannot be read, or a line is no row; the line is named.
    """
    return [
        checked(_row(line, place), place)
        for place, line in read_lines(path, "the charts")
        if line.get("workload_kind") != _NO_WORKLOAD
    ]


def _row(line: Row, place: str) -> Row:
    for name in ("component", "source_repo"):
        if not isinstance(line.get(name), str):
            raise InputFileError(f"{place} has no {name}", code="truth.row")
    profile = line.get("profile")
    told = f", profile {profile}" if profile and profile != "default" else ""
    return {
        "app": line["source_repo"],
        "service": line["component"],
        "description": f"{_alias(line)}{told}",
        "image": _image(line),
        "tier": _TIER,
        **{
            name: line.get(name)
            for name in ("role", "workload_kind", "replicas", "requests", "limits")
        },
    }


def _alias(line: Row) -> str:
    """What people call it."""
    return next(iter(_names(line)), str(line["component"]))


def _image(line: Row) -> str:
    """The image's own name is not told: the first name of the product that an image has."""
    names = [str(line["component"]), *(name.replace(" ", "-") for name in _names(line))]
    return next((name for name in names if product_for_image(name)), names[0])


def _names(line: Row) -> list[str]:
    aliases = line.get("aliases")
    return [name for name in aliases if isinstance(name, str)] if isinstance(aliases, list) else []
