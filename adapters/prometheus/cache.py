"""Finished slices of the past, kept on disk for a few hours: a rerun goes on where one ended.

Only moments that lie well before the server's present are kept, and only whole answers. Several
processes may use the file at once; whatever is wrong with it, the answer is asked for again.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from adapters.prometheus.decode import Labels, Row
from adapters.settings import Settings
from schemas.telemetry import Grid

_log = logging.getLogger(__name__)

KEPT_S: Final = 6 * 3600
"""What is older is asked for again: series may be deleted or filled in later."""
SETTLED_S: Final = 900
"""Younger samples may still arrive: remote write and scrapes are late by minutes at most."""
MAX_BYTES: Final = 256 << 20
DAY_S: Final = 86400
_FORMAT: Final = 1
_BUSY_S: Final = 2.0
"""Longest wait for another writer, which takes milliseconds."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS slice (
    query BLOB NOT NULL, day INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    made_s REAL NOT NULL, labels BLOB NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (query, day, first)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS slice_made ON slice (made_s);
"""
_PUT: Final = "INSERT OR REPLACE INTO slice VALUES (?, ?, ?, ?, ?, ?, ?)"
_GET: Final = (
    "SELECT day, first, last, labels, cells FROM slice"
    " WHERE query = ? AND made_s > ? AND day BETWEEN ? AND ?"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some moments of a grid: places first to last, both included."""

    first: int
    last: int

    def grid(self, whole: Grid) -> Grid:
        """These moments as a grid of their own."""
        start = whole.start_s + self.first * whole.step_s
        return Grid(start, whole.step_s, self.last - self.first + 1)


class SliceCache:
    """Rows of range queries by day, in one SQLite file of mode 0600.

    Args:
        path: The file; its directory is made when something is kept.
        identity: What else decides an answer: server, tenant, user. See `identity_of`.
        now: Unix seconds of this machine.
    """

    def __init__(self, path: Path, identity: bytes, now: Callable[[], float]) -> None:
        self._path = path
        self._identity = identity
        self._now = now

    def get(self, query: str, grid: Grid) -> list[tuple[Stretch, list[Row]]]:
        """What is kept of a query: stretches of the grid with their rows, in order."""
        first, last = _day(grid.start_s), _day(grid.end_s)
        values = (self._key(query, grid), self._now() - KEPT_S, first, last)
        try:
            if not self._path.exists():
                return []
            with self._open() as connection:
                found = connection.execute(_GET, values).fetchall()
            return [part for row in sorted(found) if (part := _unpacked(row, grid)) is not None]
        except (sqlite3.Error, OSError, ValueError, TypeError, LookupError) as error:
            _log.debug("metrics cache was not read", extra={"error": str(error)})
            return []

    def put(self, query: str, grid: Grid, rows: list[Row], server_now_s: float) -> None:
        """Keep what was answered for a grid, as far as it lies in the past."""
        settled = int(server_now_s - SETTLED_S - grid.start_s) // grid.step_s
        last = min(grid.count - 1, settled)
        if last < 0 or not rows:
            return
        key, made = self._key(query, grid), self._now()
        days = list(_days(grid, last))
        try:
            with self._open() as connection:
                connection.executemany(
                    _PUT, [(key, *_packed(day, part, grid, rows, made)) for day, part in days]
                )
                self._tidy(connection)
        except (sqlite3.Error, OSError) as error:
            _log.debug("metrics cache was not written", extra={"error": str(error)})
            if _is_damaged(error):
                self._forget()

    def _forget(self) -> None:
        """Remove the file: it is none of ours any more, and all in it can be had again."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.debug("metrics cache was not removed", extra={"error": str(error)})

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """Forget what is too old, and the oldest while all is too large."""
        connection.execute("DELETE FROM slice WHERE made_s <= ?", (self._now() - KEPT_S,))
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > MAX_BYTES:
            middle = connection.execute(
                "SELECT made_s FROM slice ORDER BY made_s"
                " LIMIT 1 OFFSET (SELECT count(*) / 2 FROM slice)"
            ).fetchone()
            connection.execute("DELETE FROM slice WHERE made_s <= ?", middle)

    def _key(self, query: str, grid: Grid) -> bytes:
        text = f"{grid.step_s}\0{grid.start_s % grid.step_s}\0{query}".encode()
        return hashlib.sha256(self._identity + text).digest()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S)) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # it can be made again
            if _version(connection) != _FORMAT:
                _make(connection)
            with connection:
                yield connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    """Make the table, unless another thread or process has done so by now."""
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) != _FORMAT:
        connection.execute("DROP TABLE IF EXISTS slice")
        for statement in _TABLE.split(";")[:-1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
    connection.execute("COMMIT")
    connection.isolation_level = "DEFERRED"


def identity_of(settings: Settings) -> bytes:
    """What tells apart answers that depend on who asks.

    Secrets go through scrypt, so that the file does not help to guess them.
    """
    secrets = [settings.prometheus_token, settings.prometheus_password, settings.prometheus_headers]
    told = [settings.prometheus_url, settings.prometheus_tenant, settings.prometheus_username]
    digest = hashlib.sha256(orjson.dumps(told)).digest()
    hidden = orjson.dumps([s.get_secret_value() if s is not None else None for s in secrets])
    if any(secret is not None for secret in secrets):
        return hashlib.scrypt(hidden, salt=digest, n=1 << 12, r=8, p=1)
    return digest


def _is_damaged(error: Exception) -> bool:
    """Whether the file is no database (of this shape); not that another process has it."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError
    )


def _day(at_s: int) -> int:
    return at_s // DAY_S


def _days(grid: Grid, last: int) -> Iterator[tuple[int, Stretch]]:
    """The grid's places up to `last`, by the day they fall on."""
    days = (grid.start_s + grid.step_s * np.arange(last + 1)) // DAY_S
    edges = np.flatnonzero(np.diff(days)) + 1
    firsts = [0, *edges.tolist()]
    lasts = [edge - 1 for edge in edges.tolist()] + [last]
    for first, end in zip(firsts, lasts, strict=True):
        yield int(days[first]), Stretch(first, end)


def _packed(
    day: int, part: Stretch, grid: Grid, rows: list[Row], made: float
) -> tuple[int, int, int, float, bytes, bytes]:
    """One day's rows, without those that are empty on it; moments in steps since 1970."""
    cells = [row.values[part.first : part.last + 1] for row in rows]
    used = [n for n, values in enumerate(cells) if np.isfinite(values).any()]
    labels = orjson.dumps([dict(rows[n].labels) for n in used])
    data = b"".join(np.ascontiguousarray(cells[n]).tobytes() for n in used)
    base = grid.start_s // grid.step_s
    return day, base + part.first, base + part.last, made, labels, data


def _unpacked(
    row: tuple[int, int, int, bytes, bytes], grid: Grid
) -> tuple[Stretch, list[Row]] | None:
    """The part of a kept day that lies on the grid."""
    _, first, last, labels, data = row
    base = grid.start_s // grid.step_s
    width = last - first + 1
    named: list[Labels] = orjson.loads(labels)
    cells = np.frombuffer(data, dtype=np.float64).reshape(len(named), width)
    part = Stretch(max(0, first - base), min(grid.count - 1, last - base))
    if part.first > part.last:
        return None
    skip = part.first + base - first
    kept = cells[:, skip : skip + part.last - part.first + 1]
    return part, [Row(name, values) for name, values in zip(named, kept, strict=True)]
