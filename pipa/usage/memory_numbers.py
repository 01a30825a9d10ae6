"""Memory of one container: from the core's figures to the wanted request and limit, in bytes.

What they do not say is added in this order: growth until the next review (never of a leak or a
cache), what an OOM kill hid, and what a fixed heap may still come to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipa.estimate import Estimate
from pipa.usage.case import Subject
from pipa.usage.change import Wanted
from pipa.usage.cpu_numbers import raised
from pipa.usage.enough import too_little
from pipa.usage.evidence import often
from pipa.usage.growth import Growth, GrowthKind
from pipa.words import mib, number
from schemas.quantities import MIB

_SAYS: dict[GrowthKind, str] = {
    GrowthKind.LEAK: "goes on for as long as a pod lives and starts again from below after a"
    " restart: a leak. Larger numbers would only buy time, so they do not follow it",
    GrowthKind.UNTOLD: "goes on, and no restart was seen that would tell a leak from data that"
    " grows: the numbers cover it until the review and no further",
    GrowthKind.DATA: "goes on, and new pods begin where old ones ended: the data grows",
    GrowthKind.PAGE_CACHE: "is page cache, for what is resident does not rise: the kernel gives it"
    " back, and the request does not follow it",
    GrowthKind.FILLED: "has ended: a cache or a heap that has reached its size, which is no leak",
}


@dataclass(frozen=True, slots=True)
class MemoryWanted:
    """Wanted memory numbers in bytes."""

    request: Wanted
    limit: Wanted


def wanted_memory(
    subject: Subject, request: Estimate, limit: Estimate, resident: Estimate | None = None
) -> MemoryWanted:
    """Request and limit, with what signals add to the core's estimates.

    Args:
        subject: The container.
        request: The core's request.
        limit: The core's limit.
        resident: The core's request for the resident part alone, where that is known.
    """
    growth, killed = subject.signals.growth, subject.signals.killed
    request, limit = _grown(subject, request, limit)
    if growth is not None:
        subject.value("growth_late")
        subject.step("memory", _growth_text(growth), ("memory",))
        if growth.kind is GrowthKind.PAGE_CACHE and resident is not None:
            request = resident
        if growth.kind is GrowthKind.LEAK:
            limit = _not_chased(subject, limit)
    urgent = killed is not None
    if killed is not None:
        limit = raised(_above(limit, killed.at_bytes), killed.above_bytes)
        request = raised(request, min(killed.at_bytes, subject.signals.peak_bytes))
        subject.step("memory", _killed_text(subject), ("oom_kills", "requests", "memory"))
    reason = _no_decrease(subject)
    limit = limit.maximum(request)
    held = _held(subject)
    if held:
        # What has carried the peak, its growth and some room is defensible as it is.
        now = subject.container.memory_limit_bytes or limit.low
        limit = Estimate(min(limit.low, max(now, request.low)), limit.target, limit.high)
    urgent = urgent or (subject.container.memory_limit_bytes or limit.high) < _least(subject)
    return MemoryWanted(
        Wanted(request, no_decrease=reason),
        Wanted(
            limit,
            urgent=urgent,
            no_decrease=reason or _no_lower_limit(subject),
            held=held,
        ),
    )


def _grown(subject: Subject, request: Estimate, limit: Estimate) -> tuple[Estimate, Estimate]:
    trend = subject.signals.memory_trend
    if trend is None or subject.signals.memory_grows:
        return request, limit
    days = subject.figure("review_days")
    factor = trend.factor(days * 86400, subject.figure("trend_most"))
    if factor == 1.0:
        return request, limit
    subject.value("review_days")
    more = request.times(factor)
    least = subject.signals.peak_bytes * factor * subject.value("peak_room")
    text = (
        f"Memory grows by {trend.per_week:+.1%} a week ({trend.how}): x {number(factor)} until the"
        f" review in {number(days)} days, request {mib(more.target / MIB)}, limit at least"
        f" {mib(least / MIB)}."
    )
    subject.step("memory", text, ("memory",))
    return Estimate(request.low, more.target, more.high), raised(limit, least)


def _not_chased(subject: Subject, limit: Estimate) -> Estimate:
    """Not above the limit in force, as far as that left room over the peak."""
    now = subject.container.memory_limit_bytes
    if now is None:
        return limit
    least = subject.signals.peak_bytes * subject.figure("peak_room")
    target = min(limit.target, max(now, least))
    return Estimate(min(limit.low, target), target, limit.high)


def _growth_text(growth: Growth) -> str:
    text = f"Memory of {growth.pods} in {growth.of} pods does not come down; the rise"
    if growth.per_day_bytes > 0:
        text += f", {mib(growth.per_day_bytes / MIB)} a day,"
    return f"{text} {_SAYS[growth.kind]}."


def _killed_text(subject: Subject) -> str:
    killed = subject.signals.killed
    assert killed is not None  # noqa: S101 - the caller has checked
    where = "the limit of" if killed.limit_known else "about the peak that was seen,"
    name = "oom_repeated" if killed.repeated else "oom_factor"
    factor, least = subject.value(name), subject.value("oom_least")
    text = (
        f"OOM-killed {often(killed.kills)}, at {where} {mib(killed.at_bytes / MIB)}. Its need is"
        f" hidden above that: the limit is at least the larger of {number(factor)} x and"
        f" {mib(least)} more, {mib(killed.above_bytes / MIB)}."
    )
    growth = subject.signals.growth
    if growth is not None and growth.kind in (GrowthKind.LEAK, GrowthKind.UNTOLD):
        text += " With a leak it will be killed again, only later."
    return text


def _least(subject: Subject) -> float:
    """A limit in force below this is a kill to come."""
    return subject.signals.peak_bytes


def _above(limit: Estimate, least: float) -> Estimate:
    """No bound below what is known to be too little."""
    return limit.at_least(least)


def _no_decrease(subject: Subject) -> str:
    signals = subject.signals
    if signals.killed is not None:
        return "an OOM kill hid how much was needed"
    if signals.growth is not None and signals.growth.kind in (GrowthKind.LEAK, GrowthKind.UNTOLD):
        return "memory was still rising when the window ended"
    return too_little(subject, subject.container.memory_bytes)


def _no_lower_limit(subject: Subject) -> str:
    if subject.case.missing("oom_kills") is not None:
        return "OOM kills could not be read, so the peak may be the one before a kill"
    return ""


def _held(subject: Subject) -> bool:
    """The limit in force has held and will: nothing died, and it has room until the review."""
    signals, now = subject.signals, subject.container.memory_limit_bytes
    readable = subject.container.restarts is not None and subject.case.missing("oom_kills") is None
    if signals.killed is not None or signals.growth is not None or not readable or now is None:
        return False
    trend, factor = signals.memory_trend, 1.0
    if trend is not None:
        days = subject.figure("review_days")
        factor = trend.factor(days * 86400, subject.figure("trend_most"))
    return now >= signals.peak_bytes * factor * subject.figure("peak_room")


def with_floor(wanted: MemoryWanted, least_bytes: float) -> MemoryWanted:
    """The same with a limit that is not below what a fixed heap may come to."""
    limit = wanted.limit
    if least_bytes <= limit.estimate.target:
        return wanted
    return replace(wanted, limit=replace(limit, estimate=raised(limit.estimate, least_bytes)))
