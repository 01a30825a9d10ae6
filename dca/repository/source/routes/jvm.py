"""Spring and JAX-RS annotations in Java and Kotlin; Ktor, Javalin and other routing calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dca.repository.source.routes.route import VERBS, Route, joined
from dca.repository.source.syntax import grammar_for, line, literal, matches, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = ("Mapping", "@Path", "@GET", "@POST", "routing", "route(", "get(\"", "post(\"", "get {",
         "post {", "Javalin", " bind ", "@Get", "@Post", "get<", "post<")  # fmt: skip

_ANNOTATIONS = {
    "Java": """
(annotation name: (_) @name arguments: (annotation_argument_list) @arguments)
(marker_annotation name: (_) @name)
""",
    "Kotlin": """
(annotation (constructor_invocation (user_type) @name (value_arguments) @arguments))
(annotation (user_type) @name)
""",
}
_CALLS = {
    "Java": """
(method_invocation name: (identifier) @name arguments: (argument_list . (string_literal) @path))
""",
    "Kotlin": """
(call_expression . (identifier) @name (value_arguments . (value_argument (string_literal) @path)))
(call_expression . (call_expression . (identifier) @name
                    (value_arguments . (value_argument (string_literal) @path))))
(call_expression . (navigation_expression (identifier) @name .)
                   (value_arguments . (value_argument (string_literal) @path)))
(call_expression . (identifier) @bare . (annotated_lambda))
(infix_expression (string_literal) @bound . (identifier) @infix)
""",
}
_SPRING = re.compile(r"^(Get|Post|Put|Delete|Patch|Request)Mapping$")
_MICRONAUT = frozenset({"Get", "Post", "Put", "Delete", "Patch"})
_PROPERTY_BEFORE_GET = re.compile(
    r"^([ \t]{0,80}(?:val|var)\b[^\n]{0,300})\n(?=\s{0,80}get[ \t]?[({<])", re.MULTILINE
)
"""A call of ``get`` below a property is taken for the property's accessor by the grammar; a
semicolon behind the property says that it is none. Lines stay as they are."""
_QUOTED = re.compile(r"\"([^\"]{0,200})\"")
_NAMED_METHOD = re.compile(r"RequestMethod\.(\w{3,7})")
_CLASSES = frozenset({"class_declaration", "interface_declaration", "object_declaration",
                      "record_declaration"})  # fmt: skip
_MEMBERS = frozenset({"method_declaration", "function_declaration", "property_declaration"})
_WRAPPING = frozenset({"route", "path", "authenticate", "nest"})


@dataclass(frozen=True, slots=True)
class _Annotation:
    name: str
    path: str
    arguments: str
    owner: int
    """Id of the class or method it stands on."""
    owner_class: int
    """Id of the class around it."""
    on_class: bool
    line: int


def routes(path: str, text: str) -> Iterator[Route]:
    """Annotated methods, then routing calls."""
    grammar = grammar_for(path)
    tree = parse(grammar, _PROPERTY_BEFORE_GET.sub(r"\1;\n", text)) if grammar else None
    if tree is None or grammar not in _ANNOTATIONS:
        return
    annotations = [
        item for found in matches(grammar, tree, _ANNOTATIONS[grammar]) if (item := _read(found))
    ]
    yield from _annotated(annotations)
    if not annotations or any(word in text for word in ("routing", "Route.", "Javalin", " bind ")):
        yield from _routing(grammar, tree)


def _read(found: dict[str, list[Node]]) -> _Annotation | None:
    name = text_of(found["name"][0]).rpartition(".")[2]
    node, above = found["name"][0], found["name"][0].parent
    if not (
        _SPRING.match(name) or name in VERBS or name in _MICRONAUT or name in ("Path", "Controller")
    ):
        return None
    while above is not None and above.type not in _CLASSES | _MEMBERS:
        above = above.parent
    if above is None:
        return None
    around: Node | None = above
    while around is not None and around.type not in _CLASSES:
        around = around.parent
    arguments = text_of(found["arguments"][0]) if "arguments" in found else ""
    quoted = _QUOTED.search(arguments.partition("produces")[0].partition("consumes")[0])
    return _Annotation(
        name=name,
        path=quoted.group(1) if quoted else "",
        arguments=arguments,
        owner=above.id,
        owner_class=around.id if around is not None else 0,
        on_class=above.type in _CLASSES,
        line=line(node),
    )


def _annotated(annotations: list[_Annotation]) -> Iterator[Route]:
    prefixes = {item.owner: item.path for item in annotations if item.on_class and item.path}
    paths = {
        item.owner: item.path for item in annotations if item.name == "Path" and not item.on_class
    }
    seen: set[tuple[int, str]] = set()
    for item in annotations:
        if item.on_class or item.name in ("Path", "Controller") or (item.owner, item.name) in seen:
            continue
        seen.add((item.owner, item.name))
        place = paths.get(item.owner, "") if item.name in VERBS else item.path
        yield Route(_verb(item), joined(prefixes.get(item.owner_class, ""), place), item.line)


def _verb(item: _Annotation) -> str:
    spring = _SPRING.match(item.name)
    if spring and spring.group(1) == "Request":
        named = _NAMED_METHOD.search(item.arguments)
        return named.group(1) if named else "ANY"
    return spring.group(1).upper() if spring else item.name.upper()


def _routing(grammar: str, tree: Node) -> Iterator[Route]:
    seen: set[tuple[int, str]] = set()
    for found in matches(grammar, tree, _CALLS[grammar]):
        route = _bound(found) if "infix" in found else _called(found)
        if route is not None and (route.line, route.method) not in seen:
            seen.add((route.line, route.method))
            yield route


def _called(found: dict[str, list[Node]]) -> Route | None:
    node = (found.get("name") or found["bare"])[0]
    name = text_of(node)
    if name.upper() not in VERBS or name != name.lower():
        return None
    place = literal(found["path"][0]) if "path" in found else ""
    around = _around(node)
    if place is None or (not place and not around) or "://" in place:
        return None
    if place and not place.startswith(("/", "{", ":")) and not around:
        return None
    return Route(name.upper(), joined(around, place), line(node))


def _around(node: Node) -> str:
    """Paths of the ``route("…") { }`` blocks around a call."""
    parts: list[str] = []
    above = node.parent
    while above is not None:
        if above.type == "call_expression" and above.start_byte != node.start_byte:
            found = re.match(r"(\w{1,20})\(\s*\"([^\"]{0,200})\"", text_of(above)[:260])
            if found and found.group(1) in _WRAPPING and above.start_point != node.start_point:
                parts.insert(0, found.group(2))
        above = above.parent
    unique = [part for index, part in enumerate(parts) if index == 0 or part != parts[index - 1]]
    return "/".join(unique)


def _bound(found: dict[str, list[Node]]) -> Route | None:
    """http4k's ``"/x" bind GET to …``."""
    if text_of(found["infix"][0]) != "bind":
        return None
    place = literal(found["bound"][0])
    return Route("ANY", place, line(found["bound"][0])) if place else None
