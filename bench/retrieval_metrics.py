"""How good answers are: rates over labelled queries, written out so that they can be checked.

Three figures speak of queries that have an answer, with R the relevant facts and the first five (or
ten) of what was returned:

* hit@5: the share of queries with a relevant fact among the first five;
* set recall@5: the mean of ``|R ∩ first five| / min(5, |R|)``;
* MRR@10: the mean of 1 over the rank of the first relevant fact, 0 when it is not among ten.

Of queries without an answer, the share to which nothing was returned counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

DEPTH = 5
"""Facts that a component's context takes from one query by default."""
RANKS = 10
"""Facts that are asked for, so that MRR sees a little further."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query got."""

    query: str
    """Its id."""
    query_class: str
    relevant: frozenset[str]
    """Empty when nothing should be returned."""
    found: tuple[str, ...]
    """Fact ids, best first."""
    milliseconds: float

    @property
    def hit(self) -> bool:
        """Whether one of the first five is relevant."""
        return not self.relevant.isdisjoint(self.found[:DEPTH])

    @property
    def set_recall(self) -> float:
        """Share of the relevant facts, of five at most, that are among the first five."""
        return len(self.relevant & set(self.found[:DEPTH])) / min(DEPTH, len(self.relevant))

    @property
    def reciprocal_rank(self) -> float:
        """1 over the rank of the first relevant fact of ten; 0 without one."""
        ranks = (rank for rank, id_ in enumerate(self.found[:RANKS], 1) if id_ in self.relevant)
        return 1 / next(ranks, float("inf"))


@dataclass(frozen=True, slots=True)
class Figures:
    """The rates of some answers; None where no query is of the sort."""

    relevant: int
    hit: float | None
    set_recall: float | None
    reciprocal_rank: float | None
    unrelated: int
    nothing: float | None
    """Share of the unrelated queries to which nothing was returned."""
    milliseconds: float | None


def figures(answers: Sequence[Answer]) -> Figures:
    """The rates of some answers."""
    related = [answer for answer in answers if answer.relevant]
    unrelated = [answer for answer in answers if not answer.relevant]
    return Figures(
        relevant=len(related),
        hit=_mean(answer.hit for answer in related),
        set_recall=_mean(answer.set_recall for answer in related),
        reciprocal_rank=_mean(answer.reciprocal_rank for answer in related),
        unrelated=len(unrelated),
        nothing=_mean(not answer.found for answer in unrelated),
        milliseconds=_mean(answer.milliseconds for answer in answers),
    )


def of_classes(answers: Sequence[Answer], classes: Collection[str]) -> list[Answer]:
    """The answers to queries of some classes."""
    return [answer for answer in answers if answer.query_class in classes]


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return fmean(known) if known else None
