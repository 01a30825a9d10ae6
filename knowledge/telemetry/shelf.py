"""Where summaries are kept: in a directory of this machine, or on a Chroma server."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from knowledge.index.chroma import (
    BUILD_SECONDS,
    QUERY_SECONDS,
    ChromaServer,
    in_time,
    persistent_client,
    server_client,
)
from knowledge.index.lock import one_builder
from knowledge.telemetry.file import DAMAGED, FILE, Damaged, UsageFile
from knowledge.telemetry.rows import Entry, Filter
from schemas.errors import OutputError, OutsideError, StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_LOG = logging.getLogger(__name__)

CHROMA = "chroma"
LOCK_SECONDS = 30.0
"""Longest wait for another process that writes; writing takes a second."""
_REBUILDS = 2
"""Of damaged files: a client that could not be opened stays in chromadb's cache of the directory
(1.5.9), so that the first client after it fails too."""
_T = TypeVar("_T")


class Shelf(Protocol):
    """Keeps entries; every method raises `StoreError` when it cannot."""

    def mend(self) -> None:
        """Make anew what is damaged, as far as it can be; called before something is changed."""

    def find(self, where: Filter) -> Sequence[Entry]:
        """All that match, by id."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        """What is kept under some ids."""

    def put(self, entries: Sequence[Entry], space: str | None) -> None:
        """Keep entries, those of known ids replaced; `space` is that of new vectors."""

    def stale(self, oldest_s: int, most: int) -> Sequence[str]:
        """Ids of what was last seen before a moment, and of the oldest beyond a number."""

    def delete(self, ids: Sequence[str], *, for_good: bool) -> int:
        """Forget entries, and where it is for good leave no copy; how many they were."""


class LocalShelf:
    """A directory with the file that is read, and Chroma, which holds the same.

    Chroma is brought up to date by a writer that has new texts or labels. A file that is damaged is
    made anew from Chroma, and Chroma's own files are made anew from the file.

    Args:
        directory: It may not exist yet.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = UsageFile(directory / FILE)

    def mend(self) -> None:
        """A file that is damaged is made anew from Chroma, which is one line."""
        if self._damage() is None:
            return
        with self._alone():
            # Another process may have mended it in the meantime.
            damage = self._damage()
            if damage is None:
                return
            self._file.set_aside()
            entries = self._from_chroma()
            self._file.put(entries)
        _LOG.warning("%s; it was made anew with %d summaries", damage, len(entries))

    def find(self, where: Filter) -> Sequence[Entry]:
        """All that match; a damaged file is one line and empty."""
        try:
            return self._file.find(where)
        except Damaged as error:
            _LOG.warning("%s; nothing is known of usage until the next run that reads some", error)
            return ()

    def known(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        """What is kept under some ids."""
        return self._file.known(ids)

    def put(self, entries: Sequence[Entry], space: str | None) -> None:
        """Keep entries, in the file first."""
        with self._alone():
            self._file.put(entries)
            if any(entry.vector is not None and not entry.indexed for entry in entries):
                self._index(space)

    def stale(self, oldest_s: int, most: int) -> Sequence[str]:
        """Ids of what was last seen before a moment, and of the oldest beyond a number."""
        ages = self._file.ids_by_age()
        too_many = len(ages) - most
        return [id_ for n, (id_, end_s) in enumerate(ages) if end_s < oldest_s or n < too_many]

    def delete(self, ids: Sequence[str], *, for_good: bool) -> int:
        """Forget entries. Chroma learns of it when it is next written.

        Its files keep what they delete, so where it is for good they go, and are made anew then.
        """
        if not self._directory.exists():
            return 0
        with self._alone():
            count = self._file.delete(ids)
            if for_good:
                shutil.rmtree(self._directory / CHROMA, ignore_errors=True)
                self._file.path.with_name(DAMAGED).unlink(missing_ok=True)
                self._file.set_none_indexed()
        return count

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the directory."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with one_builder(self._directory, _LOG.debug, LOCK_SECONDS):
                yield
        except (OSError, OutputError) as error:
            reason = getattr(error, "message", None) or str(error)
            raise StoreError(
                f"usage cannot be kept in {self._directory}: {reason}",
                code="telemetry.store",
                hint="Check the disk and the permissions, or set AI_PROVISION_DATA_DIR to another "
                "directory.",
            ) from error

    def _damage(self) -> Damaged | None:
        try:
            self._file.check()
        except Damaged as error:
            return error
        return None

    def _from_chroma(self) -> list[Entry]:
        """What Chroma has; nothing when it is damaged too."""
        if not (self._directory / CHROMA).is_dir():
            return []
        from knowledge.telemetry import collection

        return self._chroma(lambda client: collection.find(client, {})) or []

    def _index(self, space: str | None) -> None:
        """Bring Chroma up to date; nothing that is searched here is lost when that fails."""
        from knowledge.telemetry import collection

        def update(client: ClientAPI) -> list[str]:
            new = [entry for entry in self._file.not_indexed() if entry.in_space(space)]
            collection.put(client, new, space)
            kept = {id_ for id_, _ in self._file.ids_by_age()}
            collection.delete(client, sorted(collection.stored_ids(client) - kept))
            return [entry.row.id for entry in new]

        done = self._chroma(update)
        for _ in range(_REBUILDS):
            if done is not None:
                break
            # Its files are made anew from the file of summaries.
            shutil.rmtree(self._directory / CHROMA, ignore_errors=True)
            self._file.set_none_indexed()
            done = self._chroma(update)
        if done is None:
            _LOG.warning("usage is kept, but Chroma in %s cannot be written", self._directory)
            return
        self._file.set_indexed(done)

    def _chroma(self, call: Callable[[ClientAPI], _T]) -> _T | None:
        """What a call gives; None when Chroma's files are damaged."""
        try:
            with persistent_client(self._directory / CHROMA) as client:
                return call(client)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - chromadb raises its own types and bare ones
            _LOG.debug("chroma_failed", exc_info=error)
            return None


class ServerShelf:
    """A Chroma server, which several machines share.

    Args:
        server: Asked at each call, not before.
    """

    def __init__(self, server: ChromaServer) -> None:
        self._server = server

    def mend(self) -> None:
        """Nothing: a server looks after its own files."""

    def find(self, where: Filter) -> Sequence[Entry]:
        """All that match."""
        from knowledge.telemetry import collection

        return self._ask(lambda client: collection.find(client, where))

    def known(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        """What is stored under some ids."""
        from knowledge.telemetry import collection

        found = self._ask(lambda client: collection.known(client, ids)) if ids else []
        return {entry.row.id: entry for entry in found}

    def put(self, entries: Sequence[Entry], space: str | None) -> None:
        """Store entries; those without a vector of `space` apart."""
        from knowledge.telemetry import collection

        def store(client: ClientAPI) -> None:
            embedded = [entry for entry in entries if entry.in_space(space)]
            plain = [entry for entry in entries if not entry.in_space(space)]
            for some, where in ((embedded, space), (plain, None)):
                if some:
                    collection.put(client, some, where)

        self._ask(store, BUILD_SECONDS)

    def stale(self, oldest_s: int, most: int) -> Sequence[str]:
        """Ids of slices that ended before a moment, and of the oldest beyond a number."""
        from knowledge.telemetry import collection

        return self._ask(lambda client: collection.stale(client, oldest_s, most))

    def delete(self, ids: Sequence[str], *, for_good: bool) -> int:
        """Forget entries; what copies of them the server's files hold is the server's matter."""
        from knowledge.telemetry import collection

        if ids:
            self._ask(lambda client: collection.delete(client, ids))
        return len(ids)

    def _ask(self, call: Callable[[ClientAPI], _T], seconds: float = QUERY_SECONDS) -> _T:
        try:
            with server_client(self._server) as client:
                return in_time(lambda: call(client), self._server, seconds)
        except OutsideError as error:
            raise StoreError(error.message, code="telemetry.server", hint=error.hint) from error
