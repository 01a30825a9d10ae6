"""Text of a repository or a description, made safe to print.

Names, messages and quotes come from strangers. On a terminal or in a CI log they could move the
cursor, recolour or hide lines (ANSI escapes), or change the order in which text is read
(bidirectional controls); here they lose every character that is not visible.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])?")
"""ANSI sequences: CSI, a closed OSC (titles, links), two-character ones; and a bare escape."""
_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn"})
"""Controls, format characters (bidi, zero width), private use and unassigned."""
WIDTH = 100
"""Columns: what a CI log shows without scrolling."""
MAX_LINE = 2000
"""No message needs more; a longer one would bury the rest of the report."""


def line(text: str, limit: int = MAX_LINE) -> str:
    """One visible line: sequences and hidden characters removed, breaks made spaces.

    Args:
        text: Any text.
        limit: Characters at most; a longer text is cut and ends in ``…``.
    """
    cut = text[: 4 * limit + 64]
    visible = "".join(_visible(char) for char in _ESCAPE.sub("", cut))
    words = " ".join(visible.split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def wrapped(text: str, indent: str, following: str | None = None) -> list[str]:
    """A text in lines of at most `WIDTH` columns, words kept whole.

    Args:
        text: One line, safe to print.
        indent: Before the first line.
        following: Before the others; the same when None.
    """
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if following is None else following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def code(text: str, limit: int = 200) -> str:
    """A Markdown code span that its content cannot leave."""
    return f"`{line(text, limit).replace('`', chr(39)) or '?'}`"


def _visible(char: str) -> str:
    if " " <= char <= "~":
        return char
    if char in _BREAKS:
        return " "
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    return "" if category in _HIDDEN else char
