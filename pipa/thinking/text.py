"""Texts that a model wrote: whether their numbers agree with the plan, and how they are shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

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


def unsaid(texts: Iterable[str], known: dict[str, list[float]]) -> str | None:
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


def shown(text: str) -> str:
    """A text of a model on one line, without control characters, at most `LONGEST` characters.

    Links, mentions, markup and secrets are the business of the check L04, which withholds the
    whole text; this only makes sure that the text is one.
    """
    plain = "".join(
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in unicodedata.normalize("NFC", text)
        if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn")
    )
    joined = " ".join(plain.split())
    return joined if len(joined) <= LONGEST else f"{joined[: LONGEST - 1]}…"
