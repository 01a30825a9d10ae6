"""From what words and meanings say of a fact to one score in [0, 1].

The score is the chance that the fact, rather than nothing, answers the query. Its weights are
fitted on labelled queries by `bench.retrieval_fit`: the facts of a query compete with each other
and with the answer "nothing", whose logit is 0, so one fit settles the order and the floor. Rank
fusion is not used: it rewards whatever happens to come first, however bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log1p

from knowledge.index.filters import Match

FLOOR = 0.4
"""Below it a fact that no filter names is not returned.

On the labelled queries (ten-fold cross-validation) 0.4 keeps 98 % of the answers among the first
five and gives nothing to 98 % of the unrelated queries; at 0.33 one answer more is kept, and one
unrelated query more gets an answer.
"""


class Mode(StrEnum):
    """What is looked at. The halves are for comparison; a search uses both where it can."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of one fact for one query."""

    cosine: float
    """Of the embeddings, in [-1, 1]; 0 without them."""
    coverage: float
    """Share of the query's words that the fact has, rare ones counting more; in [0, 1]."""
    bm25: float
    """Larger is better, 0 when no word matches."""
    field: float = 0.0
    """Of the query: its mean cosine with all facts. Questions about sizes have 0.15 to 0.35,
    questions about cooking or about the syntax of a language under 0.1."""
    elsewhere: float = 0.0
    """Of the query: its cosine with the nearest description of what no fact answers."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one logistic function."""

    bias: float
    cosine: float = 0.0
    coverage: float = 0.0
    bm25: float = 0.0
    """Of the logarithm of 1 + BM25."""
    field: float = 0.0
    elsewhere: float = 0.0
    """Of what `Features.elsewhere` is above `ELSEWHERE`; taken away."""


ELSEWHERE = 0.3
"""A cosine that one in fifteen questions about sizes exceeds, and half of those that only sound
like it."""

WEIGHTS = {
    Mode.HYBRID: Weights(-16.93, cosine=12.92, coverage=9.14, bm25=2.84, field=2.6, elsewhere=20.0),
    Mode.DENSE: Weights(-10.82, cosine=24.47),
    Mode.LEXICAL: Weights(-17.16, coverage=11.27, bm25=4.46),
}
"""Printed by ``python -m bench.retrieval_fit``, but for `Weights.elsewhere`: of the queries to
tune on, 20 takes the last near misses but one, and no answer."""

_SPECIFICITY = {
    Match.NONE: 0.0,
    Match.ROLE: 0.5,
    Match.LANGUAGE: 1.0,
    Match.FRAMEWORK: 1.5,
    Match.PRODUCT: 1.5,
}
"""Added before the logistic function: of two facts with equal words the more specific is better.

Set by judgement, not fitted: no labelled query has filters.
"""


def score(features: Features, mode: Mode, match: Match = Match.NONE) -> float:
    """Relevance in [0, 1]; a fact that the query's filters name is never below `FLOOR`.

    Such a fact is relevant by itself, so its words only decide the order: its score is squeezed
    into [FLOOR, 1].
    """
    weights = WEIGHTS[mode]
    total = (
        weights.bias
        + weights.cosine * features.cosine
        + weights.coverage * features.coverage
        + weights.bm25 * log1p(features.bm25)
        + weights.field * features.field
        - weights.elsewhere * max(0.0, features.elsewhere - ELSEWHERE)
        + _SPECIFICITY[match]
    )
    chance = 1 / (1 + exp(-total))
    return chance if match is Match.NONE else FLOOR + (1 - FLOOR) * chance
