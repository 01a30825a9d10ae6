"""Builds synthetic but realistic histories: a workload told as shapes, lives and incidents.

Starts on a Monday at midnight UTC, steps of five minutes, the same seed every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    Missing,
    OomKill,
    Room,
    RunningAutoscaler,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey

MONDAY_S = 1_767_571_200
"""5 January 2026, 00:00 UTC."""
DAY_S, HOUR_S, STEP_S = 86400, 3600, 300
MIB = 1 << 20

Shape = Callable[[Floats], Floats]
"""A factor for each moment, given in seconds since the Monday."""


def flat(seconds: Floats) -> Floats:
    return np.ones_like(seconds)


def day(high: float = 3.0) -> Shape:
    """Quiet nights, a peak in the afternoon: between 1 and `high`."""

    def shape(seconds: Floats) -> Floats:
        wave = np.sin((seconds % DAY_S) / DAY_S * 2 * np.pi - np.pi * 5 / 6)
        return 1 + (high - 1) * (wave + 1) / 2

    return shape


def weekend(low: float = 0.3) -> Shape:
    """Saturdays and Sundays at `low`."""
    return lambda seconds: np.where(seconds // DAY_S % 7 >= 5, low, 1.0)


def on_weekday(weekday: int, high: float) -> Shape:
    """One busy weekday, Monday is 0."""
    return lambda seconds: np.where(seconds // DAY_S % 7 == weekday, high, 1.0)


def growing(per_week: float) -> Shape:
    return lambda seconds: (1 + per_week) ** (seconds / (7 * DAY_S))


def bursts(every_s: float = 7200, high: float = 8.0) -> Shape:
    """One step of a burst every two hours."""
    return lambda seconds: np.where(seconds % every_s < STEP_S, high, 1.0)


def times(*shapes: Shape) -> Shape:
    def shape(seconds: Floats) -> Floats:
        return np.prod([item(seconds) for item in shapes], axis=0)

    return shape


@dataclass(frozen=True)
class Life:
    """One pod: when it ran, in days since the Monday, and how it differs from the others."""

    begin: float = 0.0
    end: float = 1e9
    cpu: float = 1.0
    memory: float = 1.0


@dataclass(frozen=True)
class Fake:
    """One container of a workload, as it will be told."""

    days: float = 14.0
    lives: tuple[Life, ...] = (Life(), Life())
    cpu: float = 0.2
    """Cores at shape 1."""
    cpu_shape: Shape = flat
    memory: float = 300 * MIB
    memory_shape: Shape = flat
    per_day: float = 0.0
    """Bytes a day that each pod adds to its memory as it ages."""
    fills: float = 0.0
    """Bytes that each pod's memory adds within its first two days, and then no more."""
    resident: float | None = None
    """Bytes that are resident, where rss is told."""
    startup_cpu: float = 1.0
    """Times the CPU in the first step of a pod."""
    raw_peak: float = 1.0
    """Times the largest point, for the peak between points; 1 tells none."""
    throttled: float | None = None
    noise: float = 0.05
    requests: tuple[float | None, float | None, float | None, float | None] = (
        0.5,
        1.0,
        512 * MIB,
        1024 * MIB,
    )
    """CPU request and limit in cores, memory request and limit in bytes, in force."""
    requests_known: bool = True
    oom_kills: tuple[OomKill, ...] = ()
    step_s: int = STEP_S
    name: str = "app"
    seed: int = 7

    def grid(self) -> Grid:
        return Grid(MONDAY_S, self.step_s, round(self.days * DAY_S / self.step_s))

    def container(self) -> ContainerHistory:
        grid, random = self.grid(), np.random.default_rng(self.seed)
        since = (grid.times() - MONDAY_S).astype(float)
        shape = (len(self.lives), grid.count)
        cpu, memory = np.full(shape, np.nan), np.full(shape, np.nan)
        for row, life in enumerate(self.lives):
            runs = (since >= life.begin * DAY_S) & (since < life.end * DAY_S)
            age = np.maximum(since - life.begin * DAY_S, 0)
            wobble = 1 + self.noise * random.standard_normal((2, grid.count)).clip(-3, 3)
            start = np.where((age < self.step_s) & (life.begin > 0), self.startup_cpu, 1.0)
            used = self.cpu * life.cpu * self.cpu_shape(since) * wobble[0] * start
            held = (
                self.memory
                * life.memory
                * self.memory_shape(since)
                * (1 + 0.2 * self.noise * (wobble[1] - 1) / max(self.noise, 1e-9))
            )
            held = held + self.per_day * age / DAY_S
            held = held + self.fills * np.minimum(age / (2 * DAY_S), 1)
            cpu[row, runs], memory[row, runs] = np.maximum(used, 0)[runs], held[runs]
        resident = None
        if self.resident is not None:
            resident = np.where(np.isfinite(memory), self.resident, np.nan)
        throttled = None
        if self.throttled is not None:
            throttled = np.where(np.isfinite(cpu), self.throttled, np.nan)
        cpu_request, cpu_limit, memory_request, memory_limit = self.requests
        return ContainerHistory(
            name=self.name,
            pods=tuple(f"{self.name}-{row}" for row in range(len(self.lives))),
            cpu_cores=cpu,
            memory_bytes=memory,
            rss_bytes=resident,
            throttled=throttled,
            peak_bytes=None if self.raw_peak == 1 else _peaks(memory, self.raw_peak),
            oom_kills=self.oom_kills,
            restarts=len(self.oom_kills),
            cpu_request_cores=cpu_request,
            cpu_limit_cores=cpu_limit,
            memory_request_bytes=memory_request,
            memory_limit_bytes=memory_limit,
            requests_known=self.requests_known,
        )


@dataclass(frozen=True)
class FakeWorkload:
    """A workload made of fake containers that run in the same pods."""

    containers: tuple[Fake, ...] = (Fake(),)
    kind: str = "Deployment"
    name: str = "api"
    replicas_wanted: int | None = 2
    replicas: Shape | None = None
    """Pods at each moment, where the source tells them."""
    autoscaler: RunningAutoscaler | None = None
    load: Shape | None = None
    """Requests per second."""
    room: Room = Room()
    missing: tuple[Missing, ...] = ()
    sources: dict[str, str] = field(
        default_factory=lambda: {
            "cpu": "rate(container_cpu_usage_seconds_total[5m])",
            "memory": "container_memory_working_set_bytes",
        }
    )

    def history(self) -> WorkloadHistory:
        grid = self.containers[0].grid()
        since = (grid.times() - MONDAY_S).astype(float)
        pods = self.containers[0]
        started = {
            f"{pods.name}-{row}": MONDAY_S + life.begin * DAY_S
            for row, life in enumerate(pods.lives)
            if life.begin > 0
        }
        load = None
        if self.load is not None:
            load = Load(self.load(since), source="istio_requests_total")
        return WorkloadHistory(
            key=WorkloadKey(namespace="shop", kind=self.kind, name=self.name),
            grid=grid,
            containers={item.name: item.container() for item in self.containers},
            started_s=started,
            replicas=None if self.replicas is None else self.replicas(since),
            replicas_wanted=self.replicas_wanted,
            autoscaler=self.autoscaler,
            load=load,
            room=self.room,
            missing=self.missing,
            sources=self.sources,
            origin="http://prometheus.example:9090",
        )


def workload(fake: Fake | None = None, **fields: object) -> WorkloadHistory:
    """The history of a workload with one container; further fields are the workload's."""
    return FakeWorkload(containers=(fake or Fake(),), **fields).history()  # type: ignore[arg-type]


def with_container(history: WorkloadHistory, **fields: object) -> WorkloadHistory:
    """The same with fields of its first container replaced."""
    name, container = next(iter(history.containers.items()))
    changed = replace(container, **fields)  # type: ignore[arg-type]
    return replace(history, containers={**history.containers, name: changed})


def kill(limit_bytes: float | None = None, at_day: float = 5.0, pod: str = "app-0") -> OomKill:
    return OomKill(at_s=MONDAY_S + at_day * DAY_S, pod=pod, limit_bytes=limit_bytes)


def runs(count: int, every_days: float = 1.0, minutes: float = 30.0) -> tuple[Life, ...]:
    """Pods of a CronJob: one every so often, for some minutes."""
    return tuple(
        Life(begin=index * every_days + 0.1, end=index * every_days + 0.1 + minutes / 1440)
        for index in range(count)
    )


def _peaks(memory: Floats, factor: float) -> Floats:
    known = np.where(np.isfinite(memory), memory, 0).max(axis=1) * factor
    return np.where(known > 0, known, np.nan)
