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
_MAX_NODE_BYTES = 64 * 1024
"""tree-sitter copies a node's text whole: nested nodes would copy a file once for each level."""

_ALWAYS_PARSED = 4096
"""Characters that take no time whatever they are."""
_PAIRS = ("()", "[]", "{}")
_MAX_UNBALANCED = 400
"""Brackets in strings and comments need not match; generated code has some hundred open at once."""
_MOST = {"<": 0.1, "@": 0.1, "'": 0.3, '"': 0.3}
"""Share of a text that a mark may have at most; tables of strings come to a fifth."""

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
    """The tree of a source text; None when it is too long, no code, or there is no grammar for it.

    Broken code still has a tree: the parser leaves out what it does not understand.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_PARSE_BYTES or not _is_code(text):
        return None
    try:
        language = _language(grammar)
    except ImportError:
        return None
    from tree_sitter import Parser

    return Parser(language).parse(data).root_node


def _is_code(text: str) -> bool:
    """Whether a text could be code at all.

    The parser's recovery from errors takes the square of the length of what it cannot read: forty
    thousand open brackets take seconds. Code closes what it opens.
    """
    if len(text) <= _ALWAYS_PARSED:
        return True
    if any(text.count(mark) > share * len(text) for mark, share in _MOST.items()):
        return False
    left = dict.fromkeys(_PAIRS, 0)
    for start in range(0, len(text), _ALWAYS_PARSED):
        part = text[start : start + _ALWAYS_PARSED]
        for pair in _PAIRS:
            left[pair] += part.count(pair[0]) - part.count(pair[1])
        if any(abs(number) > _MAX_UNBALANCED for number in left.values()):
            return False
    return True


def matches(grammar: str, node: Node, query: str) -> Iterator[dict[str, list[Node]]]:
    """Captured nodes by name, for each match of a tree-sitter query."""
    from tree_sitter import QueryCursor

    for _, captured in QueryCursor(_query(grammar, query)).matches(node):
        yield captured


def text_of(node: Node | None) -> str:
    """Source text of a node, cut at a length that no name has; empty for a whole file's worth."""
    if node is None or node.end_byte - node.start_byte > _MAX_NODE_BYTES or node.text is None:
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
