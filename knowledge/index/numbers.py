"""Amounts, however they are written: ``15,000``, ``15k`` and ``fifteen thousand`` are one word."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_UNIT_NAMES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_UNIT_NAMES.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TEN_NAMES.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}

_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3}){1,5}(?![\d,])")
_SCALED = re.compile(
    r"(?<![\w.,])(\d{1,9}(?:\.\d{1,3})?)(?:[ -]?(k)|[ -](thousand|million|billion))(?!\w)",
    re.IGNORECASE,
)
_NAME = "|".join((*_UNITS, *_TENS, *_SCALES))
_NAMED = re.compile(rf"\b(?:{_NAME})(?:(?:[ -]| and )(?:{_NAME})){{0,12}}\b", re.IGNORECASE)
_ALONE = frozenset({"zero", "one"})
"""As often words as numbers: "one of them"."""


def in_digits(text: str, form: str = "d") -> str:
    """The text with its amounts as whole numbers in digits.

    Args:
        text: Anything.
        form: How a number is shown, as `format` takes it: ``d``, or ``,`` with separators.

    >>> in_digits("15,000 users, 15k users, fifteen thousand users, 1.5 million keys")
    '15000 users, 15000 users, 15000 users, 1500000 keys'
    """
    text = _GROUPED.sub(lambda found: format(int(found[0].replace(",", "")), form), text)
    text = _SCALED.sub(_scaled(form), text)
    return _NAMED.sub(_named(form), text)


def _scaled(form: str) -> Callable[[re.Match[str]], str]:
    def written(found: re.Match[str]) -> str:
        scale = _SCALES[(found[3] or "thousand").lower()]
        return format(round(float(found[1]) * scale), form)

    return written


def _named(form: str) -> Callable[[re.Match[str]], str]:
    def written(found: re.Match[str]) -> str:
        words = [word for word in re.split(r"[ -]", found[0].lower()) if word != "and"]
        return found[0] if words[0] in _ALONE and len(words) == 1 else format(_value(words), form)

    return written


def _value(words: Sequence[str]) -> int:
    """What number words mean: units and tens add up, a scale multiplies what came before it."""
    total = part = 0
    for word in words:
        scale = _SCALES.get(word)
        if scale is None:
            part += _UNITS.get(word, 0) + _TENS.get(word, 0)
        elif scale == _SCALES["hundred"]:
            part = max(part, 1) * scale
        else:
            total, part = total + max(part, 1) * scale, 0
    return total + part
