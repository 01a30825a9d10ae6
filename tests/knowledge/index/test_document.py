"""What of a fact is indexed fits the embedding model."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.document import MAX_TOKENS, text_of, tokens, words_of
from tests.knowledge.index.sample import FACTS, fact


def test_the_text_holds_subject_statement_and_figures_in_words():
    text = text_of(FACTS[0])
    assert text.startswith("frob, frobdb (testing): Frob keeps")
    assert text.endswith("cache fraction 0.25")


def test_figures_that_do_not_fit_are_left_out_before_the_statement_is():
    long = fact("x-long", "word " * 150, figures={f"figure_{n}": n for n in range(200)})
    assert "word " * 150 in text_of(long) + " "
    assert tokens(text_of(long)) <= MAX_TOKENS


def test_a_statement_that_is_too_long_is_cut_after_a_word():
    text = text_of(fact("x-long", "1234567 " * 120))
    assert tokens(text) <= MAX_TOKENS
    assert text.endswith(" 1234567")


@given(st.text(min_size=10, max_size=1000), st.dictionaries(st.text(max_size=40), st.integers()))
def test_no_fact_gives_a_text_over_the_limit(statement, figures):
    assert tokens(text_of(fact("x-any", statement, figures=figures))) <= MAX_TOKENS


def test_names_of_all_kinds_are_names():
    words = words_of(FACTS[4])
    assert {"java", "kotlin", "springboot", "spring", "boot"} <= set(words.names.split())
    assert "web framework" in words.topic
