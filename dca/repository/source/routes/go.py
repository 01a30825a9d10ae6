"""net/http, gorilla/mux, Gin, Echo, Fiber, Chi, httprouter, go-restful."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dca.repository.source.routes.route import VERBS, Route
from dca.repository.source.syntax import line, literal, matches, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = ("Handle(", "HandleFunc(", ".GET(", ".POST(", ".PUT(", ".DELETE(", '.Get("/', '.Post("/',
         '.Put("/', '.Delete("/', ".Path(", ".Any(", ".PathPrefix(", "MethodFunc(")  # fmt: skip

_QUERY = """
(call_expression function: (selector_expression operand: (_) @operand
                            field: (field_identifier) @method)
                 arguments: (argument_list) @arguments)
"""
_HANDLE = frozenset({"Handle", "HandleFunc", "Handler", "HandlerFunc", "Any", "All", "Path",
                     "Method", "MethodFunc", "PathPrefix"})  # fmt: skip
_CLIENTS = ("client", "http", "resty", "req", "header", "cache", "viper", "values", "query")


def routes(path: str, text: str) -> Iterator[Route]:
    """Calls on muxes and routers."""
    del path
    tree = parse("Go", text)
    if tree is None:
        return
    for found in matches("Go", tree, _QUERY):
        route = _called(found)
        if route is not None:
            yield route


def _called(found: dict[str, list[Node]]) -> Route | None:
    name, arguments = text_of(found["method"][0]), found["arguments"][0]
    verb = name.upper()
    if verb not in VERBS and name not in _HANDLE:
        return None
    operand = text_of(found["operand"][0]).rpartition(".")[2].lower()
    if verb in VERBS and operand.endswith(_CLIENTS):
        return None
    given = arguments.named_children
    if not given or (len(given) < 2 and name not in ("Path",)):
        return None
    first = _path_text(given[0])
    if first is not None and first.upper() in VERBS or "http.Method" in text_of(given[0]):
        method = (first or text_of(given[0]).rpartition("http.Method")[2]).upper()
        place = _path_text(given[1])
        return _route(method, place, arguments)
    method = verb if verb in VERBS else _chained_method(arguments)
    if first and " /" in first:
        method, _, first = first.partition(" ")
    return _route(method, first, arguments)


def _route(method: str, place: str | None, node: Node) -> Route | None:
    if place is None or (place and not place.startswith(("/", ":", "*"))) or len(place) > 200:
        return None
    return Route(method, place or "/", line(node))


def _path_text(node: Node) -> str | None:
    """A literal, the tail of ``base + "/x"``, or the only argument of ``prefixed("/x")``."""
    if node.type == "binary_expression":
        return literal(node.child_by_field_name("right"))
    if node.type == "call_expression":
        given = node.child_by_field_name("arguments")
        inner = given.named_children if given else []
        return literal(inner[0]) if len(inner) == 1 else None
    return literal(node)


def _chained_method(arguments: Node) -> str:
    """Of gorilla: ``HandleFunc("/x", h).Methods("GET")``."""
    call = arguments.parent
    selector = call.parent if call is not None else None
    if selector is not None and selector.type == "selector_expression":
        outer = selector.parent
        if text_of(selector.child_by_field_name("field")) == "Methods" and outer is not None:
            given = outer.child_by_field_name("arguments")
            first = given.named_children[0] if given and given.named_children else None
            named = literal(first) or text_of(first).rpartition("Method")[2]
            return named.upper() if named.upper() in VERBS else "ANY"
    return "ANY"
