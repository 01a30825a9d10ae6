"""What is kept and shown of a workload's usage: no arrays, safe to store and to send."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

from pydantic import Field

from schemas.base import Contract

_KEY = re.compile(r"^[^/\s]{1,253}/[A-Za-z]{1,63}/[^/\s]{1,253}$")


class WorkloadKey(Contract):
    """A running workload: ``shop/Deployment/inventory-api``."""

    namespace: str = Field(min_length=1, max_length=253)
    kind: str = Field(min_length=1, max_length=63)
    name: str = Field(min_length=1, max_length=253)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"

    def __lt__(self, other: WorkloadKey) -> bool:
        return str(self) < str(other)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``namespace/Kind/name``.

        Raises:
            ValueError: The text has another form.

        >>> WorkloadKey.parse("shop/Deployment/api").name
        'api'
        """
        if not _KEY.match(text):
            raise ValueError(f"not namespace/Kind/name: {text[:120]!r}")
        namespace, kind, name = text.split("/")
        return cls(namespace=namespace, kind=kind, name=name)


class Spread(Contract):
    """How one quantity was distributed over the window, over all pods and moments."""

    mean: float
    p50: float
    p95: float
    p99: float
    maximum: float


class Timeline(Contract):
    """A quantity over the window, reduced to a few hundred points for pictures.

    Each point is over all pods and all samples of its stretch; None where nothing ran.
    """

    start_s: int
    step_s: int
    middle: tuple[float | None, ...]
    """Median."""
    high: tuple[float | None, ...]
    """Maximum."""


class Slice(StrEnum):
    """Part of the window that a summary is about."""

    ALL = "all"
    LAST_WEEK = "last_week"
    LAST_DAY = "last_day"
    BUSIEST_DAY = "busiest_day"
    WEEKEND = "weekend"
    INCIDENT = "incident"
    """The hours before the last OOM kill."""


class UsageSummary(Contract):
    """One container of one workload over one window."""

    workload: WorkloadKey
    container: str
    slice: Slice = Slice.ALL
    origin: str
    """Where it was read: server or file."""
    end_s: int
    """End of the window, Unix seconds."""
    days: float = Field(ge=0)
    """From the first to the last sample."""
    coverage: float = Field(ge=0, le=1)
    """Share of that span with samples of at least one pod."""
    samples: int = Field(ge=0)
    pods: int = Field(ge=0)
    """All pods that were seen."""
    replicas: Spread | None = None
    cpu_cores: Spread | None = None
    """Of single pods."""
    memory_bytes: Spread | None = None
    """Of single pods; the maximum is that of the raw samples where they were read."""
    cpu_by_hour: tuple[float, ...] = ()
    """24 means (UTC) of all pods together, relative to their overall mean."""
    cpu_by_weekday: tuple[float, ...] = ()
    """7 means, Monday first, relative to the overall mean; empty for less than 7 days."""
    cpu_trend_per_week: float | None = None
    """Relative change of the mean per week; None where it cannot be told."""
    memory_trend_per_week: float | None = None
    burst_ratio: float | None = None
    """p99 over p50 of CPU."""
    startup_cpu_ratio: float | None = None
    """CPU in the first ten minutes of pods over their p95 later on."""
    startup_memory_ratio: float | None = None
    throttled_share: float | None = None
    """Share of CFS periods that were throttled."""
    oom_kills: int | None = None
    oom_limit_bytes: float | None = None
    """Largest memory limit at which it was killed."""
    restarts: int | None = None
    requests_per_second: Spread | None = None
    load_source: str | None = None
    cpu_per_request_ms: float | None = None
    """Slope of CPU over load, where the load explains it."""
    latency_ms: Spread | None = None
    cpu_request_cores: float | None = None
    """What is set now."""
    cpu_limit_cores: float | None = None
    memory_request_bytes: float | None = None
    memory_limit_bytes: float | None = None
    replicas_now: int | None = None
    cpu_timeline: Timeline | None = None
    memory_timeline: Timeline | None = None
    missing: tuple[str, ...] = ()
    """What could not be read, with the reason."""
    language: str | None = None
    """Of the component that runs in it, when a run has matched it."""
    framework: str | None = None
    role: str | None = None
    product: str | None = None
    repository: str | None = None

    @property
    def id(self) -> str:
        """Id of the evidence that carries it."""
        part = "" if self.slice is Slice.ALL else f"#{self.slice.value}"
        return f"metrics:{self.workload}/{self.container}{part}"


class SimilarUsage(Contract):
    """Usage of another service that is like the one in question."""

    usage: UsageSummary
    score: float = Field(ge=0, le=1)
    why: str
    """In which respects it is alike, and in which not."""
