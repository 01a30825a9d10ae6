"""Joins the index with the embedders and the settings: for queries, and for building."""

from __future__ import annotations

from pathlib import Path

from adapters.embeddings.choice import find_embedder, prepare_embedder
from adapters.settings import Settings
from knowledge.index.build import Builder, BuildReport, Progress
from knowledge.index.chroma import ChromaServer
from knowledge.retriever import Retriever, open_knowledge
from schemas.ports import Clock

ADDED = "knowledge"
"""Subdirectory of the data directory for the documents that the operator added."""


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
        embedder=find_embedder(settings.cache_directory, settings.embedder),
        server=_server(settings),
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
        server=_server(settings),
        progress=progress,
    )
    return builder.build(rebuild=rebuild)


def added_directory(settings: Settings) -> Path:
    """Where added documents are kept; it may not exist."""
    return settings.data_directory / ADDED


def _server(settings: Settings) -> ChromaServer | None:
    if settings.chroma_url is None:
        return None
    token = settings.chroma_token
    return ChromaServer(
        settings.chroma_url.rstrip("/"), token.get_secret_value() if token else None
    )
