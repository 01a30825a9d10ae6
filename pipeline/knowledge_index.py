"""Joins the index with the embedders and the settings: for queries, and for building."""

from __future__ import annotations

from pathlib import Path

from adapters.embeddings.choice import EmbedderChoice, find_embedder, prepare_embedder
from adapters.settings import Settings
from knowledge.index.build import Builder, BuildReport, Progress
from knowledge.index.chroma import ChromaServer
from knowledge.retriever import Retriever, open_knowledge
from schemas.ports import Clock, Embedder

ADDED = "knowledge"
"""Subdirectory of the data directory for the documents that the operator added."""
_EMBEDDERS: dict[tuple[Path, EmbedderChoice], Embedder] = {}


def open_retriever(settings: Settings, exclude_owners: frozenset[str] = frozenset()) -> Retriever:
    """The knowledge base as it is; nothing is downloaded or built but an index of words.

    Args:
        settings: Which embedder, which server, which directories.
        exclude_owners: Owners of repositories whose facts must not be found, lower case.

    Raises:
        SettingsError: The facts that ship with the tool cannot be read.
    """
    return open_knowledge(
        settings.cache_directory,
        added=added_directory(settings),
        embedder=query_embedder(settings),
        server=chroma_server(settings),
        exclude_owners=exclude_owners,
    )


def build_index(
    settings: Settings, clock: Clock, progress: Progress, *, rebuild: bool = False
) -> BuildReport:
    """Bring the index up to date, with the best embedder that can be had.

    Raises:
        SettingsError: The facts cannot be read, or the embedder that is asked for cannot be had.
        OutputError: The index cannot be written.
        OutsideError: The Chroma server failed.
    """
    builder = Builder(
        cache_directory=settings.cache_directory,
        prepare_embedder=lambda: prepare_embedder(
            settings.cache_directory, settings.embedder, lambda words: progress(words, 0, 0)
        ),
        clock=clock,
        added=added_directory(settings),
        server=chroma_server(settings),
        progress=progress,
    )
    return builder.build(rebuild=rebuild)


def query_embedder(settings: Settings) -> Embedder | None:
    """The embedder of queries, the same one for all who ask in this process: it is loaded once."""
    key = (settings.cache_directory, settings.embedder)
    found = _EMBEDDERS.get(key) or find_embedder(*key)
    # That there is none is not remembered: a build in this process may make it.
    if found is not None:
        _EMBEDDERS[key] = found
    return found


def added_directory(settings: Settings) -> Path:
    """Where added documents are kept; it may not exist."""
    return settings.data_directory / ADDED


def chroma_server(settings: Settings) -> ChromaServer | None:
    """The server that keeps vectors; None when the directories of this machine do."""
    if settings.chroma_url is None:
        return None
    token = settings.chroma_token
    return ChromaServer(
        settings.chroma_url.rstrip("/"), token.get_secret_value() if token else None
    )
