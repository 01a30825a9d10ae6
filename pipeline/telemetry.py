"""Opens the telemetry index with the embedder of the knowledge base; nothing is read yet."""

from __future__ import annotations

from adapters.settings import Settings
from knowledge.telemetry.index import UsageIndex
from knowledge.telemetry.shelf import LocalShelf, ServerShelf, Shelf
from pipeline.knowledge_index import chroma_server, query_embedder
from schemas.ports import Clock

DIRECTORY = "telemetry"
"""Subdirectory of the data directory; with a Chroma server nothing is kept there."""


def open_telemetry(settings: Settings, clock: Clock | None = None) -> UsageIndex:
    """The index of what workloads used, wherever the settings keep it.

    Args:
        settings: Which directory or server, and which embedder.
        clock: For the age of what is kept; the machine's when None.
    """
    server = chroma_server(settings)
    shelf: Shelf = (
        LocalShelf(settings.data_directory / DIRECTORY) if server is None else ServerShelf(server)
    )
    if clock is None:
        # Imported here: the wiring hands out this index.
        from adapters.clock import SystemClock

        clock = SystemClock()
    return UsageIndex(shelf, clock, query_embedder(settings))
