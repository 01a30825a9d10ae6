"""A description as sentences and clauses, with every place kept."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)} | {
    ord("’"): "'",
    ord("‘"): "'",
    ord("\u00a0"): " ",
    ord("\u202f"): " ",
    ord("\u2009"): " ",
    ord("\u2011"): "-",
    ord("\t"): " ",
}
CONTEXT = 200
"""Characters of a clause that matter to a word; it also keeps endless clauses from costing time."""
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n|;")
_CLAUSE_END = re.compile(
    r"[.!?]+(?=\s|$)|[\n;()]|,(?=\s)|:(?=\s)|\s[–—-](?=\s)"
    r"|\s(?:but|while|whereas|however|otherwise|although|though)(?=\s)"
    r"|\sand(?=\sthe\s)"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the description."""

    start: int
    end: int


class Prose:
    """A description, prepared for reading; every position is one of the original text.

    `lower` is the text in lower case (ASCII letters only, so that its length is the same), with
    straight apostrophes and plain blanks.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = text.translate(_LOWER)
        self._sentence_starts, self._sentence_ends = _parts(_SENTENCE_END, self.lower)
        self._clause_starts, self._clause_ends = _parts(_CLAUSE_END, self.lower)

    def sentence(self, position: int) -> Span:
        """The sentence that holds a position."""
        index = bisect_right(self._sentence_starts, position) - 1
        return Span(self._sentence_starts[index], self._sentence_ends[index])

    def clause(self, position: int) -> Span:
        """The clause that holds a position, as far as `CONTEXT` reaches around it."""
        index = bisect_right(self._clause_starts, position) - 1
        return Span(
            max(self._clause_starts[index], position - CONTEXT),
            min(self._clause_ends[index], position + CONTEXT),
        )

    def before(self, position: int, length: int) -> str:
        """Up to `length` lower-case characters of the clause before a position."""
        return self.lower[max(self.clause(position).start, position - length) : position]

    def after(self, position: int, length: int) -> str:
        """Up to `length` lower-case characters of the clause after a position."""
        end = self.clause(max(position - 1, 0)).end
        return self.lower[position : min(end, position + length)]


def _parts(boundary: re.Pattern[str], text: str) -> tuple[list[int], list[int]]:
    starts, ends = [0], []
    for match in boundary.finditer(text):
        ends.append(match.start())
        starts.append(match.end())
    ends.append(len(text))
    return starts, ends
