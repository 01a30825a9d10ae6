"""Express, Fastify, Koa, Hono, Hapi, NestJS; routes that are files (Next.js, SvelteKit, Nuxt)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dca.repository.source.routes.route import VERBS, Route, joined
from dca.repository.source.syntax import grammar_for, line, literal, matches, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = ("express", "fastify", "koa", "hono", "restify", "polka", "@hapi", "Router(", "@nestjs",
         "@Controller",
         ".get(", ".post(")  # fmt: skip

_CALLS = """
(call_expression function: (member_expression object: (_) @object
                            property: (property_identifier) @method)
                 arguments: (arguments) @arguments)
"""
_DECORATORS = """
(decorator (call_expression function: (identifier) @name arguments: (arguments) @arguments))
"""
_METHODS = frozenset({*(verb.lower() for verb in VERBS), "all", "route", "ws", "del"})
_ROUTERS = ("app", "router", "server", "routes", "route", "fastify", "hono", "koa", "instance",
            "application", "express()", ")")  # fmt: skip
_NEST = frozenset({"Get", "Post", "Put", "Delete", "Patch", "Head", "Options", "All", "Sse"})
_MESSAGES = frozenset({"MessagePattern", "EventPattern", "GrpcMethod", "SubscribeMessage"})
_OBJECT_METHOD = re.compile(r"\bmethod\s*:\s*\[?\s*['\"](\w{3,7}|\*)['\"]")
_OBJECT_PATH = re.compile(r"\b(?:path|url)\s*:\s*['\"]([^'\"]{1,200})['\"]")
_PARAMETER = re.compile(r"\[\[?\.{0,3}(\w{1,40})\]?\]")


def routes(path: str, text: str) -> Iterator[Route]:
    """Calls on routers, NestJS decorators."""
    grammar = grammar_for(path)
    tree = parse(grammar, text) if grammar else None
    if tree is None or grammar is None:
        return
    if "@Controller" in text or "@nestjs" in text:
        yield from _nest(grammar, tree)
        return
    for found in matches(grammar, tree, _CALLS):
        route = _called(found)
        if route is not None:
            yield route


def file_route(path: str) -> Route | None:
    """The route that a file is by its place; None for other files."""
    parts = path.split("/")
    stem = parts[-1].partition(".")[0]
    if "app" in parts and parts[-1].startswith(("route.", "page.")):
        inside = parts[len(parts) - parts[::-1].index("app") : -1]
        return Route("ANY" if stem == "route" else "GET", _place(inside), 1)
    if stem in ("+server", "+page") and "routes" in parts:
        inside = parts[len(parts) - parts[::-1].index("routes") : -1]
        return Route("ANY" if stem == "+server" else "GET", _place(inside), 1)
    for folder, method in (("server/api/", "ANY"), ("pages/api/", "ANY"), ("pages/", "GET")):
        before, found, inside_path = path.partition(folder)
        if found and (not before or before.endswith("/")) and not stem.startswith("_"):
            inner = inside_path.rpartition(".")[0].removesuffix("/index").removesuffix("index")
            prefix = ["api"] if "api" in folder else []
            return Route(method, _place([*prefix, *inner.split("/")]), 1)
    return None


def _place(parts: list[str]) -> str:
    kept = [part for part in parts if part and not part.startswith(("(", "@"))]
    return joined(*(_PARAMETER.sub(r":\1", part) for part in kept))


def _called(found: dict[str, list[Node]]) -> Route | None:
    method, arguments = text_of(found["method"][0]), found["arguments"][0]
    if method not in _METHODS or not _is_router(text_of(found["object"][0])):
        return None
    given = arguments.named_children
    if method == "route" and given and given[0].type == "object":
        return _from_object(given[0])
    place = literal(given[0]) if given else None
    if place is None or not place.startswith(("/", "*")) or not _has_handler(given, method):
        return None
    kind = {"all": "ANY", "route": "ANY", "ws": "WS", "del": "DELETE"}.get(method, method.upper())
    return Route(kind, place, line(arguments))


def _has_handler(given: list[Node], method: str) -> bool:
    """A router takes a function; a client takes an object of options or nothing."""
    return method == "route" or (len(given) > 1 and given[-1].type != "object")


def _is_router(text: str) -> bool:
    last = text.rpartition(".")[2].lower()
    return last.endswith(_ROUTERS) and "client" not in last and "http" not in last


def _from_object(node: Node) -> Route | None:
    text = text_of(node)
    place, method = _OBJECT_PATH.search(text), _OBJECT_METHOD.search(text)
    if not place:
        return None
    kind = method.group(1).upper() if method else "ANY"
    return Route("ANY" if kind == "*" else kind, place.group(1), line(node))


def _nest(grammar: str, tree: Node) -> Iterator[Route]:
    prefix = ""
    for found in matches(grammar, tree, _DECORATORS):
        name, arguments = text_of(found["name"][0]), found["arguments"][0]
        first = arguments.named_children[0] if arguments.named_children else None
        place = literal(first) or ""
        if name == "Controller":
            inside = _OBJECT_PATH.search(text_of(first)) if first else None
            prefix = inside.group(1) if inside else place
        elif name in _NEST:
            method = "ANY" if name == "All" else "GET" if name == "Sse" else name.upper()
            yield Route(method, joined(prefix, place), line(arguments))
        elif name in _MESSAGES:
            kind = "RPC" if name == "GrpcMethod" else "WS"
            yield Route(kind, place or name, line(arguments))
