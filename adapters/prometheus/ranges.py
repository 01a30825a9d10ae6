"""Range queries over long windows: from the cache, from the server, in pieces where it has limits.

A piece that is too much is halved in time, then by workload, down to an hour of one workload. What
still fails is told and the rest goes on. The newest pieces come first, should time run out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from adapters.prometheus.cache import SliceCache, Stretch
from adapters.prometheus.connection import Connection, Deadline, Params
from adapters.prometheus.decode import Decoded, Row, decode_range
from adapters.prometheus.failures import Kind, QueryFailed
from adapters.prometheus.queries import Text
from adapters.prometheus.scope import Scope
from schemas.errors import MetricsError
from schemas.telemetry import Floats, Grid
from schemas.usage import WorkloadKey

_log = logging.getLogger(__name__)

MAX_POINTS: Final = 10_000
"""Per series and query; Prometheus gives 11,000 at most."""
MIN_POINTS: Final = 12
"""A piece of an hour, at five minutes, is cut no further."""
MAX_FAILURES: Final = 3
"""So many pieces in a row without an answer: the server is gone, or will never give this."""
MAX_QUERIES: Final = 500
"""Per reading, whatever is cut."""


@dataclass(slots=True)
class Ranged:
    """Rows of one query over the whole grid, and what is missing from them."""

    grid: Grid
    source: str
    """The PromQL."""
    cache: SliceCache | None = None
    rows: dict[tuple[tuple[str, str], ...], Row] = field(default_factory=dict)
    failed: list[tuple[Stretch, str, Scope]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faulty: int = 0
    skipped: int = 0
    hopeless: int = 0
    """Pieces in a row that were given up."""

    def place(self, part: Stretch, rows: tuple[Row, ...] | list[Row]) -> None:
        """Put rows of a stretch into those of the whole grid."""
        for row in rows:
            key = tuple(sorted(row.labels.items()))
            if key not in self.rows:
                self.rows[key] = Row(row.labels, np.full(self.grid.count, np.nan))
            self.rows[key].values[part.first : part.last + 1] = row.values

    def why(self, key: WorkloadKey) -> str | None:
        """A clause on what could not be read of a workload; None when all was."""
        failed = [(part, reason) for part, reason, scope in self.failed if key in scope.keys]
        if not failed:
            return None
        points = sum(part.last - part.first + 1 for part, _ in failed)
        days, whole = (n * self.grid.step_s / 86400 for n in (points, self.grid.count))
        return f"{days:.3g} of {whole:.3g} days could not be read: {failed[0][1]}"


class RangeReader:
    """Reads range queries of one run; safe for several threads.

    Args:
        connection: The server.
        cache: Finished slices; None to keep none.
        server_now_s: The server's present.
        deadline: The time that is left.
    """

    def __init__(
        self,
        connection: Connection,
        cache: SliceCache | None,
        server_now_s: float,
        deadline: Deadline,
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._now_s = server_now_s
        self._deadline = deadline
        self._most_points = MAX_POINTS
        self._failures = 0
        self._queries = 0
        self.fatal: MetricsError | None = None
        """Why no query can be answered any more."""

    def read(self, text: Text, scope: Scope, grid: Grid, *, keep: bool = True) -> Ranged:
        """All rows of a query; never raises for what the server does.

        Args:
            text: The query of a scope.
            scope: The workloads.
            grid: Moments.
            keep: Use and fill the cache.
        """
        out = Ranged(grid, text(scope), cache=self._cache if keep else None)
        self._read(out, text, scope, Stretch(0, grid.count - 1))
        return out

    def _read(self, out: Ranged, text: Text, scope: Scope, part: Stretch) -> None:
        query = text(scope)
        kept = out.cache.get(query, part.grid(out.grid)) if out.cache is not None else []
        for stretch, rows in kept:
            out.place(_moved(stretch, part.first), rows)
        todo = _missing(part, [_moved(stretch, part.first) for stretch, _ in kept])
        while todo:
            piece = todo.pop()  # the newest
            if out.hopeless >= MAX_FAILURES:
                out.failed.append((piece, out.failed[-1][1], scope))
                continue
            if _points(piece) > self._most_points:
                todo += _halves(piece)
                continue
            try:
                self._ask(out, query, piece)
            except QueryFailed as error:
                self._cut(out, text, scope, piece, error, todo)

    def _ask(self, out: Ranged, query: str, piece: Stretch) -> None:
        decoded = self._answer(query, piece.grid(out.grid))
        self._failures = out.hopeless = 0
        out.place(piece, decoded.rows)
        out.faulty += decoded.faulty
        out.skipped += decoded.skipped
        out.warnings += [said for said in decoded.warnings if said not in out.warnings]
        if out.cache is not None and not decoded.warnings:
            out.cache.put(query, piece.grid(out.grid), list(decoded.rows), self._now_s)

    def _answer(self, query: str, grid: Grid) -> Decoded:
        if self.fatal is not None:
            raise QueryFailed(Kind.NO_TIME, self.fatal.message)
        if self._failures >= MAX_FAILURES:
            raise QueryFailed(Kind.NO_TIME, "the server no longer answers")
        if self._queries >= MAX_QUERIES:
            raise QueryFailed(Kind.NO_TIME, f"{MAX_QUERIES} queries were not enough")
        self._queries += 1
        params: Params = {
            "query": query,
            "start": grid.start_s,
            "end": grid.end_s,
            "step": grid.step_s,
        }
        try:
            return decode_range(self._connection.ask("query_range", params, self._deadline), grid)
        except MetricsError as error:
            self.fatal = error
            raise QueryFailed(Kind.NO_TIME, error.message) from error

    def _cut(
        self,
        out: Ranged,
        text: Text,
        scope: Scope,
        piece: Stretch,
        error: QueryFailed,
        todo: list[Stretch],
    ) -> None:
        """Ask for less, or give the piece up."""
        shorter = _points(piece) >= 2 * MIN_POINTS
        fewer = len(scope.keys) > 1
        if (
            error.kind is Kind.FEWER_SERIES
            and fewer
            or (error.kind is Kind.LESS_TIME and fewer and not shorter)
        ):
            middle = len(scope.keys) // 2
            for keys in (scope.keys[:middle], scope.keys[middle:]):
                self._read(out, text, scope.part(keys), piece)
        elif error.kind in (Kind.LESS_TIME, Kind.FEWER_SERIES) and shorter:
            _log.info("metrics query is split", extra={"reason": error.reason})
            self._most_points = max(MIN_POINTS, min(self._most_points, _points(piece) // 2))
            todo += _halves(piece)
        else:
            self._failures += error.kind is Kind.PASSING
            out.hopeless += 1
            out.failed.append((piece, error.reason, scope))


def merged(rows: list[Floats]) -> Floats:
    """One row of several of the same thing: the largest at each moment."""
    return rows[0] if len(rows) == 1 else np.fmax.reduce(rows)


def _points(piece: Stretch) -> int:
    return piece.last - piece.first + 1


def _moved(stretch: Stretch, by: int) -> Stretch:
    return Stretch(stretch.first + by, stretch.last + by)


def _halves(piece: Stretch) -> list[Stretch]:
    middle = piece.first + _points(piece) // 2
    return [Stretch(piece.first, middle - 1), Stretch(middle, piece.last)]


def _missing(part: Stretch, kept: list[Stretch]) -> list[Stretch]:
    """What of a stretch is not in any of those, oldest first."""
    seen = np.zeros(_points(part), dtype=bool)
    for stretch in kept:
        seen[stretch.first - part.first : stretch.last - part.first + 1] = True
    edges = np.flatnonzero(np.diff(np.concatenate(([True], seen, [True])).astype(int)))
    starts, ends = edges[::2].tolist(), edges[1::2].tolist()
    return [
        Stretch(part.first + first, part.first + last - 1)
        for first, last in zip(starts, ends, strict=True)
    ]
