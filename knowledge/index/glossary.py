"""What components are, for questions that do not know their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).parent / "glossary.yaml"


def gloss(component: str) -> str:
    """What a component is; empty when the glossary does not know it or its family.

    >>> gloss("airflow-worker") == gloss("airflow")
    True
    """
    entries = _entries()
    name = component
    while name:
        if name in entries:
            return entries[name]
        name = name.rpartition("-")[0]
    return ""


@cache
def _entries() -> Mapping[str, str]:
    entries: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return entries
