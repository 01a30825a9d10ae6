"""A second reading of the description by a language model, held to the words of the text.

The model may only add. A statement counts when its quote stands in the text as it is written and
is prose, when a word in the quote makes it one about its key, when a number in it that has no other
meaning gives its value (with a change of unit that exists), and when the rules have read nothing of
that kind. Of things that are true or not, only those can be added that make a service safer: nobody
can talk a model into fewer replicas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from dca.description.demand import by_component, demand_of
from dca.thinking.carriers import carries
from schemas.context import Criticality, DescriptionReading, Dimension, Statement, Traffic
from schemas.model import Asker, LanguageModel, ModelRequest, Unanswered
from schemas.quantities import GIB

PROMPT = "read-1"
MAX_ANSWER_TOKENS = 1000
TOLERANCE = 0.02
_NO_PROSE = re.compile(r"[{}\[\]<>|\\_=\"`$@#*]")
"""Signs of code, markup and templates; who describes an app in words needs none of them."""
_NUMBER = re.compile(r"\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?!\d)|\d{1,12}(?:[.,]\d{1,6})?")
_SCALES = (1.0, 1e3, 1e6, 1e9)
"""A word beside the number may multiply it: thousand, Mio., k."""


class Key(StrEnum):
    """What may be stated."""

    PEAK_RPS = "peak_rps"
    AVERAGE_RPS = "average_rps"
    CONCURRENT_USERS = "concurrent_users"
    CONNECTIONS = "connections"
    MESSAGES_PER_SECOND = "messages_per_second"
    LATENCY_MS = "latency_ms"
    AVAILABILITY_PERCENT = "availability_percent"
    DATA_GIB = "data_gib"
    ZERO_DOWNTIME = "zero_downtime"
    PERSISTENCE = "persistence"
    STRONG_CONSISTENCY = "strong_consistency"
    SPIKY_TRAFFIC = "spiky_traffic"
    CRITICAL = "critical"


_PER = (1.0, 1 / 60, 1 / 3600, 1 / 86400)
_UNITS: dict[Key, tuple[float, ...]] = {
    Key.PEAK_RPS: _PER,
    Key.AVERAGE_RPS: _PER,
    Key.MESSAGES_PER_SECOND: _PER,
    Key.CONCURRENT_USERS: (1.0,),
    Key.CONNECTIONS: (1.0,),
    Key.LATENCY_MS: (1.0, 1e3, 6e4),
    Key.AVAILABILITY_PERCENT: (1.0,),
    Key.DATA_GIB: (1.0, 1024.0, 1 / 1024, 1e12 / GIB, 1e9 / GIB, 1e6 / GIB),
}
"""What a number in the text may be multiplied by to be the value: a change of unit."""
_LARGEST = {Key.AVAILABILITY_PERCENT: 100.0, Key.LATENCY_MS: 3.6e6, Key.DATA_GIB: 1e7}
_LARGEST_OTHER = 1e8


class Said(BaseModel):
    """One statement of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    quote: str = Field(min_length=2, max_length=160)
    key: Key
    value: float = Field(ge=0)


class SecondReading(BaseModel):
    """All that a model read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statements: list[Said] = Field(max_length=20)


def read_again(text: str, reading: DescriptionReading, model: LanguageModel) -> DescriptionReading:
    """The reading with what the model found beside it.

    Args:
        text: The description.
        reading: What the rules read.
        model: Is asked once, and corrected at most twice.

    Raises:
        ModelError: The model was asked for by name and cannot be reached.
    """
    request = ModelRequest(
        asker=Asker.DCA,
        prompt=f"dca.{PROMPT.replace('-', '/')}",
        system=_system(),
        user=f"<data>{_fenced(text)}</data>",
        max_tokens=MAX_ANSWER_TOKENS,
    )
    answer = model.ask(request, SecondReading, lambda given: wrong_in(given, text))
    if isinstance(answer, Unanswered):
        return reading
    return added(text, reading, answer.value.statements)


def wrong_in(given: SecondReading, text: str) -> str | None:
    """What is not held by the text, in words for the model; None when all is."""
    for item in given.statements:
        if item.quote not in text:
            return f"The description does not say {item.quote[:80]!r}. Copy its words exactly."
        if item.key in _UNITS and not _carried(item, item.quote):
            return (
                f"The quote {item.quote[:80]!r} holds no number that makes {item.key.value} "
                f"{item.value:g}."
            )
        if not _about(item):
            return (
                f"The quote {item.quote[:80]!r} does not speak of {item.key.value}. Quote the "
                "words that name it, with the unit."
            )
    return None


def added(text: str, reading: DescriptionReading, given: Iterable[Said]) -> DescriptionReading:
    """The reading with those statements that the text holds and the rules have nothing of."""
    known = {(item.key, item.component) for item in reading.statements}
    new: list[Statement] = []
    for item in given:
        start = text.find(item.quote)
        if start < 0 or not _about(item):
            continue
        if item.key in _UNITS and not _carried(item, _unread(item.quote, start, reading)):
            continue
        statement = _statement(item, start)
        if (statement.key, None) in known:
            continue
        known.add((statement.key, None))
        new.append(statement)
    if not new:
        return reading
    statements = tuple(sorted((*reading.statements, *new), key=lambda item: item.start))
    return reading.model_copy(
        update={
            "statements": statements,
            "demand": demand_of([item for item in statements if item.component is None]),
            "by_component": by_component(statements),
        }
    )


def _about(item: Said) -> bool:
    """Whether a quote is prose, with a word in it that speaks of its key."""
    return not _NO_PROSE.search(item.quote) and carries(item.key.value, item.quote)


def _unread(quote: str, start: int, reading: DescriptionReading) -> str:
    """The quote without what the rules have read a number of: it has its meaning already."""
    for item in reading.statements:
        if isinstance(item.value, int | float) and not isinstance(item.value, bool):
            first, last = max(item.start - start, 0), max(item.end - start, 0)
            quote = quote[:first] + " " * len(quote[first:last]) + quote[last:]
    return quote


def _carried(item: Said, quote: str) -> bool:
    """Whether a number of the quote, in another unit perhaps, is the value."""
    if not 0 < item.value <= _LARGEST.get(item.key, _LARGEST_OTHER):
        return False
    numbers = [value for match in _NUMBER.finditer(quote) for value in _values(match[0])]
    return any(
        abs(number * scale * unit - item.value) <= TOLERANCE * item.value
        for number in numbers
        for scale in _SCALES
        for unit in _UNITS[item.key]
    )


def _values(written: str) -> list[float]:
    """What a number may mean: ``2.000`` is two or two thousand, ``99,95`` has a decimal comma."""
    plain = re.sub(r"[' \u00a0\u202f]", "", written)
    found = {plain.replace(",", "."), plain.replace(",", "").replace(".", "")}
    if re.search(r"[.,]\d{1,2}$", plain):
        found.discard(plain.replace(",", "").replace(".", ""))
    return [float(item) for item in found if item.count(".") <= 1]


_STATED: dict[Key, tuple[Dimension, str]] = {
    Key.PEAK_RPS: (Dimension.WORKLOAD, "peak_rps"),
    Key.AVERAGE_RPS: (Dimension.WORKLOAD, "average_rps"),
    Key.CONCURRENT_USERS: (Dimension.WORKLOAD, "concurrent_users"),
    Key.CONNECTIONS: (Dimension.WORKLOAD, "connections"),
    Key.MESSAGES_PER_SECOND: (Dimension.WORKLOAD, "messages_per_second"),
    Key.LATENCY_MS: (Dimension.SLA, "latency_ms"),
    Key.AVAILABILITY_PERCENT: (Dimension.SLA, "availability"),
    Key.DATA_GIB: (Dimension.DATA, "data_bytes"),
    Key.ZERO_DOWNTIME: (Dimension.SLA, "zero_downtime"),
    Key.PERSISTENCE: (Dimension.STATE, "persistence"),
    Key.STRONG_CONSISTENCY: (Dimension.DATA, "consistency"),
    Key.SPIKY_TRAFFIC: (Dimension.WORKLOAD, "traffic"),
    Key.CRITICAL: (Dimension.CRITICALITY, "criticality"),
}
_WORDS: dict[Key, str | bool] = {
    Key.ZERO_DOWNTIME: True,
    Key.PERSISTENCE: True,
    Key.STRONG_CONSISTENCY: "strong",
    Key.SPIKY_TRAFFIC: Traffic.SPIKY.value,
    Key.CRITICAL: Criticality.HIGH.value,
}


def _statement(item: Said, start: int) -> Statement:
    dimension, key = _STATED[item.key]
    return Statement(
        dimension=dimension,
        key=key,
        value=_WORDS[item.key] if item.key in _WORDS else _amount(item),
        quote=item.quote,
        start=start,
        end=start + len(item.quote),
    )


def _amount(item: Said) -> float | int:
    if item.key is Key.DATA_GIB:
        return round(item.value * GIB)
    if item.key is Key.AVAILABILITY_PERCENT:
        return round(item.value / 100, 8)
    if item.key in (Key.CONCURRENT_USERS, Key.CONNECTIONS):
        return round(item.value)
    return item.value


@lru_cache(maxsize=1)
def _system() -> str:
    path = Path(__file__).parent.parent / "prompts" / f"{PROMPT}.md"
    return path.read_text("utf-8").strip()


def _fenced(text: str) -> str:
    """A JSON string that cannot end the fence around it."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
