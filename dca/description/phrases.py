"""The words of a description with the technologies, role nouns and products marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from dca.catalogue import Product, products_in_text
from dca.description.text import Prose
from dca.description.vocabulary import RoleNoun, Technology, vocabulary

_WORD = re.compile(r"\.net\b|[a-z0-9]+(?:[.'][a-z0-9]+)*(?:\+\+|#)?")
_JOINT = re.compile(r"[ /-]")


@dataclass(frozen=True, slots=True)
class Item:
    """One word, or several that mean one thing."""

    start: int
    end: int
    word: str
    """In lower case."""
    technology: Technology | None = None
    noun: RoleNoun | None = None
    product: Product | None = None


def items(prose: Prose) -> tuple[Item, ...]:
    """All words in order, the longest known names joined."""
    words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(prose.lower)]
    products = {start: (product, end) for product, start, end in products_in_text(prose.text)}
    result: list[Item] = []
    at = 0
    while at < len(words):
        item, used = _item(prose, words, at, products)
        result.append(item)
        at += used
    return tuple(_joined_roles(prose, result))


def gap(prose: Prose, left: Item, right: Item) -> str:
    """What stands between two neighbours."""
    return prose.lower[left.end : right.start]


_Words = list[tuple[int, int, str]]


def _item(
    prose: Prose, words: _Words, at: int, products: Mapping[int, tuple[Product, int]]
) -> tuple[Item, int]:
    start, end, word = words[at]
    if start in products:
        product, product_end = products[start]
        technology = _longest(prose, words, at, "technology")
        if technology is None or technology[1] < product_end:
            used = 1
            while at + used < len(words) and words[at + used][0] < product_end:
                used += 1
            end = max(end, words[at + used - 1][1])
            return Item(start, end, prose.lower[start:end], product=product), used
    for kind in ("technology", "noun"):
        found = _longest(prose, words, at, kind)
        if found is None:
            continue
        name, end, used = found
        if kind == "noun":
            return Item(start, end, name, noun=vocabulary().nouns[name]), used
        known = vocabulary().technologies[name]
        if not known.plain_word or prose.text[start].isupper():
            return Item(start, end, name, technology=known), used
    return Item(start, words[at][1], word), 1


def _longest(prose: Prose, words: _Words, at: int, kind: str) -> tuple[str, int, int] | None:
    index = _technology_index() if kind == "technology" else _noun_index()
    start, _, word = words[at]
    for parts, name in index.get(word, ()):
        if at + len(parts) > len(words):
            continue
        if all(words[at + offset][2] == part for offset, part in enumerate(parts)):
            end = words[at + len(parts) - 1][1]
            if _is_joined(prose, words[at : at + len(parts)]):
                return name, end, len(parts)
    return None


def _is_joined(prose: Prose, words: _Words) -> bool:
    return all(
        _JOINT.fullmatch(prose.lower[left[1] : right[0]])
        for left, right in zip(words, words[1:], strict=False)
    )


_Index = dict[str, tuple[tuple[tuple[str, ...], str], ...]]


@cache
def _technology_index() -> _Index:
    return _index(vocabulary().technologies)


@cache
def _noun_index() -> _Index:
    return _index(vocabulary().nouns)


def _index(names: Iterable[str]) -> _Index:
    result: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name in names:
        parts = tuple(_WORD.findall(name))
        result.setdefault(parts[0], []).append((parts, name))
    return {
        word: tuple(sorted(options, key=lambda option: -len(option[0])))
        for word, options in result.items()
    }


def _joined_roles(prose: Prose, found: list[Item]) -> Iterable[Item]:
    """Two role nouns in a row are one: the generic one gives way ("frontend service")."""
    previous: Item | None = None
    for item in found:
        if previous and previous.noun and item.noun and gap(prose, previous, item) in {" ", "-"}:
            noun = previous.noun if item.noun.generic else item.noun
            noun = RoleNoun(noun.role, noun.slug, noun.generic, item.noun.plural)
            start = previous.start
            previous = Item(start, item.end, prose.lower[start : item.end], noun=noun)
            continue
        if previous:
            yield previous
        previous = item
    if previous:
        yield previous
