"""What is said in words: criticality, state, consistency, traffic, special needs.

The rules are a table, ``words.yaml`` beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dca.description.negation import negated
from dca.description.statements import statement
from dca.description.text import Prose
from schemas.context import Dimension, Statement

Value = str | bool
_AROUND_CUE = 120
"""Characters on either side of a cue in which a match must lie; the longest patterns need 80."""


@dataclass(frozen=True, slots=True)
class WordRule:
    """Words and what they say."""

    key: str
    value: Value
    cues: tuple[str, ...]
    """Plain fragments, one of which every match contains or has beside it."""
    pattern: re.Pattern[str]
    denied: Value | None
    """The value when denied; None when a denial says nothing."""
    unless: re.Pattern[str] | None
    """Words of the clause that make it another matter."""


_DIMENSIONS = {
    "criticality": Dimension.CRITICALITY,
    "sample": Dimension.CRITICALITY,
    "deployment": Dimension.CRITICALITY,
    "zero_downtime": Dimension.SLA,
    "consistency": Dimension.DATA,
    "persistence": Dimension.STATE,
    "traffic": Dimension.WORKLOAD,
    "special": Dimension.SPECIAL,
    "autoscaling": Dimension.SPECIAL,
}


def read_words(prose: Prose) -> Iterator[Statement]:
    """All statements that are made in words."""
    for rule in rules():
        for match in matches(rule, prose.lower):
            value = _value(prose, rule, match)
            if value is not None:
                yield statement(prose, _DIMENSIONS[rule.key], rule.key, value, match.span())


def matches(rule: WordRule, lower: str) -> Iterator[re.Match[str]]:
    """All matches of a rule; only the surroundings of its cues are searched."""
    done = 0
    for start, end in _windows(rule.cues, lower):
        for match in rule.pattern.finditer(lower, max(start, done), end):
            done = match.end()
            yield match


def _windows(cues: tuple[str, ...], lower: str) -> Iterator[tuple[int, int]]:
    """The surroundings of all cues in the order of the text; where they overlap, as one."""
    found = sorted(place for cue in cues for place in _places(cue, lower))
    start = end = -1
    for place in found:
        if start < 0 or place - _AROUND_CUE > end:
            if start >= 0:
                yield start, end
            start = max(0, place - _AROUND_CUE)
        end = min(len(lower), place + _AROUND_CUE)
    if start >= 0:
        yield start, end


def _places(cue: str, lower: str) -> Iterator[int]:
    at = lower.find(cue)
    while at >= 0:
        yield at
        at = lower.find(cue, at + len(cue))


@cache
def rules() -> tuple[WordRule, ...]:
    """The table that comes with the package."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("words.yaml").read_text("utf-8")
    return tuple(_rule(raw) for raw in yaml.load(text, Loader=loader))  # noqa: S506 - a safe one


def _rule(raw: dict[str, Any]) -> WordRule:
    unless = raw.get("unless")
    return WordRule(
        key=raw["key"],
        value=raw["value"],
        cues=tuple(raw["cues"]),
        pattern=re.compile("|".join(raw["any"])),
        denied=raw.get("denied"),
        unless=re.compile(unless) if unless else None,
    )


def _value(prose: Prose, rule: WordRule, match: re.Match[str]) -> Value | None:
    if negated(prose, *match.span()):
        return rule.denied
    if rule.unless:
        clause = prose.clause(match.start())
        if rule.unless.search(prose.lower, clause.start, clause.end):
            return None
    return rule.value
