"""Syntax trees of source files, by tree-sitter; a grammar is loaded when a file needs it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

MAX_PARSE_BYTES = 512 * 1024
"""Longer files are generated or data; nobody declares routes in half a megabyte."""
_MAX_TEXT = 2000
"""Longer literals are no route, module or name."""

_GRAMMARS = {
    "Python": ("tree_sitter_python", "language"),
    "JavaScript": ("tree_sitter_javascript", "language"),
    "TypeScript": ("tree_sitter_typescript", "language_typescript"),
    "TSX": ("tree_sitter_typescript", "language_tsx"),
    "Go": ("tree_sitter_go", "language"),
    "Java": ("tree_sitter_java", "language"),
    "Kotlin": ("tree_sitter_kotlin", "language"),
    "C#": ("tree_sitter_c_sharp", "language"),
    "Rust": ("tree_sitter_rust", "language"),
    "Ruby": ("tree_sitter_ruby", "language"),
    "PHP": ("tree_sitter_php", "language_php"),
    "Elixir": ("tree_sitter_elixir", "language"),
    "Groovy": ("tree_sitter_groovy", "language"),
    "Scala": ("tree_sitter_scala", "language"),
    "C++": ("tree_sitter_cpp", "language"),
}
_BY_EXTENSION = {
    ".py": "Python", ".js": "JavaScript", ".mjs": "JavaScript", ".cjs": "JavaScript",
    ".jsx": "JavaScript", ".ts": "TypeScript", ".mts": "TypeScript", ".tsx": "TSX", ".go": "Go",
    ".java": "Java", ".kt": "Kotlin", ".kts": "Kotlin", ".cs": "C#", ".rs": "Rust", ".rb": "Ruby",
    ".php": "PHP", ".ex": "Elixir", ".exs": "Elixir", ".groovy": "Groovy", ".gradle": "Groovy",
    ".scala": "Scala", ".cc": "C++", ".cpp": "C++", ".cxx": "C++",
}  # fmt: skip


def grammar_for(path: str) -> str | None:
    """Name of the grammar for a file, None when there is none."""
    dot = path.rfind(".")
    return _BY_EXTENSION.get(path[dot:].lower()) if dot >= 0 else None


def parse(grammar: str, text: str) -> Node | None:
    """The tree of a source text; None when it is too long or the grammar is not installed.

    Broken code still has a tree: the parser leaves out what it does not understand.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_PARSE_BYTES:
        return None
    try:
        language = _language(grammar)
    except ImportError:
        return None
    from tree_sitter import Parser

    return Parser(language).parse(data).root_node


def matches(grammar: str, node: Node, query: str) -> Iterator[dict[str, list[Node]]]:
    """Captured nodes by name, for each match of a tree-sitter query."""
    from tree_sitter import QueryCursor

    for _, captured in QueryCursor(_query(grammar, query)).matches(node):
        yield captured


def text_of(node: Node | None) -> str:
    """Source text of a node, cut at a length that no name has."""
    if node is None or node.text is None:
        return ""
    return node.text[:_MAX_TEXT].decode("utf-8", "replace")


def literal(node: Node | None) -> str | None:
    """Text of a string literal without its quotes; None for anything that is not one."""
    if node is None or "string" not in node.type and "literal" not in node.type:
        return None
    text = text_of(node).strip()
    while text and text[0] in "rbfuRBFUL@$" and len(text) > 1 and text[1] in "\"'`$@":
        text = text[1:]
    for quote in ('"""', "'''", '"', "'", "`"):
        if text.startswith(quote) and text.endswith(quote) and len(text) >= 2 * len(quote):
            return text[len(quote) : -len(quote)]
    return None


def line(node: Node) -> int:
    """Line of a node, from 1."""
    return int(node.start_point[0]) + 1


def descendants(node: Node, types: frozenset[str], limit: int = 20_000) -> Iterator[Node]:
    """Nodes of some types below a node, in source order, without recursion."""
    stack = [node]
    while stack and limit > 0:
        limit -= 1
        here = stack.pop()
        if here.type in types:
            yield here
        stack.extend(reversed(here.named_children))


@cache
def _language(grammar: str) -> Language:
    from tree_sitter import Language

    module, function = _GRAMMARS[grammar]
    return Language(getattr(import_module(module), function)())


@cache
def _query(grammar: str, query: str) -> Query:
    from tree_sitter import Query

    return Query(_language(grammar), query)
