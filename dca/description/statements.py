"""How the readers write down what they find."""

from __future__ import annotations

from dca.description.text import Prose
from schemas.context import Dimension, Statement


def statement(
    prose: Prose,
    dimension: Dimension,
    key: str,
    value: float | int | str | bool,
    span: tuple[int, int],
) -> Statement:
    """A statement whose quote is the text between ``span``, blanks at its ends left out."""
    start, end = span
    while start < end and prose.text[start].isspace():
        start += 1
    while end > start and prose.text[end - 1].isspace():
        end -= 1
    return Statement(
        dimension=dimension,
        key=key,
        value=value,
        quote=prose.text[start:end],
        start=start,
        end=end,
    )
