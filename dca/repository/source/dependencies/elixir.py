"""Elixir and Erlang: mix.exs (umbrellas too) and rebar.config, read as text, never run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, join, parent
from dca.repository.source.syntax import descendants, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_APP = re.compile(r"\bapp:\s*:(\w{1,80})")
_VERSION = re.compile(r'\belixir:\s*"[^"\d]{0,8}(\d+\.\d+)')
_APPS_PATH = re.compile(r'\bapps_path:\s*"([^"]{1,80})"')
_ONLY = re.compile(r"\bonly:\s*(\[[^\]]{0,200}\]|:\w{1,40})")
_ERLANG_DEPS = re.compile(r"\{\s*deps\s*,\s*\[(.{0,20000}?)\]\s*\}\s*\.", re.DOTALL)
_ERLANG_NAME = re.compile(r"(?:^|[,\[\s])\{?\s*([a-z]\w{1,60})\s*,\s*(?:\"|\{)")


def read_mix(path: str, text: str, sources: Sources) -> Manifest | None:
    """Dependencies that production has, the umbrella's own apps as projects."""
    tree = parse("Elixir", text)
    if tree is None:
        return None
    names, inside = [], []
    for node in descendants(tree, frozenset({"tuple"})):
        name = _dependency(node)
        body = text_of(node)
        if not name:
            continue
        if "in_umbrella: true" in body:
            inside.append(join(parent(path), f"../{name}"))
        else:
            names.append(name)
    app, version = _APP.search(text), _VERSION.search(text)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.ELIXIR,
        language="Elixir",
        name=app.group(1) if app else None,
        language_version=version.group(1) if version else None,
        dependencies=unique(names),
        projects=unique([item for item in inside if sources.has(f"{item}/mix.exs")]),
        members=_apps(path, text, sources),
        deployable="mod:" in text,
    )


def read_rebar(path: str, text: str, sources: Sources) -> Manifest | None:
    """Erlang's ``{deps, […]}``."""
    del sources
    found = _ERLANG_DEPS.search(text)
    names = _ERLANG_NAME.findall(found.group(1)) if found else []
    return Manifest(path, Ecosystem.ERLANG, "Erlang", dependencies=unique(names))


def _dependency(node: Node) -> str:
    """Name of ``{:name, …}`` when production has it."""
    children = node.named_children
    if len(children) < 2 or children[0].type != "atom":
        return ""
    if children[1].type not in ("string", "keywords"):
        return ""
    only = _ONLY.search(text_of(node))
    if only and "prod" not in only.group(1):
        return ""
    return text_of(children[0]).lstrip(":")


def _apps(path: str, text: str, sources: Sources) -> tuple[str, ...]:
    found = _APPS_PATH.search(text)
    if not found:
        return ()
    root = join(parent(path), found.group(1))
    return unique([parent(item) for item in sources.under(root) if item.endswith("/mix.exs")])
