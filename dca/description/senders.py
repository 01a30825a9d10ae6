"""Load that is told by its senders: "25,000 devices sending one message every 10 seconds".

The load is the number of senders times what each sends, over the period. That it is *each* of them
is taken from "each", from "once", or from "every", as in the example. "500 sensors send 200
messages per second" may be meant together, so that it is left to be read as a plain rate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dca.description.numbers import Number
from dca.description.text import Prose

_REACH = 160
"""Characters after the number of senders in which the period must follow."""
_SENDERS = (
    r"(?:devices?|sensors?|clients?|users?|agents?|meters?|machines?|vehicles?|cars?|trucks?"
    r"|drivers?|phones?|apps?|kiosks?|terminals?|nodes?|hosts?|servers?|stations?|controllers?"
    r"|gateways?|trackers?|players?|customers?|subscribers?|endpoints?|things|units"
    r"|probes?|cameras?|turbines?|browsers?|tablets?|scanners?|boxes|employees|workers|visitors"
    r"|members|people|shops|stores|tenants|robots?|bikes?|scooters?|beacons?|exporters?)"
)
_SENDERS_AFTER = re.compile(rf" ?\+? (?:[\w-]+ ){{0,2}}?{_SENDERS}\b")
_SENDERS_BEFORE = re.compile(
    rf"\b{_SENDERS} \((?:about|around|approx\.?|roughly|some|currently|up to|ca\.?|~|≈)? ?$"
)
_ASKS = (
    r"(?:poll|quer(?:y|ie)|request|call|hit|refresh|fetch|ask|load|check|retriev|pull|search"
    r"|log(?:s|ging)? in)"
)
_TELLS = (
    r"(?:send|sent|report|publish|emit|push|post|upload|transmit|writ|submit|stream|ping|deliver"
    r"|produc|generat|creat|mak|issu|do|updat|record|measur)"
)
_WORD_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNIT = r"(?P<unit>milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?)\b"
_ACTION = re.compile(
    rf"\b(?:(?P<asks>{_ASKS})|{_TELLS})[a-z]{{0,4}}\b"
    r"(?P<what>(?: [\w'/.,-]{1,20}){0,6}?)"
    r" (?P<how>(?:about |around |roughly )?(?:every|each|once (?:an?|per|every|each)"
    r"|twice (?:an?|per|every)|per|an?)) "
    rf"(?:(?P<count>\d{{1,5}}(?:\.\d{{1,3}})?|two|three|four|five|ten) ?)?{_UNIT}"
)
_EACH = re.compile(r"\b(?:each|every one|apiece|per (?:device|sensor|client|user|node|host))\b")
_REQUESTS = re.compile(r"\b(?:requests?|quer(?:y|ies)|calls?|searches|logins?|hits?)\b")
_AMOUNT = re.compile(r"(?:^| )(?P<n>\d{1,6}(?:\.\d{1,3})?|an?|one|two|three|four|five|ten)(?= )")
_NEXT_GOES_ON = re.compile(r"[.;] ?(?=(?:each|they|these|every one)\b)")
_ENDS = re.compile(r"[.!?](?=\s|$)|[;\n]")


@dataclass(frozen=True, slots=True)
class SenderRate:
    """The load of all senders together."""

    start: int
    end: int
    per_second: float
    requests: bool
    """They ask for something; else they send messages."""


def sender_rates(prose: Prose, found: tuple[Number, ...]) -> Iterator[SenderRate]:
    """All loads that are told by their senders, in the order of the text."""
    reached = 0
    for number in found:
        if number.start < reached or number.count < 1:
            continue
        start = _senders(prose, number)
        rate = None if start is None else _rate(prose, number, start)
        if rate is not None:
            reached = rate.end
            yield rate


def _senders(prose: Prose, number: Number) -> int | None:
    """Where the words begin that follow the senders of a number."""
    after = _SENDERS_AFTER.match(prose.lower, number.end, number.end + 60)
    if after:
        return after.end()
    before = _SENDERS_BEFORE.search(prose.lower, max(0, number.start - 40), number.start)
    return number.end if before and prose.lower[number.end : number.end + 1] == ")" else None


def _rate(prose: Prose, number: Number, start: int) -> SenderRate | None:
    end = _limit(prose.lower, start)
    action = _ACTION.search(prose.lower, start, end)
    if action is None:
        return None
    what, how = action["what"], action["how"]
    distributive = how.endswith(("every", "each")) or how.startswith(("once", "twice"))
    tail = prose.lower[action.end() : action.end() + 20]
    if not (distributive or _EACH.search(prose.lower, start, action.end()) or _EACH.search(tail)):
        return None
    amount = _AMOUNT.search(what + " ")
    times = 2.0 if how.startswith("twice") else _value(amount["n"]) if amount else 1.0
    seconds = _value(action["count"] or "1") * _unit_seconds(action["unit"])
    if seconds <= 0:
        return None
    total = number.count * times / seconds
    asks = bool(action["asks"] or _REQUESTS.search(what))
    return SenderRate(number.start, action.end(), round(total, 6), asks)


def _limit(lower: str, start: int) -> int:
    """End of the sentence, or of the next one that goes on about the same senders."""
    window = min(len(lower), start + _REACH)
    end = _ENDS.search(lower, start, window)
    if end is None:
        return window
    if _NEXT_GOES_ON.match(lower, end.start(), window):
        following = _ENDS.search(lower, end.end(), window)
        return following.start() if following else window
    return end.start()


def _value(text: str) -> float:
    return float(_WORD_COUNTS.get(text) or text)


def _unit_seconds(unit: str) -> float:
    return 0.001 if unit.startswith(("ms", "milli")) else _SECONDS[unit[0]]
