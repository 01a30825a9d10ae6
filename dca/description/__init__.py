"""Reads a description along the eight dimensions of `schemas.context.Dimension`.

Deterministic: rules over English prose, no model. A description in another language is read without
error, but little more than its numbers with international units is understood. Every statement
keeps the words that it was read from, and nothing is concluded from what is not said.
"""

from __future__ import annotations

from collections.abc import Iterable

from dca.description.amounts import read_amounts
from dca.description.demand import attributed, by_component, demand_of
from dca.description.load import read_load
from dca.description.numbers import numbers
from dca.description.service_level import read_service_level
from dca.description.stack import read_stack
from dca.description.text import Prose
from dca.description.words import read_words
from schemas.context import DescriptionReading, NamedComponent, Statement
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind

__all__ = ["evidence_of", "read_description"]


def read_description(text: str) -> DescriptionReading:
    """Everything that the description states.

    Args:
        text: Prose of at most `schemas.trigger.MAX_DESCRIPTION_CHARACTERS` characters.

    Returns:
        Statements in the order of the text, each with its quote (``text[start:end]``), and the
        demands and named components that follow from them.
    """
    prose = Prose(text)
    found = numbers(prose)
    stack = read_stack(prose)
    statements = _unique(
        (
            *read_load(prose, found),
            *read_service_level(prose, found),
            *read_amounts(prose, found),
            *read_words(prose),
            *stack.statements,
        )
    )
    statements = attributed(prose, statements, stack.named, stack.mentions)
    return DescriptionReading(
        demand=demand_of([item for item in statements if item.component is None]),
        by_component=by_component(statements),
        named=stack.named,
        statements=statements,
    )


def evidence_of(reading: DescriptionReading) -> tuple[Evidence, ...]:
    """One piece of evidence for each quote of a reading, with all that it states."""
    groups: dict[tuple[int, int], list[Statement | NamedComponent]] = {}
    found: tuple[Statement | NamedComponent, ...] = (*reading.statements, *reading.named)
    for item in found:
        groups.setdefault((item.start, item.end), []).append(item)
    return tuple(_evidence(items) for _, items in sorted(groups.items()))


def _evidence(items: list[Statement | NamedComponent]) -> Evidence:
    first = items[0]
    figures = {item.key: item.value for item in items if isinstance(item, Statement)}
    names = [item.name for item in items if isinstance(item, NamedComponent)]
    what = [f"{key.replace('_', ' ')} {value}" for key, value in figures.items()]
    what += [f"component {name}" for name in names]
    quote = first.quote if len(first.quote) <= 300 else first.quote[:299] + "…"
    return Evidence(
        id=f"description:{first.start}-{first.end}",
        kind=EvidenceKind.DESCRIPTION,
        grade=EvidenceGrade.STATED,
        statement=f"The description says {quote!r}: {', '.join(what)}"[:1000],
        source="app_description",
        figures=figures,
    )


def _unique(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """In the order of the text, without those that say the same in overlapping words."""
    ordered = sorted(statements, key=lambda item: (item.start, -item.end))
    kept: list[Statement] = []
    reach: dict[tuple[str, str], int] = {}
    for item in ordered:
        said = (item.key, str(item.value))
        if item.start >= reach.get(said, 0):
            kept.append(item)
            reach[said] = item.end
    return tuple(kept)
