"""JSON schemas as grammars for the sampler, with what Ollama's own conversion enforces.

llama-cpp-python carries an old Python copy of llama.cpp's conversion. Against the C++ one that
Ollama uses, it lets control characters into strings, so that the answer is no JSON, and overlooks
the bounds of integers. Both are put right here; neither enforces the bounds of other numbers.
"""

import json
from collections.abc import Mapping
from typing import Any

_CHARACTER = (
    r'[^"\\\x7F\x00-\x1F] | [\\] (["\\bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])'
)
_MOST = 10**15 - 1
"""An integer without a bound ends here, as in llama.cpp: after it, floats lose digits."""

_ANY_OBJECT: dict[str, Any] = {"type": "object"}


def grammar_of(format: Any) -> str:
    """The grammar (GBNF) of a request's ``format``: ``json`` or a schema.

    Raises:
        ValueError: The schema has something in it that no grammar can be made of.
    """
    from llama_cpp.llama_grammar import SchemaConverter

    class Converter(SchemaConverter):
        def visit(self, schema: Mapping[str, Any], name: str) -> str:
            if _is_bounded(schema):
                return self._add_rule(name or "root", integers(*_bounds(schema)))
            return super().visit(schema, name)

        def _add_rule(self, name: str, rule: str) -> str:
            return super()._add_rule(name, _CHARACTER if name == "char" else rule)

    converter = Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    schema = _ANY_OBJECT if format == "json" else json.loads(json.dumps(format))
    try:
        converter.visit(converter.resolve_refs(schema, "request"), "")
    except (AssertionError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no grammar can be made of the schema: {error}") from error
    return converter.format_grammar()


def _is_bounded(schema: Mapping[str, Any]) -> bool:
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return schema.get("type") == "integer" and any(bound in schema for bound in bounds)


def _bounds(schema: Mapping[str, Any]) -> tuple[int, int]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -_MOST - 1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", _MOST + 1) - 1)
    return low, high


def integers(low: int, high: int) -> str:
    """A rule for the integers from `low` to `high`, both of them among these.

    >>> integers(8, 12)
    '( [8-9] | "1" [0-2] ) space'
    """
    if low > high:
        raise ValueError(f"no integer lies between {low} and {high}")
    parts = []
    if low < 0:
        parts += [f'"-" ( {each} )' for each in _digits(max(1, -high), -low)]
    if high >= 0:
        parts += _digits(max(0, low), high)
    return f"( {' | '.join(parts)} ) space"


def _digits(low: int, high: int) -> list[str]:
    """Alternatives for the numbers from `low` to `high`, one per count of digits."""
    found = []
    for length in range(len(str(low)), len(str(high)) + 1):
        smallest = 0 if length == 1 else 10 ** (length - 1)
        first, last = max(low, smallest), min(high, 10**length - 1)
        found.append(_between(str(first), str(last)))
    return found


def _between(low: str, high: str) -> str:
    """The digit strings from one to another of the same length."""
    if low == high:
        return f'"{low}"'
    if set(low) == {"0"} and set(high) == {"9"}:
        return " ".join(["[0-9]"] * len(low))
    if len(low) == 1:
        return f"[{low}-{high}]"
    if low[0] == high[0]:
        return f'"{low[0]}" ( {_between(low[1:], high[1:])} )'
    rest = len(low) - 1
    parts = [f'"{low[0]}" ( {_between(low[1:], "9" * rest)} )']
    if int(high[0]) - int(low[0]) > 1:
        middle = f"[{int(low[0]) + 1}-{int(high[0]) - 1}]"
        parts.append(f"{middle} {_between('0' * rest, '9' * rest)}")
    parts.append(f'"{high[0]}" ( {_between("0" * rest, high[1:])} )')
    return " | ".join(parts)
