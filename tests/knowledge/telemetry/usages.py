"""Usage of made-up services, and components that may be like them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from knowledge.telemetry.index import UsageIndex
from knowledge.telemetry.shelf import LocalShelf
from schemas.context import Component, Demand, FoundIn, Role
from schemas.quantities import MIB
from schemas.usage import Slice, Spread, UsageSummary, WorkloadKey

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SHOP = "https://github.com/example/shop"


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def pass_days(self, days: float) -> None:
        self.moment += timedelta(days=days)


def spread(p50: float, p95: float | None = None, maximum: float | None = None) -> Spread:
    high = p50 if p95 is None else p95
    most = high if maximum is None else maximum
    return Spread(mean=p50, p50=p50, p95=high, p99=high, maximum=most)


def usage(name: str = "orders", **fields: Any) -> UsageSummary:
    """A Go API in the shop that uses 40 m and 100 MiB, unless `fields` say otherwise."""
    given: dict[str, Any] = {
        "workload": WorkloadKey(namespace="shop", kind="Deployment", name=name),
        "container": "app",
        "origin": "http://prometheus:9090",
        "end_s": int(NOW.timestamp()),
        "days": 14.0,
        "coverage": 0.99,
        "samples": 4000,
        "pods": 3,
        "replicas": spread(2),
        "cpu_cores": spread(0.02, 0.04, 0.2),
        "memory_bytes": spread(80 * MIB, 95 * MIB, 100 * MIB),
        "language": "Go",
        "framework": "gin",
        "role": "backend_api",
        "repository": SHOP,
        **fields,
    }
    return UsageSummary(**given)


def slices(name: str = "orders") -> list[UsageSummary]:
    """All slices of one container."""
    return [usage(name, slice=each, oom_kills=int(each is Slice.INCIDENT)) for each in Slice]


def component(
    name: str = "returns", demand: dict[str, Any] | None = None, **fields: Any
) -> Component:
    """A Go API with gin, unless `fields` say otherwise."""
    given: dict[str, Any] = {
        "name": name,
        "found_in": (FoundIn.DOCKERFILE,),
        "language": "Go",
        "framework": "gin",
        "role": Role.BACKEND_API,
        "demand": Demand(**(demand or {})),
        **fields,
    }
    return Component(**given)


def opened(path: Path, embedder: Any = None, clock: FakeClock | None = None) -> UsageIndex:
    """An index in a directory."""
    return UsageIndex(LocalShelf(path / "telemetry"), clock or FakeClock(), embedder)
