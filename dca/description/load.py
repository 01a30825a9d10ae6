"""Dimension 1, workload and scale: rates, users, connections, messages, bytes.

A rate without "peak" or "average" is taken as the peak when it is given by the second or minute,
because that is what must be served, and as the average when it is given by the hour or longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dca.description.numbers import Number
from dca.description.senders import SenderRate, sender_rates
from dca.description.statements import statement
from dca.description.text import Prose
from schemas.context import Dimension, Statement

_PERIOD_SECONDS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "m": 60, "min": 60, "mins": 60, "minute": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "d": 86400, "day": 86400, "week": 604800,
    "month": 2_592_000, "mo": 2_592_000, "year": 31_536_000,
}  # fmt: skip
_ADVERBS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2_592_000}
_ADJECTIVES = (
    r"(?:(?:peak|average|avg|sustained|http|https|api|incoming|inbound|read|write|user|client|web"
    r"|grpc|graphql|rest|search|total|steady|database|db|sql|new|unique|kafka|log|order|chat|sensor"
    r"|concurrent|parallel|background|tracking|click|iot|telemetry|metric|queue|successful) ){0,2}"
)
_REQUESTS = (
    r"(?:requests?|reqs?|quer(?:y|ies)|calls?|hits?|transactions?|(?:page ?)?impressions?"
    r"|page ?views?|visits?|lookups?"
    r"|reads?|writes?|invocations?|predictions?|inferences?|searches|search|operations?|ops"
    r"|times|orders?|checkouts?|logins?|bookings?|payments?|redirects?|downloads?|rpcs?)"
)
_MESSAGES = (
    r"(?:messages?|msgs?|events?|records?|jobs?|tasks?|documents?|docs|notifications?|(?:e-?)?mails?"
    r"|metrics|samples?|spans?|(?:log )?lines?|logs|readings?|files?|uploads?|images?|items?|rows?"
    r"|data ?points?|packets?|frames?|updates?|pdfs?|reports?|invoices?|transcodes?)"
)
_PERIOD = rf"(?P<period>{'|'.join(sorted(_PERIOD_SECONDS, key=len, reverse=True))})s?\b"
_PER = (
    rf"(?:(?: ?/ ?| per | an? | each | every | p\.){_PERIOD}"
    r"| on (?:an? |the )?(?:\w+ )?(?P<on>day)s?\b)"
)
_ADVERB = rf"(?: each| every)? (?P<adverb>{'|'.join(_ADVERBS)})\b"
_RATE = re.compile(
    rf" ?\+? ?{_ADJECTIVES}(?:(?P<short>rps|qps|tps|r/s|iops(?!\w))\b|(?P<rpm>rpm)\b"
    rf"|(?P<eps>eps|mps)\b"
    rf"|(?:(?P<requests>{_REQUESTS})|(?P<messages>{_MESSAGES}))(?:{_PER}|{_ADVERB})"
    r"|(?P<bare>/ ?s(?:ec(?:ond)?)?|per second)\b)"
)
_CROWD = (
    r"(?:users?|sessions?|players?|visitors?|clients?|customers?|viewers?|editors?|people"
    r"|shoppers?|participants?|students?|agents?|subscribers?|streams?|chats?)"
)
_AT_ONCE = (
    r"(?:concurrently|simultaneously|at once|online|at the same time|in parallel"
    r"|at any (?:one |given )?time|logged[- ]in)"
)
_TOGETHER = r"(?:concurrent(?:ly)?|simultaneous(?:ly)?|parallel|online|logged[- ]in|live)"
_USERS = re.compile(
    rf" ?\+? ?ccu\b| ?\+? (?:{_TOGETHER} (?:[\w-]+ )?{_CROWD}"
    rf"|(?:[\w-]+ )?{_CROWD} (?:[\w-]+ ){{0,2}}{_AT_ONCE})\b"
)
_USERS_BEFORE = re.compile(rf"{_TOGETHER} {_CROWD}[ :=]*(?:of |up to |about |around |is |are )*$")
_CONNECTIONS = re.compile(
    r" ?\+? (?:(?:open|concurrent|simultaneous|parallel|persistent|active|websocket|web socket|idle"
    r"|database|db|client|tcp|mqtt|long-lived|sse|device|live|http|grpc|user|peer|socket) ){0,3}"
    r"(?:connections|web ?sockets|sockets|connected (?:clients|devices|users)"
    r"|(?:clients|devices|agents|terminals|sensors) (?:are )?(?:always |permanently )?connected)\b"
)
_AUDIENCE = re.compile(
    r" ?\+? ?(?:(?P<daily>dau\b|daily (?:active )?(?:users|visitors|customers))"
    r"|(?P<monthly>mau\b|monthly (?:active )?(?:users|visitors|customers))"
    r"|(?:[\w-]+ )?(?:users|customers|visitors|employees|accounts|nutzer|benutzer)\b"
    r"|(?:people|colleagues|students|pupils|teachers|members|staff)\b)"
)
"""How many people there are. It says nothing of how many come at once, which depends on the app, so
that it is kept as a statement and enters no demand."""
_ONLY_AT_ONCE = re.compile(
    r" (?:of (?:them|these|those) )?(?:concurrently|simultaneously|at once|at the same time"
    r"|at any (?:one |given )?time)\b"
)
_ANY_CROWD = re.compile(rf"\b(?:{_CROWD}|pupils|employees|members|colleagues|teachers)\b")
_BYTES = re.compile(
    rf" ?(?P<unit>[kmgtp]i?(?:b|bit|bits)|(?:kilo|mega|giga|tera)(?:bytes?|bits?))"
    rf"(?:(?P<ps>ps\b)|{_PER}|{_ADVERB})"
)
_OUTGOING = re.compile(
    r"\b(?:egress|outbound|outgoing|downloads?|serv(?:es|ing)|deliver\w*|sends?)\b"
)
_INCOMING = re.compile(
    r"\b(?:ingest\w*|logs?|telemetry|uploads?|incoming|inbound|receiv\w*|streams?)\b"
)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}

_PEAK = (
    r"(?:peaks?|peaking|max(?:imum|imal)?|up to|bursts?|bursting|spik(?:es|ing)|at most|highest"
    r"|worst[- ]case|surges?|during sales|black friday|rush hour|high season|busiest|busy hours?)"
)
_AVERAGE = (
    r"(?:off-peak|ordinary|nominal|everyday|day-to-day|average[ds]?|averaging|avg|mean|typical(?:ly)?|normal(?:ly)?|usual(?:ly)?"
    r"|sustained|continuous|baseline|steady|idle|regular(?:ly)?|base load|most of the time|quiet"
    r"|rest of the (?:day|time|week|month|year)|otherwise)"
)
_QUALIFIER = re.compile(rf"\b(?:(?P<average>{_AVERAGE})|(?P<peak>{_PEAK}))\b")
_QUALIFIER_AFTER = re.compile(
    rf"\s*\(?(?:at|on|in|during|as|of|is|under)?(?: the| its| our| an?)? ?"
    rf"\b(?:(?P<average>{_AVERAGE})|(?P<peak>{_PEAK}))\b"
)
_BARE_AFTER = re.compile(
    rf" (?:(?:at|on|in|during)(?: the| its| our| an?)? (?:{_PEAK}|{_AVERAGE})|when)\b"
)
_BARE_BEFORE = re.compile(
    rf"\b(?:{_PEAK}|{_AVERAGE})"
    r"(?: (?:load|traffic|rate|of|at|to|is|around|about|up|are)\b|[ :=~≈])*$"
)
_NO_UNIT = re.compile(r" ?(?:$|[.,;)]|at\b|on\b|in\b|during\b|when\b|and\b|but\b|for\b)")
_LONG_SECONDS = 3600
_CAPPED = re.compile(
    r"\b(?:rate[- ]limit(?:s|ed|ing)?|limited to|quotas?|throttled?(?: at| to)?)\b"
)
_CAPPED_AFTER = re.compile(r" per (?:client|user|ip|key|token|tenant|customer|account)\b")
"""What one caller may ask for is a limit, no load."""
_CALLED = re.compile(r"\b(?:called|invoked|hit|requested|queried|polled|asked|read|accessed)\b")


@dataclass(frozen=True, slots=True)
class _Rate:
    """A rate without its qualifier."""

    messages: bool
    period_seconds: int
    end: int


def read_load(prose: Prose, found: tuple[Number, ...]) -> Iterator[Statement]:
    """All statements about workload and scale."""
    taken = 0
    last: tuple[_Rate, int] | None = None
    counted: tuple[str, int] | None = None
    senders = tuple(sender_rates(prose, found))
    yield from (_sender_statement(prose, item) for item in senders)
    for index, number in enumerate(found):
        if _inside(number, senders):
            continue
        limit = found[index + 1].start if index + 1 < len(found) else len(prose.text)
        rate = _rate(prose, number) or _repeated(prose, number, last)
        if rate is None:
            counts = tuple(_counts(prose, number)) or _counted_again(prose, number, counted)
            if counts:
                counted = (counts[0].key, prose.sentence(number.at).start)
            yield from counts
            continue
        word, taken = _qualifier(prose, number, rate.end, (taken, limit))
        last = (rate, prose.sentence(number.at).start)
        yield _rate_statement(prose, number, rate, word)


def _inside(number: Number, senders: tuple[SenderRate, ...]) -> bool:
    """Whether a number is what each sender sends, or the period of it."""
    return any(item.start < number.start < item.end for item in senders)


def _sender_statement(prose: Prose, rate: SenderRate) -> Statement:
    """Many senders even each other out: the product is the average."""
    key = "average_rps" if rate.requests else "messages_per_second"
    span = (rate.start, rate.end)
    return statement(prose, Dimension.WORKLOAD, key, rate.per_second, span)


def _rate(prose: Prose, number: Number) -> _Rate | None:
    match = _RATE.match(prose.lower, number.end)
    if match is None:
        return None
    if match["bare"] and not _QUALIFIER.search(prose.lower, *_span(prose, number.at)):
        return None
    if _CAPPED_AFTER.match(prose.lower, match.end()) or _CAPPED.search(
        prose.before(number.start, 40)
    ):
        return None
    if match["requests"] == "times" and not _CALLED.search(prose.lower, *_span(prose, number.at)):
        return None
    period = 60 if match["rpm"] else 86400 if match["on"] else 1
    if match["period"]:
        period = _PERIOD_SECONDS[match["period"]]
    elif match["adverb"]:
        period = _ADVERBS[match["adverb"]]
    return _Rate(bool(match["messages"] or match["eps"]), period, match.end())


def _span(prose: Prose, position: int) -> tuple[int, int]:
    sentence = prose.sentence(position)
    return sentence.start, sentence.end


def _repeated(prose: Prose, number: Number, last: tuple[_Rate, int] | None) -> _Rate | None:
    """The second number of "average 200 rps, peak 2k", which leaves its unit out."""
    if last is None or last[1] != prose.sentence(number.at).start:
        return None
    if not _repeats(prose, number):
        return None
    return _Rate(last[0].messages, last[0].period_seconds, number.end)


def _counted_again(
    prose: Prose, number: Number, counted: tuple[str, int] | None
) -> tuple[Statement, ...]:
    """The second number of "1,800 connections, 6,000 when a match is on"."""
    if counted is None or counted[1] != prose.sentence(number.at).start:
        return ()
    if _repeats(prose, number):
        return (_count(prose, counted[0], number, number.end),)
    return ()


def _repeats(prose: Prose, number: Number) -> bool:
    if not _NO_UNIT.match(prose.lower, number.end):
        return False
    after = _BARE_AFTER.match(prose.lower, number.end)
    return after is not None or bool(_BARE_BEFORE.search(prose.before(number.start, 40)))


def _qualifier(
    prose: Prose, number: Number, unit_end: int, bounds: tuple[int, int]
) -> tuple[str | None, int]:
    """``peak``, ``average`` or None, and how far words are used up by this number."""
    clause = prose.clause(number.at)
    inside = _QUALIFIER.search(prose.lower, number.end, unit_end)
    if inside:
        return inside.lastgroup, unit_end
    start = max(clause.start, bounds[0])
    before = next(reversed(list(_QUALIFIER.finditer(prose.lower, start, number.start))), None)
    if before and number.start - before.end() <= 16:
        return before.lastgroup, unit_end
    after = _QUALIFIER_AFTER.match(prose.lower, unit_end, min(clause.end, bounds[1]))
    if after:
        return after.lastgroup, after.end()
    return (before.lastgroup if before else None), unit_end


def _rate_statement(prose: Prose, number: Number, rate: _Rate, word: str | None) -> Statement:
    value = number.count / rate.period_seconds
    if rate.messages:
        key = "messages_per_second"
    elif word:
        key = f"{word}_rps"
    else:
        key = "average_rps" if rate.period_seconds >= _LONG_SECONDS else "peak_rps"
    return statement(prose, Dimension.WORKLOAD, key, round(value, 6), (number.start, rate.end))


def _counts(prose: Prose, number: Number) -> Iterator[Statement]:
    """Users, connections, an audience, or bytes by time."""
    lower, end = prose.lower, number.end
    if match := _CONNECTIONS.match(lower, end):
        if "pool" not in prose.before(number.start, 20):
            yield _count(prose, "connections", number, match.end())
    elif match := _USERS.match(lower, end):
        yield _count(prose, "concurrent_users", number, match.end())
    elif before := _USERS_BEFORE.search(prose.before(number.start, 50)):
        start = number.start - len(before.group())
        span = (start, end)
        yield statement(prose, Dimension.WORKLOAD, "concurrent_users", int(number.count), span)
    elif (match := _ONLY_AT_ONCE.match(lower, end)) and _ANY_CROWD.search(
        lower, *_span(prose, number.at)
    ):
        yield _count(prose, "concurrent_users", number, match.end())
    elif match := _AUDIENCE.match(lower, end):
        key = "daily_users" if match["daily"] else "monthly_users" if match["monthly"] else "users"
        yield _count(prose, key, number, match.end())
    elif match := _BYTES.match(lower, end):
        yield from _byte_rate(prose, number, match)


def _count(prose: Prose, key: str, number: Number, end: int) -> Statement:
    span = (number.start, end)
    return statement(prose, Dimension.WORKLOAD, key, int(number.count), span)


def _byte_rate(prose: Prose, number: Number, match: re.Match[str]) -> Iterator[Statement]:
    written = prose.text[match.start("unit") : match.end("unit")]
    seconds = _PERIOD_SECONDS.get(match["period"] or "", 1)
    seconds = _ADVERBS.get(match["adverb"] or "", seconds)
    clause = prose.clause(number.at)
    words = prose.lower[clause.start : clause.end]
    outgoing = _OUTGOING.search(words) and not _INCOMING.search(words)
    if seconds > 1 and not _INCOMING.search(words):
        return
    value = number.value * unit_bytes(written, bits=_is_bits(written, ps=bool(match["ps"])))
    key = "egress_bytes_per_second" if outgoing else "ingest_bytes_per_second"
    span = (number.start, match.end())
    yield statement(prose, Dimension.WORKLOAD, key, round(value / seconds, 3), span)


def _is_bits(unit: str, *, ps: bool) -> bool:
    """``Mbps`` and ``Mbit/s`` are bits, ``MB/s`` and ``MBps`` bytes; so is a careless ``mb/s``."""
    if "bit" in unit.lower():
        return True
    return unit.endswith("b") and (ps or not unit.islower())


def unit_bytes(unit: str, *, bits: bool = False) -> float:
    """Bytes of one ``MB`` (decimal), ``MiB`` or ``Mi`` (binary), ``megabyte``."""
    binary = re.match(r"[kmgtp]i(?:b|$)", unit.lower())
    factor = float((1024 if binary else 1000) ** _POWERS[unit[0].lower()])
    return factor / 8 if bits else factor
