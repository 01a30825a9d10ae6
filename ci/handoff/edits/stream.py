"""Edits of one file: finds the object, changes it, and proves the result before it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from ci.handoff.edits.changes import Wish
from ci.handoff.edits.nodes import compose, document_spans, entries
from ci.handoff.edits.proof import meaning, same
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.rewrite import rewrite
from ci.handoff.edits.source import Source, spliced
from schemas.base import JsonObject

_ALIAS = re.compile(r"[:,\[-]\s+\*\w")
Steps = tuple[str | int, ...]
Change = Callable[[JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    steps: Steps
    """From the document to the object, through the items of a ``List``."""


def holds(text: str, wish: Wish) -> bool:
    """Whether a file has the object of a wish; one that cannot be read has not."""
    try:
        return bool(list(_find(text, wish)))
    except EditRefused:
        return False


def object_in(text: str, wish: Wish) -> JsonObject | None:
    """The object of a wish as a file has it; None when it has not exactly one."""
    found = list(_find(text, wish))
    if len(found) != 1:
        return None
    span = found[0]
    value: JsonObject = _at(meaning(text[span.start : span.end]), span.steps)
    return value


def fulfilled(text: str, wishes: Sequence[Wish], source: Source) -> str:
    """The text with all wishes about one object fulfilled.

    Args:
        text: The file's text.
        wishes: What the same object is to say; together they share anchors.
        source: The file.

    Raises:
        EditRefused: The object is not there, or the edit cannot be proven.
    """
    found = list(_find(text, wishes[0]))
    if not found:
        raise EditRefused(f"{wishes[0].label} is not in it as plain YAML")
    if len(found) > 1:
        raise EditRefused(f"{wishes[0].label} stands in it {len(found)} times")
    span = found[0]
    changes = [wish.change for wish in wishes]
    part = changed_part(text[span.start : span.end], span.steps, changes, source.newline)
    return text[: span.start] + part + text[span.end :]


def changed_part(part: str, steps: Steps, changes: Sequence[Change], newline: str) -> str:
    """One document with the mapping at `steps` changed.

    Raises:
        EditRefused: It cannot be edited in place, or the result does not say what it should.
    """
    old = meaning(part)
    before = _at(old, steps)
    after = before
    for change in changes:
        after = change(after)
    if same(before, after):
        return part
    root = compose(part)
    node = None if root is None else _node_at(root, steps)
    if not isinstance(node, MappingNode):
        raise EditRefused("the object is not where it seems to be")
    result = spliced(part, rewrite(part, node, before, after, newline))
    if not same(_replaced(old, steps, after), _meaning_after(result)):
        raise EditRefused(
            "parts of it share one anchor, and would change with it"
            if _ALIAS.search(part)
            else "the edited text would not say exactly what it should"
        )
    return result


def _meaning_after(text: str) -> Any:  # noqa: ANN401 - any YAML value
    try:
        return meaning(text)
    except EditRefused:
        return None


def _find(text: str, wish: Wish) -> Iterator[_Found]:
    for start, end in document_spans(text):
        part = text[start:end]
        if wish.name in part and wish.kind in part:
            try:
                value = meaning(part)
            except EditRefused:
                continue
            for steps, data in _objects(value):
                if wish.is_for(data):
                    yield _Found(start, end, steps)


def _objects(value: Any) -> Iterator[tuple[Steps, JsonObject]]:  # noqa: ANN401 - any YAML value
    """The objects of a document: itself, or the items of a ``List`` or ``Template``."""
    if not isinstance(value, dict):
        return
    kind = str(value.get("kind", ""))
    key = "objects" if kind == "Template" else "items"
    listed = value.get(key)
    if isinstance(listed, list) and (kind.endswith("List") or kind == "Template"):
        yield from (((key, index), item) for index, item in enumerate(listed) if _is_object(item))
    else:
        yield (), value


def _is_object(item: object) -> bool:
    return isinstance(item, dict)


def _at(value: Any, steps: Steps) -> Any:  # noqa: ANN401 - any YAML value
    for step in steps:
        value = value[step]
    return value


def _replaced(value: Any, steps: Steps, new: Any) -> Any:  # noqa: ANN401 - any YAML value
    if not steps:
        return new
    below = _replaced(value[steps[0]], steps[1:], new)
    if isinstance(value, list):
        return [below if index == steps[0] else item for index, item in enumerate(value)]
    return {**value, steps[0]: below}


def _node_at(node: Node, steps: Steps) -> Node | None:
    for step in steps:
        if isinstance(node, MappingNode) and isinstance(step, str):
            found = entries(node).get(step)
            if found is None:
                return None
            node = found[1]
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            node = node.value[step]
        else:
            return None
    return node
