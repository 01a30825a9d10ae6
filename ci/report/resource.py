"""CPU and memory of one component side by side: what is used, what is set, what is recommended.

All amounts of one `ResourceView` have one unit: millicores for CPU, bytes for memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from ci.handoff.amounts import cpu_text, memory_text
from schemas.plan import CpuInterval, MemoryInterval
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation
from schemas.usage import Spread, Timeline, UsageSummary

SHORT = 8
"""Letters that a label has room for: ``1048576Ki`` is longer, every usual amount is not."""


class Resource(StrEnum):
    """What is sized."""

    CPU = "cpu"
    MEMORY = "memory"

    @property
    def heading(self) -> str:
        """``CPU`` or ``Memory``."""
        return "CPU" if self is Resource.CPU else "Memory"

    def exact(self, amount: int) -> str:
        """A number of the plan or of a manifest, as Kubernetes writes it."""
        match self:
            case Resource.CPU:
                return format_cpu(amount)
            case Resource.MEMORY:
                return format_memory(amount)
            case _:
                assert_never(self)

    def short(self, amount: int) -> str:
        """The same where there is little room: an odd amount of bytes is rounded, and says so."""
        text = self.exact(amount)
        return text if len(text) <= SHORT else f"≈{self.rounded(amount)}"

    def rounded(self, amount: float) -> str:
        """A measured amount, three significant digits."""
        match self:
            case Resource.CPU:
                return cpu_text(amount / 1000)
            case Resource.MEMORY:
                return memory_text(amount)
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Range:
    """The bounds in which a number is defensible."""

    low: int
    target: int
    high: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Request and limit; None is "not set"."""

    request: int | None
    limit: int | None


UNSET = Pair(None, None)
"""Of a manifest that sets nothing."""


@dataclass(frozen=True, slots=True)
class Used:
    """How the use of single pods was spread."""

    p50: float
    p95: float
    p99: float
    maximum: float


@dataclass(frozen=True, slots=True)
class ResourceView:
    """One resource of one component."""

    resource: Resource
    used: Used | None
    """None: it was not measured."""
    now: Pair | None
    """What is set today; None where nothing is known (there is no manifest, no cluster)."""
    new: Pair
    request_range: Range
    limit_range: Range | None
    timeline: Timeline | None
    timeline_factor: float
    """From the timeline's unit to this view's."""
    throttled_share: float | None = None
    """Only of CPU."""
    oom_kills: int = 0
    """Only of memory."""
    oom_limit: float | None = None

    @property
    def measured(self) -> bool:
        """Whether its use is known."""
        return self.used is not None

    @property
    def title(self) -> str:
        """``CPU`` or ``Memory``."""
        return self.resource.heading


def cpu_view(item: ComponentRecommendation) -> ResourceView:
    """The CPU of a component, in millicores."""
    usage, current, resources = item.usage, item.current, item.resources
    running = _running(usage)
    now = None
    if usage is not None and running:
        now = Pair(_millicores(usage.cpu_request_cores), _millicores(usage.cpu_limit_cores))
    elif current is not None:
        now = Pair(current.cpu_request, current.cpu_limit)
    elif item.target is not None:
        now = UNSET
    return ResourceView(
        resource=Resource.CPU,
        used=_used(usage.cpu_cores, 1000) if usage else None,
        now=now,
        new=Pair(resources.requests.cpu, resources.limits.cpu),
        request_range=_range(item.intervals.cpu_request),
        limit_range=_range(item.intervals.cpu_limit) if item.intervals.cpu_limit else None,
        timeline=usage.cpu_timeline if usage else None,
        timeline_factor=1000,
        throttled_share=usage.throttled_share if usage else None,
    )


def memory_view(item: ComponentRecommendation) -> ResourceView:
    """The memory of a component, in bytes."""
    usage, current, resources = item.usage, item.current, item.resources
    now = None
    if usage is not None and _running(usage):
        now = Pair(_whole(usage.memory_request_bytes), _whole(usage.memory_limit_bytes))
    elif current is not None:
        now = Pair(current.memory_request, current.memory_limit)
    elif item.target is not None:
        now = UNSET
    return ResourceView(
        resource=Resource.MEMORY,
        used=_used(usage.memory_bytes, 1) if usage else None,
        now=now,
        new=Pair(resources.requests.memory, resources.limits.memory),
        request_range=_range(item.intervals.memory_request),
        limit_range=_range(item.intervals.memory_limit),
        timeline=usage.memory_timeline if usage else None,
        timeline_factor=1,
        oom_kills=(usage.oom_kills or 0) if usage else 0,
        oom_limit=usage.oom_limit_bytes if usage else None,
    )


def now_source(item: ComponentRecommendation) -> str:
    """Where "now" comes from; empty where it is not known."""
    if item.usage is not None and _running(item.usage):
        return "running pods"
    return "the manifest" if item.current is not None or item.target is not None else ""


def replicas_now(item: ComponentRecommendation) -> int | None:
    """Replicas today: those of the cluster, else those of the manifest."""
    if item.usage is not None and item.usage.replicas_now is not None:
        return item.usage.replicas_now
    return item.current.replicas if item.current else None


def _running(usage: UsageSummary | None) -> bool:
    """Whether the source told what the pods have; all absent may also mean "not known"."""
    return usage is not None and any(
        amount is not None
        for amount in (
            usage.cpu_request_cores,
            usage.cpu_limit_cores,
            usage.memory_request_bytes,
            usage.memory_limit_bytes,
        )
    )


def _used(spread: Spread | None, factor: float) -> Used | None:
    if spread is None:
        return None
    values = (spread.p50, spread.p95, spread.p99, spread.maximum)
    return Used(*(max(0.0, value) * factor for value in values))


def _range(interval: CpuInterval | MemoryInterval) -> Range:
    return Range(interval.low, interval.target, interval.high)


def _millicores(cores: float | None) -> int | None:
    return None if cores is None else round(cores * 1000)


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)
