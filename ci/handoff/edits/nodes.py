"""Where the parts of a YAML document stand in its text.

ruamel.yaml finds the positions; what the text means is read by another parser (`proof`), so that
the two must agree on every edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ci.handoff.edits.result import EditRefused

_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_BLOCK_STYLES = ("|", ">")
_MERGE = "tag:yaml.org,2002:merge"


def document_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each document of a stream, its ``---`` line included.

    YAML allows ``---`` at the start of a line nowhere else, not even in a block of text.
    """
    starts = [match.start() for match in _DOCUMENT.finditer(text)]
    if not starts or text[: starts[0]].strip():
        starts.insert(0, 0)
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def compose(text: str) -> Node | None:
    """The nodes of one document, None when it has none.

    Raises:
        EditRefused: It is not YAML.
    """
    parser = YAML(typ="rt", pure=True)
    parser.allow_duplicate_keys = True
    try:
        node: Node | None = parser.compose(text)
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise EditRefused("the file is not plain YAML (a template?)") from error
    return node


def entries(node: MappingNode) -> dict[str, tuple[ScalarNode, Node]]:
    """Key and value nodes by the key's text.

    Merged keys (``<<``) are left out; a doubled key counts as the last one, as in Kubernetes.
    """
    return {
        str(key.value): (key, value)
        for key, value in node.value
        if isinstance(key, ScalarNode) and key.tag != _MERGE
    }


def children(node: Node) -> Iterator[tuple[Any, Node]]:
    """Key or index of each part, and the part."""
    if isinstance(node, MappingNode):
        yield from ((name, value) for name, (_, value) in entries(node).items())
    elif isinstance(node, SequenceNode):
        yield from enumerate(node.value)


def is_flow(node: Node) -> bool:
    """It is written in brackets."""
    return isinstance(node, MappingNode | SequenceNode) and bool(node.flow_style)


def is_absent(node: Node) -> bool:
    """A null of which nothing is written: ``resources:``."""
    return isinstance(node, ScalarNode) and node.style is None and node.value == ""


def is_alias_of_earlier(key: ScalarNode, value: Node) -> bool:
    """The value is an alias: an anchor always stands before it."""
    return bool(value.start_mark.index < key.end_mark.index)


def own_start(text: str, node: Node) -> int:
    """Where the node's own text starts: behind its anchor and its tag."""
    start = int(node.start_mark.index)
    while text[start : start + 1] in ("&", "!"):
        properties = re.compile(r"\S+\s*").match(text, start)
        if properties is None:
            break
        start = properties.end()
    return start


def entry_end(text: str, key: ScalarNode, value: Node) -> int:
    """One past the last character of an entry, comments behind it left out."""
    if is_alias_of_earlier(key, value):
        return _line_content_end(text, int(key.end_mark.index))
    if is_absent(value):
        return after_colon(text, key)
    return node_end(text, value)


def after_colon(text: str, key: ScalarNode) -> int:
    """One past the colon behind a key."""
    return text.index(":", int(key.end_mark.index)) + 1


def node_end(text: str, node: Node) -> int:
    """One past the last character of a node, comments behind it left out.

    Raises:
        EditRefused: It ends with an alias whose place is not known.
    """
    if isinstance(node, ScalarNode):
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if node.style in _BLOCK_STYLES:
            return start + len(text[start:end].rstrip())
        return end
    if is_flow(node):
        return int(node.end_mark.index)
    if isinstance(node, MappingNode):
        last = max(node.value, key=lambda pair: int(pair[0].start_mark.index))
        return entry_end(text, *last)
    if node.value[-1].start_mark.index < node.start_mark.index:
        raise EditRefused("it ends with an alias of an anchor")
    if is_absent(node.value[-1]):
        raise EditRefused("it ends with an empty item")
    return node_end(text, node.value[-1])


def line_end(text: str, position: int) -> int:
    """Where the line of a position ends, its line ending left out."""
    end = text.find("\n", position)
    if end < 0:
        return len(text)
    return end - 1 if end > position and text[end - 1] == "\r" else end


def line_start(text: str, position: int) -> int:
    """Where the line of a position starts."""
    return text.rfind("\n", 0, position) + 1


def _line_content_end(text: str, position: int) -> int:
    """The end of an alias behind a key: aliases have no spaces."""
    found = re.compile(r"\s*:\s*\*[^\s,\]}]+").match(text, position)
    if found is None:
        raise EditRefused("it ends with an alias of an anchor")
    return found.end()
