"""Opens the knowledge base when it is first asked, and says what a run used of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import Protocol, runtime_checkable

from schemas.knowledge import KnowledgeQuery, Retrieval
from schemas.ports import KnowledgeSource
from schemas.retrieval import KnowledgeState

logger = logging.getLogger(__name__)


@runtime_checkable
class Warmable(Protocol):
    """A source that can load what it needs before the first question."""

    def warm(self) -> Thread:
        """Begin to load, in a thread of its own."""


class LazyKnowledge:
    """A knowledge source that costs nothing until it is needed.

    Implements `schemas.ports.KnowledgeSource`. An error of opening is an error of the question, so
    that whoever asks can go on without an answer.

    Args:
        open_source: Opens the real one; called once.
    """

    def __init__(self, open_source: Callable[[], KnowledgeSource]) -> None:
        self._open = open_source
        self._opened: KnowledgeSource | None = None
        self._lock = Lock()
        """Held while it opens, so that nobody asks a source that is half open."""

    @property
    def state(self) -> KnowledgeState:
        """Which facts and which embedder answer."""
        return self._source().state

    def search(self, queries: Sequence[KnowledgeQuery]) -> Sequence[Retrieval]:
        """Answer several queries at once, in their order."""
        return self._source().search(queries)

    def warm(self) -> Thread:
        """Open the source in a thread of its own; an error comes back with the first question.

        The process waits for the thread when it ends early: native libraries that are cut while
        they load crash.
        """
        thread = Thread(target=self._warm, name="knowledge-open")
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            with self._lock:
                source = self._opened = self._open()
                if isinstance(source, Warmable):
                    source.warm().join()
        except Exception:
            logger.debug("warming_failed", exc_info=True)

    def _source(self) -> KnowledgeSource:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened


def describe(state: KnowledgeState) -> str:
    """The knowledge of a run in one line, for its record."""
    lost = " (degraded)" if state.degraded else ""
    return f"{state.facts} facts, fingerprint {state.fingerprint[:12]}, {state.embedder}{lost}"
