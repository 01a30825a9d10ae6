"""New YAML text that looks like the text around it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*(?: [A-Za-z0-9._/-]+)*")
"""What every YAML version reads as a string, the words left out."""
_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|[KMGTPE]i)")
"""A quantity with a unit: no YAML version reads it as a number."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Look:
    """How a document is written."""

    step: int = 2
    """Columns by which a mapping stands below its key."""
    list_step: int = 2
    """Columns by which a list stands below its key."""
    amount_quote: str = ""
    """Quotes around quantities, as the document has them."""
    newline: str = "\n"


def scalar(value: Any, quote: str = "") -> str:  # noqa: ANN401 - a scalar
    """A scalar as text.

    Args:
        value: Text, a number, a truth value or None.
        quote: The quotes that text is to have; plain text is quoted where it has to be.
    """
    if not isinstance(value, str):
        return json.dumps(value)
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if quote or not is_plain(value):
        return json.dumps(value)
    return value


def is_plain(value: str) -> bool:
    """Whether text needs no quotes."""
    if _AMOUNT.fullmatch(value):
        return True
    return _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS


def amount_quote(value: Any, look: Look) -> str:  # noqa: ANN401 - a scalar
    """The quotes for a new scalar: quantities have those of the other quantities."""
    is_amount = isinstance(value, str) and _AMOUNT.fullmatch(value) is not None
    return look.amount_quote if is_amount else ""


def block(value: Any, column: int, look: Look) -> list[str]:  # noqa: ANN401 - any JSON value
    """A mapping or a list in block style, line by line, each indented by `column`."""
    pad = " " * column
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            lines += _entry(key, item, column, look)
        return lines
    for item in value:
        if isinstance(item, dict) and item:
            first, *rest = block(item, column + 2, look)
            lines += [f"{pad}- {first.lstrip(' ')}", *rest]
        else:
            lines.append(f"{pad}- {flow(item, look)}")
    return lines


def _entry(key: str, item: Any, column: int, look: Look) -> list[str]:  # noqa: ANN401
    pad = " " * column
    if isinstance(item, dict) and item:
        return [f"{pad}{scalar(key)}:", *block(item, column + look.step, look)]
    if isinstance(item, list) and item:
        return [f"{pad}{scalar(key)}:", *block(item, column + look.list_step, look)]
    return [f"{pad}{scalar(key)}: {flow(item, look)}"]


def flow(value: Any, look: Look, *, quoted: bool = False) -> str:  # noqa: ANN401 - any JSON value
    """A value on one line, in brackets where it is a collection.

    Args:
        value: What is written.
        look: How the document is written.
        quoted: In double quotes throughout, as JSON needs it.
    """
    quote = '"' if quoted else ""
    if isinstance(value, dict):
        inner = ", ".join(
            f"{scalar(key, quote)}: {flow(item, look, quoted=quoted)}"
            for key, item in value.items()
        )
        return f"{{{inner}}}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, look, quoted=quoted) for item in value) + "]"
    return scalar(value, quote or amount_quote(value, look))
