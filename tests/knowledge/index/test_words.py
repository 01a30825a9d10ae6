"""Words of facts and words of queries meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.words import MAX_TERMS, STOP_WORDS, indexed, query_terms
from tests.bounded import bounded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Node.js", "node js nodejs"),
        ("C++ and C#", "cplusplus and csharp"),
        (".NET 8", "dotnet 8"),
        ("ASP.NET", "asp net aspnet"),
        ("shared_buffers", "shared buffers sharedbuffers"),
        ("spring-boot", "spring boot springboot"),
        ("Größe 0.25", "größe 0 25 025"),
        ("15,000 users", "15000 users"),
        ("an in-memory store", "an inmemory store"),
        ("", ""),
        ("... --- ___", ""),
    ],
)
def test_names_with_signs_are_indexed_in_parts_and_in_one_piece(text, words):
    assert indexed(text) == words


def forms(text):
    return [set(term.forms) for term in query_terms(text)]


def test_a_question_keeps_only_what_it_is_about():
    words = [term.word for term in query_terms("How much memory should I give a Redis cache?")]
    assert words == ["memory", "redis", "cache"]


def test_a_joined_name_is_also_looked_up_in_one_piece():
    assert {"node", "nodejs"} <= forms("node.js")[0]


@pytest.mark.parametrize(
    ("asked", "written"),
    [("ram", "memory"), ("vcpu", "cpu"), ("k8s", "kubernetes"), ("postgres", "postgresql")],
)
def test_everyday_short_forms_stand_for_the_word_of_the_field(asked, written):
    assert written in forms(asked)[0]
    assert asked in forms(written)[0]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("copies", "replicas"), ("allowance", "limit"), ("lb", "proxy"), ("visitors", "users")],
)
def test_everyday_language_hints_at_words_of_the_field(asked, hint):
    (term,) = query_terms(asked)
    assert hint in term.related
    assert hint not in term.forms


def test_a_turn_of_words_is_read_as_one():
    assert [term.word for term in query_terms("threads out of the box")] == ["threads", "default"]


def test_a_name_with_humps_keeps_its_parts():
    (_, term) = query_terms("-XX:MaxRAMPercentage")
    assert (term.word, term.parts) == ("maxrampercentage", ("max", "ram", "percentage"))


def test_go_is_a_language_and_no_function_word():
    assert "go" not in STOP_WORDS
    assert [term.word for term in query_terms("go service")] == ["go", "service"]


def test_a_word_counts_once():
    assert len(query_terms("redis redis REDIS")) == 1


@given(st.text(max_size=2000))
def test_any_text_gives_a_bounded_number_of_terms(text):
    terms = query_terms(text)
    assert len(terms) <= MAX_TERMS
    assert all(term.word.strip() for term in terms)


@pytest.mark.parametrize("text", ["a" * 100_000, "a." * 50_000, ".net" * 20_000, "-" * 100_000])
def test_hostile_text_ends(text):
    with bounded():
        query_terms(text)
        indexed(text)
