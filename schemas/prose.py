"""Texts for a model and by one: how data is fenced, whether numbers agree, what may be shown."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from schemas.quantities import GIB, KIB, MIB

LONGEST = 400
TOLERANCE = 0.02
"""A text may round: 1.2 Gi for 1216Mi."""
_AMOUNT = re.compile(
    r"(?<![\w.:/-])([0-9]{1,9}(?:\.[0-9]{1,4})?)\s?"
    r"(KiB|Ki|MiB|Mi|MB|GiB|Gi|GB|TiB|Ti|TB|m|millicores?|cores?|CPUs?|vCPUs?|replicas?|pods?)"
    r"(?![\w])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+)?")
_TEENS = ("thir", "four", "fif", "six", "seven", "eigh", "nine")
_WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *(f"{stem}teen" for stem in _TEENS),
    "twenty",
)
_WRITTEN_OUT = re.compile(
    rf"\b({'|'.join(_WORDS)})"
    r"(?=[\s-](?:[KMGT]i?B|[KMGT]i|millicores?|cores?|v?CPUs?|replicas?|pods?)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?][\"')\]]{0,3}\s+(?=[\"'(\[]{0,3}[A-Z])")
_UNSAFE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a link", re.compile(r"[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\]\(", re.IGNORECASE)),
    ("markup", re.compile(r"<[a-z!/?]|&(?:#[0-9]|[a-z]{2,8};)", re.IGNORECASE)),
    ("an image", re.compile(r"!\[")),
    ("a mention", re.compile(r"(?<![\w.])@[A-Za-z0-9]")),
    (
        "a secret",
        re.compile(
            r"-----BEGIN |\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-|AKIA|ASIA|AIza|sk-"
            r"|eyJhbGci)[A-Za-z0-9_-]{8,}"
            r"|(?:password|passwd|secret|token|api[_-]?key)\s?[=:]\s?[^\s,.;]{6,}",
            re.IGNORECASE,
        ),
    ),
)
LONGEST_TEXT = 4000
"""Characters of one step; a longer one is withheld unread, for it may hide something."""
_DEFUSED = (
    (re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE), " "),
    (re.compile(r"(?<=\])(?=\()|(?<=!)(?=\[)|(?<=<)(?=[a-z!/?])", re.IGNORECASE), " "),
    (re.compile(r"(?<![\w.])@(?=[A-Za-z0-9])"), "@ "),
    (re.compile(r"(?<=&)(?=#[0-9x]|[a-z]{2,32};)", re.IGNORECASE), " "),
)
"""Where a space makes of an address, a link, markup and a mention the words they consist of."""
_BYTES = {
    "k": KIB,
    "m": MIB,
    "g": GIB,
    "t": 1024 * GIB,
}


def amounts_in(text: str) -> list[tuple[str, str, float]]:
    """Amounts in a text: as written, their dimension, and their value.

    Returns:
        Dimension ``memory`` in MiB, ``cpu`` in millicores, ``count`` in pods.
    """
    found = []
    for match in _AMOUNT.finditer(text):
        value, unit = float(match[1]), match[2]
        found.append((match[0], *_dimension(value, unit)))
    return found


def _dimension(value: float, unit: str) -> tuple[str, float]:
    word = unit.lower()
    if word in ("m", "millicore", "millicores"):
        return "cpu", value
    if word.rstrip("s") in ("core", "cpu", "vcpu"):
        return "cpu", value * 1000
    if word.rstrip("s") in ("replica", "pod"):
        return "count", value
    decimal = 1.0
    if word in ("mb", "gb", "tb"):
        decimal = {"mb": 1e6 / MIB, "gb": 1e9 / GIB, "tb": 1e12 / (1024 * GIB)}[word]
    return "memory", value * decimal * _BYTES[word[0]] / MIB


def unsaid(texts: Iterable[str], known: Mapping[str, Sequence[float]]) -> str | None:
    """An amount in a text that nothing states; None when there is none.

    Args:
        texts: What the model wrote.
        known: By dimension, the values that may be named: the plan's, the interval's, evidence's.
    """
    for text in texts:
        for written, dimension, value in amounts_in(text):
            near = (abs(value - item) <= TOLERANCE * max(item, 1) for item in known[dimension])
            if not any(near):
                return written
    return None


def numerals_in(text: str) -> list[tuple[str, float]]:
    """All numbers in digits, as written and as a value, whatever they count.

    Digits that a letter precedes (``T04``, ``p95``) are part of a name. Numbers below twenty-one
    that are written out before a unit (``three replicas``) count as digits.
    """
    return [(match[0], float(match[0])) for match in _NUMBER.finditer(in_digits(text))]


def in_digits(text: str) -> str:
    """The text with numbers that are written out before a unit put in digits.

    >>> in_digits("two replicas, one of them idle")
    '2 replicas, one of them idle'
    """
    return _WRITTEN_OUT.sub(lambda match: str(_WORDS.index(match[1].lower()) + 2), text)


def foreign_digit(text: str) -> str | None:
    """A sign for a number that is not one of ``0`` to ``9``; None when there is none."""
    return next((char for char in text if char.isnumeric() and char not in "0123456789"), None)


def sentences_in(text: str) -> int:
    """How many sentences a text is: ends that a capital letter follows, and the last one."""
    return len(_SENTENCE_END.findall(text)) + 1 if text.strip() else 0


def figure_amount(name: str, value: object) -> tuple[str, float] | None:
    """Dimension and value of a figure of evidence, by the unit that ends its name.

    Returns:
        None when it is no number, or its unit is none of memory, CPU and count.

    >>> figure_amount("heap_gib", 2)
    ('memory', 2048.0)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = next((unit for end, unit in _FIGURES.items() if name.endswith(end)), None)
    return None if found is None else (found[0], value * found[1])


_FIGURES = {
    "_mib": ("memory", 1.0),
    "_gib": ("memory", 1024.0),
    "_bytes": ("memory", 1 / MIB),
    "_millicores": ("cpu", 1.0),
    "_cores": ("cpu", 1000.0),
    "_count": ("count", 1.0),
}


def packed(facts: Mapping[str, object]) -> str:
    """Compact JSON that cannot end the fence around it, whatever the strings in it say."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def shown(text: str, longest: int = LONGEST) -> str:
    """A text of a model on one line, without control characters, at most `longest` characters.

    Links, mentions, markup and secrets are the business of the check L04, which withholds the
    whole text; this only makes sure that the text is one.
    """
    plain = "".join(
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in unicodedata.normalize("NFC", text)
        if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn")
    )
    joined = " ".join(plain.split())
    return joined if len(joined) <= longest else f"{joined[: longest - 1]}…"


def unsafe_parts(text: str) -> list[str]:
    """What a text holds that must not be shown: link, markup, image, mention, secret, too much."""
    if len(text) > LONGEST_TEXT:
        return ["more than anybody reads"]
    return [name for name, pattern in _UNSAFE if pattern.search(text)]


def defused(text: str) -> str:
    """The text with every link, image, tag and mention in it broken by a space.

    >>> defused("ask @bob at https://x.example")
    'ask @ bob at https: //x.example'
    """
    for pattern, instead in _DEFUSED:
        text = pattern.sub(instead, text)
    return text
