"""M01 to M08 and $04: the plan against what the workload really used."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

from rva.checks.base import Check, Problem, Skipped, Verdict, amount_text, by_hand, judge, mib_text
from rva.measured import (
    LEAST_SAMPLES,
    decreases,
    in_force,
    least_memory,
    percentile_millicores,
)
from rva.runtimes import Runtime, runtime_of
from rva.subject import Subject
from schemas.quantities import Bytes, format_memory
from schemas.recommendation import Severity
from schemas.usage import UsageSummary

NO_HISTORY = "needs the workload's usage history, and there is none"
COUNTED_TWICE = 1.2
"""A working set cannot stay above the limit in force; a fifth more is no error of sampling."""
START_ROOM = 1.2
"""Limit over peak that lets a start be heavier than what was seen."""
ROUNDING = 0.02
"""Numbers are rounded to what people write; a hundredth below the percentile is no shortage."""
SLOW_STARTERS = frozenset({Runtime.JVM})

Metered = Callable[[Subject, UsageSummary], Verdict]


def _metered(id_: str, run: Metered) -> Check:
    """A check that is skipped, with its reason, for a component without history."""

    @wraps(run)
    def checked(subject: Subject) -> Verdict:
        usage = subject.component.usage
        return Skipped(id_, NO_HISTORY) if usage is None else run(subject, usage)

    return Check(id_, checked)


def memory_covers_peak(subject: Subject, usage: UsageSummary) -> Verdict:
    """M01: a limit below the largest working set of the window is an OOM kill to come."""
    least, limit = least_memory(subject, usage), subject.main_container.memory_limit_bytes
    if least is None:
        return Skipped("M01", "no memory samples were read")
    problems = []
    if limit is not None and limit < least and usage.memory_bytes is not None:
        peak = math.ceil(usage.memory_bytes.maximum)
        problems.append(
            Problem(
                f"The container used up to {mib_text(peak)}; the limit {mib_text(limit)} is below "
                f"{mib_text(least)}.",
                path="resources.limits.memory",
                value=mib_text(limit),
                limit=mib_text(least),
                severity=None if limit < peak else Severity.WARN,
            )
        )
    return judge(subject, "M01", problems)


def memory_survives_the_kill(subject: Subject, usage: UsageSummary) -> Verdict:
    """M02: the same limit kills again."""
    if usage.oom_kills is None:
        return Skipped("M02", "OOM kills could not be read")
    limit, killed_at = subject.main_container.memory_limit_bytes, usage.oom_limit_bytes
    problems = []
    if usage.oom_kills and killed_at and limit is not None and limit <= killed_at:
        problems.append(
            Problem(
                f"OOM-killed {usage.oom_kills} times at {mib_text(math.ceil(killed_at))}; the "
                f"limit {mib_text(limit)} is no higher.",
                path="resources.limits.memory",
                value=mib_text(limit),
                limit=f"above {mib_text(math.ceil(killed_at))}",
            )
        )
    return judge(subject, "M02", problems)


def request_covers_percentile(subject: Subject, usage: UsageSummary) -> Verdict:
    """M03: what runs above its request is the first to be slowed down on a full node."""
    needed = percentile_millicores(usage)
    if needed is None:
        return Skipped("M03", "no CPU samples were read")
    request = subject.main_container.effective_cpu_request
    problems = []
    if request < needed * (1 - ROUNDING):
        problems.append(
            Problem(
                f"The CPU request {amount_text('cpu', request)} is below the 95th percentile of "
                f"use, {amount_text('cpu', needed)}.",
                path="resources.requests.cpu",
                value=amount_text("cpu", request),
                limit=amount_text("cpu", needed),
            )
        )
    return judge(subject, "M03", problems)


def throttling_ends(subject: Subject, usage: UsageSummary) -> Verdict:
    """M04: the limit that throttled is raised or dropped."""
    if usage.throttled_share is None:
        return Skipped("M04", "throttling could not be read")
    most = (subject.world.limits.number("metrics_throttled_percent") or 5.0) / 100
    limit, now = subject.main_container.cpu_limit_millicores, in_force(usage).cpu_limit
    problems = []
    if usage.throttled_share > most and limit is not None and now is not None and limit <= now:
        problems.append(
            Problem(
                f"Throttled in {usage.throttled_share:.0%} of its periods at "
                f"{amount_text('cpu', now)}; the limit {amount_text('cpu', limit)} is no higher.",
                path="resources.limits.cpu",
                value=f"{usage.throttled_share:.1%}",
                limit=f"{most:.0%}",
            )
        )
    return judge(subject, "M04", problems)


def history_carries_the_decrease(subject: Subject, usage: UsageSummary) -> Verdict:
    """M05: a short history may miss the peak, so it lowers nothing."""
    least = subject.world.limits.number("metrics_min_days") or 0.0
    short = usage.days < least or usage.samples < LEAST_SAMPLES
    problems = [
        Problem(
            f"{item.field} falls from {amount_text(item.resource, item.current)} to "
            f"{amount_text(item.resource, item.planned)} on {usage.days:.1f} days of history and "
            f"{usage.samples} samples.",
            path=item.field,
            value=f"{usage.days:.1f} days",
            limit=f"{least:g} days, {LEAST_SAMPLES} samples",
        )
        for item in (decreases(subject, usage) if short else [])
    ]
    return judge(subject, "M05", problems)


def start_was_seen(subject: Subject, usage: UsageSummary) -> Verdict:
    """M06: a runtime that starts heavily may need more then than it ever does later."""
    if usage.memory_bytes is None or runtime_of(subject.component) not in SLOW_STARTERS:
        return None
    limit = subject.main_container.memory_limit_bytes
    problems = []
    room = usage.memory_bytes.maximum * START_ROOM
    if usage.startup_memory_ratio is None and limit is not None and limit < room:
        problems.append(
            Problem(
                "No start of this runtime lies in the window, and the limit is less than a fifth "
                "above the peak that was seen.",
                path="resources.limits.memory",
                value=mib_text(limit),
                limit=mib_text(math.ceil(room)),
                fix=by_hand(
                    "raise_memory_limit",
                    "resources.limits.memory",
                    mib_text(limit),
                    mib_text(math.ceil(room)),
                ),
            )
        )
    return judge(subject, "M06", problems)


def one_step_at_a_time(subject: Subject, usage: UsageSummary) -> Verdict:
    """M07: a decrease by more than half is made in two steps, with a look in between."""
    most = (subject.world.limits.number("metrics_max_decrease_percent") or 100.0) / 100
    problems = [
        Problem(
            f"{item.field} falls by {item.fraction:.0%} in one step.",
            path=item.field,
            value=amount_text(item.resource, item.planned),
            limit=f"{amount_text(item.resource, item.current)} less {most:.0%}",
        )
        for item in decreases(subject, usage)
        if item.fraction > most + 1e-9
    ]
    return judge(subject, "M07", problems)


def counted_once(subject: Subject, usage: UsageSummary) -> Verdict:
    """M08: more than the limit in force allows means that series were added up twice."""
    limits = [x for x in (usage.memory_limit_bytes, usage.oom_limit_bytes) if x]
    if usage.memory_bytes is None or not limits:
        return Skipped("M08", "no limit is in force to hold the series against")
    most = max(limits)
    problems = []
    if usage.memory_bytes.p50 > most * COUNTED_TWICE:
        problems.append(
            Problem(
                f"Half of the samples lie above {mib_text(math.ceil(usage.memory_bytes.p50))}, and "
                f"the limit in force is {format_memory(Bytes(math.ceil(most)))}: the series "
                "are counted more than once, or the limit was lowered a moment ago.",
                path="usage.memory_bytes",
                value=mib_text(math.ceil(usage.memory_bytes.p50)),
                limit=mib_text(math.ceil(most)),
                fix=by_hand("check_series", "usage", "counted twice", "counted once"),
            )
        )
    return judge(subject, "M08", problems)


def idle_share(subject: Subject, usage: UsageSummary) -> Verdict:
    """$04: how much of the CPU request stays unused even in busy hours."""
    used, request = percentile_millicores(usage), subject.main_container.effective_cpu_request
    if used is None or not request:
        return Skipped("$04", "no CPU samples or no request to compare")
    most = (subject.world.limits.number("metrics_idle_percent") or 100.0) / 100
    idle = max(0.0, 1 - used / request)
    problems = []
    if idle > most:
        problems.append(
            Problem(
                f"{idle:.0%} of the CPU request stays idle at the 95th percentile of use "
                f"({amount_text('cpu', used)} of {amount_text('cpu', request)}).",
                path="resources.requests.cpu",
                value=f"{idle:.0%}",
                limit=f"{most:.0%}",
            )
        )
    return judge(subject, "$04", problems)


_ALL: tuple[tuple[str, Metered], ...] = (
    ("M01", memory_covers_peak),
    ("M02", memory_survives_the_kill),
    ("M03", request_covers_percentile),
    ("M04", throttling_ends),
    ("M05", history_carries_the_decrease),
    ("M06", start_was_seen),
    ("M07", one_step_at_a_time),
    ("M08", counted_once),
    ("$04", idle_share),
)
CHECKS = tuple(_metered(id_, run) for id_, run in _ALL)
