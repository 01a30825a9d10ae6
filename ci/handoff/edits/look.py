"""How a document is written: its indentation, and the quotes around its quantities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ci.handoff.edits.emit import Look
from ci.handoff.edits.nodes import entries, is_absent, is_alias_of_earlier, is_flow

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|[KMGTPE]i?)")
_T = TypeVar("_T")
_MAX_DEPTH = 64
"""Workloads have some fifteen levels."""


def look_of(text: str, node: Node, newline: str) -> Look:
    """The look of the object at a node."""
    steps: Counter[int] = Counter()
    lists: Counter[int] = Counter()
    quotes: Counter[str] = Counter()
    for key, value in _pairs(node):
        below = int(value.start_mark.column) - int(key.start_mark.column)
        is_block = not is_flow(value) and value.start_mark.line > key.start_mark.line
        if isinstance(value, MappingNode) and is_block and below > 0:
            steps[below] += 1
        elif isinstance(value, SequenceNode) and is_block and text[value.start_mark.index] == "-":
            lists[below] += 1
        elif isinstance(value, ScalarNode) and _AMOUNT.fullmatch(str(value.value)):
            quotes[value.style or ""] += 1
    return Look(_most(steps, 2), _most(lists, 2), _most(quotes, ""), newline)


def beside(node: MappingNode, look: Look) -> Look:
    """The look of a new entry of a mapping: its mappings are indented like those beside it."""
    steps = Counter(
        int(value.start_mark.column) - int(key.start_mark.column)
        for key, value in entries(node).values()
        if isinstance(value, MappingNode)
        and not is_flow(value)
        and value.start_mark.line > key.start_mark.line
    )
    return replace(look, step=_most(steps, look.step))


def _most(counts: Counter[_T], otherwise: _T) -> _T:
    return counts.most_common(1)[0][0] if counts else otherwise


def _pairs(node: Node, depth: int = 0) -> Iterator[tuple[ScalarNode, Node]]:
    """Every key with its value, each anchored part where it is written out."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, SequenceNode):
        for item in node.value:
            if item.start_mark.index >= node.start_mark.index:
                yield from _pairs(item, depth + 1)
    if isinstance(node, MappingNode):
        for key, value in entries(node).values():
            if not is_absent(value) and not is_alias_of_earlier(key, value):
                yield key, value
                yield from _pairs(value, depth + 1)
