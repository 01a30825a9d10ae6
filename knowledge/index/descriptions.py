"""What components are called by people who know neither their names nor the words of the field.

``everyday/`` holds, beside ``glossary.yaml``, three to eight descriptions of every component, a
file per group, and in ``elsewhere.yaml`` what is asked close by that no fact answers. They are
compared one by one: the mean of several descriptions is like none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_DIRECTORY = Path(__file__).parent / "everyday"
_ELSEWHERE = "elsewhere"

UNKNOWN = -1
"""The entry of a component that is not described: one of an added document."""


@dataclass(frozen=True, slots=True)
class Described:
    """Which descriptions are compared with a query, and which facts they are about."""

    starts: tuple[int, ...]
    """Of each entry: the position of its first description in `texts`."""
    answered: int
    """How many of the texts describe components; the others say what is asked elsewhere."""
    of_facts: tuple[int, ...]
    """The entry of each fact by its position, or `UNKNOWN`."""
    texts: tuple[str, ...]


def entry_of(component: str) -> str:
    """The name under which a component is described, its own or its family's; empty if none.

    >>> entry_of("airflow-flower")
    'airflow'
    """
    name = component
    while name and name not in entries():
        name = name.rpartition("-")[0]
    return name


def described(components: Iterable[str]) -> Described:
    """The descriptions of components, given in the order of their facts; all empty if none has."""
    names = [entry_of(component) for component in components]
    used = sorted(set(filter(None, names)))
    starts: list[int] = []
    texts: list[str] = []
    for name in used:
        starts.append(len(texts))
        texts += entries()[name]
    number = {name: n for n, name in enumerate(used)}
    return Described(
        starts=tuple(starts),
        answered=len(texts),
        of_facts=tuple(number.get(name, UNKNOWN) for name in names),
        texts=(*texts, *elsewhere()) if texts else (),
    )


@cache
def entries() -> Mapping[str, tuple[str, ...]]:
    """All descriptions of components, by the name of the component or its family."""
    files = sorted(path for path in _DIRECTORY.glob("*.yaml") if path.stem != _ELSEWHERE)
    return {name: said for path in files for name, said in _read(path).items()}


@cache
def elsewhere() -> tuple[str, ...]:
    """What is asked close to the field, and is not about sizes."""
    return tuple(
        text for texts in _read(_DIRECTORY / f"{_ELSEWHERE}.yaml").values() for text in texts
    )


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    document: dict[str, list[str]] = yaml.safe_load(path.read_text("utf-8"))
    return {name: tuple(texts) for name, texts in document.items()}
