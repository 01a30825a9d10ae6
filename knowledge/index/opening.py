"""Opens the index in whatever state it is: current, old, damaged or not there."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.corpus import corpus_fingerprint, load_corpus
from knowledge.index import lexical
from knowledge.index.generation import (
    VECTORS,
    WORDS,
    Generations,
    IndexDamaged,
    Manifest,
    fingerprint,
)
from knowledge.index.lexical import LexicalIndex
from knowledge.index.vectors import LocalMeanings, Meanings
from schemas.errors import SettingsError
from schemas.ports import Embedder

_LOG = logging.getLogger(__name__)

INDEX = "index"
"""Subdirectory of the cache."""

BUILD = "`ai-provision knowledge build` mends it"


@dataclass(frozen=True, slots=True)
class Opened:
    """An index that can be searched."""

    words: LexicalIndex
    fingerprint: str
    meanings: Meanings | None = None
    embedder: Embedder | None = None
    """Of the same vector space as `meanings`; None when they are."""
    degraded: str | None = None
    """What is lost and what to do about it."""

    def without_meanings(self, reason: str) -> Opened:
        """The same index, searched by words alone."""
        return replace(
            self, meanings=None, embedder=None, degraded=f"searched by words alone: {reason}"
        )


def open_index(
    cache_directory: Path, *, facts: Path, added: Path | None, embedder: Embedder | None
) -> Opened:
    """The index of the facts as they are now.

    A document of the operator that cannot be read sinks only the added documents.

    Raises:
        SettingsError: The facts that ship with the tool cannot be read.
    """
    generations = Generations(cache_directory / INDEX)
    directories = (facts,) if added is None else (facts, added)
    try:
        return _open(generations, directories, embedder)
    except SettingsError as error:
        if added is None:
            raise
        _LOG.warning("added documents are left out: %s", error.message)
        opened = _open(generations, (facts,), embedder)
        lost = f"added documents are left out: {error.message}"
        return replace(
            opened, degraded=lost if opened.degraded is None else f"{lost}; {opened.degraded}"
        )


def _open(
    generations: Generations, directories: Sequence[Path], embedder: Embedder | None
) -> Opened:
    corpus = corpus_fingerprint(directories)
    problem = f"there is no index yet, {BUILD}"
    for _ in range(2):
        # A build may replace the generation between two reads; the second look finds the new one.
        generation = generations.current()
        if generation is None:
            break
        try:
            manifest = generations.manifest(generation)
            if manifest.corpus != corpus:
                problem = f"facts have changed since the index was built, {BUILD}"
                break
            return _current(generations, generation, manifest, embedder)
        except IndexDamaged as error:
            damage = str(error)
            problem = f"the index cannot be used ({damage}), {BUILD}"
            if generations.current() == generation:
                _LOG.warning("the index cannot be used: %s; %s", damage, BUILD)
                break
    words = _words_on_the_spot(generations.directory, directories, corpus)
    return Opened(words, fingerprint(corpus, None), degraded=f"searched by words alone: {problem}")


def _current(
    generations: Generations, generation: Path, manifest: Manifest, embedder: Embedder | None
) -> Opened:
    generations.read(generation, WORDS, manifest)
    try:
        words = LexicalIndex.open(generation / WORDS)
    except sqlite3.Error as error:
        raise IndexDamaged(f"{WORDS}: {error}") from error
    opened = Opened(words, fingerprint(manifest.corpus, manifest.space))
    if manifest.space is None:
        return opened.without_meanings(f"the index was built without an embedder, {BUILD}")
    if embedder is None:
        return opened.without_meanings(f"there is no embedder for queries, {BUILD}")
    if embedder.space != manifest.space:
        return opened.without_meanings(
            f"the index was built with {manifest.embedder}, not {embedder.name}, {BUILD}"
        )
    vectors = generations.read(generation, VECTORS, manifest)
    if len(vectors) != 4 * manifest.dimensions * manifest.facts:
        raise IndexDamaged(f"{VECTORS} has the wrong size")
    return replace(opened, meanings=LocalMeanings(vectors, manifest.dimensions), embedder=embedder)


def _words_on_the_spot(directory: Path, directories: Sequence[Path], corpus: str) -> LexicalIndex:
    """The words alone; kept in the cache when it can be written, because YAML is slow to parse.

    The file's name ends in the hash of its content, so that a damaged one is not taken.
    """
    prefix = f"words-{fingerprint(corpus, None)[:32]}-"
    for path in sorted(directory.glob(f"{prefix}*.sqlite")):
        with suppress(OSError, sqlite3.Error):
            if path.stem == prefix + _hash(path):
                return LexicalIndex.open(path)
    facts = load_corpus(directories).facts
    temporary = directory / f"{prefix}{os.getpid()}.part"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lexical.write(temporary, facts)
        return LexicalIndex.open(temporary.rename(directory / f"{prefix}{_hash(temporary)}.sqlite"))
    except (OSError, sqlite3.Error):
        # Nothing is lost but time: a read-only or full disk must not stop a sizing.
        return LexicalIndex.in_memory(facts)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
