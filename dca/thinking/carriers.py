"""Which words make a quote one about a key; the table is ``carriers.yaml``."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

_RATES = ("peak_rps", "average_rps")
_UNITS = ("latency_ms", "availability_percent", "data_gib")
_SHORT = 3
"""Beginnings of up to so many letters are whole words: ``s`` begins everything."""
_WORD = re.compile(r"[^\W\d_]+|\b24\b")
_AFTER_A_NUMBER = re.compile(r"\d[\s-]{0,2}([^\W\d_]+|[%％])")


def carries(key: str, quote: str) -> bool:
    """Whether a quote has a word in it that speaks of a key.

    Args:
        key: A key of the second reading, such as ``peak_rps``.
        quote: Words of the description, in any language that the table knows.
    """
    if key in _RATES:
        return _any("rate", quote) and _any("per", quote)
    if key in _UNITS:
        return any(_any(key, unit) for unit in _AFTER_A_NUMBER.findall(quote))
    return _any(key, quote)


def _any(row: str, text: str) -> bool:
    whole, beginnings, anywhere = _table()[row]
    text = text.casefold()
    words = [*_WORD.findall(text), text]
    return any(word in whole or word.startswith(beginnings) for word in words) or any(
        part in text for part in anywhere
    )


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]]:
    """By row: whole words, beginnings of words, and what may stand anywhere."""
    path = Path(__file__).parent / "carriers.yaml"
    rows = yaml.safe_load(path.read_text("utf-8"))
    return {name: _sorted([str(word).casefold() for word in row]) for name, row in rows.items()}


def _sorted(row: list[str]) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    spaceless = tuple(word for word in row if ord(word[0]) >= 0x2E80)
    others = [word for word in row if word not in spaceless]
    return (
        frozenset(word for word in others if len(word) <= _SHORT),
        tuple(word for word in others if len(word) > _SHORT),
        spaceless,
    )
