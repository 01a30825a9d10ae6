"""YAML of unknown origin: bounded before it is built, and one bad document does not sink a file.

A stream is cut into its documents as text first. Each is walked as parser events (no recursion, no
objects): depth, nodes, and nodes after alias expansion are counted there. Only then is it built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from schemas.base import JsonObject

MAX_DEPTH = 100
MAX_NODES = 100_000
"""After aliases are expanded. The largest workload manifests have about 3,000 nodes."""

UNKNOWN = "TEMPLATED"
"""Stands where a template expression stood in a document that only parses without it."""

_SEPARATOR = re.compile(r"^---(?=\s|$)[^\n]*$", re.MULTILINE)
_CONTROL_LINE = re.compile(
    r"^[^\S\n]*(?:\{\{[^{}\n]*\}\}[^\S\n]*)+$|^[^\S\n]*\{%[^\n]*$", re.MULTILINE
)
_EXPRESSION = re.compile(r"\{\{[^{}\n]{0,300}\}\}")


class UnreadableError(ValueError):
    """A YAML document that cannot be used; the message is the reason."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that keeps dates and ``22:22`` as text and reads unknown tags as plain values."""


def _plain(loader: Any, _suffix: str, node: yaml.Node) -> Any:  # noqa: ANN401 - any YAML value
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_INTEGER = re.compile(
    r"^(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?(?:0|[1-9][0-9_]{0,30})|[-+]?0x[0-9a-fA-F_]{1,30})$"
)
_FLOAT = re.compile(r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*)$")
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] not in ("timestamp", "int", "float", "value")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
_Loader.add_multi_constructor("", _plain)


_DAMAGE = (
    *(yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
    RecursionError,
)
"""What the constructors raise for values that do not fit their tags."""
_REASONS: dict[type[Exception], str] = {
    ValueError: "a value does not fit its tag",
    TypeError: "a key cannot be a key",
    AttributeError: "a value does not fit its tag",
    KeyError: "a value does not fit its tag",
    IndexError: "a value does not fit its tag",
    RecursionError: "nested too deeply",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One mapping of a YAML or JSON file."""

    data: JsonObject
    path: str
    line: int
    """Line of the file at which the document's text starts."""
    text: str
    templated: bool = False
    """Template expressions were replaced by `UNKNOWN` to make it readable."""

    def line_of(self, *keys: str | int) -> int:
        """Line of the value's key; the nearest parent's when it has none."""
        node = _composed(self.text)
        line = 0
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            line, node = found
        return self.line + line


@lru_cache(maxsize=2)
def _composed(text: str) -> yaml.Node | None:
    """Nodes of the document whose lines are asked for, mostly several times in a row."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        return None
    return node


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        value = node.value[key]
        return value.start_mark.line, value
    return None


def parse_documents(
    path: str, text: str, wanted: Callable[[str], bool] = lambda _: True
) -> tuple[list[Document], list[str]]:
    """Read the mappings of a YAML or JSON file.

    Args:
        path: File, for the documents.
        text: Its content.
        wanted: Looks at the text of one document and says whether it is worth parsing.

    Returns:
        The documents, and the reasons why others could not be read.
    """
    documents: list[Document] = []
    problems: list[str] = []
    for line, part in _parts(text):
        if not wanted(part):
            continue
        try:
            value, templated, used = _parse_leniently(part)
        except UnreadableError as error:
            problems.append(str(error))
            continue
        if isinstance(value, dict):
            documents.append(Document(value, path, line, used, templated))
    return documents, problems


def parse(text: str) -> Any:  # noqa: ANN401 - any YAML value
    """Build one YAML document of at most `MAX_DEPTH` levels and `MAX_NODES` nodes.

    Raises:
        UnreadableError: It does not parse, or a bound is broken.
    """
    try:
        _check(text)
        return _plain_keys(yaml.load(text, Loader=_Loader))  # noqa: S506 - derived from the safe loader
    except UnreadableError:
        raise
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise UnreadableError(f"not YAML: {error.problem or error.context}{where}") from error
    except _DAMAGE as error:
        # The error's own words may quote a value, which may be a secret.
        raise UnreadableError(f"not usable YAML: {_REASONS.get(type(error), 'damaged')}") from error


def _parse_leniently(part: str) -> tuple[Any, bool, str]:
    try:
        return parse(part), False, part
    except UnreadableError:
        if "{{" not in part and "{%" not in part:
            raise
    plain = _EXPRESSION.sub(UNKNOWN, _CONTROL_LINE.sub("", part))
    return parse(plain), True, plain


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """First line (from 1) and text of each document."""
    line, start = 1, 0
    for separator in _SEPARATOR.finditer(text):
        part = text[start : separator.start()]
        if part.strip():
            yield line, part
        line += part.count("\n") + 1
        start = separator.end() + 1
    if text[start:].strip():
        yield line, text[start:]


def _check(text: str) -> None:
    """Walk the events and count, aliases at the size of what they stand for."""
    count = _Count({}, [])
    for event in yaml.parse(text, Loader=_Loader):
        count.add(event)
        if len(count.open_nodes) > MAX_DEPTH:
            raise UnreadableError(f"nested more than {MAX_DEPTH} deep")
        if count.total > MAX_NODES:
            raise UnreadableError(f"more than {MAX_NODES} nodes once aliases are expanded")


@dataclass(slots=True)
class _Count:
    anchored: dict[str | None, int]
    open_nodes: list[tuple[str | None, int]]
    total: int = 0

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            # An alias to a node that is still open would be a node inside itself.
            if event.anchor not in self.anchored:
                raise UnreadableError("an alias stands for itself or for nothing")
            self.total += self.anchored[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            self.total += 1
            if event.anchor:
                self.anchored[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self.open_nodes.append((event.anchor, self.total))
            self.total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.open_nodes.pop()
            if anchor:
                self.anchored[anchor] = self.total - before


def _plain_keys(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """The value as JSON knows it; its depth is bounded by now."""
    if isinstance(value, dict):
        return {_key(key): _plain_keys(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain_keys(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value


def _key(key: object) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    return str(key) if key is not None else ""
