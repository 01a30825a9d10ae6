"""What a language model is told of evidence: facts in our own words, never a stranger's prose.

A repository, a description, a label of a metric and a document that somebody added may hold
sentences that are written for a model. Nothing that reads them as a person would can be kept from
following them, so they are not shown: of such evidence a model sees the figures that code has read
out of it, under an id in which no name stands. What the tool and its operator have written
themselves (constants, policies, prices, the facts that ship with it) is shown as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from schemas.evidence import Evidence, EvidenceKind
from schemas.knowledge import FactKind, SourceGrade

_OWN_KINDS = frozenset({EvidenceKind.CONSTANT, EvidenceKind.POLICY, EvidenceKind.PRICE})
_REVIEWED = frozenset(grade.value for grade in SourceGrade if grade is not SourceGrade.ADDED)
_ABOUT_THE_FACT = "fact_"
"""Figures that say what sort of fact it is, not what it states."""


def offer(items: Iterable[Evidence]) -> dict[str, Evidence]:
    """The evidence that a model may be shown, by the id under which it is.

    Args:
        items: In the order in which they are numbered.

    Returns:
        Without those of which there is nothing to tell.
    """
    offered: dict[str, Evidence] = {}
    count: Counter[EvidenceKind] = Counter()
    for item in items:
        if said_of(item):
            offered[_id(item, count)] = item
    return offered


def said_of(item: Evidence) -> str:
    """What a model is told of one piece of evidence; empty when there is nothing."""
    if _ours(item):
        return item.statement
    figures = (f"{name.replace('_', ' ')} {value}" for name, value in figures_of(item).items())
    return ", ".join(figures)


def figures_of(item: Evidence) -> dict[str, float | int | str | bool]:
    """The figures that a model is told; of a stranger's evidence no words among them."""
    figures = {
        name: value for name, value in item.figures.items() if not name.startswith(_ABOUT_THE_FACT)
    }
    if _ours(item):
        return figures
    return {name: value for name, value in figures.items() if not isinstance(value, str)}


def _ours(item: Evidence) -> bool:
    """Whether the tool or its operator wrote the statement."""
    if item.kind is EvidenceKind.DOCUMENT:
        reviewed = item.figures.get("fact_source") in _REVIEWED
        return reviewed and item.figures.get("fact_kind") != FactKind.DOCUMENT.value
    return item.kind in _OWN_KINDS


def _id(item: Evidence, count: Counter[EvidenceKind]) -> str:
    """Its own id where no stranger has a part in it; else its kind and a number."""
    if _ours(item) or item.kind is EvidenceKind.DESCRIPTION:
        return item.id
    count[item.kind] += 1
    return f"{item.kind.value}:{count[item.kind]}"
