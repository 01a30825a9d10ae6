"""Splits a document into passages that an embedding can hold; finds figures that are certain."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from knowledge.documents.blocks import Block, Document
from schemas.errors import QuantityError
from schemas.knowledge import FigureName
from schemas.quantities import MIB, cpu_millicores, memory_bytes

MAX_WORDS = 110
"""Words of one passage: about 170 tokens of the embedding model, which reads 256."""
MAX_CHARACTERS = 850
"""Leaves room for title and heading in the 1,000 characters of a statement."""
MAX_PASSAGES = 400
"""Of one document: a manual of about 100 pages."""
_MAX_YAML_CHARACTERS = 20_000
_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that says one thing."""

    heading: str
    text: str
    figures: dict[str, float | int]


def passages(document: Document) -> tuple[Passage, ...]:
    """The passages in the document's order; at most `MAX_PASSAGES`."""
    return tuple(itertools.islice(_all(document.blocks), MAX_PASSAGES))


def _all(blocks: Iterable[Block]) -> Iterator[Passage]:
    heading, waiting = "", ""
    for block in blocks:
        if block.code or block.heading != heading:
            yield from _prose(heading, waiting)
            heading, waiting = block.heading, ""
        if block.code:
            yield from _code(block)
        elif _fits(f"{waiting} {block.text}"):
            waiting = f"{waiting} {block.text}".strip()
        else:
            yield from _prose(heading, waiting)
            waiting = block.text
    yield from _prose(heading, waiting)


def _prose(heading: str, text: str) -> Iterator[Passage]:
    """Whole sentences as far as they fit; a sentence that does not is cut between words."""
    part = ""
    for piece in _pieces(text):
        if part and not _fits(f"{part} {piece}"):
            yield Passage(heading, part, {})
            part = ""
        part = f"{part} {piece}".strip()
    if part:
        yield Passage(heading, part, {})


def _pieces(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        if _fits(sentence):
            yield sentence
            continue
        for word in sentence.split():
            # A "word" without any space can be as long as the document.
            yield from (word[at : at + 200] for at in range(0, len(word), 200))


def _fits(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and text.count(" ") < MAX_WORDS


def _code(block: Block) -> Iterator[Passage]:
    """Short code as it is; long code only when it states a size, and then that size alone."""
    figures = sizes_of(block.text)
    text = " ".join(block.text.split())
    if figures:
        yield Passage(block.heading, _size_words(figures), figures)
    elif text and _fits(text):
        yield Passage(block.heading, text, {})


def _size_words(figures: dict[str, float | int]) -> str:
    return "Kubernetes resources stated here: " + ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items()
    )


def sizes_of(code: str) -> dict[str, float | int]:
    """The size of one container that a piece of YAML states; empty when it is not certain.

    Certain is: valid YAML without aliases, exactly one ``resources`` mapping with ``requests`` or
    ``limits`` in it, every amount there a Kubernetes quantity, no request above its limit.
    """
    if len(code) > _MAX_YAML_CHARACTERS or re.search(r"(?:^|\s)[&*]\w", code):
        return {}
    try:
        documents = list(yaml.load_all(code, Loader=_SAFE_LOADER))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    found = [item for document in documents for item in _resources(document, depth=0)]
    if len(found) != 1:
        return {}
    try:
        return _figures(found[0])
    except (QuantityError, TypeError):
        return {}


def _resources(node: Any, depth: int) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - parsed YAML
    if depth > 30:
        return
    if isinstance(node, list):
        for item in node:
            yield from _resources(item, depth + 1)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "resources" and _states_amounts(value):
                yield value
            else:
                yield from _resources(value, depth + 1)


def _states_amounts(value: Any) -> bool:  # noqa: ANN401 - parsed YAML
    """Whether it is a mapping of requests or limits, themselves mappings."""
    if not isinstance(value, dict):
        return False
    parts = [value[key] for key in ("requests", "limits") if key in value]
    return bool(parts) and all(isinstance(part, dict) for part in parts)


def _figures(resources: dict[str, Any]) -> dict[str, float | int]:
    names = {
        ("requests", "cpu"): FigureName.CPU_REQUEST,
        ("requests", "memory"): FigureName.MEMORY_REQUEST,
        ("limits", "cpu"): FigureName.CPU_LIMIT,
        ("limits", "memory"): FigureName.MEMORY_LIMIT,
    }
    figures: dict[str, float | int] = {}
    for (kind, resource), name in names.items():
        amount = resources.get(kind, {}).get(resource)
        if amount is None:
            continue
        if resource == "cpu":
            figures[name.value] = cpu_millicores(str(amount))
        else:
            figures[name.value] = round(memory_bytes(str(amount)) / MIB, 3)
    for resource in ("cpu", "memory"):
        asked = figures.get(names["requests", resource].value)
        most = figures.get(names["limits", resource].value)
        if asked is not None and most is not None and asked > most:
            return {}
    return figures
