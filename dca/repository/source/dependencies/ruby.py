"""Ruby: Gemfile (and Gemfile.lock where there is no other), read as syntax, never run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, join, parent
from dca.repository.source.syntax import descendants, literal, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
_DEVELOPMENT = ("development", "test", "lint", "docs", "ci")


def read_gemfile(path: str, text: str, sources: Sources) -> Manifest | None:
    """Gems outside the groups development and test."""
    tree = parse("Ruby", text)
    if tree is None:
        return None
    names, version = [], None
    for call in descendants(tree, frozenset({"call"})):
        method = text_of(call.child_by_field_name("method"))
        arguments = call.child_by_field_name("arguments")
        first = arguments.named_children[0] if arguments and arguments.named_children else None
        if method == "ruby":
            version = _first_version(literal(first))
        elif method == "gem" and not _for_development(call):
            names.append(literal(first) or "")
    directory = parent(path)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.RUBY,
        language="Ruby",
        language_version=version or _first_version(sources.read(join(directory, ".ruby-version"))),
        dependencies=unique(names),
        deployable=sources.has(join(directory, "config.ru")),
    )


def read_gemfile_lock(path: str, text: str, sources: Sources) -> Manifest | None:
    """The section DEPENDENCIES, for a repository that commits only the lock."""
    if sources.has(path.removesuffix(".lock")):
        return None
    _, _, section = text.partition("\nDEPENDENCIES\n")
    names = [line.split()[0].rstrip("!") for line in section.split("\n\n")[0].splitlines() if line]
    return Manifest(path, Ecosystem.RUBY, "Ruby", dependencies=unique(names), weak=True)


def _for_development(call: Node) -> bool:
    arguments = call.child_by_field_name("arguments")
    options = (
        [node for node in arguments.named_children if node.type == "pair"] if arguments else []
    )
    groups = [text_of(node) for node in options if text_of(node).lstrip(":").startswith("group")]
    above = call.parent
    while above is not None:
        if above.type == "call" and text_of(above.child_by_field_name("method")) == "group":
            groups.append(text_of(above.child_by_field_name("arguments")))
        above = above.parent
    named = " ".join(groups)
    return any(word in named for word in _DEVELOPMENT) and "production" not in named


def _first_version(text: str | None) -> str | None:
    found = _VERSION.search(text or "")
    return found.group() if found else None
