"""Chroma, on disk or as a server: where vectors are built and kept.

Only building and searching a server come here: importing chromadb takes 0.6 s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from schemas.errors import OutsideError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import QueryResult

LOCAL_COLLECTION = "facts"
"""On disk each generation has a directory of its own, so the name needs no fingerprint."""
SERVER_PREFIX = "ai-provision-"

QUERY_SECONDS = 10.0
"""A server that takes longer is not worth waiting for in a sizing; a query takes 0.03 s."""
BUILD_SECONDS = 300.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Where a Chroma server listens."""

    url: str
    """``http(s)://host:port``."""
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token and as ``X-Chroma-Token``: servers and gateways differ."""


def server_collection(fingerprint: str) -> str:
    """The name of the collection of one state of the facts; the same on every machine."""
    return SERVER_PREFIX + fingerprint[:32]


@contextmanager
def persistent_client(path: Path) -> Iterator[ClientAPI]:
    """Chroma in a directory; its files are closed after the block.

    Raises:
        chromadb.errors.ChromaError: It cannot be opened.
    """
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        path=str(path), settings=Settings(anonymized_telemetry=False)
    )
    try:
        yield client
    finally:
        client.close()  # type: ignore[attr-defined]  # PersistentClient is typed as its interface


@contextmanager
def server_client(server: ChromaServer) -> Iterator[ClientAPI]:
    """A client of a server; its connections are closed after the block.

    Raises:
        OutsideError: It cannot be reached.
    """
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(server.url)
    secure = parts.scheme == "https"
    headers = {}
    if server.token is not None:
        headers = {"Authorization": f"Bearer {server.token}", "X-Chroma-Token": server.token}
    client = in_time(
        lambda: chromadb.HttpClient(
            host=parts.hostname or "",
            port=parts.port or (443 if secure else 80),
            ssl=secure,
            headers=headers,
            settings=Settings(anonymized_telemetry=False),
        ),
        server,
        QUERY_SECONDS,
    )
    try:
        yield client
    finally:
        client.close()  # type: ignore[attr-defined]  # HttpClient is typed as its interface
        # Closing leaves the sockets open (chromadb 1.5), of the client and of the one inside it.
        for part in (client, getattr(client, "_admin_client", None)):
            session = getattr(getattr(part, "_server", None), "_session", None)
            if session is not None:
                session.close()


def create_collection(client: ClientAPI, name: str, **metadata: str | int) -> Collection:
    """An empty collection for cosines; Chroma embeds nothing by itself."""
    return client.create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine"}},
        metadata=metadata or None,
    )


def get_collection(client: ClientAPI, name: str) -> Collection | None:
    """A collection by its name; None when there is none.

    Raises:
        chromadb.errors.ChromaError: Anything else went wrong.
    """
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None


def description_id(number: int) -> str:
    """The id under which an everyday description lies beside the facts; no fact has such a one."""
    return f"description:{number}"


class ServerMeanings:
    """Cosines from a Chroma server; implements `knowledge.index.vectors.Meanings`.

    The server compares: all facts are asked for, so that every cosine is known, as it is locally.

    Args:
        server: Asked at each search, not before.
        collection: Its name there.
        positions: Of the facts and, after them, of the descriptions, by id.
    """

    def __init__(self, server: ChromaServer, collection: str, positions: Mapping[str, int]) -> None:
        self._server = server
        self._name = collection
        self._positions = positions

    def cosines(self, vectors: Sequence[Sequence[float]]) -> Sequence[Mapping[int, float]]:
        """Per query vector: position of each fact to its cosine.

        Raises:
            OutsideError: The server cannot be reached, or has no index of these facts.
        """
        asked: list[Sequence[float] | Sequence[int]] = list(vectors)
        with server_client(self._server) as client:

            def query() -> QueryResult | None:
                collection = get_collection(client, self._name)
                if collection is None:
                    return None
                return collection.query(
                    query_embeddings=asked,
                    n_results=max(1, len(self._positions)),
                    include=["distances"],
                )

            answer = in_time(query, self._server, QUERY_SECONDS)
        if answer is None:
            raise OutsideError(
                f"the Chroma server at {self._server.url} has no index of these facts",
                code="knowledge.server",
                hint="ai-provision knowledge build puts it there.",
            )
        pairs = zip(answer["ids"], answer["distances"] or [], strict=True)
        return [self._by_position(ids, distances) for ids, distances in pairs]

    def _by_position(self, ids: Sequence[str], distances: Sequence[float]) -> dict[int, float]:
        return {
            self._positions[id_]: min(1.0, max(-1.0, 1.0 - distance))
            for id_, distance in zip(ids, distances, strict=True)
            if id_ in self._positions
        }


def in_time(call: Callable[[], _T], server: ChromaServer, seconds: float) -> _T:
    """What a call to a server gives.

    Chroma's client waits without end, so each call has a thread, which is left behind when it does.

    Raises:
        OutsideError: The server did not answer in time, or refused.
    """
    done: list[_T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            done.append(call())
        except Exception as error:  # noqa: BLE001 - chromadb raises bare ValueErrors, httpx its own
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if done:
        return done[0]
    reason = f"no answer in {seconds:g} s"
    if failed:
        reason = (str(failed[0]) or type(failed[0]).__name__).splitlines()[0][:200]
    raise OutsideError(
        f"the Chroma server at {server.url} failed: {reason}",
        code="knowledge.server",
        hint="Check AI_PROVISION_CHROMA_URL and that the server runs.",
    ) from (failed[0] if failed else None)
