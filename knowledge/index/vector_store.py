"""Writes vectors through LlamaIndex into Chroma, and carries over those that are still right.

Imports LlamaIndex and Chroma (2 s): only a build that has something to do comes here.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from chromadb.errors import ChromaError

from knowledge.index.bridge import fill_collection, node_of
from knowledge.index.chroma import (
    BUILD_SECONDS,
    LOCAL_COLLECTION,
    SERVER_PREFIX,
    ChromaServer,
    create_collection,
    description_id,
    get_collection,
    in_time,
    persistent_client,
    server_client,
    server_collection,
)
from knowledge.index.descriptions import described
from knowledge.index.document import text_of
from knowledge.index.generation import CHROMA, VECTORS
from schemas.knowledge import Fact
from schemas.ports import Embedder

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_LOG = logging.getLogger(__name__)

KEPT_ON_SERVER = 5
"""Newest collections that a build leaves there: other machines may have other facts."""
_UNFINISHED = "unfinished-"

Known = Mapping[str, Sequence[float]]
"""Vectors of a former index, by the hash of their text."""
Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Vectors:
    """What computes vectors, and what they were before."""

    embedder: Embedder
    done: Done
    """Is told how many more facts have their vector."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written."""

    dimensions: int
    embedded: int
    """Vectors that were computed; the others were carried over."""


def store_locally(
    target: Path, facts: Sequence[Fact], vectors: Vectors, former: Path | None
) -> Stored:
    """Write Chroma's files and the plain vectors into a new generation.

    Args:
        target: Directory of the new generation.
        facts: In the order of their positions.
        vectors: How they are computed.
        former: Directory of a generation with vectors of the same space, if there is one.

    Raises:
        ChromaError: Chroma cannot write.
        OSError: The vectors cannot be written.
    """
    known = _known_locally(former)
    with persistent_client(target / CHROMA) as client:
        collection = create_collection(client, LOCAL_COLLECTION)
        embedded = _fill(collection, facts, vectors, known)
        # Read back, so that what is searched is what Chroma holds.
        matrix = _matrix(collection, [fact.id for fact in facts])
    (target / VECTORS).write_bytes(matrix.astype("<f4").tobytes())
    return Stored(matrix.shape[1], embedded)


def store_on_server(
    server: ChromaServer,
    facts: Sequence[Fact],
    vectors: Vectors,
    names: tuple[str, str | None],
    built_at: datetime,
) -> Stored:
    """Write a collection: under another name first, so that nobody finds half of it.

    Args:
        server: Where to.
        facts: What it is to hold.
        vectors: How they are computed.
        names: Fingerprints of the facts now, and of a former state (None: there is none).
        built_at: The present.

    Raises:
        OutsideError: The server failed.
    """
    with server_client(server) as client:
        return in_time(
            lambda: _store_on_server(client, facts, vectors, names, built_at),
            server,
            BUILD_SECONDS,
        )


def is_on_server(server: ChromaServer, fingerprint: str) -> bool:
    """Whether the collection of a state of the facts is there.

    Raises:
        OutsideError: The server failed.
    """
    name = server_collection(fingerprint)
    with server_client(server) as client:
        return in_time(lambda: get_collection(client, name) is not None, server, BUILD_SECONDS)


def text_hash(text: str, space: str) -> str:
    """What a vector depends on: it is right as long as this is the same."""
    return hashlib.sha256(f"{space}\n{text}".encode()).hexdigest()


def _store_on_server(
    client: ClientAPI,
    facts: Sequence[Fact],
    vectors: Vectors,
    names: tuple[str, str | None],
    built_at: datetime,
) -> Stored:
    name = server_collection(names[0])
    former = get_collection(client, server_collection(names[1])) if names[1] else None
    known = _known(former) if former is not None else {}
    unfinished = f"{_UNFINISHED}{name}-{uuid.uuid4().hex[:8]}"
    collection = create_collection(client, unfinished, built_at=int(built_at.timestamp()))
    try:
        embedded = _fill(collection, facts, vectors, known)
        _fill_descriptions(collection, facts, vectors.embedder, known)
        dimensions = _matrix(collection, [facts[0].id]).shape[1]
        if get_collection(client, name) is not None:
            client.delete_collection(name)
        collection.modify(name=name)
    except BaseException:
        client.delete_collection(unfinished)
        raise
    _tidy(client, name)
    return Stored(dimensions, embedded)


def _fill(collection: Collection, facts: Sequence[Fact], vectors: Vectors, known: Known) -> int:
    """Store all facts; how many had to be embedded."""
    nodes = []
    for fact in facts:
        text = text_of(fact)
        key = text_hash(text, vectors.embedder.space)
        metadata = {
            "text_hash": key,
            "component": fact.component,
            "topic": fact.topic,
            "kind": fact.kind.value,
        }
        nodes.append(node_of(fact.id, text, metadata, known.get(key)))
    # Batches are made in this order: texts of similar length need little padding.
    nodes.sort(key=lambda node: len(node.text))
    new = sum(node.embedding is None for node in nodes)
    vectors.done(len(nodes) - new)
    fill_collection(collection, nodes, vectors.embedder, vectors.done)
    return new


def _fill_descriptions(
    collection: Collection, facts: Sequence[Fact], embedder: Embedder, known: Known
) -> None:
    """Store everyday descriptions beside the facts."""
    nodes = []
    for number, text in enumerate(described(fact.component for fact in facts).texts):
        key = text_hash(text, embedder.space)
        nodes.append(node_of(description_id(number), text, {"text_hash": key}, known.get(key)))
    if nodes:
        fill_collection(collection, nodes, embedder, lambda _count: None)


def _known_locally(former: Path | None) -> Known:
    if former is None or not (former / CHROMA).is_dir():
        return {}
    try:
        with persistent_client(former / CHROMA) as client:
            collection = get_collection(client, LOCAL_COLLECTION)
            return _known(collection) if collection is not None else {}
    except (ChromaError, OSError, ValueError) as error:
        # They are only computed again.
        _LOG.debug("vectors of the former index cannot be read: %s", error)
        return {}


def _known(collection: Collection) -> Known:
    stored = collection.get(include=["embeddings", "metadatas"])
    vectors, metadatas = stored["embeddings"], stored["metadatas"]
    if vectors is None or metadatas is None:
        return {}
    return {
        str(metadata.get("text_hash")): [float(value) for value in vector]
        for vector, metadata in zip(vectors, metadatas, strict=True)
    }


def _matrix(collection: Collection, ids: Sequence[str]) -> npt.NDArray[np.float32]:
    """Vectors of facts in the order of their ids; shape (facts, dimensions)."""
    stored = collection.get(ids=list(ids), include=["embeddings"])
    # Chroma types them as optional; they were asked for.
    by_id = dict(zip(stored["ids"], np.asarray(stored["embeddings"]), strict=True))
    return np.asarray([by_id[id_] for id_ in ids], dtype=np.float32)


def _tidy(client: ClientAPI, own: str) -> None:
    """Delete our collections but the newest, and those that a build left unfinished long ago."""
    ours = [
        (int((collection.metadata or {}).get("built_at", 0)), collection.name)
        for collection in client.list_collections()
        if collection.name.removeprefix(_UNFINISHED).startswith(SERVER_PREFIX)
    ]
    for _, name in sorted(ours, reverse=True)[KEPT_ON_SERVER:]:
        if name != own:
            client.delete_collection(name)
