"""Everyday language is put into the words of the field, for queries alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.corpus import load_corpus
from knowledge.index import synonyms
from knowledge.index.document import words_of
from knowledge.index.synonyms import in_field_words, in_phrases, related
from tests.bounded import bounded


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("processors for fifteen thousand visitors", "cpu for 15,000 users"),
        ("how many copies at the same time?", "how many replicas concurrent?"),
        ("RAM of pg", "memory of postgresql"),
        ("What does Redis cost?", "What does Redis cost?"),
        ("", ""),
    ],
)
def test_a_query_is_put_into_the_words_of_facts(said, meant):
    assert in_field_words(said) == meant


@pytest.mark.parametrize("word", ["processor", "processors", "PROCESSOR".lower()])
def test_a_word_is_known_in_all_its_forms(word):
    assert "cpu" in related(word)


@pytest.mark.parametrize("word", ["", "s", "pizza", "redis"])
def test_most_words_hint_at_nothing(word):
    assert related(word) == ()


def test_no_word_hints_at_itself():
    assert [said for said, row in synonyms._related().items() if said in row] == []


def test_every_row_is_a_row():
    tables = (synonyms._SAID_FOR, synonyms._HINTS_AT, synonyms._SHORT_FOR)
    for field, said in (row for table in tables for row in synonyms._rows(table)):
        assert field == field.strip() != ""
        assert said != []


def test_a_word_is_put_in_one_place_only():
    rows = synonyms._rows(synonyms._SAID_FOR + synonyms._SHORT_FOR)
    said = [word for _, words in rows for word in words]
    assert sorted(said) == sorted(set(said))


def test_what_is_hinted_at_stands_in_facts():
    text = " ".join(
        f"{words.names} {words.topic} {words.statement} {words.figures}"
        for words in map(words_of, load_corpus().facts)
    )
    known = set(text.split())
    hinted = {word for row in synonyms._related().values() for word in row}
    assert len(hinted - known) <= len(hinted) * 0.1, sorted(hinted - known)


@given(st.text(max_size=300))
def test_any_text_can_be_put_into_other_words(text):
    assert isinstance(in_field_words(text), str)
    assert in_field_words(text) == in_field_words(text)


@pytest.mark.parametrize("text", ["a " * 50_000, "out of " * 20_000, "x" * 100_000])
def test_hostile_text_ends(text):
    with bounded():
        in_phrases(text)
        in_field_words(text)
