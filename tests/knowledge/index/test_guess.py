"""A query in everyday language is led to a component by descriptions of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.descriptions import Described
from knowledge.index.guess import ENOUGH_WORDS, Guesser, with_guess
from knowledge.index.scoring import FLOOR

# Two components with two descriptions each, then one thing that is asked elsewhere.
ABOUT = Described(
    starts=(0, 2), answered=4, of_facts=(0, 1, 1), texts=("a", "b", "c", "d", "elsewhere")
)
GUESSER = Guesser(ABOUT)
CHANCES = st.floats(0, 0.999)


def toward(**cosines: float) -> list[float]:
    """Cosines with the texts."""
    return [cosines.get(text, 0.0) for text in ABOUT.texts]


def best(cosines: list[float], words: int = ENOUGH_WORDS) -> float:
    return max(GUESSER.guess(cosines, words).chances)


def test_the_nearest_description_counts_not_their_mean():
    one = GUESSER.features(toward(a=0.8, b=0.0), 4)
    assert one.nearest.tolist() == pytest.approx([0.8, 0.0])
    assert (one.elsewhere, one.words) == (0.0, 4 / ENOUGH_WORDS)


def test_a_description_leads_to_its_component():
    first, second = GUESSER.guess(toward(c=0.7), ENOUGH_WORDS).chances
    assert second >= FLOOR > first


def test_what_is_asked_elsewhere_speaks_against_every_component():
    assert best(toward(c=0.6)) > best(toward(c=0.6, elsewhere=0.6))


def test_how_near_a_query_is_to_what_is_asked_elsewhere_is_known_by_itself():
    assert GUESSER.elsewhere(toward(c=0.6, elsewhere=0.4)) == pytest.approx(0.4)


def test_a_few_known_words_are_no_description():
    assert best(toward(c=0.6), words=8) > best(toward(c=0.6), words=2)
    assert best(toward(c=0.6), words=8) == best(toward(c=0.6), words=30)


def test_a_query_that_is_near_to_nothing_has_no_component():
    guess = GUESSER.guess(toward(a=0.2, c=0.2), 3)
    assert guess.entries_above(FLOOR) == frozenset()
    assert guess.entries_above(0.0) == {0, 1}


@given(CHANCES, CHANCES, st.integers(0, 20))
def test_a_guess_never_lowers_a_chance(chance, guessed, rank):
    value = with_guess(chance, guessed, rank)
    assert chance - 1e-9 <= value <= 1
    assert with_guess(chance, guessed, rank + 1) <= value + 1e-9


def test_an_own_chance_settles_the_order_within_a_component():
    assert with_guess(0.2, 0.7, 0) > with_guess(0.1, 0.7, 0)
