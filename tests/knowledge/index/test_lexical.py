"""The lexical half finds what has the words, and nothing else."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.lexical import RELATED_SHARE, LexicalIndex, write
from knowledge.index.words import Term, query_terms
from tests.knowledge.index.sample import FACTS

INDEX = LexicalIndex.in_memory(FACTS)


def found(text):
    hits = INDEX.hits(query_terms(text))
    return {INDEX.facets[position].id for position in hits.bm25}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("frob", {"frob-cache", "frob-idle"}),
        ("caching", {"frob-cache"}),
        ("nodejs", {"node-heap"}),
        ("node.js", {"node-heap"}),
        ("springboot", {"spring-start"}),
        ("pizza", set()),
        ("how much should I", set()),
        ("", set()),
    ],
)
def test_only_facts_that_have_a_word_are_found(text, ids):
    assert found(text) == ids


def test_a_rare_word_counts_more_than_a_common_one():
    hits = INDEX.hits(query_terms("frob cache"))
    cache, idle = INDEX.positions["frob-cache"], INDEX.positions["frob-idle"]
    assert hits.coverage[cache] == pytest.approx(1)
    assert hits.coverage[idle] < 0.5
    assert hits.bm25[cache] > hits.bm25[idle] > 0


def test_words_that_no_fact_has_lower_the_coverage_of_all():
    known = INDEX.hits(query_terms("frob"))
    diluted = INDEX.hits(query_terms("frob pizza dough"))
    position = INDEX.positions["frob-idle"]
    assert diluted.coverage[position] < known.coverage[position] / 2


def test_a_related_word_counts_less_than_the_word_itself():
    said, meant = (INDEX.hits(query_terms(text)) for text in ("cpu", "processor"))
    position = INDEX.positions["spring-start"]
    assert meant.coverage[position] == pytest.approx(1)
    assert said.coverage[position] == pytest.approx(1)
    everyday = INDEX.hits((Term("computing", related=("processor",)),))
    assert everyday.coverage == {position: pytest.approx(RELATED_SHARE)}


@pytest.mark.parametrize(
    ("misspelt", "id_"),
    [("sprng boot", "spring-start"), ("recomender", "vpa-margin"), ("genration", "node-heap")],
)
def test_a_misspelt_word_finds_what_was_meant(misspelt, id_):
    assert id_ in found(misspelt)


@pytest.mark.parametrize("word", ["frog", "spoon", "merging", "recreation", "zzzzzzzz"])
def test_another_word_is_not_taken_for_a_misspelt_one(word):
    assert found(word) == set()


def test_a_name_with_humps_is_found_by_its_parts_when_nobody_uses_the_whole():
    assert found("IdleMegabytes") == {"frob-idle"}
    assert found("IdleUnicorns") == set()


@given(st.text(max_size=300))
def test_no_query_is_read_as_an_operator(text):
    hits = INDEX.hits(query_terms(text))
    assert all(0 < share <= 1 + 1e-9 for share in hits.coverage.values())
    assert set(hits.bm25) <= set(hits.coverage) | set(hits.bm25)


@pytest.mark.parametrize(
    "text", ['frob" OR "x', "frob*", "names:frob", "NEAR(frob, cache)", "^frob"]
)
def test_signs_of_the_query_language_are_only_words(text):
    assert found(text) <= {"frob-cache", "frob-idle"}


def test_what_is_written_is_what_is_read(tmp_path):
    write(tmp_path / "words.sqlite", FACTS)
    index = LexicalIndex.open(tmp_path / "words.sqlite")
    assert index.read_facts(range(len(FACTS))) == FACTS
    assert index.hits(query_terms("frob")) == INDEX.hits(query_terms("frob"))
    index.close()


def test_something_else_is_no_index(tmp_path):
    (tmp_path / "text").write_text("no database " * 1000)
    with pytest.raises(sqlite3.Error):
        LexicalIndex.open(tmp_path / "text")
    with pytest.raises(sqlite3.Error):
        LexicalIndex.open(tmp_path / "absent")
