"""CPU of one container: from the core's percentiles to the wanted request and limit, in millicores.

What the percentiles do not say is added in this order: growth until the next review, the busy
weekday, what throttling hid. The core's limit holds the largest sample, so starts and the busiest
pod have their room in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipa.estimate import Estimate
from pipa.usage.case import Subject
from pipa.usage.change import Wanted
from pipa.usage.enough import too_little
from pipa.usage.shapes import WEEKDAY_NAMES
from pipa.words import millicores, number

PER_CORE = 1000


@dataclass(frozen=True, slots=True)
class CpuWanted:
    """Wanted CPU numbers in millicores."""

    request: Wanted
    limit: Wanted | None
    """None: no limit is proposed."""


def raised(estimate: Estimate, least: float) -> Estimate:
    """The target not below `least`; the low bound stays, the high one follows."""
    target = max(estimate.target, least)
    return Estimate(estimate.low, target, max(estimate.high, target))


def wanted_request(subject: Subject, estimate: Estimate) -> Wanted:
    """The request, with what signals add to the core's estimate."""
    signals = subject.signals
    estimate = _grown(subject, estimate)
    if signals.weekday is not None:
        day = signals.weekday
        least = day.high * PER_CORE
        estimate = raised(estimate, least)
        subject.value("weekly")
        text = (
            f"{WEEKDAY_NAMES[day.weekday]}s need {number(day.ratio)} x the usual weekday, in each"
            f" of {day.weeks} weeks: the request covers that day's p90, {millicores(least)}."
        )
        subject.step("cpu", text, ("cpu",))
    if signals.throttled is not None:
        least = signals.throttled.unhidden_cores() * PER_CORE
        estimate = raised(estimate, least)
        subject.value("throttled")
        text = (
            f"{signals.throttled.share:.1%} of the periods were throttled, so more was asked for"
            f" than was used: p95 / (1 - throttled) = {millicores(least)}."
        )
        subject.step("cpu", text, ("cpu", "throttling"))
    if signals.hot is not None:
        subject.value("hot")
        text = (
            f"The busiest of {signals.hot.pods} pods has a p95 of"
            f" {millicores(signals.hot.p95_cores * PER_CORE)}, {number(signals.hot.ratio)} x that"
            " of the median pod: spreading its work is cheaper than sizing all pods for it."
        )
        subject.step("cpu", text, ("cpu",))
    reason = too_little(subject, subject.container.cpu_cores)
    if signals.throttled is not None:
        reason = "throttling hid how much was asked for"
    return Wanted(estimate, no_decrease=reason)


def wanted_limit(
    subject: Subject, core: tuple[Estimate | None, str], request: Wanted, *, droppable: bool
) -> Wanted | None:
    """The limit, or None when none is proposed.

    Args:
        subject: The container.
        core: The core's own limit, and where it comes from.
        request: The wanted request.
        droppable: Nothing (quota, LimitRange, a runtime that reads it) needs a limit.
    """
    container, hit = subject.container, subject.signals.throttled
    if container.requests_known and container.cpu_limit_cores is None:
        text = "No CPU limit is in force, and none is proposed: it would throttle what runs well."
        subject.step("cpu", text, ("requests",))
        return None
    heavy = hit is not None and hit.share >= subject.figure("throttled_heavy")
    if hit is not None and hit.bursts and droppable and heavy:
        subject.value("throttled_heavy")
        text = (
            f"{hit.share:.1%} of the periods are throttled at p95 use of"
            f" {millicores(hit.p95_cores * PER_CORE)} under a limit of"
            f" {millicores(hit.limit_cores * PER_CORE)}: bursts shorter than a period, which no"
            " limit near the use admits. The CPU limit is dropped; the request keeps its share."
        )
        subject.step("cpu", text, ("throttling", "cpu"))
        return None
    limit, text = core
    if limit is None:
        return None
    subject.step("cpu", text, ("cpu",))
    _say_start(subject)
    return _unthrottled(subject, limit.maximum(request.estimate))


def _grown(subject: Subject, estimate: Estimate) -> Estimate:
    trend = subject.signals.cpu_trend
    if trend is None:
        return estimate
    days = subject.value("review_days")
    factor = trend.factor(days * 86400, subject.value("trend_most"))
    share = f"{trend.per_week:+.1%} a week ({trend.how})"
    if factor == 1.0:
        subject.step("cpu", f"CPU falls by {share}; a fall is not projected.", ("cpu",))
        return estimate
    grown = estimate.times(factor)
    text = (
        f"CPU grows by {share}: x {number(factor)} until the review in {number(days)} days,"
        f" {millicores(grown.target)}."
    )
    subject.step("cpu", text, ("cpu",))
    return Estimate(estimate.low, grown.target, grown.high)


def _say_start(subject: Subject) -> None:
    """Why the limit is so far above the request: the core's limit holds the largest sample."""
    start = subject.signals.start
    if start is None or start.ratio < subject.figure("startup_ratio"):
        return
    subject.value("startup_ratio")
    text = (
        f"A start needs {millicores(start.cpu_cores * PER_CORE)}, {number(start.ratio)} x p95 later"
        f" on (median of {start.starts} starts): the limit leaves that room, the request does not"
        " follow."
    )
    subject.step("cpu", text, ("cpu",))


def _unthrottled(subject: Subject, limit: Estimate) -> Wanted:
    hit, container = subject.signals.throttled, subject.container
    if hit is not None:
        factor = subject.value("throttled_raise")
        largest = limit.target / hit.served
        least = max(hit.limit_cores * factor * PER_CORE, largest)
        limit = raised(limit, least)
        text = (
            f"{hit.share:.1%} of the periods are throttled: the CPU limit of"
            f" {millicores(hit.limit_cores * PER_CORE)} is raised to {number(factor)} x, or to what"
            f" the largest sample would have been, {millicores(largest)}: {millicores(least)}."
        )
        subject.step("cpu", text, ("throttling", "requests"))
        return Wanted(limit, urgent=True, no_decrease="throttling hid how much was asked for")
    reason = too_little(subject, container.cpu_cores)
    if not reason and container.throttled is None:
        reason = "throttling could not be read, so a lower limit might throttle"
    return Wanted(limit, no_decrease=reason)


def scaled(wanted: Wanted, factor: float) -> Wanted:
    """The same for pods that each carry another share of the work."""
    return replace(wanted, estimate=wanted.estimate.times(factor))
