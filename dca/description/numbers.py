"""Numbers in prose: digits with separators, multipliers, words, and ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dca.description.text import Prose

_DIGITS = (
    r"\d{1,3}(?:[,' ]\d{3}){1,4}(?:\.\d{1,9})?(?![\d])"
    r"|\d{1,3}(?:\.\d{3}){2,4}(?!\d)"
    r"|\d{1,15}(?:[.,]\d{1,9})?(?![\d])"
)
_WORD_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twenty": 20, "thirty": 30, "fifty": 50,
}  # fmt: skip
_SCALES = {
    "k": 1e3, "thousand": 1e3, "hundred": 1e2, "M": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6,
    "millions": 1e6, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_NUMBER = re.compile(
    rf"(?<![\w.,#$€£/])(?<![a-z]-)(?P<digits>{_DIGITS})"
    r"(?: ?(?P<scale>k(?![a-z])|k(?=rps|qps|tps|req)|thousand\b|million\b|mio\b|mn\b"
    r"|billion\b|bn\b)"
    r"| ?(?P<mega>m)(?![a-z]))?"
    rf"|\b(?P<word>{'|'.join(_WORD_NUMBERS)}) (?P<word_scale>hundred|thousand|million)\b"
    rf"|\b(?P<few>one|two|three|four|five|ten|twenty)"
    r"(?= (?:requests?|calls?|quer(?:y|ies)|messages?|events?|jobs?|transactions?|uploads?)"
    r" (?:per|an?|each|every) )"
)
_RANGE = re.compile(r" ?(?:-|–|—|to|and) ?")
_RANGE_OPENS = re.compile(r"\b(?:between|from)(?: about| around| roughly)? ?$")
_GROUPED_BY_DOT = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")


@dataclass(frozen=True, slots=True)
class Number:
    """One number, or the upper end of a range."""

    start: int
    """Where it begins; the lower end's begin for a range."""
    at: int
    """Where its own digits begin."""
    end: int
    value: float
    count: float
    """`value` when it counts things: ``4.000`` is four thousand then."""
    scaled: bool = False
    """It has a multiplier (``2k``)."""


def numbers(prose: Prose) -> tuple[Number, ...]:
    """All numbers of a description in order; the lower ends of ranges are left out."""
    found = [_number(match, prose.text) for match in _NUMBER.finditer(prose.lower)]
    result: list[Number] = []
    pending: Number | None = None
    for index, number in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        if following and _is_range(prose, number, following):
            pending = number if pending is None else pending
            continue
        if pending is not None:
            number = Number(
                pending.start, number.at, number.end, number.value, number.count, number.scaled
            )
            pending = None
        result.append(number)
    return tuple(result)


def _is_range(prose: Prose, low: Number, high: Number) -> bool:
    between = prose.lower[low.end : high.at]
    if not _RANGE.fullmatch(between) or low.value > high.value * 1e6:
        return False
    if "and" in between:
        return _RANGE_OPENS.search(prose.before(low.start, 30)) is not None
    return True


def _number(match: re.Match[str], text: str) -> Number:
    start, end = match.span()
    if match["word"]:
        value = _WORD_NUMBERS[match["word"]] * _SCALES[match["word_scale"]]
        return Number(start, start, end, value, value, scaled=True)
    if match["few"]:
        value = float(_WORD_NUMBERS[match["few"]])
        return Number(start, start, end, value, value)
    if match["mega"] and text[end - 1] != "M":
        end = match.end("digits")  # a small m is a unit: 500m, 15 m
    scale = match["scale"] or ("M" if match["mega"] and text[end - 1] == "M" else None)
    factor = _SCALES[scale] if scale else 1
    value, count = _digits(match["digits"])
    return Number(start, start, end, value * factor, count * factor, scaled=scale is not None)


def _digits(text: str) -> tuple[float, float]:
    plain = text.replace(" ", "").replace("'", "")
    if _DECIMAL_COMMA.fullmatch(plain):
        value = float(plain.replace(",", "."))
        return value, value
    plain = plain.replace(",", "")
    if plain.count(".") > 1:
        plain = plain.replace(".", "")
    value = float(plain)
    grouped = _GROUPED_BY_DOT.fullmatch(plain) and not plain.startswith("0")
    return value, float(plain.replace(".", "")) if grouped else value
