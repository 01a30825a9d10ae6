"""ASP.NET Core, Actix, Axum, Rocket, Rails, Sinatra, Laravel, Slim, Symfony, Phoenix, Plug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dca.repository.source.routes.route import VERBS, Route, joined
from dca.repository.source.syntax import line, literal, matches, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

DOTNET_MARKS = ("[Http", "[Route", ".Map")
RUST_MARKS = ("#[get", "#[post", "#[put", "#[delete", "#[patch", ".route(", "resource(")
RUBY_MARKS = ("routes.draw", "get '", 'get "', "post '", 'post "', "Sinatra", "resources :")
PHP_MARKS = ("Route::", "->get(", "->post(", "#[Route", "@Route", "->map(")
ELIXIR_MARKS = ("Router", ":router")

_QUOTED = re.compile(r"[\"']([^\"']{0,200})[\"']")
_DOTNET = """
(attribute name: (identifier) @attribute (attribute_argument_list)? @arguments)
(invocation_expression function: (member_access_expression name: (identifier) @method)
                       arguments: (argument_list) @arguments)
"""
_RUST = """
(attribute_item (attribute [(identifier) (scoped_identifier)] @attribute
                 arguments: (token_tree) @arguments))
(call_expression function: [(field_expression field: (field_identifier) @method)
                            (scoped_identifier name: (identifier) @method)]
                 arguments: (arguments . (string_literal) @path) @arguments)
"""
_RUBY = """
(call method: (identifier) @method arguments: (argument_list) @arguments)
"""
_PHP = """
(scoped_call_expression name: (name) @method arguments: (arguments) @arguments)
(member_call_expression name: (name) @method arguments: (arguments) @arguments)
(attribute (name) @attribute parameters: (arguments) @arguments)
"""
_ELIXIR = """
(call target: (identifier) @method (arguments) @arguments)
"""
_RESOURCES = (("GET", ""), ("POST", ""), ("GET", "/new"), ("GET", "/:id/edit"), ("GET", "/:id"),
              ("PATCH", "/:id"), ("DELETE", "/:id"))  # fmt: skip
_ACTIONS = ("index", "create", "new", "edit", "show", "update", "destroy")


def dotnet(path: str, text: str) -> Iterator[Route]:
    """Attributes of controllers, ``Map…`` calls of minimal APIs."""
    del path
    tree = parse("C#", text)
    prefix = ""
    for found in matches("C#", tree, _DOTNET) if tree else ():
        node = (found.get("attribute") or found["method"])[0]
        given = text_of(found["arguments"][0]) if "arguments" in found else ""
        quoted = _QUOTED.search(given)
        place = quoted.group(1) if quoted else ""
        name = text_of(node)
        if "attribute" in found and name == "Route":
            prefix = place if _stands_on_class(node) else prefix
        elif "attribute" in found and name.startswith("Http") and name[4:].upper() in VERBS:
            yield Route(name[4:].upper(), joined(prefix, place), line(node))
        elif "method" in found and name.startswith("Map") and quoted:
            method = name[3:].upper()
            if method in VERBS or name in ("Map", "MapMethods", "MapHub"):
                kind = "WS" if name == "MapHub" else method if method in VERBS else "ANY"
                yield Route(kind, joined(place), line(node))


def rust(path: str, text: str) -> Iterator[Route]:
    """Attribute macros, ``route`` and ``resource`` calls."""
    del path
    tree = parse("Rust", text)
    for found in matches("Rust", tree, _RUST) if tree else ():
        node = (found.get("attribute") or found["method"])[0]
        name = text_of(node).rpartition("::")[2]
        given = text_of(found["arguments"][0])
        quoted = _QUOTED.search(given)
        if quoted is None:
            continue
        if "attribute" in found and name.upper() in VERBS:
            yield Route(name.upper(), quoted.group(1), line(node))
        elif "method" in found and name in ("route", "resource") and quoted.group(1)[:1] == "/":
            yield Route(_rust_verb(given), quoted.group(1), line(node))


def ruby(path: str, text: str) -> Iterator[Route]:
    """The routing file of Rails, and Sinatra's methods."""
    if "routes.draw" not in text and not path.endswith("routes.rb") and "Sinatra" not in text:
        return
    tree = parse("Ruby", text)
    for found in matches("Ruby", tree, _RUBY) if tree else ():
        name, arguments = text_of(found["method"][0]), found["arguments"][0]
        first = arguments.named_children[0] if arguments.named_children else None
        place = text_of(first).strip(":\"'") if first else ""
        if name.upper() in VERBS or name in ("match", "root"):
            yield Route(
                name.upper() if name.upper() in VERBS else "ANY", joined(place), line(arguments)
            )
        elif name in ("resources", "resource") and place:
            yield from _resources(place, text_of(arguments), line(arguments))


def php(path: str, text: str) -> Iterator[Route]:
    """Laravel's facade, Slim's methods, Symfony's attributes."""
    del path
    tree = parse("PHP", text)
    for found in matches("PHP", tree, _PHP) if tree else ():
        node = (found.get("attribute") or found["method"])[0]
        name, arguments = text_of(node), found["arguments"][0]
        quoted = _QUOTED.search(text_of(arguments))
        place = quoted.group(1) if quoted else None
        if place is None:
            continue
        if "attribute" in found and name == "Route":
            yield Route("ANY", joined(place), line(node))
        elif "method" in found and name.upper() in {*VERBS, "ANY", "MATCH"}:
            if len(arguments.named_children) > 1 and (place.startswith("/") or "Route::" in text):
                yield Route(
                    name.upper() if name.upper() in VERBS else "ANY", joined(place), line(node)
                )
        elif "method" in found and name in ("resource", "apiResource"):
            yield from _resources(place, "", line(node))


def elixir(path: str, text: str) -> Iterator[Route]:
    """Routers of Phoenix and Plug, with the scopes around."""
    del path
    if ":router" not in text and "Plug.Router" not in text and "Phoenix.Router" not in text:
        return
    tree = parse("Elixir", text)
    for found in matches("Elixir", tree, _ELIXIR) if tree else ():
        name, arguments = text_of(found["method"][0]), found["arguments"][0]
        first = arguments.named_children[0] if arguments.named_children else None
        place = literal(first)
        if place is None:
            continue
        around = joined(*_scopes(arguments))
        if name.upper() in VERBS or name in ("live", "socket", "forward", "match"):
            kind = "WS" if name == "socket" else "GET" if name == "live" else name.upper()
            yield Route(
                kind if kind in {*VERBS, "WS"} else "ANY", joined(around, place), line(arguments)
            )
        elif name == "resources":
            yield from _resources(joined(around, place), text_of(arguments), line(arguments))


def _stands_on_class(node: Node) -> bool:
    above = node.parent
    while above is not None and not above.type.endswith("_declaration"):
        above = above.parent
    return above is not None and above.type in ("class_declaration", "interface_declaration")


def _rust_verb(given: str) -> str:
    found = re.search(r"\b(get|post|put|delete|patch|head)\s*\(", given)
    return found.group(1).upper() if found else "ANY"


def _resources(place: str, arguments: str, at: int) -> Iterator[Route]:
    only = re.search(r"\bonly:\s*(\[[^\]]{0,200}\]|:\w{1,20}|%i\[[^\]]{0,200}\])", arguments)
    without = re.search(r"\bexcept:\s*(\[[^\]]{0,200}\]|:\w{1,20}|%i\[[^\]]{0,200}\])", arguments)
    for action, (method, tail) in zip(_ACTIONS, _RESOURCES, strict=True):
        if only and action not in only.group(1):
            continue
        if without and action in without.group(1):
            continue
        yield Route(method, joined(place, tail), at)


def _scopes(node: Node) -> list[str]:
    parts: list[str] = []
    above = node.parent.parent if node.parent else None
    while above is not None:
        if above.type == "call" and text_of(above.child_by_field_name("target")) == "scope":
            quoted = _QUOTED.search(text_of(above)[:200].partition(" do")[0])
            if quoted:
                parts.insert(0, quoted.group(1))
        above = above.parent
    return parts
