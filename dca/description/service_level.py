"""Dimension 2, SLA and performance: latency and availability.

A time is a latency when a quantile or a word for answering stands in its clause, not when it is a
timeout, an interval or a retention. A percentage is an availability when it is 90 or more and a
word for it stands near, or when it is 99 with decimals and not a share of something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dca.description.negation import negated
from dca.description.numbers import Number
from dca.description.statements import statement
from dca.description.text import Prose
from schemas.context import Dimension, Statement

_DURATION = re.compile(
    r" ?-?(?P<unit>µs|us|microseconds?|ms|msecs?|millis|milliseconds?|s|secs?|seconds?)\b(?!\s*/)"
)
_LATENCY = re.compile(
    r"\b(?:latenc(?:y|ies)|response[- ]times?|respon(?:d|ds|ses?|ding)|repl(?:y|ies)"
    r"|answer(?:s|ed)?|round[- ]?trip|rtt|ttfb|time to first (?:byte|token)|ttft|page load"
    r"|load times?|slo|sla)\b"
)
_BOUND = re.compile(
    r"(?:\b(?:under|below|less than|within|at most|max(?:imum)?|faster than)|[<≤]=?) ?$"
)
_OTHER_TIME = re.compile(
    r"\b(?:time ?outs?|times? out|ttl|every|each|after|interval|retention|retries|retry|expir\w+"
    r"|keep-?alive|start(?:s|up)?|boot\w*|polls?|window|grace|cache[sd]? for|for up to|takes?"
    r"|runs?|refresh\w*|long-running|ago|delay)\b"
)
_QUANTILE = re.compile(
    r"\bp ?(?P<p>50|75|9\d(?:\.\d{1,3})?|99\d{1,2})\b"
    r"|\b(?P<nth>50|75|9\d(?:\.\d{1,3})?)(?:th|st|nd|rd)?[- ](?:percentile|quantile|pct)\b"
    r"|\b(?P<median>median)\b"
    r"|(?<![\d.])(?P<share>50|75|9\d(?:\.\d{1,3})?) ?(?:%|percent) of (?:all |the |our )?"
    r"(?:requests|calls|cases|queries|responses|transactions|users)\b"
)
_SUB_SECOND = re.compile(r"\bsub-?(?: )?second\b")
_SUB_UNIT = re.compile(r"\bsub-? ?$")
_SINGLE_DIGIT = re.compile(r"\bsingle[- ]digit[- ](?:ms|milliseconds?)\b")
_PERCENT = re.compile(r" ?(?:%|percent\b|per cent\b|pct\b)(?! ?(?:ile|quantile))")
_UP = re.compile(
    r"\b(?:availability|available|up ?time|sla|slo|service level|reliability|reachable)\b"
)
_SHARE = re.compile(
    r" (?:of (?!the time|availability|up ?time|the year)|cache|hit|cpu|reads?|writes?|accura)"
)
_ALONE = re.compile(r"\s*(?:$|[.,;)](?:\s|$)|\n|availab|up ?time\b|sla\b)")
_NINES_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NINES = re.compile(
    r"\b(?P<count>two|three|four|five|six|[2-6])(?P<half>(?: and a half|\.5| ½|½))?"
    r"[- ](?:nines|9'?s)\b"
)


def read_service_level(prose: Prose, found: tuple[Number, ...]) -> Iterator[Statement]:
    """All statements about latency and availability."""
    used: set[int] = set()
    for number in found:
        yield from _latency(prose, number, used)
        yield from _availability(prose, number)
    yield from _in_words(prose)


def _latency(prose: Prose, number: Number, used: set[int]) -> Iterator[Statement]:
    unit = _DURATION.match(prose.lower, number.end)
    if unit is None:
        return
    quantile = _nearest_quantile(prose, number, used)
    if quantile is None and not _about_latency(prose, number):
        return
    milliseconds = number.value * _factor(unit["unit"])
    start, end = number.start, unit.end()
    if milliseconds <= 0:
        return
    if quantile is not None:
        fraction, span = quantile
        used.add(span[0])
        start, end = min(start, span[0]), max(end, span[1])
        yield statement(prose, Dimension.SLA, "latency_quantile", fraction, (start, end))
    yield statement(prose, Dimension.SLA, "latency_ms", round(milliseconds, 6), (start, end))


def _factor(unit: str) -> float:
    if unit.startswith(("µ", "us", "micro")):
        return 0.001
    return 1 if unit.startswith(("ms", "milli")) else 1000


def _nearest_quantile(
    prose: Prose, number: Number, used: set[int]
) -> tuple[float, tuple[int, int]] | None:
    """The quantile before the time in its clause, else the one after it."""
    clause = prose.clause(number.at)
    candidates = [
        match
        for match in _QUANTILE.finditer(prose.lower, clause.start, clause.end)
        if match.start() not in used and not match.start() <= number.at < match.end()
    ]
    before = [match for match in candidates if match.end() <= number.start]
    after = [match for match in candidates if match.start() >= number.end]
    chosen = before[-1] if before else after[0] if after else None
    return None if chosen is None else (_fraction(chosen), chosen.span())


def _fraction(match: re.Match[str]) -> float:
    if match["median"]:
        return 0.5
    digits = match["p"] or match["nth"] or match["share"]
    if "." not in digits and len(digits) > 2:
        digits = f"{digits[:2]}.{digits[2:]}"  # p999 is p99.9
    return round(float(digits) / 100, 6)


def _about_latency(prose: Prose, number: Number) -> bool:
    if _SUB_UNIT.search(prose.before(number.start, 5)):
        return True
    clause = prose.clause(number.at)
    words = prose.lower[clause.start : clause.end]
    if _OTHER_TIME.search(words):
        return False
    if _LATENCY.search(words):
        return True
    is_short = _DURATION.match(prose.lower, number.end)
    bounded = _BOUND.search(prose.before(number.start, 14))
    return bool(bounded and is_short and is_short["unit"].startswith("m"))


def _availability(prose: Prose, number: Number) -> Iterator[Statement]:
    if not 90 <= number.value < 100:
        return
    percent = _PERCENT.match(prose.lower, number.end)
    clause = prose.clause(number.at)
    named = _UP.search(prose.lower, clause.start, clause.end)
    if percent is None:
        if _without_sign(prose, number, named):
            span = (number.start, number.end)
            value = round(number.value / 100, 8)
            yield statement(prose, Dimension.SLA, "availability", value, span)
        return
    share = _SHARE.match(prose.lower, percent.end())
    decimals = number.value >= 99 and number.value != int(number.value)
    if share or not (named or decimals):
        return
    span = (number.start, percent.end())
    if named and named.start() < number.start and number.start - named.end() < 12:
        span = (named.start(), span[1])
    elif named and named.start() >= percent.end() and named.start() - percent.end() < 4:
        span = (span[0], named.end())
    yield statement(prose, Dimension.SLA, "availability", round(number.value / 100, 8), span)


def _without_sign(prose: Prose, number: Number, named: re.Match[str] | None) -> bool:
    """Whether a bare ``99.9`` is an availability: beside the word for it, or all that is said."""
    if not 99 <= number.value < 100 or number.value == int(number.value):
        return False
    if not _ALONE.match(prose.lower, number.end):
        return False
    clause = prose.clause(number.at)
    return named is not None or not prose.lower[clause.start : number.start].strip(" -*")


def _in_words(prose: Prose) -> Iterator[Statement]:
    for match in _SUB_SECOND.finditer(prose.lower):
        yield statement(prose, Dimension.SLA, "latency_ms", 1000, match.span())
    for match in _SINGLE_DIGIT.finditer(prose.lower):
        yield statement(prose, Dimension.SLA, "latency_ms", 10, match.span())
    for match in _NINES.finditer(prose.lower):
        if negated(prose, *match.span()):
            continue
        count = _NINES_WORDS.get(match["count"]) or int(match["count"])
        share = 1 - (0.5 if match["half"] else 1) * 10.0**-count
        if match["half"]:
            share = round(1 - 0.5 * 10.0**-count, 8)
        yield statement(prose, Dimension.SLA, "availability", round(share, 8), match.span())
