"""Summaries in Chroma: a collection per vector space, on disk beside the file or on a server.

A collection holds all that is known of a summary: its vector, its text, what it is filtered by, and
the document. Importing chromadb takes 0.7 s; only a writer with something new, and whoever asks a
server, comes here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from knowledge.index.chroma import create_collection, get_collection
from knowledge.telemetry.rows import Entry, Facets, Filter, Row

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

PREFIX = "ai-provision-usage-"
_BATCH = 500
"""Entries per call; Chroma takes at most 5,461 (SQLite's limit on variables)."""
_ROOM = 0.05
"""Share of the bound that is freed when a server is full."""
_PLAIN = "plain"
"""The name, instead of a vector space, of the collection of entries without a vector. Chroma stores
nothing without one, so they share a placeholder of one dimension; nothing searches for it."""
_PLACEHOLDER = (1.0,)

_FACETS = tuple(field.name for field in fields(Facets))


def name_of(space: str | None) -> str:
    """The collection of a vector space; None: of entries without a vector."""
    return PREFIX + hashlib.sha256((space or _PLAIN).encode()).hexdigest()[:24]


def put(client: ClientAPI, entries: Sequence[Entry], space: str | None) -> None:
    """Store entries, and remove what other collections have under their ids.

    Args:
        client: Of the server or the directory.
        entries: All with a vector of `space`, or all without any where it is None.
        space: Their vector space.

    Raises:
        Exception: Chroma's own, and others.
    """
    name = name_of(space)
    collection = get_collection(client, name) or create_collection(client, name)
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        vectors = [_stored(entry, space) for entry in batch]
        # `upsert` merges metadata, so every key is always given; `add` would ignore known ids.
        collection.upsert(
            ids=[entry.row.id for entry in batch],
            embeddings=vectors,
            documents=[entry.row.text for entry in batch],
            metadatas=[_metadata(entry) for entry in batch],
        )
    ids = [entry.row.id for entry in entries]
    for other in collections(client):
        if other.name != name:
            _delete(other, ids)


def find(client: ClientAPI, where: Filter) -> list[Entry]:
    """All that match, of whatever space, by id."""
    found = [entry for each in collections(client) for entry in _read(each, where=_where(where))]
    return sorted(found, key=lambda entry: entry.row.id)


def known(client: ClientAPI, ids: Sequence[str]) -> list[Entry]:
    """What is stored under some ids."""
    return [entry for each in collections(client) for entry in _read(each, ids=list(ids))]


def delete(client: ClientAPI, ids: Sequence[str]) -> None:
    """Forget entries."""
    for collection in collections(client):
        _delete(collection, ids)


def stored_ids(client: ClientAPI) -> set[str]:
    """Ids of all entries."""
    return {id_ for each in collections(client) for id_ in each.get(include=[])["ids"]}


def stale(client: ClientAPI, oldest_s: int, most: int) -> list[str]:
    """Ids of what ended before a moment, and of the oldest beyond a number."""
    ours = collections(client)
    old: dict[str, Any] = {"end_s": {"$lt": oldest_s}}
    ids = [id_ for each in ours for id_ in each.get(where=old, include=[])["ids"]]
    if sum(each.count() for each in ours) <= most:
        return ids
    # All ends are needed only now; some room is made, so that this is seldom.
    ages = sorted((entry.row.end_s, entry.row.id) for entry in find(client, {}))
    room = max(1, round(most * _ROOM))
    return sorted({*ids, *(id_ for _, id_ in ages[: len(ages) - most + room])})


def collections(client: ClientAPI) -> list[Collection]:
    """Our collections."""
    return [each for each in client.list_collections() if each.name.startswith(PREFIX)]


def _delete(collection: Collection, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _BATCH):
        collection.delete(ids=list(ids[start : start + _BATCH]))


def _where(where: Filter) -> dict[str, Any] | None:
    parts: list[dict[str, Any]] = [{name: {"$in": list(values)}} for name, values in where.items()]
    if len(parts) < 2:
        return parts[0] if parts else None
    return {"$and": parts}


def _read(collection: Collection, **selection: Any) -> Iterator[Entry]:  # noqa: ANN401
    stored = collection.get(include=["embeddings", "documents", "metadatas"], **selection)
    vectors, texts, metadatas = stored["embeddings"], stored["documents"], stored["metadatas"]
    if vectors is None or texts is None or metadatas is None:
        return
    for id_, vector, text, metadata in zip(stored["ids"], vectors, texts, metadatas, strict=True):
        facets = Facets(
            **{field.name: str(metadata.get(field.name, "")) for field in fields(Facets)}
        )
        end_s = metadata.get("end_s")
        row = Row(
            id=id_,
            facets=facets,
            end_s=end_s if isinstance(end_s, int) else 0,
            document=str(metadata.get("summary", "")),
            text=text,
        )
        text_hash = str(metadata.get("text_hash", ""))
        values = [float(value) for value in vector] if text_hash else None
        yield Entry(row, text_hash, values, indexed=True)


def _stored(entry: Entry, space: str | None) -> Sequence[float] | Sequence[int]:
    return list(_PLACEHOLDER if space is None or entry.vector is None else entry.vector)


def _metadata(entry: Entry) -> dict[str, str | int]:
    return {
        **entry.row.facets.by_name(),
        "end_s": entry.row.end_s,
        "summary": entry.row.document,
        "text_hash": entry.text_hash if entry.vector is not None else "",
    }
