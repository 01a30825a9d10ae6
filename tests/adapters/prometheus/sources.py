"""Makes sources for the tests of this folder."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.prometheus.connection import Connection
from adapters.prometheus.source import PrometheusSource
from adapters.settings import Settings
from schemas.usage import WorkloadKey


class FakeClock:
    """This machine's clock, ahead of the truth by some seconds."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return time.monotonic()


class FakePause:
    """Waits for nothing and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def source(
    url: str,
    directory: Path,
    *,
    clock: FakeClock | None = None,
    pause: FakePause | None = None,
    **settings,
) -> PrometheusSource:
    """A source of a server, with its cache below `directory`."""
    given = Settings(prometheus_url=url, cache_dir=str(directory / "cache"), **settings)
    connection = Connection(given, pause or FakePause())
    return PrometheusSource(given, clock or FakeClock(), connection)


def keys(*texts: str) -> tuple[WorkloadKey, ...]:
    return tuple(WorkloadKey.parse(text) for text in texts)
