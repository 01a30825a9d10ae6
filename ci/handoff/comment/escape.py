"""The only way in which untrusted text gets into the comment's Markdown.

Names, paths, messages and reasons come from repositories, descriptions and models. GitHub renders
Markdown to HTML and then looks through the HTML's text for mentions, issues, commits, emoji names
and formulas: a backslash or an entity does not stop that second pass, a code element does. So a
word is written plainly only if it is a plain word or a plain number; every other word becomes a
code span, in which nothing is ever looked for. What a reader sees is the same text, except that
invisible characters are gone (in a diff: spelt out).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from ci.handoff.plain import line

MAX_CODE = 200
"""Characters of a name, a path or an address."""
MAX_PROSE = 600
"""Characters of a message or a reason."""
MAX_FENCE_LINE = 400
"""Characters of one line of a diff."""
_LEAD = "([\"'“‘«"
_TRAIL = ")]\"'”’».,;:!?…"
_WORD = r"[^\W\d_]{1,60}(?:['’/–-][^\W\d_]{1,60}){0,8}(?:\(s\))?"
_AMOUNT = r"[+−×≈-]?[0-9]+(?:[.,][0-9]+)*(?:[–-][0-9]+(?:[.,][0-9]+)*)?[A-Za-z%]{0,4}"
_PLAIN = re.compile(rf"{_WORD}|{_AMOUNT}|[A-Za-z]{{1,3}}[0-9]{{1,4}}")
"""``demand``, ``CPU/memory``, ``1,024.5``, ``192Mi``, ``p95``: no link, mention or issue."""
_HEX = re.compile(r"[0-9a-f]{7}", re.IGNORECASE)
"""Seven digits may be taken for a commit."""
_SYMBOLS = frozenset("-+=<>/%×·–—→≤≥±≈&−") | frozenset(_LEAD + _TRAIL)
_MEANS_SOMETHING = re.compile(r"([-+=<>&\[\]()!.])")
"""Punctuation that begins something in Markdown."""
_MARKED = r"`(?=[^`]*[^`\s])[^`]+`"
_TOKEN = re.compile(rf"(?<!\S)[{re.escape(_LEAD)}]*{_MARKED}[{re.escape(_TRAIL)}]*(?!\S)|\S+")
"""A word, or words that the text itself marks as code."""
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Unicode calls letters, marks or symbols, and that show nothing."""
_TICKS = re.compile("`{21,}")
"""Longer runs are cut: cmark reads no code span behind more than 80 backticks, and takes a fence of
more than 255 for one of 255."""
_HALF_WORD = 40
"""A longer half of a word is kept: it is most of what there is."""
_MAX_MARKS = 2
"""Accents on one letter; a tower of them would cover the lines above."""


def visible(text: str, limit: int) -> str:
    """One line without anything that cannot be seen.

    Args:
        text: Any text.
        limit: Characters at most; a longer text ends in ``…``.
    """
    shown = unicodedata.normalize("NFC", line(_IGNORABLE.sub("", text), limit))
    return " ".join(_TICKS.sub("`" * 20 + "…", "".join(_few_marks(shown))).split())


def prose(text: str, limit: int = MAX_PROSE) -> str:
    """A text as a part of a Markdown line, also in a table.

    Plain words stay, all others become code spans; words that it puts between backticks stay
    together.

    Args:
        text: Any text; one of which nothing can be seen is shown as ``?``.
        limit: Characters at most, before escaping.
    """
    words = [match[0] for match in _TOKEN.finditer(_whole_words(visible(text, limit), limit))]
    if text and not words:
        return "?"
    shown = " ".join(_word(word) for word in words)
    # "2." and "2)" at the beginning of a line open a list.
    return re.sub(r"^([0-9]{1,9})([.)])(?= |$)", r"\1\\\2", shown)


def code(text: str, limit: int = MAX_CODE) -> str:
    """A text as a code span that it cannot leave, also in a table.

    A bar stands escaped between two spans, which every renderer of tables reads alike.
    """
    shown = visible(text, limit) or "?"
    return "\\|".join(_span(part) for part in shown.split("|"))


def html_code(text: str, limit: int = MAX_CODE) -> str:
    """A text as an HTML code element, for a line of HTML in which Markdown is not read."""
    return f"<code>{html.escape(visible(text, limit)) or '?'}</code>"


def fence_mark(lines: tuple[str, ...]) -> str:
    """Backticks that open and close a block which none of the lines can close."""
    longest = max((len(run) for text in lines for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def fence_lines(text: str) -> tuple[str, ...]:
    """The lines of a block of code; what is invisible in them is spelt out: ``<U+202E>``."""
    return tuple(_fence_line(part) for part in text.rstrip("\n").split("\n"))


def _fence_line(text: str) -> str:
    cut = text[: MAX_FENCE_LINE + 1].removesuffix("\r")
    shown = _TICKS.sub("`" * 20 + "…", "".join(_spelt(char) for char in _few_marks(cut)))
    return shown if len(shown) <= MAX_FENCE_LINE else f"{shown[: MAX_FENCE_LINE - 1]}…"


def _spelt(char: str) -> str:
    if " " <= char <= "~" or char == "\t":
        return char
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return f"<U+{ord(char):04X}>" if hidden or _IGNORABLE.match(char) else char


def _few_marks(text: str) -> Iterator[str]:
    """The characters without the accents beyond `_MAX_MARKS` on one letter."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            yield char


def _whole_words(text: str, limit: int) -> str:
    """A text that was cut at the limit, without the word that was cut."""
    if len(text) < limit or not text.endswith("…"):
        return text
    kept, _, half = text[:-1].rpartition(" ")
    return f"{kept} …" if kept and len(half) <= _HALF_WORD else text


def _word(token: str) -> str:
    if all(char in _SYMBOLS for char in token):
        return _escaped(token)
    lead, core, trail = _taken_apart(token)
    if len(core) > 2 and core[0] == core[-1] == "`" and "`" not in core[1:-1]:
        middle = code(core[1:-1], MAX_PROSE)
    elif _PLAIN.fullmatch(core) and not _HEX.search(core):
        middle = core
    else:
        middle = code(core, MAX_PROSE)
    return lead.replace("[", "\\[") + middle + trail.replace("]", "\\]")


def _taken_apart(token: str) -> tuple[str, str, str]:
    """Punctuation before, the word, punctuation after; a bracket that the word opens is its own."""
    rest = token.lstrip(_LEAD)
    core = rest.rstrip(_TRAIL)
    if core.count("(") > core.count(")") and rest[len(core) :].startswith(")"):
        core += ")"
    return token[: len(token) - len(rest)], core, rest[len(core) :]


def _escaped(text: str) -> str:
    return _MEANS_SOMETHING.sub(r"\\\1", text)


def _span(text: str) -> str:
    if not text.strip():
        return text
    mark = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    edge = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{mark}{edge}{text}{edge}{mark}"
