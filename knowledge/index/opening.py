"""Opens the index in whatever state it is: current, old, damaged or not there."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.corpus import FACTS, corpus_fingerprint, load_corpus
from knowledge.index import lexical
from knowledge.index.chroma import (
    ChromaServer,
    ServerMeanings,
    description_id,
    server_collection,
)
from knowledge.index.generation import (
    EVERYDAY,
    VECTORS,
    WORDS,
    Generations,
    IndexDamaged,
    Manifest,
    file_sha256,
    fingerprint,
)
from knowledge.index.guess import Guesser
from knowledge.index.lexical import LexicalIndex
from knowledge.index.vectors import LocalMeanings, Meanings
from schemas.errors import SettingsError
from schemas.ports import Embedder

_LOG = logging.getLogger(__name__)

INDEX = "index"
"""Subdirectory of the cache."""

NO_EMBEDDER = "none (BM25 alone)"
"""How the embedder is called when there is none."""

_MENDS = "`ai-provision knowledge build` mends it"


@dataclass(frozen=True, slots=True)
class Sources:
    """What an index is made of and looked for in."""

    cache_directory: Path
    embedder: Embedder | None = None
    """Of queries; used when the index has vectors of its space."""
    server: ChromaServer | None = None
    """Has the vectors; None when they are in the cache."""
    added: Path | None = None
    """Directory of the documents that the operator added."""
    facts: Path = FACTS
    """Directory of the facts that ship with the tool."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An index that can be searched."""

    words: LexicalIndex
    fingerprint: str
    meanings: Meanings | None = None
    embedder: Embedder | None = None
    """Of the same vector space as `meanings`; None when they are."""
    guesser: Guesser | None = None
    """Of components that are described in everyday language; None without meanings."""
    degraded: str | None = None
    """What is lost and what to do about it."""
    warned: bool = False
    """A warning has said so already."""

    def without_meanings(self, reason: str) -> Opened:
        """The same index, searched by words alone."""
        return replace(
            self,
            meanings=None,
            embedder=None,
            guesser=None,
            degraded=f"searched by words alone: {reason}",
        )


def open_index(sources: Sources) -> Opened:
    """The index of the facts as they are now.

    A document of the operator that cannot be read sinks only the added documents.

    Raises:
        SettingsError: The facts that ship with the tool cannot be read.
    """
    if sources.added is None:
        return _open(sources, (sources.facts,))
    try:
        return _open(sources, (sources.facts, sources.added))
    except SettingsError as error:
        opened = _open(sources, (sources.facts,))
        _LOG.warning("added documents are left out: %s", error.message)
        lost = f"added documents are left out: {error.message}"
        degraded = "; ".join(filter(None, (lost, opened.degraded)))
        return replace(opened, degraded=degraded, warned=True)


def _open(sources: Sources, directories: Sequence[Path]) -> Opened:
    corpus = corpus_fingerprint(directories)
    generations = Generations(sources.cache_directory / INDEX)
    opened = _generation(generations, sources, corpus)
    if isinstance(opened, Opened):
        return opened
    lost, warned = opened
    words = _words_on_the_spot(generations.directory, directories, corpus)
    if sources.server is not None:
        return _with_server(words, sources, sources.server, corpus)
    return Opened(words, fingerprint(corpus, None), warned=warned).without_meanings(lost)


def _generation(
    generations: Generations, sources: Sources, corpus: str
) -> Opened | tuple[str, bool]:
    """The current generation; or why it cannot be used, and whether that was said."""
    damage = ""
    for _ in range(2):
        # A build may replace the generation between two reads; the second look finds the new one.
        path = generations.current()
        if path is None:
            return f"there is no index yet, {_MENDS}", False
        try:
            manifest = generations.manifest(path)
            if manifest.corpus != corpus:
                return f"facts have changed since the index was built, {_MENDS}", False
            return _open_generation(generations, path, manifest, sources)
        except IndexDamaged as error:
            damage = str(error)
        if generations.current() == path:
            break
    _LOG.warning("the index cannot be used: %s; %s", damage, _MENDS)
    return f"the index cannot be used ({damage}), {_MENDS}", True


def _open_generation(
    generations: Generations, path: Path, manifest: Manifest, sources: Sources
) -> Opened:
    generations.check(path, WORDS, manifest)
    try:
        words = LexicalIndex.open(path / WORDS)
    except sqlite3.Error as error:
        raise IndexDamaged(f"{WORDS}: {error}") from error
    if sources.server is not None:
        return _with_server(words, sources, sources.server, manifest.corpus)
    opened = Opened(words, fingerprint(manifest.corpus, manifest.space))
    lost = _what_is_lost(manifest, sources.embedder)
    if lost:
        return opened.without_meanings(f"{lost}, {_MENDS}")
    vectors = generations.check(path, VECTORS, manifest)
    if EVERYDAY in manifest.hashes:
        vectors += generations.check(path, EVERYDAY, manifest)
    meanings = LocalMeanings(vectors, manifest.dimensions)
    guesser = _guesser(words)
    return replace(opened, meanings=meanings, embedder=sources.embedder, guesser=guesser)


def _guesser(words: LexicalIndex) -> Guesser | None:
    """None when no component is described."""
    about = words.described()
    return Guesser(about) if about.texts else None


def _what_is_lost(manifest: Manifest, embedder: Embedder | None) -> str:
    """Why the vectors of a generation cannot be compared; empty when they can."""
    if manifest.space is None or manifest.facts == 0:
        return "the index was built without an embedder"
    if manifest.server is not None:
        return f"the vectors are on {manifest.server}, which is not set any more"
    if embedder is None:
        return "there is no embedder for queries"
    if embedder.space != manifest.space:
        return f"the index was built with {manifest.embedder}, not with {embedder.name}"
    return ""


def _with_server(
    words: LexicalIndex, sources: Sources, server: ChromaServer, corpus: str
) -> Opened:
    """The words from here, the meanings from a server."""
    embedder = sources.embedder
    if embedder is None:
        lost = f"there is no embedder for queries, {_MENDS}"
        return Opened(words, fingerprint(corpus, None)).without_meanings(lost)
    name = fingerprint(corpus, embedder.space)
    positions = words.positions | {
        description_id(n): len(words.positions) + n for n in range(len(words.described().texts))
    }
    meanings = ServerMeanings(server, server_collection(name), positions)
    return Opened(words, name, meanings, embedder, _guesser(words))


def _words_on_the_spot(directory: Path, directories: Sequence[Path], corpus: str) -> LexicalIndex:
    """The words alone; kept in the cache when it can be written, because YAML is slow to parse.

    The file's name ends in the hash of its content, so that a damaged one is not taken.
    """
    prefix = f"words-{fingerprint(corpus, None)[:32]}-"
    for path in sorted(directory.glob(f"{prefix}*.sqlite")):
        with suppress(OSError, sqlite3.Error):
            if path.stem == prefix + file_sha256(path)[:32]:
                return LexicalIndex.open(path)
    facts = load_corpus(directories).facts
    temporary = directory / f"{prefix}{os.getpid()}.part"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lexical.write(temporary, facts)
        final = directory / f"{prefix}{file_sha256(temporary)[:32]}.sqlite"
        return LexicalIndex.open(temporary.rename(final))
    except (OSError, sqlite3.Error):
        # Nothing is lost but time: a read-only or full disk must not stop a sizing.
        return LexicalIndex.in_memory(facts)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
