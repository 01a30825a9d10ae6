"""Repairs that bring a plan in line with what the workload really used."""

from __future__ import annotations

import math
from dataclasses import replace

from rva.bounds import container_span
from rva.measured import LEAST_SAMPLES, decreases, in_force, least_memory, percentile_millicores
from rva.repairs.amounts import Four, friendly_memory, main_four, with_four
from rva.subject import Subject
from schemas.plan import ComponentPlan
from schemas.usage import UsageSummary

AFTER_KILL = 1.2
"""What a memory limit is raised by after an OOM kill: the VPA's own bump-up ratio."""
AFTER_THROTTLING = 1.5
"""What a throttling CPU limit is raised by: its real demand is unknown, as the limit hid it."""


def raise_memory(subject: Subject) -> ComponentPlan | None:
    """M01, M02: above the observed peak and above what killed it."""
    usage, four = subject.component.usage, main_four(subject.plan)
    if usage is None or four.memory_limit is None:
        return None
    wanted = max(four.memory_limit, friendly_memory(least_memory(subject, usage) or 0))
    if usage.oom_kills and usage.oom_limit_bytes and wanted <= usage.oom_limit_bytes:
        wanted = friendly_memory(usage.oom_limit_bytes * AFTER_KILL)
    wanted = min(wanted, container_span(subject, "memory").high)
    return with_four(subject, subject.main, replace(four, memory_limit=wanted))


def raise_cpu_request(subject: Subject) -> ComponentPlan | None:
    """M03: up to the percentile, inside the interval only: a warning moves no estimate."""
    usage, four = subject.component.usage, main_four(subject.plan)
    needed = None if usage is None else percentile_millicores(usage)
    if needed is None or needed > subject.plan.intervals.cpu_request.high:
        return None
    wanted = min(max(four.cpu_request or 0, needed), container_span(subject, "cpu").high)
    return with_four(subject, subject.main, replace(four, cpu_request=wanted))


def raise_cpu_limit(subject: Subject) -> ComponentPlan | None:
    """M04: half as much again as what throttled; none at all where the policy forbids limits."""
    usage, four = subject.component.usage, main_four(subject.plan)
    now = None if usage is None else in_force(usage).cpu_limit
    if now is None or four.cpu_limit is None:
        return None
    if subject.world.limits.text("cpu_limits") == "forbid":
        return with_four(subject, subject.main, replace(four, cpu_limit=None))
    wanted = min(
        max(four.cpu_limit, math.ceil(now * AFTER_THROTTLING)), container_span(subject, "cpu").high
    )
    return with_four(subject, subject.main, replace(four, cpu_limit=wanted))


def keep_in_force(subject: Subject) -> ComponentPlan | None:
    """M05: what a short history would lower stays as it is."""
    usage = subject.component.usage
    if usage is None or not _short(subject, usage):
        return None
    return _raised(subject, usage, keep=1.0)


def bound_decrease(subject: Subject) -> ComponentPlan | None:
    """M07: at most the policy's share is taken away in one step."""
    usage = subject.component.usage
    if usage is None:
        return None
    most = (subject.world.limits.number("metrics_max_decrease_percent") or 100.0) / 100
    return _raised(subject, usage, keep=1 - most)


def _short(subject: Subject, usage: UsageSummary) -> bool:
    least = subject.world.limits.number("metrics_min_days") or 0.0
    return usage.days < least or usage.samples < LEAST_SAMPLES


def _raised(subject: Subject, usage: UsageSummary, keep: float) -> ComponentPlan | None:
    """The plan with no number below `keep` of the one in force, inside what the cluster admits."""
    if not decreases(subject, usage):
        return None
    now, four = in_force(usage), main_four(subject.plan)
    cpu, memory = container_span(subject, "cpu").high, container_span(subject, "memory").high
    wanted = Four(
        _least(four.cpu_request, now.cpu_request, keep, cpu),
        _least(four.memory_request, now.memory_request, keep, memory),
        _least(four.cpu_limit, now.cpu_limit, keep, cpu),
        _least(four.memory_limit, now.memory_limit, keep, memory),
    )
    return with_four(subject, subject.main, wanted)


def _least(planned: int | None, now: int | None, keep: float, most: int) -> int | None:
    if planned is None or now is None:
        return planned
    return max(planned, min(math.ceil(now * keep), most))
