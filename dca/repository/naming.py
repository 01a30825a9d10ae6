"""Names of components: RFC 1123 labels, unique, and alike where they mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from dca.repository.paths import STAGE_WORDS, words

_MAX_LABEL = 63
_NOT_LABEL = re.compile(r"[^a-z0-9]+")
_FILLER = frozenset(
    ["svc", "service", "srv", "server", "app", "deployment", "image", "container", "chart"]
)


def label(text: str) -> str:
    """`text` as an RFC 1123 label, empty when nothing of it can be one.

    >>> label("Order_Service.API")
    'order-service-api'
    """
    return _NOT_LABEL.sub("-", text.lower())[:_MAX_LABEL].strip("-")


def unique(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or the first of ``wanted-2``, ``wanted-3`` … that is free."""
    used = set(taken)
    base = wanted or "app"
    if base not in used:
        return base
    number = 2
    while (name := f"{base[: _MAX_LABEL - 1 - len(str(number))].rstrip('-')}-{number}") in used:
        number += 1
    return name


@lru_cache(maxsize=100_000)
def same_service(left: str, right: str) -> int:
    """How surely two names mean the same service, 0 for not at all.

    3: the same words. 2: the same but for filler such as ``-service``. 1: one is the other with a
    prefix (``shop-cart`` and ``cart``).
    """
    a, b = words(left), words(right)
    if not a or not b:
        return 0
    if a == b or "".join(a) == "".join(b):
        return 3
    core_a, core_b = _core(a), _core(b)
    if core_a and (core_a == core_b or "".join(core_a) == "".join(core_b)):
        return 2
    short, long = sorted((core_a, core_b), key=len)
    return int(bool(short) and long[-len(short) :] == short)


def is_filler(name: str) -> bool:
    """Whether a name says nothing, such as ``app`` or ``deployment``."""
    return not _core(words(name))


def is_stage(name: str) -> bool:
    """Whether a name is that of an environment, such as ``production``."""
    return bool(words(name)) and STAGE_WORDS.issuperset(words(name))


def _core(name: tuple[str, ...]) -> tuple[str, ...]:
    core = [word for word in name if word not in _FILLER]
    # An environment at the end (``shop-api-staging``) is the same service somewhere else.
    while len(core) > 1 and core[-1] in STAGE_WORDS:
        core.pop()
    return tuple(core)
