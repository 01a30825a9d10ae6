"""The lexical half of the index, and the facts themselves, in one SQLite file.

FTS5 comes with Python, opens in a millisecond and gives back only facts in which a word occurs, so
nothing irrelevant can gain a rank. The facts lie beside it as JSON, because parsing the YAML files
takes half a second; only those that are returned are validated.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import log
from pathlib import Path

from knowledge.index.descriptions import Described, described
from knowledge.index.document import Words, words_of
from knowledge.index.filters import Facets, facets_of
from knowledge.index.words import Term, indexed, term_of
from schemas.knowledge import Fact

_TABLES = """
CREATE TABLE fact (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL);
CREATE TABLE facets (document TEXT NOT NULL);
CREATE TABLE vocabulary (document TEXT NOT NULL);
CREATE TABLE described (
    starts TEXT NOT NULL, answered INTEGER NOT NULL, of_facts TEXT NOT NULL, texts TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5(
    names, topic, statement, figures, content='', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE everyday USING fts5(
    description, content='', tokenize='porter unicode61 remove_diacritics 2'
);
"""
_WEIGHTS = (4.0, 1.0, 1.5, 1.0)
"""BM25 weights of the columns: a fact is about its names, and mentions the words of its text."""
_BM25 = (
    f"SELECT rowid, -bm25(words, {', '.join(map(str, _WEIGHTS))}) FROM words WHERE words MATCH ?"  # noqa: S608 - fixed numbers
)

REFERENCE_FACTS = 929
"""The size of the corpus that the weights of `knowledge.index.scoring` were fitted on."""

RELATED_SHARE = 0.7
"""How much of a word is covered by one that is only related to it."""

_SPELT_OUT_LETTERS = 5
"""A shorter word that no fact has is not taken for a misspelt one."""
_LIKENESS = 0.88
"""Of two spellings, as `difflib` counts it: one letter in eight may be wrong or missing."""


@dataclass(frozen=True, slots=True)
class LexicalHits:
    """What the words of one query find."""

    bm25: Mapping[int, float]
    """By position; larger is better. Facts without any of the words are absent."""
    coverage: Mapping[int, float]
    """Share of the query's words that the fact has, rare words counting more; in (0, 1]."""


NOTHING = LexicalHits({}, {})


class LexicalIndex:
    """Facts and their words; safe to use from several threads.

    Args:
        connection: To a database that `write` filled.

    Raises:
        sqlite3.Error: It is no such database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        row = connection.execute("SELECT document FROM facets").fetchone()
        if row is None:
            raise sqlite3.DatabaseError("no facets")
        self.facets: tuple[Facets, ...] = tuple(
            Facets.from_row(item) for item in json.loads(row[0])
        )
        self.positions: dict[str, int] = {item.id: n for n, item in enumerate(self.facets)}
        self.scale = log(1 + REFERENCE_FACTS) / log(2 + len(self.facets))
        """Makes BM25 comparable with that of `REFERENCE_FACTS`: the weight of a rare word grows
        with the logarithm of the corpus, and must not lift facts over the floor as it grows."""
        self._postings: dict[str, frozenset[int]] = {}
        self._vocabulary: tuple[str, ...] | None = None

    @classmethod
    def open(cls, path: Path) -> LexicalIndex:
        """A file that nobody changes any more.

        Raises:
            sqlite3.Error: It cannot be read, or is no index.
        """
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return cls(sqlite3.connect(uri, uri=True, check_same_thread=False))

    @classmethod
    def in_memory(cls, facts: Sequence[Fact]) -> LexicalIndex:
        """An index that is made on the spot and kept nowhere."""
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        fill(connection, facts)
        return cls(connection)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def read_facts(self, positions: Sequence[int]) -> tuple[Fact, ...]:
        """Facts by their positions, in that order, validated."""
        query = "SELECT document FROM fact WHERE position = ?"
        with self._lock:
            rows = [self._connection.execute(query, (n,)).fetchone()[0] for n in positions]
        return tuple(Fact.model_validate_json(row) for row in rows)

    def described(self) -> Described:
        """What the components of the facts are called in everyday language."""
        query = "SELECT starts, answered, of_facts, texts FROM described"
        with self._lock:
            starts, answered, of_facts, texts = self._connection.execute(query).fetchone()
        return Described(
            starts=tuple(json.loads(starts)),
            answered=answered,
            of_facts=tuple(json.loads(of_facts)),
            texts=tuple(json.loads(texts)),
        )

    def known_words(self, terms: Sequence[Term]) -> int:
        """How many words of a query occur in facts or in everyday descriptions."""
        query = "SELECT 1 FROM everyday WHERE everyday MATCH ? LIMIT 1"
        with self._lock:
            said = [self._connection.execute(query, (_quoted(t.word),)).fetchone() for t in terms]
        return sum(
            found is not None or bool(self._any_form(term.forms))
            for term, found in zip(terms, said, strict=True)
        )

    def hits(self, terms: Sequence[Term]) -> LexicalHits:
        """What the words of a query find in all facts."""
        known = [found for term in terms for found in self._in_known_words(term)]
        if not known:
            return NOTHING
        shares = _shares([self._look_up(term) for term in known])
        return LexicalHits(bm25=self._bm25(known), coverage=shares)

    def _in_known_words(self, term: Term) -> Sequence[Term]:
        """The term itself or, when no fact has it, its parts, or how it is spelt."""
        if term.related or self._any_form(term.forms):
            return (term,)
        if term.parts and all(self._any_form((part,)) for part in term.parts):
            return tuple(term_of(part) for part in term.parts)
        meant = self._spelt_right(term.word)
        if meant is None:
            return (term,)
        right = term_of(meant)
        return (replace(term, alternatives=right.forms, related=right.related),)

    def _spelt_right(self, word: str) -> str | None:
        """The word of the facts that a misspelt word most likely is."""
        if len(word) < _SPELT_OUT_LETTERS or not word.isalpha():
            return None
        if self._vocabulary is None:
            with self._lock:
                row = self._connection.execute("SELECT document FROM vocabulary").fetchone()
            self._vocabulary = tuple(json.loads(row[0])) if row else ()
        near = [
            other
            for other in self._vocabulary
            if other[0] == word[0] and abs(len(other) - len(word)) <= 2
        ]
        return next(iter(get_close_matches(word, near, n=1, cutoff=_LIKENESS)), None)

    def _look_up(self, term: Term) -> tuple[Mapping[int, float], float]:
        """How much of a term each fact has, and how much the term says."""
        same = self._any_form(term.forms)
        related = self._any_form(term.related)
        shares = dict.fromkeys(related, RELATED_SHARE) | dict.fromkeys(same, 1.0)
        return shares, self._rarity(len(same or related))

    def _rarity(self, count: int) -> float:
        """Inverse document frequency as BM25 has it, never negative.

        Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond,
        2009, equation 3.3; the 1 is Lucene's, which keeps words of most facts above zero.
        """
        total = len(self.facets)
        return log(1 + (total - count + 0.5) / (count + 0.5))

    def _any_form(self, forms: Sequence[str]) -> frozenset[int]:
        return frozenset().union(*(self._positions(form) for form in forms))

    def _positions(self, word: str) -> frozenset[int]:
        known = self._postings.get(word)
        if known is None:
            with self._lock:
                rows = self._connection.execute(
                    "SELECT rowid FROM words WHERE words MATCH ?", (_quoted(word),)
                ).fetchall()
            known = self._postings[word] = frozenset(row[0] for row in rows)
        return known

    def _bm25(self, terms: Sequence[Term]) -> dict[int, float]:
        forms = (form for term in terms for form in (*term.forms, *term.related))
        match = " OR ".join(map(_quoted, forms))
        with self._lock:
            rows = self._connection.execute(_BM25, (match,)).fetchall()
        return {position: max(score, 0.0) for position, score in rows}


def write(path: Path, facts: Sequence[Fact]) -> None:
    """Make an index file.

    Args:
        path: Must not exist yet.
        facts: In the order of their positions.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    connection = sqlite3.connect(path)
    try:
        fill(connection, facts)
    finally:
        connection.close()


def fill(connection: sqlite3.Connection, facts: Sequence[Fact]) -> None:
    """Put facts into an empty database."""
    connection.executescript(_TABLES)
    with connection:
        connection.executemany(
            "INSERT INTO fact VALUES (?, ?, ?)",
            [(n, fact.id, fact.model_dump_json()) for n, fact in enumerate(facts)],
        )
        columns = [words_of(fact) for fact in facts]
        connection.executemany(
            "INSERT INTO words (rowid, names, topic, statement, figures) VALUES (?, ?, ?, ?, ?)",
            [(n, c.names, c.topic, c.statement, c.figures) for n, c in enumerate(columns)],
        )
        vocabulary = json.dumps(_vocabulary(columns))
        connection.execute("INSERT INTO vocabulary VALUES (?)", (vocabulary,))
        rows = [facets_of(fact).to_row() for fact in facts]
        connection.execute("INSERT INTO facets VALUES (?)", (json.dumps(rows),))
        _fill_descriptions(connection, described(fact.component for fact in facts))


def _fill_descriptions(connection: sqlite3.Connection, about: Described) -> None:
    connection.execute(
        "INSERT INTO described VALUES (?, ?, ?, ?)",
        (
            json.dumps(about.starts),
            about.answered,
            json.dumps(about.of_facts),
            json.dumps(about.texts),
        ),
    )
    # What is asked elsewhere does not make a word known.
    connection.executemany(
        "INSERT INTO everyday (description) VALUES (?)",
        [(indexed(text),) for text in about.texts[: about.answered]],
    )


def _quoted(word: str) -> str:
    """A string of FTS5's query language: nothing in it is an operator."""
    return '"' + word.replace('"', '""') + '"'


def _shares(weighted: Sequence[tuple[Mapping[int, float], float]]) -> dict[int, float]:
    """Per fact: the weight of what it has, of the whole weight."""
    whole = sum(weight for _, weight in weighted)
    shares: dict[int, float] = {}
    for found, weight in weighted:
        for position, share in found.items():
            shares[position] = shares.get(position, 0.0) + share * weight / whole
    return shares


def _vocabulary(columns: Sequence[Words]) -> list[str]:
    """Words long enough to be misspelt, but those of figures, each once."""
    text = " ".join(f"{c.names} {c.topic} {c.statement}" for c in columns)
    return sorted(
        {word for word in text.split() if word.isalpha() and len(word) >= _SPELT_OUT_LETTERS}
    )
