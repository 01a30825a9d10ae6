"""Runs the rounds of the docs route for all components together.

One call of the knowledge source per round: it answers the questions of all components at once,
and a question that several of them have is asked once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dca.docs.coverage import ITSELF, ORDER, holds, match_of, missing, serves
from dca.docs.evidence import fact_evidence, fact_evidence_id
from dca.docs.needs import Match, Need, needs_of
from dca.docs.queries import ROUNDS, Step, broad, free, narrow, wide
from dca.docs.subject import Subject, subject_of
from schemas.context import Component, Note
from schemas.errors import ModelError, ProvisionError
from schemas.evidence import Evidence
from schemas.knowledge import Fact, KnowledgeQuery, Retrieval
from schemas.ports import KnowledgeSource
from schemas.retrieval import KnowledgeState, RetrievalRound

logger = logging.getLogger(__name__)

MOST_THOROUGH = 40
"""Components that get all rounds; larger apps ask once for each of the others."""
MOST_DOCUMENTS = 12
"""Facts that one component keeps: more do not change a number, and nobody reads them."""
MOST_NOTES = 10
"""Components of which the result says one by one that nothing is known."""
_OTHERS = f"; one round only, as the app has more than {MOST_THOROUGH} components"


@dataclass(frozen=True, slots=True)
class Searched:
    """What the docs route found."""

    components: tuple[Component, ...]
    """All, in their order; those that were searched for with their rounds and documents."""
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()
    state: KnowledgeState | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A component of which something is still missing."""

    subject: Subject
    missing: tuple[Need, ...]
    found: tuple[Fact, ...]
    """What is known, most relevant first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in somebody's own words, and why it is asked."""

    question: str
    why: str


class Planner(Protocol):
    """Thinks of further questions."""

    def __call__(self, open_: Sequence[Open]) -> Mapping[str, Asked]:
        """By the component's name; who has no idea leaves it out."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A fact that came back for a component."""

    fact: Fact
    match: Match
    score: float

    @property
    def id(self) -> str:
        return fact_evidence_id(self.fact, self.match)


@dataclass(slots=True)
class _Inquiry:
    """The search for one component while it goes on."""

    subject: Subject
    needs: tuple[Need, ...]
    thorough: bool
    hits: dict[str, _Hit] = field(default_factory=dict)
    """The best hit of each fact, by its evidence id."""
    rounds: list[RetrievalRound] = field(default_factory=list)
    exhausted: bool = False
    """All that is known of the product came back with the first question."""
    widened: bool = False
    """The second round was a wider one already."""

    def missing(self) -> tuple[Need, ...]:
        return missing(self.needs, ((hit.fact, hit.match) for hit in self.hits.values()))

    def step(self, number: int) -> Step | None:
        """What to ask in this round; None when all is covered or nothing is left to ask."""
        if number == 1:
            return broad(self.subject, self.needs, "" if self.thorough else _OTHERS)
        open_needs = self.missing()
        if not open_needs or not self.thorough:
            return None
        if number > 2:
            return wide(self.subject, open_needs, slice(1 if self.widened else 0, None))
        known = any(hit.match in ITSELF for hit in self.hits.values())
        if known and not self.exhausted:
            return narrow(self.subject, open_needs)
        # Nothing more is known of the thing itself: to ask for its details would find nothing.
        self.widened = True
        return wide(self.subject, open_needs, slice(0, 1))

    @property
    def open(self) -> Open:
        """What is missing, and what is there, for whoever thinks of another question."""
        return Open(self.subject, self.missing(), tuple(hit.fact for hit in self.kept()))

    def take(self, number: int, step: Step, answers: Mapping[KnowledgeQuery, Retrieval]) -> None:
        """Keep what came back and fits, and record the round."""
        if number == 1 and self.subject.is_product:
            self.exhausted = all(len(answers[query].found) < query.limit for query in step.queries)
        new: dict[str, _Hit] = {}
        for retrieved in (item for query in step.queries for item in answers[query].found):
            match = match_of(retrieved.fact, self.subject)
            if match is None or not serves(retrieved.fact, match, self.needs):
                continue
            hit = _Hit(retrieved.fact, match, retrieved.score)
            known = self.hits.get(hit.id)
            if known is None or hit.score > known.score:
                self.hits[hit.id] = hit
            if known is None or hit.id in new:
                new[hit.id] = self.hits[hit.id]
        ranked = sorted(new.values(), key=self._rank)
        self.rounds.append(
            RetrievalRound(
                number=number,
                query=step.text,
                why=step.why,
                found=tuple(hit.id for hit in ranked),
                scores=tuple(round(hit.score, 3) for hit in ranked),
                missing=tuple(need.figure.value for need in self.missing()),
            )
        )

    def kept(self) -> tuple[_Hit, ...]:
        """The most relevant hits."""
        return tuple(sorted(self.hits.values(), key=self._rank)[:MOST_DOCUMENTS])

    def component(self) -> Component:
        """The component with what was found for it."""
        documents = tuple(hit.id for hit in self.kept())
        return self.subject.component.model_copy(
            update={
                "retrieval": tuple(_only(item, documents) for item in self.rounds),
                "documents": documents,
            }
        )

    def _rank(self, hit: _Hit) -> tuple[int, float, str]:
        """What is specific comes first; a fact without a figure that is needed three steps later.

        So a neighbour's size stands beside the product's own advice that has no number.
        """
        behind = 0 if holds(hit.fact, self.needs) else 3
        return ORDER.index(hit.match) + behind, -hit.score, hit.id


def search(
    components: Sequence[Component], source: KnowledgeSource, planner: Planner | None = None
) -> Searched:
    """Search for all components; a source that fails is a note, what was found before stays.

    Args:
        components: Those that go the docs way.
        source: Answers the questions.
        planner: Asked once, for the last round, what else to ask where figures are missing.

    Raises:
        ModelError: The planner asks a model that cannot be reached and must be.
    """
    inquiries = [_inquiry(index, component) for index, component in enumerate(components)]
    notes: list[Note] = []
    state: KnowledgeState | None = None
    try:
        for number in range(1, ROUNDS + 1):
            steps = [item.step(number) for item in inquiries]
            if planner is not None and number > 1 and (number == ROUNDS or not any(steps)):
                steps = _planned(inquiries, steps, planner)
                planner = None
            if not _round(number, inquiries, steps, source):
                break
        state = source.state
    except ModelError:
        raise
    except Exception as error:
        logger.info("knowledge_failed", exc_info=True)
        notes.append(_failed(error))
    else:
        notes += [_degraded(state)] if state.degraded else []
        notes += _nothing([item.subject for item in inquiries if not item.hits])
    return Searched(
        components=tuple(item.component() for item in inquiries),
        evidence=_evidence(inquiries),
        notes=tuple(notes),
        state=state,
    )


def _inquiry(index: int, component: Component) -> _Inquiry:
    subject = subject_of(component)
    return _Inquiry(subject, needs_of(subject), thorough=index < MOST_THOROUGH)


def _planned(
    inquiries: Sequence[_Inquiry], steps: Sequence[Step | None], planner: Planner
) -> list[Step | None]:
    """The steps with what the planner adds to them."""
    open_ = [one.open for one in inquiries if one.thorough and one.missing()]
    asked = planner(open_) if open_ else {}
    return [
        _joined(step, one.subject, asked.get(one.subject.component.name))
        for one, step in zip(inquiries, steps, strict=True)
    ]


def _joined(step: Step | None, subject: Subject, asked: Asked | None) -> Step | None:
    if asked is None:
        return step
    query = free(subject, asked.question)
    if step is None:
        return Step((query,), asked.why)
    return Step((*step.queries, query), f"{step.why}; {asked.why}")


def _round(
    number: int,
    inquiries: Sequence[_Inquiry],
    steps: Sequence[Step | None],
    source: KnowledgeSource,
) -> bool:
    """One round; False when nobody had a question."""
    asked = [(one, step) for one, step in zip(inquiries, steps, strict=True) if step is not None]
    queries = tuple(dict.fromkeys(query for _, step in asked for query in step.queries))
    if not queries:
        return False
    answers = dict(zip(queries, source.search(queries), strict=True))
    for item, step in asked:
        item.take(number, step, answers)
    return True


def _only(item: RetrievalRound, kept: Sequence[str]) -> RetrievalRound:
    """A round with those of its finds that were kept."""
    pairs = [pair for pair in zip(item.found, item.scores, strict=True) if pair[0] in kept]
    return item.model_copy(
        update={
            "found": tuple(id_ for id_, _ in pairs),
            "scores": tuple(score for _, score in pairs),
        }
    )


def _evidence(inquiries: Iterable[_Inquiry]) -> tuple[Evidence, ...]:
    kept = {hit.id: hit for item in inquiries for hit in item.kept()}
    return tuple(fact_evidence(hit.fact, hit.match) for hit in kept.values())


def _nothing(subjects: Sequence[Subject]) -> list[Note]:
    """A note for each of the first components without any fact, and one for all others."""
    notes = [
        Note(
            code="unknown.documents",
            message=f"no sizing fact was found for {subject.title}; "
            "the numbers rest on the model's own constants",
            component=subject.component.name,
        )
        for subject in subjects[:MOST_NOTES]
    ]
    more = len(subjects) - MOST_NOTES
    if more > 0:
        message = f"no sizing fact was found for {more} more components"
        notes.append(Note(code="unknown.documents", message=message))
    return notes


def _degraded(state: KnowledgeState) -> Note:
    return Note(code="unknown.knowledge", message=f"the knowledge base: {state.degraded}")


def _failed(error: Exception) -> Note:
    reason = error.message if isinstance(error, ProvisionError) else type(error).__name__
    return Note(
        code="unknown.knowledge",
        message=f"the knowledge base could not be searched ({reason}); "
        "the numbers rest on the model's own constants and what was found before",
    )
