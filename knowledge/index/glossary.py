"""What components are, for questions that do not know their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).parent / "glossary.yaml"


def gloss(component: str) -> str:
    """What a component is; empty when the glossary does not know it or its family.

    A part of a product is described by both: ``gitlab-redis`` by what GitLab is and what Redis is.

    >>> gloss("airflow-triggerer") == gloss("airflow")
    True
    """
    entries = _entries()
    if component in entries:
        return entries[component]
    return ", ".join(filter(None, (_family(component), _part(component))))


def _family(component: str) -> str:
    entries = _entries()
    name = component.rpartition("-")[0]
    while name and name not in entries:
        name = name.rpartition("-")[0]
    return entries.get(name, "")


def _part(component: str) -> str:
    """Of the longest end of a name that is an entry by itself."""
    entries = _entries()
    name = component.partition("-")[2]
    while name and name not in entries:
        name = name.partition("-")[2]
    return entries.get(name, "")


@cache
def _entries() -> Mapping[str, str]:
    entries: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return entries
