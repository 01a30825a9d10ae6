"""Repairs of CPU and memory amounts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from rva.bounds import container_span, limit_ranges, range_of, ratio_of, request_ceiling
from rva.checks.technical import MINIMUM_MEMORY_BYTES
from rva.documents import ContainerView
from rva.repairs.amounts import (
    Four,
    four_of,
    friendly_memory,
    main_four,
    resources_of,
    synced,
    with_four,
)
from rva.subject import Subject, make_subject
from schemas.plan import ComponentPlan
from schemas.prose import unsafe_parts
from schemas.quantities import MIB


def clamp_to_interval(subject: Subject) -> ComponentPlan | None:
    """L02: numbers into their intervals, targets onto the numbers."""
    plan, ranges = subject.plan, subject.plan.intervals
    four = main_four(plan)
    clamped = Four(
        _into(four.cpu_request, ranges.cpu_request.low, ranges.cpu_request.high),
        _into(four.memory_request, ranges.memory_request.low, ranges.memory_request.high),
        four.cpu_limit
        if ranges.cpu_limit is None
        else _into(four.cpu_limit, ranges.cpu_limit.low, ranges.cpu_limit.high),
        _into(four.memory_limit, ranges.memory_limit.low, ranges.memory_limit.high),
    )
    replicas = min(max(plan.replicas, ranges.replicas.low), ranges.replicas.high)
    moved = synced(
        plan.model_copy(update={"replicas": replicas, "resources": resources_of(clamped)})
    )
    return None if moved == plan else moved


def withhold_text(subject: Subject) -> ComponentPlan | None:
    """L04: unsafe text goes as a whole, for a part of a secret is still one."""
    plan = subject.plan
    steps = tuple(
        step.model_copy(update={"text": f"Withheld: the text held {', '.join(found)}."})
        if (found := unsafe_parts(step.text))
        else step
        for step in plan.reasoning
    )
    variables = {k: v for k, v in plan.runtime_env.items() if not unsafe_parts(v)}
    changed = plan.model_copy(update={"reasoning": steps, "runtime_env": variables})
    return None if changed == plan else changed


def set_requests(subject: Subject) -> ComponentPlan | None:
    """P02, P05, A03: missing requests of the main container are the intervals' targets."""
    four, ranges = main_four(subject.plan), subject.plan.intervals
    cpu, memory = container_span(subject, "cpu"), container_span(subject, "memory")
    wanted = replace(
        four,
        cpu_request=_or(four.cpu_request, cpu.clamp(max(1, ranges.cpu_request.target))),
        memory_request=_or(
            four.memory_request,
            memory.clamp(max(MINIMUM_MEMORY_BYTES, ranges.memory_request.target)),
        ),
    )
    return with_four(subject, subject.main, wanted)


def set_memory_limit(subject: Subject) -> ComponentPlan | None:
    """P01: the interval's target, at least the request; others get the policy's amount."""
    span = container_span(subject, "memory")

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        if four.memory_limit is not None:
            return four
        if item.name == subject.main:
            target = max(subject.plan.intervals.memory_limit.target, four.memory_request or 0)
            return replace(four, memory_limit=span.clamp(target))
        return _sized(subject, item)

    return _each(subject, repaired)


def size_extra_containers(subject: Subject) -> ComponentPlan | None:
    """T01, T12: what init and sidecar containers lack is the policy's amount for them."""
    return _each(
        subject, lambda item: four_of(item) if item.name == subject.main else _sized(subject, item)
    )


def raise_memory_to_minimum(subject: Subject) -> ComponentPlan | None:
    """T02: no amount below what a process and its container need."""

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        return replace(
            four,
            memory_request=_at_least(four.memory_request, MINIMUM_MEMORY_BYTES),
            memory_limit=_at_least(four.memory_limit, MINIMUM_MEMORY_BYTES),
        )

    return _each(subject, repaired)


def raise_cpu_to_minimum(subject: Subject) -> ComponentPlan | None:
    """T03: at least one millicore."""

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        return replace(
            four,
            cpu_request=_at_least(four.cpu_request, 1),
            cpu_limit=_at_least(four.cpu_limit, 1),
        )

    return _each(subject, repaired)


def raise_limit_to_request(subject: Subject) -> ComponentPlan | None:
    """T04: the limit follows the request; where it may not, the request follows the limit."""
    cpu, memory = container_span(subject, "cpu").high, container_span(subject, "memory").high

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        main = item.name == subject.main
        cpu_request, cpu_limit = _ordered(four.cpu_request, four.cpu_limit, cpu if main else None)
        memory_request, memory_limit = _ordered(
            four.memory_request, four.memory_limit, memory if main else None
        )
        return Four(cpu_request, memory_request, cpu_limit, memory_limit)

    return _each(subject, repaired)


def equal_memory(subject: Subject) -> ComponentPlan | None:
    """P03: one amount for both, inside both intervals where they meet."""
    four, ranges = main_four(subject.plan), subject.plan.intervals
    if four.memory_request is None or four.memory_limit is None:
        return None
    value = _meeting(
        four.memory_limit, ranges.memory_request.high, ranges.memory_limit.low, four.memory_request
    )
    value = min(value, request_ceiling(subject, "memory"))
    return with_four(subject, subject.main, replace(four, memory_request=value, memory_limit=value))


def equal_amounts(subject: Subject) -> ComponentPlan | None:
    """P04: requests and limits of all containers meet."""
    ranges = subject.plan.intervals
    cpu_most, memory_most = request_ceiling(subject, "cpu"), request_ceiling(subject, "memory")

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        if item.name != subject.main:
            cpu = four.cpu_limit or item.effective_cpu_request or None
            memory = four.memory_limit or item.effective_memory_request or None
            return Four(cpu, memory, cpu, memory)
        cpu_limit = four.cpu_limit or item.effective_cpu_request
        memory_limit = four.memory_limit or item.effective_memory_request
        low = 0 if ranges.cpu_limit is None else ranges.cpu_limit.low
        cpu = _meeting(cpu_limit, ranges.cpu_request.high, low, item.effective_cpu_request)
        memory = _meeting(
            memory_limit,
            ranges.memory_request.high,
            ranges.memory_limit.low,
            item.effective_memory_request,
        )
        cpu, memory = min(cpu, cpu_most), min(memory, memory_most)
        return Four(cpu, memory, cpu, memory)

    return _each(subject, repaired)


def follow_cpu_limit_policy(subject: Subject) -> ComponentPlan | None:
    """P06: drop the limit, or set the interval's target."""
    four = main_four(subject.plan)
    if subject.world.limits.text("cpu_limits") == "forbid":
        return with_four(subject, subject.main, replace(four, cpu_limit=None))
    return with_four(subject, subject.main, replace(four, cpu_limit=_cpu_limit(subject)))


def raise_memory_request(subject: Subject) -> ComponentPlan | None:
    """P07: the request follows the limit, inside its interval only: a warning moves no estimate."""
    most = subject.world.limits.number("memory_limit_request_ratio", subject.world.tier)
    four = main_four(subject.plan)
    if not most or four.memory_limit is None:
        return None
    least = math.ceil(four.memory_limit / most)
    ceiling = min(
        subject.plan.intervals.memory_request.high,
        request_ceiling(subject, "memory"),
        four.memory_limit,
    )
    if least > ceiling:
        return None
    wanted = min(friendly_memory(least), ceiling)
    return with_four(subject, subject.main, replace(four, memory_request=wanted))


def cap_to_limit_range(subject: Subject) -> ComponentPlan | None:
    """P08: every amount between minimum and maximum, ratios kept."""

    def repaired(item: ContainerView) -> Four:
        four = four_of(item)
        cpu = _ranged(subject, "cpu", four.cpu_request, four.cpu_limit)
        memory = _ranged(subject, "memory", four.memory_request, four.memory_limit)
        return Four(cpu[0], memory[0], cpu[1], memory[1])

    return _each(subject, repaired)


def cap_to_ceiling(subject: Subject) -> ComponentPlan | None:
    """P14: the main container gives way, for it is the one that was estimated."""
    four = main_four(subject.plan)
    cpu, memory = container_span(subject, "cpu").high, container_span(subject, "memory").high
    return with_four(
        subject,
        subject.main,
        Four(
            _at_most(four.cpu_request, cpu),
            _at_most(four.memory_request, memory),
            _at_most(four.cpu_limit, cpu),
            _at_most(four.memory_limit, memory),
        ),
    )


def cap_to_node(subject: Subject) -> ComponentPlan | None:
    """C01: requests as large as the node, if that is still defensible; else a person decides."""
    four, ranges = main_four(subject.plan), subject.plan.intervals
    cpu = _at_most(four.cpu_request, request_ceiling(subject, "cpu"))
    memory = _at_most(four.memory_request, request_ceiling(subject, "memory"))
    if cpu is None or memory is None:
        return None
    if cpu < ranges.cpu_request.low or memory < ranges.memory_request.low:
        return None
    return with_four(subject, subject.main, replace(four, cpu_request=cpu, memory_request=memory))


def set_quota_limits(subject: Subject) -> ComponentPlan | None:
    """P09: a quota on limits refuses pods without them."""
    cluster = subject.world.cluster
    quotas = cluster.quotas if cluster else ()
    four = main_four(subject.plan)
    needs_cpu = any(quota.remaining_limits_cpu is not None for quota in quotas)
    if not needs_cpu or four.cpu_limit is not None:
        return None
    return with_four(subject, subject.main, replace(four, cpu_limit=_cpu_limit(subject)))


def raise_start_cpu(subject: Subject) -> ComponentPlan | None:
    """A16: the limit is what a JVM starts with."""
    least = subject.world.limits.whole("jvm_start_cpu_millicores")
    four = main_four(subject.plan)
    if least is None or four.cpu_limit is None:
        return None
    limit = min(max(four.cpu_limit, least), container_span(subject, "cpu").high)
    if limit <= four.cpu_limit:
        return None
    return with_four(subject, subject.main, replace(four, cpu_limit=limit))


def _each(subject: Subject, repaired: Callable[[ContainerView], Four]) -> ComponentPlan | None:
    """Apply a repair to every container; None when nothing changes at all."""
    current = subject
    for item in subject.containers:
        plan = with_four(current, item.name, repaired(item))
        current = current if plan is None else make_subject(subject.world, plan)
    return None if current.plan == subject.plan else current.plan


def _sized(subject: Subject, item: ContainerView) -> Four:
    limits = subject.world.limits
    cpu = limits.whole("extra_container_cpu_millicores")
    memory = limits.whole("extra_container_memory_mib")
    memory_bytes = None if memory is None else memory * MIB
    request = _or(item.memory_request_bytes, _or(item.memory_limit_bytes, memory_bytes))
    return Four(
        _or(item.cpu_request_millicores, _or(item.cpu_limit_millicores, cpu)),
        request,
        item.cpu_limit_millicores,
        _or(item.memory_limit_bytes, None if request is None else max(request, memory_bytes or 0)),
    )


def _cpu_limit(subject: Subject) -> int:
    """A CPU limit where one is needed: the interval's target, at least the request."""
    ranges = subject.plan.intervals
    target = ranges.cpu_request.high if ranges.cpu_limit is None else ranges.cpu_limit.target
    request = subject.plan.resources.requests.cpu or 1
    return container_span(subject, "cpu").clamp(max(target, request, 1))


def _ranged(
    subject: Subject, resource: str, request: int | None, limit: int | None
) -> tuple[int | None, int | None]:
    most = request_ceiling(subject, resource)
    for item in limit_ranges(subject):
        low, high = range_of(item, resource)
        ratio = ratio_of(item, resource)
        bounded = high is not None or ratio is not None
        if request is None:
            request = _or(limit, low if bounded else None)
        if bounded and limit is None:
            limit = _or(request, high)
        request, limit = _at_least(request, low or 0), _at_least(limit, low or 0)
        if high is not None:
            request, limit = _at_most(request, high), _at_most(limit, high)
        if ratio is not None and request is not None and limit is not None:
            # A larger request keeps the limit; only what no node could hold cuts it.
            request = max(request, min(math.ceil(limit / ratio), most))
            limit = min(limit, max(request, math.floor(request * ratio)))
    return request, limit


def _meeting(limit: int, request_high: int, limit_low: int, request: int) -> int:
    """One amount for request and limit: the limit, or the request's upper bound if that reaches."""
    if limit <= request_high:
        return max(limit, request) if request <= request_high else limit
    return request_high if request_high >= max(limit_low, 1) else limit


def _ordered(
    request: int | None, limit: int | None, most: int | None
) -> tuple[int | None, int | None]:
    if request is None or limit is None or limit >= request:
        return request, limit
    bound = request if most is None else min(request, most)
    return bound, bound


def _into(value: int | None, low: int, high: int) -> int | None:
    return None if value is None else min(max(value, low), high)


def _or(value: int | None, other: int | None) -> int | None:
    return other if value is None else value


def _at_least(value: int | None, least: int) -> int | None:
    return None if value is None else max(value, least)


def _at_most(value: int | None, most: int) -> int | None:
    return None if value is None else min(value, most)
