"""Flask, FastAPI, Django, Starlette, aiohttp, Tornado, Sanic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dca.repository.source.routes.route import VERBS, Route
from dca.repository.source.syntax import line, literal, matches, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = ("@", "path(", "Route(", "add_url_rule", "router.", "url(", "Handler", "add_resource")

_QUERY = """
(decorator (call function: (attribute attribute: (identifier) @decorator)
                 arguments: (argument_list) @arguments))
(call function: [(identifier) (attribute)] @call arguments: (argument_list) @arguments)
(list (tuple . (string) @tornado . (_) @handler))
"""
_DECORATORS = frozenset({"route", "websocket", "api_route", *(verb.lower() for verb in VERBS)})
_DECLARING = frozenset({"path", "re_path", "url", "Route", "WebSocketRoute", "APIRoute"})
_ADDING = frozenset({"add_url_rule", "add_route", "add_api_route", "add_api_websocket_route"})
_METHODS = re.compile(r"methods\s*=\s*[\[({]\s*[\"'](\w{3,7})")


def routes(path: str, text: str) -> Iterator[Route]:
    """Decorators, lists of paths and calls that add a route."""
    tree = parse("Python", text)
    if tree is None:
        return
    is_urls = path.endswith("urls.py") or "urlpatterns" in text
    for found in matches("Python", tree, _QUERY):
        route = _decorated(found) or _called(found, is_urls=is_urls) or _tornado(found)
        if route is not None:
            yield route


def _decorated(found: dict[str, list[Node]]) -> Route | None:
    if "decorator" not in found:
        return None
    name, arguments = text_of(found["decorator"][0]), found["arguments"][0]
    place = _first_string(arguments)
    if name not in _DECORATORS or place is None or (place and place[0] not in "/<{"):
        return None
    if name == "websocket":
        return Route("WS", place, line(arguments))
    return Route(_method(name, arguments), place, line(arguments))


def _called(found: dict[str, list[Node]], *, is_urls: bool) -> Route | None:
    if "call" not in found:
        return None
    name, arguments = text_of(found["call"][0]).rpartition(".")[2], found["arguments"][0]
    place = _first_string(arguments)
    if name == "add_resource":
        place = next((item for item in _strings(arguments) if item.startswith("/")), None)
        return Route("ANY", place, line(arguments)) if place else None
    if place is None:
        return None
    if name in _DECLARING and (is_urls or place.startswith("/")):
        kind = "WS" if name == "WebSocketRoute" else _method(name, arguments)
        return Route(kind, place, line(arguments))
    if name in _ADDING:
        given = _strings(arguments)
        place = given[1] if given[0].upper() in VERBS and len(given) > 1 else place
        return Route(_method(given[0], arguments), place, line(arguments))
    if name.startswith("add_") and name[4:].upper() in VERBS and place.startswith("/"):
        return Route(name[4:].upper(), place, line(arguments))
    if name == "register" and is_urls:
        return Route("ANY", place, line(arguments))
    return None


def _tornado(found: dict[str, list[Node]]) -> Route | None:
    if "tornado" not in found or "Handler" not in text_of(found["handler"][0]):
        return None
    place = literal(found["tornado"][0])
    return Route("ANY", place, line(found["tornado"][0])) if place else None


def _method(name: str, arguments: Node) -> str:
    if name.upper() in VERBS:
        return name.upper()
    found = _METHODS.search(text_of(arguments))
    return found.group(1).upper() if found else "GET" if name == "route" else "ANY"


def _strings(arguments: Node) -> list[str]:
    return [text for node in arguments.named_children if (text := literal(node)) is not None]


def _first_string(arguments: Node) -> str | None:
    first = arguments.named_children[0] if arguments.named_children else None
    if first is not None and first.type == "keyword_argument":
        key = text_of(first.child_by_field_name("name"))
        if key in ("path", "rule", "uri"):
            return literal(first.child_by_field_name("value"))
    return literal(first)
