"""The file of summaries: SQLite, with their vectors; what a cold process reads in a millisecond."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from knowledge.telemetry.rows import Entry, Facets, Filter, Row, Vector
from schemas.errors import StoreError

FORMAT = 1
"""Held in the file's ``user_version``; a file of a newer format is left alone."""
FILE = "usage.sqlite"
DAMAGED = "usage.damaged"
_BUSY_SECONDS = 5.0
"""Longest wait for another process that writes; a write takes milliseconds."""
_FACETS = tuple(field.name for field in fields(Facets))
_COLUMNS = ", ".join(("id", *_FACETS, "end_s", "document", "text", "text_hash", "vector"))
_TABLES = f"""
CREATE TABLE IF NOT EXISTS usage (
    id TEXT PRIMARY KEY, {", ".join(f"{name} TEXT NOT NULL" for name in _FACETS)},
    end_s INTEGER NOT NULL, document TEXT NOT NULL, text TEXT NOT NULL,
    text_hash TEXT NOT NULL, vector BLOB, indexed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS usage_alike ON usage (slice, product, language);
CREATE INDEX IF NOT EXISTS usage_container ON usage (workload, container);
"""
_PUT = f"INSERT OR REPLACE INTO usage ({_COLUMNS}, indexed) VALUES ({', '.join('?' * 15)})"  # noqa: S608 - fixed
_GET = f"SELECT {_COLUMNS}, indexed FROM usage"  # noqa: S608 - fixed columns
_AGES = """
SELECT id, max(end_s) OVER (PARTITION BY workload, container) AS newest FROM usage
ORDER BY newest, workload, container, id
"""


class Damaged(StoreError):
    """The file is there, but is no file of summaries any more."""

    default_code = "telemetry.damaged"


class UsageFile:
    """Summaries in a file that only its owner can read; made by the first write.

    Every method raises `StoreError` when the file cannot be read or written (permission, disk full,
    another process), and `Damaged` when it is no such file.

    Args:
        path: Where it is; its directory is made with it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Read all pages, so that a file that is torn in the middle is found too."""
        if not self.path.exists():
            return
        with self._open() as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Damaged(f"{self.path} is damaged ({found})")

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep all entries or none; those of known ids are replaced."""
        with self._open(create=True) as connection:
            connection.executemany(_PUT, [_values(entry) for entry in entries])

    def find(self, where: Filter) -> list[Entry]:
        """All that match, by id.

        Raises:
            KeyError: There is no such facet.
        """
        conditions, values = [], []
        for name, wanted in where.items():
            if name not in _FACETS:
                raise KeyError(name)
            conditions.append(f"{name} IN ({', '.join('?' * len(wanted))})")
            values += list(wanted)
        condition = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._select(f"{_GET}{condition} ORDER BY id", values)

    def known(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        """What is kept under some ids."""
        found = [entry for id_ in ids for entry in self._select(f"{_GET} WHERE id = ?", [id_])]
        return {entry.row.id: entry for entry in found}

    def not_indexed(self) -> list[Entry]:
        """Entries with a vector that Chroma does not have as they are now."""
        return self._select(f"{_GET} WHERE vector IS NOT NULL AND NOT indexed ORDER BY id", [])

    def set_indexed(self, ids: Sequence[str]) -> None:
        """Note that Chroma has these entries."""
        with self._open() as connection:
            rows = [(id_,) for id_ in ids]
            connection.executemany("UPDATE usage SET indexed = 1 WHERE id = ?", rows)

    def set_none_indexed(self) -> None:
        """Note that Chroma has nothing."""
        if self.path.exists():
            with self._open() as connection:
                connection.execute("UPDATE usage SET indexed = 0")

    def ids_by_age(self) -> list[tuple[str, int]]:
        """All ids, each with the end of the newest window of its container; oldest first."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            return connection.execute(_AGES).fetchall()

    def delete(self, ids: Sequence[str]) -> int:
        """Forget entries, and overwrite their bytes; how many they were."""
        if not ids or not self.path.exists():
            return 0
        with self._open() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            rows = [(id_,) for id_ in ids]
            return connection.executemany("DELETE FROM usage WHERE id = ?", rows).rowcount

    def set_aside(self) -> None:
        """Move a damaged file out of the way, over an earlier one."""
        self.path.replace(self.path.with_name(DAMAGED))

    def _select(self, query: str, values: Sequence[str]) -> list[Entry]:
        if not self.path.exists():
            return []
        with self._open() as connection:
            return [_entry(found) for found in connection.execute(query, values)]

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, rolled back by an exception."""
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.path.touch(mode=0o600)
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS)
            try:
                self._prepare(connection)
                with connection:
                    yield connection
            finally:
                connection.close()
        except (sqlite3.OperationalError, OSError) as error:
            raise self._failed(str(error)) from error
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            # The last two are columns that hold something else than was written.
            raise Damaged(f"{self.path} is damaged ({error})") from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise self._failed(f"it has format {found}, this version reads {FORMAT}")
        if found < FORMAT:
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _failed(self, reason: str) -> StoreError:
        return StoreError(
            f"usage cannot be read from or kept in {self.path}: {reason}",
            code="telemetry.store",
            hint="Check the disk and the permissions, or set AI_PROVISION_DATA_DIR to another "
            "directory.",
        )


def packed(vector: Vector) -> bytes:
    """A vector as 32-bit floats."""
    return array("f", vector).tobytes()


def _values(entry: Entry) -> tuple[object, ...]:
    row = entry.row
    vector = None if entry.vector is None else packed(entry.vector)
    facets = row.facets.by_name()
    own = (row.end_s, row.document, row.text, entry.text_hash, vector, int(entry.indexed))
    return (row.id, *(facets[name] for name in _FACETS), *own)


def _entry(values: Sequence[object]) -> Entry:
    id_, *facets = values[: len(_FACETS) + 1]
    end_s, document, text, text_hash, vector, indexed = values[len(_FACETS) + 1 :]
    row = Row(str(id_), Facets(*map(str, facets)), int(str(end_s)), str(document), str(text))
    return Entry(row, str(text_hash), _vector(vector), bool(indexed))


def _vector(content: object) -> Vector | None:
    if not isinstance(content, bytes) or not content or len(content) % 4:
        return None
    return array("f", content)
