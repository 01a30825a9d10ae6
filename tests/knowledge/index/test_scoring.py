"""One score that means something: the chance that a fact, rather than nothing, is the answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.filters import Match
from knowledge.index.scoring import ELSEWHERE, FLOOR, WEIGHTS, Features, Mode, score

FEATURES = st.builds(
    Features,
    cosine=st.floats(-1, 1),
    coverage=st.floats(0, 1),
    bm25=st.floats(0, 1000),
    field=st.floats(-1, 1),
    elsewhere=st.floats(-1, 1),
)


@given(FEATURES, st.sampled_from(Mode), st.sampled_from(Match))
def test_every_score_is_a_chance(features, mode, match):
    value = score(features, mode, match)
    assert 0 <= value <= 1
    assert match is Match.NONE or value >= FLOOR


@given(FEATURES, st.sampled_from(Mode))
def test_a_more_specific_match_never_counts_less(features, mode):
    values = [score(features, mode, match) for match in Match]
    assert values == sorted(values)


@pytest.mark.parametrize(
    ("features", "relevant"),
    [
        (Features(cosine=0.1, coverage=0.0, bm25=0.0, field=0.02), False),
        (Features(cosine=0.3, coverage=0.2, bm25=6.0, field=0.05), False),
        (Features(cosine=0.7, coverage=0.7, bm25=20.0, field=0.25), True),
        (Features(cosine=0.6, coverage=1.0, bm25=9.0, field=0.15), True),
    ],
    ids=["nothing in common", "one word and a vague likeness", "words and meaning", "all words"],
)
def test_what_is_an_answer_is_above_the_floor_and_nothing_else(features, relevant):
    assert (score(features, Mode.HYBRID) >= FLOOR) is relevant


def test_each_half_looks_at_its_own_features_alone():
    words, meaning = WEIGHTS[Mode.LEXICAL], WEIGHTS[Mode.DENSE]
    assert (words.cosine, words.field) == (0, 0)
    assert (meaning.coverage, meaning.bm25) == (0, 0)


@pytest.mark.parametrize("name", ["cosine", "coverage", "bm25", "field"])
@given(features=FEATURES, mode=st.sampled_from(Mode), more=st.floats(0, 1))
def test_more_of_anything_never_lowers_the_score(name, features, mode, more):
    better = replace(features, **{name: getattr(features, name) + more})
    assert score(better, mode) >= score(features, mode)


def test_only_what_is_clearly_asked_elsewhere_counts_against_a_fact():
    known = Features(cosine=0.6, coverage=0.6, bm25=14.0, field=0.15)
    values = [score(replace(known, elsewhere=near), Mode.HYBRID) for near in (0, ELSEWHERE, 0.6)]
    assert values[0] == values[1] > FLOOR > values[2]


def test_a_question_about_sizes_needs_less_to_be_answered_than_one_about_something_else():
    vague = Features(cosine=0.5, coverage=0.3, bm25=14.0)
    assert score(replace(vague, field=0.3), Mode.HYBRID) > score(
        replace(vague, field=0.03), Mode.HYBRID
    )
