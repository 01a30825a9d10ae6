"""Past decisions in a SQLite file that only its owner can read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from pydantic import ValidationError

from schemas.context import Component
from schemas.errors import StoreError
from schemas.knowledge import Decision
from schemas.ports import DecisionFilter

FORMAT = 1
"""Held in the file's ``user_version``; a file of a newer format is left alone."""
MAX_RELATED = 200
"""Newest related decisions that are looked at: older ones say little about today's app."""
_BUSY_SECONDS = 5.0
"""Longest wait for another process that writes; a write takes milliseconds."""

_TABLE = """
CREATE TABLE IF NOT EXISTS decision (
    run TEXT NOT NULL, component TEXT NOT NULL, repository TEXT NOT NULL,
    decided_at TEXT NOT NULL, role TEXT NOT NULL, language TEXT, framework TEXT, product TEXT,
    document TEXT NOT NULL, PRIMARY KEY (run, component)
);
CREATE INDEX IF NOT EXISTS decision_repository ON decision (repository, component, decided_at);
CREATE INDEX IF NOT EXISTS decision_product ON decision (product, decided_at);
CREATE INDEX IF NOT EXISTS decision_stack ON decision (language, role, decided_at);
"""
_PUT = "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RELATED = """
SELECT document FROM decision
WHERE (repository = :repository AND component = :component)
   OR (product IS NOT NULL AND product = :product)
   OR (product IS NULL AND :product IS NULL AND framework IS NOT NULL AND framework = :framework)
   OR (product IS NULL AND :product IS NULL AND language = :language AND role = :role)
ORDER BY (repository = :repository AND component = :component) DESC, decided_at DESC, run, component
LIMIT :most
"""


_Values = dict[str, str | int | None]
"""What is bound to a query's named parameters."""


class SqliteDecisions:
    """Implements `schemas.ports.DecisionStore`.

    The file, and its directory, are made by the first write; reading what is not there finds
    nothing.

    Args:
        path: The file; it gets mode 0600, a directory that has to be made gets 0700.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, decisions: Sequence[Decision]) -> None:
        """Keep them all or none.

        Raises:
            StoreError: No permission, disk full, or the file is not a store of this format.
        """
        if not decisions:
            return
        with self._failures("kept"), self._open(create=True) as connection:
            connection.executemany(_PUT, [_row(decision) for decision in decisions])

    def find(self, where: DecisionFilter) -> Sequence[Decision]:
        """All that match, newest first.

        Raises:
            StoreError: The file cannot be read.
        """
        condition, values = _where(where)
        # The condition is made of fixed words; what a user gave is bound.
        query = f"SELECT document FROM decision{condition} ORDER BY decided_at DESC, run, component"  # noqa: S608
        return self._select(query, values)

    def related(self, component: Component, repository: str) -> Sequence[Decision]:
        """Those of the same component, product, framework, or language and role; newest first.

        The own ones come first; at most `MAX_RELATED`.

        Raises:
            StoreError: The file cannot be read.
        """
        values = {
            "repository": repository,
            "component": component.name,
            "product": component.third_party,
            "framework": component.framework,
            "language": component.language,
            "role": component.role.value,
            "most": MAX_RELATED,
        }
        return self._select(_RELATED, values)

    def delete(self, where: DecisionFilter) -> int:
        """Forget all that match; their bytes are overwritten.

        Raises:
            StoreError: The file cannot be written.
        """
        if not self._path.exists():
            return 0
        condition, values = _where(where)
        with self._failures("deleted"), self._open() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            return connection.execute(f"DELETE FROM decision{condition}", values).rowcount  # noqa: S608

    def _select(self, query: str, values: _Values) -> Sequence[Decision]:
        if not self._path.exists():
            return ()
        with self._failures("read"), self._open() as connection:
            rows = connection.execute(query, values).fetchall()
        try:
            return tuple(Decision.model_validate_json(document) for (document,) in rows)
        except ValidationError as error:
            raise StoreError(
                f"{self._path} holds a decision that cannot be read: {error.error_count()} faults",
                hint="Move the file away, or forget it: ai-provision memory purge --all.",
            ) from error

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, rolled back by an exception."""
        if create:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
        try:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found > FORMAT:
                raise StoreError(
                    f"{self._path} was written by a newer version (format {found}, this is"
                    f" {FORMAT})",
                    hint="Update ai-provision, or set AI_PROVISION_DATA_DIR to another directory.",
                )
            if found < FORMAT:
                connection.executescript(_TABLE)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
            with connection:
                yield connection
        finally:
            connection.close()

    @contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"decisions could not be {verb} in {self._path}: {error}",
                hint="Check the disk and the permissions; AI_PROVISION_DATA_DIR names another "
                "directory.",
            ) from error


def _row(decision: Decision) -> tuple[str | None, ...]:
    return (
        decision.run,
        decision.component,
        decision.repository,
        decision.decided_at.astimezone(UTC).isoformat(),
        decision.role.value,
        decision.language,
        decision.framework,
        decision.product,
        decision.model_dump_json(),
    )


def _where(where: DecisionFilter) -> tuple[str, _Values]:
    given: _Values = {
        "run": where.run,
        "component": where.component,
        "repository": where.repository,
    }
    values: _Values = {name: value for name, value in given.items() if value is not None}
    parts = [f"{name} = :{name}" for name in values]
    if where.before is not None:
        parts.append("decided_at < :before")
        values["before"] = where.before.astimezone(UTC).isoformat()
    return (" WHERE " + " AND ".join(parts) if parts else ""), values
