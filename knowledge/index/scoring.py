"""From what words and meanings say of a fact to one score in [0, 1].

The score is a logistic regression over four features, so it reads as "how likely is this fact an
answer". Rank fusion is not used: it rewards whatever happens to come first, however bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p

from knowledge.index.filters import Match

FLOOR = 0.5
"""Below it a fact that no filter names is not returned."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of one fact for one query."""

    cosine: float | None
    """Of the embeddings, in [-1, 1]; None without them."""
    coverage: float
    """Share of the query's words that the fact has, rare ones counting more; in [0, 1]."""
    subject: float
    """Share of the query's subject words that name the fact's subject; in [0, 1]."""
    bm25: float
    """Larger is better, 0 when no word matches."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one logistic regression."""

    bias: float
    cosine: float
    coverage: float
    subject: float
    bm25: float
    """Of the logarithm of 1 + BM25."""


HYBRID = Weights(bias=-7.0, cosine=9.0, coverage=3.0, subject=2.0, bm25=0.3)
LEXICAL = Weights(bias=-4.5, cosine=0.0, coverage=5.0, subject=2.0, bm25=0.4)

_SPECIFICITY = {
    Match.NONE: 0.0,
    Match.ROLE: 0.5,
    Match.LANGUAGE: 1.0,
    Match.FRAMEWORK: 1.5,
    Match.PRODUCT: 1.5,
}
"""Added before the logistic function: of two facts with equal words the more specific is better."""


def score(features: Features, match: Match = Match.NONE) -> float:
    """Relevance in [0, 1]; a fact that the query's filters name is never below `FLOOR`.

    Such a fact is relevant by itself, so its words only decide the order: its score is squeezed
    into [FLOOR, 1].
    """
    weights = LEXICAL if features.cosine is None else HYBRID
    total = (
        weights.bias
        + weights.cosine * (features.cosine or 0.0)
        + weights.coverage * features.coverage
        + weights.subject * features.subject
        + weights.bm25 * log1p(features.bm25)
        + _SPECIFICITY[match]
    )
    probability = 1 / (1 + exp(-total))
    return probability if match is Match.NONE else FLOOR + (1 - FLOOR) * probability
