"""Which component somebody means who describes it in everyday language.

Such a query shares neither words nor much meaning with the statement of any fact, so it is compared
with descriptions of components instead. Each component is as near as the nearest of its
descriptions. The components compete with each other and with the answer "nothing", as facts do in
`knowledge.index.scoring`; nearness to what is asked elsewhere speaks for "nothing", and so does a
query of few known words, which is no description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.index.descriptions import Described

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BIAS = -15.06
"""Lower by 1.5 than ``python -m bench.retrieval_guess`` prints, which fits all four weights: a
wrong answer to an unrelated query is worse than none to a paraphrase. On the queries to tune on,
this gives nothing to as many of the unrelated ones as facts by themselves did."""
NEAREST = 20.45
"""Of the cosine with the nearest description of a component, in [-1, 1]."""
ELSEWHERE = -6.45
"""Of the cosine with the nearest description of what no fact answers."""
KNOWN = 8.54
"""Of the share of `ENOUGH_WORDS` that the query has."""
ENOUGH_WORDS = 8
"""Known words that a description has at most: more of them say nothing further."""

_FLATNESS = 0.5
"""Of a component's distance to the best one, as a power: similar components are worth showing."""
_REPEATED = 0.9
"""What each further fact of a component is worth: others get a chance among the first five."""


@dataclass(frozen=True, slots=True)
class GuessFeatures:
    """What is known of one query."""

    nearest: npt.NDArray[np.float64]
    """Cosines with the nearest description of each entry; shape (entries,)."""
    elsewhere: float
    """Cosine with the nearest of what is asked elsewhere."""
    words: float
    """Share of `ENOUGH_WORDS` that the query has; in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Which components one query may describe."""

    chances: Sequence[float]
    """Of each entry, in [0, 1]: the best has the chance that any component is described at all."""
    of_facts: Sequence[int]
    """The entry of each fact by its position, or `UNKNOWN`."""

    def entries_above(self, floor: float) -> frozenset[int]:
        """Entries whose chance is at least `floor`."""
        return frozenset(n for n, chance in enumerate(self.chances) if chance >= floor)


class Guesser:
    """Weighs how near queries are to descriptions.

    Args:
        described: What the descriptions are about; there must be some.
    """

    def __init__(self, described: Described) -> None:
        self._described = described
        self.texts = len(described.texts)
        """How many descriptions there are."""

    def guess(self, cosines: Sequence[float], known_words: int) -> Guess:
        """What a query describes.

        Args:
            cosines: Of the query with each text of the descriptions.
            known_words: How many words of the query are known.
        """
        import numpy as np

        seen = self.features(cosines, known_words)
        logits = BIAS + NEAREST * seen.nearest + ELSEWHERE * seen.elsewhere + KNOWN * seen.words
        mass = np.exp(logits).sum()
        relative = np.exp(_FLATNESS * (logits - logits.max()))
        return Guess((mass / (1 + mass) * relative).tolist(), self._described.of_facts)

    def features(self, cosines: Sequence[float], known_words: int) -> GuessFeatures:
        """What is known of a query, as in `guess`."""
        import numpy as np

        about = self._described
        nearest = np.maximum.reduceat(np.asarray(cosines[: about.answered]), about.starts)
        words = min(known_words, ENOUGH_WORDS) / ENOUGH_WORDS
        return GuessFeatures(nearest, self.elsewhere(cosines), words)

    def elsewhere(self, cosines: Sequence[float]) -> float:
        """The cosine of a query with the nearest of what is asked elsewhere.

        Args:
            cosines: As in `guess`.
        """
        return max(cosines[self._described.answered :])


def with_guess(chance: float, guessed: float, rank: int) -> float:
    """The chance of a fact whose component was guessed.

    Args:
        chance: What the fact's own words and meaning say, in [0, 1).
        guessed: The chance of its component, in [0, 1).
        rank: Facts of the same component that are better by themselves.

    >>> with_guess(0.0, 0.5, 0)
    0.5
    """
    odds = _odds(chance) + _odds(guessed * _REPEATED**rank)
    return odds / (1 + odds)


def _odds(chance: float) -> float:
    return chance / max(1 - chance, 1e-9)
