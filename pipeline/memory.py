"""Opens the memory of past decisions, and says what of a run goes into it."""

from __future__ import annotations

from adapters.settings import Settings
from adapters.store import SqliteDecisions
from knowledge.memory import Memory
from schemas.ports import Clock

FILE = "decisions.sqlite"


def open_store(settings: Settings) -> SqliteDecisions:
    """The store of decisions; its file is made by the first decision."""
    return SqliteDecisions(settings.data_directory / FILE)


def open_memory(settings: Settings, clock: Clock) -> Memory:
    """The memory over that store."""
    return Memory(open_store(settings), clock)
