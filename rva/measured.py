"""What a component's usage history says, in the units of the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rva.subject import Subject
from schemas.usage import UsageSummary

LEAST_SAMPLES = 100
"""Below it a percentile is a guess; krr asks for as many."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What the running containers have; None is "not set" or not known."""

    cpu_request: int | None
    memory_request: int | None
    cpu_limit: int | None
    memory_limit: int | None


@dataclass(frozen=True, slots=True)
class Decrease:
    """A number that the plan sets below the one in force."""

    field: str
    """Dotted path inside the plan."""
    resource: str
    current: int
    planned: int

    @property
    def fraction(self) -> float:
        """Share of the number in force that the plan takes away, in (0, 1]."""
        return 1 - self.planned / self.current


def in_force(usage: UsageSummary) -> InForce:
    """Requests and limits of the running containers, in millicores and bytes."""
    return InForce(
        cpu_request=_millicores(usage.cpu_request_cores),
        memory_request=_whole(usage.memory_request_bytes),
        cpu_limit=_millicores(usage.cpu_limit_cores),
        memory_limit=_whole(usage.memory_limit_bytes),
    )


def decreases(subject: Subject, usage: UsageSummary) -> list[Decrease]:
    """The numbers that the plan lowers; no limit at all is no decrease."""
    now = in_force(usage)
    requests, limits = subject.plan.resources.requests, subject.plan.resources.limits
    pairs = (
        ("resources.requests.cpu", "cpu", now.cpu_request, requests.cpu),
        ("resources.requests.memory", "memory", now.memory_request, requests.memory),
        ("resources.limits.cpu", "cpu", now.cpu_limit, limits.cpu),
        ("resources.limits.memory", "memory", now.memory_limit, limits.memory),
    )
    return [
        Decrease(field, resource, current, amount)
        for field, resource, current, amount in pairs
        if current and amount is not None and amount < current
    ]


def least_memory(subject: Subject, usage: UsageSummary) -> int | None:
    """Bytes that the memory limit must reach: the observed peak with the policy's margin."""
    if usage.memory_bytes is None:
        return None
    margin = subject.world.limits.number("metrics_memory_margin_percent") or 0.0
    return math.ceil(usage.memory_bytes.maximum * (1 + margin / 100))


def percentile_millicores(usage: UsageSummary) -> int | None:
    """The 95th percentile of CPU of single pods, as krr requests it."""
    return None if usage.cpu_cores is None else math.ceil(usage.cpu_cores.p95 * 1000)


def _millicores(cores: float | None) -> int | None:
    return None if cores is None else round(cores * 1000)


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)
