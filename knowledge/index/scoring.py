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

On the development queries (ten-fold cross-validation) every floor from 0.33 to 0.4 keeps 96 % of
the answers among the first five and gives nothing to 98 % of the unrelated queries; at 0.5 one
answer more is lost, at 0.27 one unrelated query more gets an answer.
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
    subject: float
    """Share of the query's subject words that name the fact's subject; in [0, 1]."""
    bm25: float
    """Larger is better, 0 when no word matches."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one logistic function."""

    bias: float
    cosine: float = 0.0
    coverage: float = 0.0
    subject: float = 0.0
    bm25: float = 0.0
    """Of the logarithm of 1 + BM25."""
    both: float = 0.0
    """Of cosine times coverage: words and meaning that agree."""


WEIGHTS = {
    Mode.HYBRID: Weights(-12.98, cosine=6.08, coverage=4.68, subject=0.18, bm25=3.09, both=4.56),
    Mode.DENSE: Weights(-9.95, cosine=21.86),
    Mode.LEXICAL: Weights(-14.03, coverage=6.95, subject=1.02, bm25=4.23),
}
"""Printed by ``python -m bench.retrieval_fit``."""

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
        + weights.subject * features.subject
        + weights.bm25 * log1p(features.bm25)
        + weights.both * features.cosine * features.coverage
        + _SPECIFICITY[match]
    )
    chance = 1 / (1 + exp(-total))
    return chance if match is Match.NONE else FLOOR + (1 - FLOOR) * chance
