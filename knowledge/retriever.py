"""Finds sizing facts: words and meanings together, one score, nothing below the floor.

Nothing here imports LlamaIndex, Chroma (unless a server is asked) or PyTorch: a search is part of
every sizing, and those cost seconds. Building needs them, see `knowledge.index.build`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from knowledge.corpus import FACTS
from knowledge.index.chroma import ChromaServer
from knowledge.index.filters import Match, match
from knowledge.index.guess import Guess, GuessFeatures, with_guess
from knowledge.index.lexical import LexicalHits, LexicalIndex
from knowledge.index.opening import NO_EMBEDDER, Opened, Sources, open_index
from knowledge.index.scoring import FLOOR, Features, Mode, score
from knowledge.index.synonyms import in_field_words
from knowledge.index.words import query_terms
from schemas.errors import ProvisionError
from schemas.knowledge import Fact, KnowledgeQuery, Retrieval, RetrievedFact
from schemas.ports import Embedder
from schemas.retrieval import KnowledgeState

_LOG = logging.getLogger(__name__)

_WORTH_A_LOOK = 0.1
"""A component with a smaller chance lifts none of its facts over the floor."""


def open_knowledge(
    cache_directory: Path,
    *,
    added: Path | None = None,
    embedder: Embedder | None = None,
    server: ChromaServer | None = None,
    facts: Path = FACTS,
    exclude_owners: frozenset[str] = frozenset(),
) -> Retriever:
    """The knowledge that is there, in whatever state it is.

    Without a current index the words are indexed on the spot, and `Retriever.state` says what is
    lost. Nothing is downloaded and no vectors are computed but those of queries.

    Args:
        cache_directory: Where `knowledge build` keeps the index.
        added: Directory of the documents that the operator added.
        embedder: Of queries; used when the index has vectors of its space.
        server: The Chroma server that has the vectors; None when they are in the cache.
        facts: Directory of the facts that ship with the tool.
        exclude_owners: Owners of repositories whose facts must not be found, lower case.

    Raises:
        SettingsError: The facts that ship with the tool cannot be read.
    """
    opened = open_index(Sources(cache_directory, embedder, server, added, facts))
    return Retriever(opened, exclude_owners=exclude_owners)


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near one query is to the facts."""

    cosines: Mapping[int, float]
    """By position."""
    descriptions: Sequence[float] = ()
    """Cosines with the everyday descriptions, in their order; empty without them."""
    elsewhere: float = 0.0
    """Cosine with the nearest of what is asked elsewhere; 0 without descriptions."""

    @property
    def field(self) -> float:
        """How near the query is to the subject of all facts: the mean of the cosines."""
        return sum(self.cosines.values()) / max(1, len(self.cosines))


class Retriever:
    """Implements `schemas.ports.KnowledgeSource`.

    Args:
        opened: The index, and the embedder that fits it.
        exclude_owners: Owners of repositories whose facts must not be found, lower case.
        mode: Words, meanings or both; without meanings it is always words.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        exclude_owners: frozenset[str] = frozenset(),
        mode: Mode = Mode.HYBRID,
    ) -> None:
        self._opened = opened
        self._mode = mode
        self._words: LexicalIndex = opened.words
        self._excluded = frozenset(
            position
            for position, facets in enumerate(opened.words.facets)
            if facets.owner and facets.owner in exclude_owners
        )
        self._known_vectors: dict[str, Sequence[float]] = {}

    @property
    def state(self) -> KnowledgeState:
        """Which facts and which embedder answer, and what is lost."""
        opened = self._opened
        return KnowledgeState(
            facts=len(self._words.facets),
            fingerprint=opened.fingerprint,
            embedder=opened.embedder.name if opened.embedder else NO_EMBEDDER,
            degraded=opened.degraded,
        )

    @property
    def warned(self) -> bool:
        """Whether a warning has already said what is lost."""
        return self._opened.warned

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all facts, sorted."""
        return tuple(self._words.positions)

    def facts(self) -> tuple[Fact, ...]:
        """All facts, by id."""
        return self._words.read_facts(range(len(self._words.facets)))

    def fact(self, id_: str) -> Fact | None:
        """One fact by its id; None when there is none."""
        position = self._words.positions.get(id_)
        return None if position is None else self._words.read_facts((position,))[0]

    def in_mode(self, mode: Mode) -> Retriever:
        """The same knowledge, searched by words or by meanings alone: for comparisons."""
        other = copy(self)
        other._mode = mode
        return other

    def warm(self) -> Thread:
        """Load the embedder in a thread of its own, while the caller reads something else."""

        def load() -> None:
            # What is wrong is said when a question meets it.
            with suppress(ProvisionError):
                self._vectors(["warm"])

        thread = Thread(target=load, name="knowledge-warm", daemon=True)
        thread.start()
        return thread

    def search(self, queries: Sequence[KnowledgeQuery]) -> Sequence[Retrieval]:
        """Answer several queries at once, in their order; equal scores are ordered by id."""
        nearness = self._nearness([query.text for query in queries])
        return [self._answer(query, near) for query, near in zip(queries, nearness, strict=True)]

    def features(self, texts: Sequence[str]) -> Sequence[Sequence[Features]]:
        """What is known of every fact for each text, in the order of `ids`: for fitting."""
        rows = []
        for text, near in zip(texts, self._nearness(texts), strict=True):
            hits, known = self._words.hits(query_terms(text)), near or Nearness({})
            field = known.field
            positions = range(len(self._words.facets))
            rows.append([self._features(n, hits, known, field) for n in positions])
        return rows

    def guesses(self, texts: Sequence[str]) -> Sequence[GuessFeatures]:
        """What `Guesser.features` says of each text: for fitting."""
        guesser = self._opened.guesser
        if guesser is None:
            return []
        return [
            guesser.features(
                (near or Nearness({})).descriptions, self._words.known_words(query_terms(text))
            )
            for text, near in zip(texts, self._nearness(texts), strict=True)
        ]

    def _answer(self, query: KnowledgeQuery, near: Nearness | None) -> Retrieval:
        hits = self._words.hits(query_terms(query.text))
        mode = Mode.LEXICAL if near is None else self._mode
        known = near or Nearness({})
        field = known.field
        wordless = _best_without_words(known.cosines, field, mode) >= FLOOR
        passing: dict[int, Match] = {}
        chances: dict[int, float] = {}
        for position, facets in enumerate(self._words.facets):
            passed = None if position in self._excluded else match(facets, query)
            if passed is None:
                continue
            passing[position] = passed
            if passed is Match.NONE and position not in hits.coverage and not wordless:
                continue
            features = self._features(position, hits, known, field)
            chances[position] = score(features, mode, passed)
        if mode is Mode.HYBRID:
            chances |= self._guessed(query.text, known, hits, passing, chances)
        ranked = [
            (-value, position)
            for position, value in chances.items()
            if passing[position] is not Match.NONE or value >= FLOOR
        ]
        # Positions are in the order of the ids.
        best = sorted(ranked)[: query.limit]
        facts = self._words.read_facts([position for _, position in best])
        found = (
            RetrievedFact(
                fact=fact,
                score=round(-negative, 4),
                dense=None if near is None else _rounded(near.cosines.get(position)),
                lexical=_rounded(hits.bm25.get(position)),
            )
            for fact, (negative, position) in zip(facts, best, strict=True)
        )
        return Retrieval(query=query, found=tuple(found))

    def _guessed(
        self,
        text: str,
        near: Nearness,
        hits: LexicalHits,
        passing: Mapping[int, Match],
        chances: Mapping[int, float],
    ) -> dict[int, float]:
        """New chances of the facts whose component the query seems to describe.

        The better an answer by itself is, the less a guess counts; of facts that a filter names,
        the filter says enough.
        """
        guesser = self._opened.guesser
        if guesser is None:
            return {}
        guess = guesser.guess(near.descriptions, self._words.known_words(query_terms(text)))
        unanswered = 1 - max(chances.values(), default=0.0)
        entries = guess.entries_above(_WORTH_A_LOOK / max(unanswered, _WORTH_A_LOOK))
        if not entries:
            return {}
        field = near.field
        own = {
            position: chances.get(position)
            or score(self._features(position, hits, near, field), Mode.HYBRID)
            for position, passed in passing.items()
            if passed is Match.NONE and guess.of_facts[position] in entries
        }
        return _with_guesses(own, guess, unanswered)

    def _features(self, position: int, hits: LexicalHits, near: Nearness, field: float) -> Features:
        return Features(
            cosine=near.cosines.get(position, 0.0),
            coverage=hits.coverage.get(position, 0.0),
            bm25=hits.bm25.get(position, 0.0) * self._words.scale,
            field=field,
            elsewhere=near.elsewhere,
        )

    def _nearness(self, texts: Sequence[str]) -> Sequence[Nearness | None]:
        """Of each query as it is put and in the words of the field, whichever is nearer."""
        meanings = self._opened.meanings
        if meanings is None or not texts or self._mode is Mode.LEXICAL:
            return [None] * len(texts)
        asked = dict.fromkeys((*texts, *map(in_field_words, texts)))
        try:
            cosines = meanings.cosines(self._vectors(list(asked)))
        except ProvisionError as error:
            _LOG.warning("searching by words alone: %s", error.message)
            self._opened = replace(self._opened.without_meanings(error.message), warned=True)
            return [None] * len(texts)
        by_text = dict(zip(asked, cosines, strict=True))
        return [self._near(_nearer(by_text[text], by_text[in_field_words(text)])) for text in texts]

    def _near(self, cosines: Mapping[int, float]) -> Nearness:
        """Tells facts from the descriptions, whose positions come after theirs."""
        guesser, facts = self._opened.guesser, len(self._words.facets)
        if guesser is None:
            return Nearness(cosines)
        rest = range(facts, facts + guesser.texts)
        descriptions = [cosines.get(position, -1.0) for position in rest]
        of_facts = {n: cosine for n, cosine in cosines.items() if n < facts}
        return Nearness(of_facts, descriptions, guesser.elsewhere(descriptions))

    def _vectors(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of queries; the rounds of a search ask some of them again."""
        embedder = self._opened.embedder
        if embedder is None:
            return []
        new = list(dict.fromkeys(text for text in texts if text not in self._known_vectors))
        if new:
            self._known_vectors.update(zip(new, embedder.embed(new), strict=True))
        return [self._known_vectors[text] for text in texts]


def _with_guesses(own: Mapping[int, float], guess: Guess, unanswered: float) -> dict[int, float]:
    """The chances of facts with those of their components; the facts' own order is kept."""
    ranks: Counter[int] = Counter()
    chances = {}
    for position in sorted(own, key=lambda position: -own[position]):
        entry = guess.of_facts[position]
        guessed = guess.chances[entry] * unanswered
        chances[position] = with_guess(own[position], guessed, ranks[entry])
        ranks[entry] += 1
    return chances


def _nearer(one: Mapping[int, float], other: Mapping[int, float]) -> Mapping[int, float]:
    if one is other:
        return one
    return {position: max(cosine, other.get(position, -1.0)) for position, cosine in one.items()}


def _best_without_words(cosines: Mapping[int, float], field: float, mode: Mode) -> float:
    """The best score of a fact that has none of the words: often not worth a closer look."""
    nearest = max(cosines.values(), default=0.0)
    return score(Features(cosine=nearest, coverage=0.0, bm25=0.0, field=field), mode)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
