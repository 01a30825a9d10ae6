"""The numbers of a plan as rows: value and interval, in millicores, bytes and pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipa.thinking.shape import Number, Proposal
from schemas.plan import (
    Amounts,
    ComponentPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    Resources,
)
from schemas.quantities import MIB, Bytes, Millicores

IN_MEMORY = frozenset({Number.MEMORY_REQUEST, Number.MEMORY_LIMIT})


@dataclass(frozen=True, slots=True)
class Row:
    """One number with its interval."""

    value: int
    low: int
    high: int


Rows = dict[Number, Row]
"""A number that the plan does not set has no row."""


def rows_of(plan: ComponentPlan) -> Rows:
    """The numbers that a plan sets."""
    ranges, requests, limits = plan.intervals, plan.resources.requests, plan.resources.limits
    found: list[tuple[Number, int | None, Any]] = [
        (Number.REPLICAS, plan.replicas, ranges.replicas),
        (Number.CPU_REQUEST, requests.cpu, ranges.cpu_request),
        (Number.MEMORY_REQUEST, requests.memory, ranges.memory_request),
        (Number.CPU_LIMIT, limits.cpu, ranges.cpu_limit),
        (Number.MEMORY_LIMIT, limits.memory, ranges.memory_limit),
    ]
    return {
        number: Row(int(value), int(interval.low), int(interval.high))
        for number, value, interval in found
        if value is not None and interval is not None
    }


def proposed(proposal: Proposal, number: Number) -> int:
    """A proposed number in the plan's own unit."""
    value = proposal.value(number)
    return value * MIB if number in IN_MEMORY else value


def with_rows(plan: ComponentPlan, rows: Rows) -> ComponentPlan:
    """The plan with these numbers and intervals; each interval's target is its number."""
    ranges = plan.intervals
    cpu_limit = rows.get(Number.CPU_LIMIT)
    limits = Amounts(
        cpu=None if cpu_limit is None else Millicores(cpu_limit.value),
        memory=_bytes(rows, Number.MEMORY_LIMIT, plan.resources.limits.memory),
    )
    requests = Amounts(
        cpu=_cpu_of(rows, Number.CPU_REQUEST, plan.resources.requests.cpu),
        memory=_bytes(rows, Number.MEMORY_REQUEST, plan.resources.requests.memory),
    )
    replicas = rows[Number.REPLICAS]
    intervals = Intervals(
        replicas=CountInterval(low=replicas.low, target=replicas.value, high=replicas.high),
        cpu_request=_cpu(rows, Number.CPU_REQUEST, ranges.cpu_request),
        memory_request=_memory(rows, Number.MEMORY_REQUEST, ranges.memory_request),
        cpu_limit=None
        if ranges.cpu_limit is None
        else _cpu(rows, Number.CPU_LIMIT, ranges.cpu_limit),
        memory_limit=_memory(rows, Number.MEMORY_LIMIT, ranges.memory_limit),
    )
    return plan.model_copy(
        update={
            "replicas": replicas.value,
            "resources": Resources(requests=requests, limits=limits),
            "intervals": intervals,
        }
    )


def _bytes(rows: Rows, number: Number, otherwise: Bytes | None) -> Bytes | None:
    row = rows.get(number)
    return otherwise if row is None else Bytes(row.value)


def _cpu_of(rows: Rows, number: Number, otherwise: Millicores | None) -> Millicores | None:
    row = rows.get(number)
    return otherwise if row is None else Millicores(row.value)


def _cpu(rows: Rows, number: Number, otherwise: CpuInterval) -> CpuInterval:
    row = rows.get(number)
    if row is None:
        return otherwise
    return CpuInterval(
        low=Millicores(row.low), target=Millicores(row.value), high=Millicores(row.high)
    )


def _memory(rows: Rows, number: Number, otherwise: MemoryInterval) -> MemoryInterval:
    row = rows.get(number)
    if row is None:
        return otherwise
    return MemoryInterval(low=Bytes(row.low), target=Bytes(row.value), high=Bytes(row.high))
