"""Implements `schemas.telemetry.MetricsSource` over the Prometheus HTTP API."""

from __future__ import annotations

import math
from typing import Final

from adapters.prometheus.cache import SliceCache, identity_of
from adapters.prometheus.connection import Connection, Deadline
from adapters.prometheus.discovery import discover
from adapters.prometheus.history import histories
from adapters.prometheus.listing import list_workloads
from adapters.prometheus.ranges import RangeReader
from adapters.prometheus.reading import Reading
from adapters.prometheus.scope import Scope
from adapters.settings import Settings
from schemas.errors import MetricsError
from schemas.ports import Clock
from schemas.telemetry import Grid, Histories, NoHistory, WorkloadHistory, WorkloadListing
from schemas.usage import WorkloadKey

MAX_KEYS: Final = 40
"""Workloads that are asked for together: their names make an expression of a few kilobytes."""
MAX_SKEW_S: Final = 120
"""Difference of clocks that is worth a word."""
_TRUST_CLOCK_S: Final = 60
"""So long the server's clock is reckoned on from its last answer."""
DAY_S: Final = 86400


class PrometheusSource:
    """Reads from one server.

    Args:
        settings: ``prometheus_*`` and ``metrics_*``.
        clock: This machine's.
        connection: The server; made from the settings when None.

    Raises:
        SettingsError: The settings do not make a connection.
    """

    def __init__(
        self, settings: Settings, clock: Clock, connection: Connection | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.connection = connection or Connection(settings)
        self._base = settings.prometheus_selector or ""
        self._cache = SliceCache(
            settings.cache_directory / "metrics.sqlite",
            identity_of(settings),
            lambda: clock.now().timestamp(),
        )

        self._asked: tuple[float, float] | None = None

    @property
    def origin(self) -> str:
        """The server's URL; it never holds credentials."""
        return self.connection.origin

    def workloads(self) -> tuple[WorkloadListing, ...]:
        """All workloads with any history, sorted by key.

        Raises:
            MetricsError: The server does not answer, or not as it should.
        """
        deadline = Deadline(self._settings.prometheus_timeout_seconds)
        now_s = self._server_now(deadline)
        reader = RangeReader(self.connection, self._cache, now_s, deadline)
        return list_workloads(self.connection, reader, self._base, self._grid(now_s), deadline)

    def read(self, keys: tuple[WorkloadKey, ...]) -> Histories:
        """The histories of some workloads, read together.

        Raises:
            MetricsError: Nothing could be read at all.
        """
        if not keys:
            return {}
        deadline = Deadline(self._settings.prometheus_timeout_seconds)
        now_s = self._server_now(deadline)
        wanted = tuple(dict.fromkeys(keys))
        batches = [wanted[at : at + MAX_KEYS] for at in range(0, len(wanted), MAX_KEYS)]
        found: dict[WorkloadKey, WorkloadHistory | NoHistory] = {}
        failure: MetricsError | None = None
        for batch in batches:
            try:
                found |= self._batch(batch, now_s, deadline)
            except MetricsError as error:
                failure = error
                found |= {key: NoHistory(error.message) for key in batch}
        if failure is not None and not any(
            isinstance(one, WorkloadHistory) for one in found.values()
        ):
            raise failure
        return found

    def _server_now(self, deadline: Deadline) -> float:
        """The server's clock; asked for once in a while."""
        at_s = self._clock.monotonic()
        if self._asked is None or at_s - self._asked[0] > _TRUST_CLOCK_S:
            self._asked = (at_s, self.connection.server_time(deadline))
        return self._asked[1] + at_s - self._asked[0]

    def _grid(self, now_s: float) -> Grid:
        step = self._settings.metrics_step_seconds
        count = max(1, math.floor(self._settings.metrics_days * DAY_S / step))
        end = int(now_s) // step * step
        return Grid(end - (count - 1) * step, step, count)

    def _batch(
        self, keys: tuple[WorkloadKey, ...], now_s: float, deadline: Deadline
    ) -> dict[WorkloadKey, WorkloadHistory | NoHistory]:
        grid = self._grid(now_s)
        window = (grid.start_s - grid.step_s, grid.end_s)
        everything = Scope(tuple(sorted(keys)), self._base)
        found = discover(self.connection, everything, window, deadline)
        reader = RangeReader(self.connection, self._cache, now_s, deadline)
        readings = Reading(self.connection, reader, grid, found, everything).all(deadline)
        skew_s = self._clock.now().timestamp() - now_s
        if abs(skew_s) > MAX_SKEW_S:
            readings.miss("clock", _skew(skew_s))
        return histories(readings, self.origin)


def _skew(skew_s: float) -> str:
    away = f"{abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'}"
    return f"this machine's clock is {away} the server's; the window ends at the server's time"
