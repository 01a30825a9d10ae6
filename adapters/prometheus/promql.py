"""Text that goes into queries: everything that came from outside is escaped here.

Names of workloads come from repositories, labels from the server; neither may change a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")


def quoted(text: str) -> str:
    r"""A string of PromQL.

    >>> quoted('a"b')
    '"a\\"b"'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def literal(text: str) -> str:
    r"""A regular expression (RE2) for exactly this text.

    >>> literal('a.b')
    'a\\.b'
    """
    return _SPECIAL.sub(lambda match: f"\\{match.group()}", text)


def any_of(patterns: Iterable[str]) -> str:
    """One expression for several, sorted so that the same set gives the same query."""
    return "|".join(sorted(set(patterns)))


def selector(metric: str, *matchers: str) -> str:
    """``metric{matcher,…}`` of those matchers that are not empty.

    >>> selector("up", 'job="a"', "")
    'up{job="a"}'
    """
    return f"{metric}{{{','.join(matcher for matcher in matchers if matcher)}}}"


def matches(label: str, pattern: str) -> str:
    """A matcher by a regular expression, or by equality where it is a plain word."""
    if _SPECIAL.search(pattern):
        return f"{label}=~{quoted(pattern)}"
    return f"{label}={quoted(pattern)}"


def tagged(expression: str, label: str, value: str) -> str:
    """The expression, with one more label on all its series.

    ``$`` would refer to a group of the (empty) expression that is matched.
    """
    text = quoted(value.replace("$", "$$"))
    return f'label_replace({expression},"{label}",{text},"","")'
