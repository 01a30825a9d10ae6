"""What of a fact is indexed: one text for its meaning, four columns for its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.index.glossary import gloss
from knowledge.index.words import indexed
from schemas.knowledge import Fact

MAX_TOKENS = 200
"""The embedding model reads 256 tokens and drops the rest; some room is left for rare words."""

_PIECE = re.compile(r"[a-z]+|\d|[^\sa-z\d]", re.IGNORECASE)
_LETTERS_PER_TOKEN = 5
"""Common words are one token however long they are; rare ones fall apart into shorter pieces."""


@dataclass(frozen=True, slots=True)
class Words:
    """The columns of the lexical index."""

    names: str
    """Component, products, languages, frameworks: what the fact is about."""
    topic: str
    statement: str
    figures: str


def text_of(fact: Fact) -> str:
    """The text that is embedded: subject, statement, then as many figures as fit."""
    names = _distinct((fact.component, *fact.applies_to.products, *fact.applies_to.frameworks))
    kind = gloss(fact.component) or fact.topic.replace("_", " ")
    head = f"{', '.join(names[:4])} ({kind}): {fact.statement}"
    text = _first_tokens(head)
    room = MAX_TOKENS - tokens(text)
    for name, value in fact.figures.items():
        part = f" {name.replace('_', ' ')} {value};"
        room -= tokens(part)
        if room < 0:
            break
        text += part
    return text.rstrip(";")


def words_of(fact: Fact) -> Words:
    """The columns that words are looked for in."""
    about = fact.applies_to
    names = _distinct((fact.component, *about.products, *about.languages, *about.frameworks))
    roles = " ".join(role.value for role in about.roles)
    return Words(
        names=indexed(" ".join(names)),
        topic=indexed(f"{fact.topic} {roles} {gloss(fact.component)}"),
        statement=indexed(fact.statement),
        figures=indexed(" ".join(f"{name} {value}" for name, value in fact.figures.items())),
    )


def tokens(text: str) -> int:
    """An estimate of how many tokens a wordpiece model makes of a text, without the model.

    Every digit and sign counts as one, letters five to a token. Measured on 649 facts it is 17 %
    above the model's own count, and at most 7 tokens below.
    """
    return sum(
        -(-len(piece) // _LETTERS_PER_TOKEN) if piece[0].isalpha() else 1
        for piece in _PIECE.findall(text)
    )


def _first_tokens(text: str) -> str:
    """The text, cut after a word when it is longer than `MAX_TOKENS`."""
    if tokens(text) <= MAX_TOKENS:
        return text
    kept: list[str] = []
    room = MAX_TOKENS
    for word in text.split():
        room -= tokens(word)
        if room < 0:
            break
        kept.append(word)
    return " ".join(kept)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
