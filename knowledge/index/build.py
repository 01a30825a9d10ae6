"""Builds the index: incremental, whole or not at all, and nothing when nothing has changed."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.corpus import FACTS, Corpus, corpus_fingerprint, load_corpus
from knowledge.index import lexical
from knowledge.index.chroma import ChromaServer
from knowledge.index.describing import describe
from knowledge.index.generation import (
    EVERYDAY,
    FORMAT,
    MANIFEST,
    VECTORS,
    WORDS,
    Generations,
    IndexDamaged,
    Manifest,
    file_sha256,
    fingerprint,
)
from knowledge.index.lexical import LexicalIndex
from knowledge.index.lock import one_builder
from knowledge.index.opening import INDEX, NO_EMBEDDER
from schemas.errors import OutputError, SettingsError
from schemas.ports import Clock, Embedder

if TYPE_CHECKING:
    from knowledge.index.vector_store import Stored

_LOG = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and how much there is (0: not known)."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    changed: bool
    """False: the index was up to date, and nothing was done."""
    facts: int
    embedded: int
    """Vectors that were computed; the others were carried over."""
    removed: int
    """Facts of the former index that are gone."""
    embedder: str
    fingerprint: str
    location: str
    """Directory of the generation, or the server's collection."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Everything that a build needs."""

    cache_directory: Path
    prepare_embedder: Callable[[], Embedder | None]
    """Called once, while no other process builds: it may write the model."""
    clock: Clock
    added: Path | None = None
    server: ChromaServer | None = None
    facts: Path = FACTS
    progress: Progress = field(default=lambda _stage, _done, _total: None)

    def build(self, *, rebuild: bool = False) -> BuildReport:
        """Bring the index up to date.

        Args:
            rebuild: Compute everything anew, even where nothing has changed.

        Raises:
            SettingsError: The facts that ship with the tool cannot be read.
            OutputError: The index cannot be written (permission, disk full); the old one stays.
            OutsideError: The Chroma server failed.
            EmbedderError: The model failed.
        """
        generations = Generations(self.cache_directory / INDEX)
        with _failures(generations.directory):
            generations.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with one_builder(generations.directory, lambda words: self.progress(words, 0, 0)):
                return self._locked(generations, rebuild=rebuild)

    def _locked(self, generations: Generations, *, rebuild: bool) -> BuildReport:
        embedder = self.prepare_embedder()
        former = None if rebuild else _former(generations)
        if former and self._is_current(former, corpus_fingerprint(self._directories()), embedder):
            return _report(former, changed=False)
        self.progress("reading facts", 0, 0)
        corpus = self._corpus()
        if former and self._is_current(former, corpus.fingerprint, embedder):
            return _report(former, changed=False)
        return self._anew(generations, corpus, embedder, former)

    def _directories(self) -> tuple[Path, ...]:
        return (self.facts,) if self.added is None else (self.facts, self.added)

    def _corpus(self) -> Corpus:
        """All facts; an added document that cannot be read sinks only the added ones."""
        try:
            return load_corpus(self._directories())
        except SettingsError as error:
            if self.added is None:
                raise
            corpus = load_corpus((self.facts,))
            _LOG.warning("added documents are left out: %s", error.message)
            return corpus

    def _is_current(self, former: _Generation, corpus: str, embedder: Embedder | None) -> bool:
        """Whether a generation is of these facts, this space, and where it is looked for now."""
        manifest = former.manifest
        if (manifest.corpus, manifest.space) != (corpus, embedder.space if embedder else None):
            return False
        if manifest.server != (self.server.url if self.server and embedder else None):
            return False
        if manifest.server is None or self.server is None:
            return True
        from knowledge.index.vector_store import is_on_server

        return is_on_server(self.server, fingerprint(manifest.corpus, manifest.space))

    def _anew(
        self,
        generations: Generations,
        corpus: Corpus,
        embedder: Embedder | None,
        former: _Generation | None,
    ) -> BuildReport:
        target = generations.unfinished(f"{corpus.fingerprint[:16]}-{uuid.uuid4().hex[:8]}")
        try:
            lexical.write(target / WORDS, corpus.facts)
            stored = None
            if embedder is not None and corpus.facts:
                if self.server is None:
                    self.progress("embedding descriptions", 0, 0)
                    describe(target, embedder, self._same_space(former, embedder))
                stored = self._store(target, corpus, embedder, former)
            manifest = self._manifest(target, corpus, embedder, stored)
            (target / MANIFEST).write_text(manifest.model_dump_json(indent=2), "utf-8")
            gone = former.ids - corpus.by_id.keys() if former else frozenset()
            final = generations.publish(target)
        finally:
            shutil.rmtree(target, ignore_errors=True)
        report = _report(_Generation(final, manifest, frozenset()), changed=True)
        embedded = stored.embedded if stored else 0
        return replace(report, embedded=embedded, removed=len(gone))

    @staticmethod
    def _same_space(former: _Generation | None, embedder: Embedder) -> Path | None:
        if former is None or former.manifest.space != embedder.space:
            return None
        return former.path

    def _store(
        self, target: Path, corpus: Corpus, embedder: Embedder, former: _Generation | None
    ) -> Stored:
        # 2 s of imports, which a build without changes does not pay.
        self.progress("loading LlamaIndex and Chroma", 0, 0)
        from knowledge.index.vector_store import Vectors, store_locally, store_on_server

        total, ready = len(corpus.facts), 0

        def done(count: int) -> None:
            nonlocal ready
            ready += count
            self.progress("embedding facts", ready, total)

        vectors = Vectors(embedder, done)
        if self.server is None:
            return store_locally(target, corpus.facts, vectors, former.path if former else None)
        before = fingerprint(former.manifest.corpus, former.manifest.space) if former else None
        names = (fingerprint(corpus.fingerprint, embedder.space), before)
        return store_on_server(self.server, corpus.facts, vectors, names, self.clock.now())

    def _manifest(
        self, target: Path, corpus: Corpus, embedder: Embedder | None, stored: Stored | None
    ) -> Manifest:
        names = [name for name in (WORDS, VECTORS, EVERYDAY) if (target / name).exists()]
        return Manifest(
            format=FORMAT,
            corpus=corpus.fingerprint,
            space=embedder.space if embedder else None,
            embedder=embedder.name if embedder else "",
            facts=len(corpus.facts),
            dimensions=stored.dimensions if stored else 0,
            built_at=self.clock.now().isoformat(timespec="seconds"),
            server=self.server.url if self.server and stored else None,
            hashes={name: file_sha256(target / name) for name in names},
        )


@dataclass(frozen=True, slots=True)
class _Generation:
    path: Path
    manifest: Manifest
    ids: frozenset[str]


def _former(generations: Generations) -> _Generation | None:
    """The current generation, if it is as it was written."""
    path = generations.current()
    if path is None:
        return None
    try:
        manifest = generations.manifest(path)
        for name in manifest.hashes:
            generations.check(path, name, manifest)
        words = LexicalIndex.open(path / WORDS)
    except (IndexDamaged, sqlite3.Error) as error:
        _LOG.warning("the index is built anew: %s", error)
        return None
    words.close()
    return _Generation(path, manifest, frozenset(words.positions))


def _report(generation: _Generation, *, changed: bool) -> BuildReport:
    manifest = generation.manifest
    return BuildReport(
        changed=changed,
        facts=manifest.facts,
        embedded=0,
        removed=0,
        embedder=manifest.embedder or NO_EMBEDDER,
        fingerprint=fingerprint(manifest.corpus, manifest.space),
        location=manifest.server or str(generation.path),
    )


@contextmanager
def _failures(directory: Path) -> Iterator[None]:
    """Whatever keeps the index from being written, in one sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise _not_written(directory, getattr(error, "strerror", None) or str(error)) from error
    except Exception as error:
        # Chroma's errors are known by name: importing them costs 0.6 s.
        if not type(error).__module__.startswith("chromadb"):
            raise
        raise _not_written(directory, str(error).splitlines()[0][:200]) from error


def _not_written(directory: Path, reason: str) -> OutputError:
    return OutputError(
        f"the index cannot be written in {directory}: {reason}",
        code="knowledge.not_written",
        hint="A former index is still in use. AI_PROVISION_CACHE_DIR names another directory.",
    )
