"""The labelled queries are what the figures of retrieval rest on: they must be sound themselves."""

from collections import Counter

import pytest
from pydantic import ValidationError

from bench.retrieval_set import Alternative, Half, LabelledQuery, QueryClass, load_queries
from knowledge.corpus import load_corpus
from schemas.knowledge import AppliesTo, Fact, FactKind, FactSource, SourceGrade

HALVES = {half: load_queries(half) for half in Half}
DRAWN = {half: HALVES[half] for half in (Half.DEVELOPMENT, Half.HELDOUT)}
"""The two halves of one draw: only these are alike in size and subject."""
EVERYDAY = (Half.EVERYDAY, Half.EVERYDAY_HELDOUT)
"""The halves of a later draw, which has two classes of queries alone."""
FINAL = (Half.FINAL, Half.BLIND)
"""The sets for final figures alone."""
QUERIES = [query for queries in HALVES.values() for query in queries]
RELEVANT = [query for query in QUERIES if not query.query_class.unrelated]
UNRELATED = [query for query in QUERIES if query.query_class.unrelated]
CORPUS = load_corpus()


def _normal(text: str) -> str:
    return " ".join(text.lower().split())


def test_ids_are_unique_over_all_files():
    assert [id_ for id_, times in Counter(q.id for q in QUERIES).items() if times > 1] == []


def test_no_text_is_asked_twice():
    texts = Counter(_normal(query.text) for query in QUERIES)
    assert [text for text, times in texts.items() if times > 1] == []


def test_there_are_enough_queries():
    assert len(RELEVANT) >= 150
    assert len(UNRELATED) >= 60


@pytest.mark.parametrize("half", [half for half in Half if half not in EVERYDAY])
def test_each_half_has_every_class(half: Half):
    assert {query.query_class for query in HALVES[half]} == set(QueryClass)


@pytest.mark.parametrize("half", EVERYDAY)
def test_everyday_language_is_asked_about_and_around_the_corpus(half: Half):
    sizes = Counter(query.query_class for query in HALVES[half])
    assert set(sizes) == {QueryClass.PARAPHRASE, QueryClass.NEAR}
    assert sizes[QueryClass.PARAPHRASE] >= 30
    assert sizes[QueryClass.NEAR] >= 15


def test_only_half_of_the_everyday_queries_is_tuned_on():
    assert [half.tuned_on for half in EVERYDAY] == [True, False]


@pytest.mark.parametrize("query_class", QueryClass)
def test_a_class_is_split_evenly(query_class: QueryClass):
    sizes = [sum(q.query_class is query_class for q in queries) for queries in DRAWN.values()]
    assert abs(sizes[0] - sizes[1]) <= max(2, 0.2 * max(sizes))


@pytest.mark.parametrize("topic", sorted({q.topic for drawn in DRAWN.values() for q in drawn}))
def test_a_topic_is_split_evenly(topic: str):
    sizes = [sum(q.topic == topic for q in queries) for queries in DRAWN.values()]
    assert abs(sizes[0] - sizes[1]) <= 1


@pytest.mark.parametrize("half", FINAL)
def test_a_final_set_is_large_enough_and_spread_over_the_classes(half: Half):
    sizes = Counter(query.query_class for query in HALVES[half])
    related = [sizes[item] for item in QueryClass if not item.unrelated]
    assert sum(related) >= 100
    assert max(related) == min(related)
    assert sizes.total() - sum(related) >= 40


@pytest.mark.parametrize("half", FINAL)
def test_a_final_set_asks_about_every_topic_of_the_corpus(half: Half):
    asked = {query.topic for query in HALVES[half]}
    assert {fact.topic for fact in CORPUS.facts} - asked == set()


@pytest.mark.parametrize("half", FINAL)
def test_a_final_set_is_never_tuned_on(half: Half):
    assert not half.tuned_on


def test_the_blind_set_asks_about_no_component_more_than_twice():
    asked = Counter(
        component
        for query in HALVES[Half.BLIND]
        for component in {CORPUS.by_id[id_].component for id_ in query.relevant_among(CORPUS.facts)}
    )
    assert {name: times for name, times in asked.items() if times > 2} == {}


def test_only_related_queries_have_an_answer():
    assert [q.id for q in RELEVANT if not q.relevant] == []
    assert [q.id for q in UNRELATED if q.relevant] == []


def test_unrelated_queries_are_marked_by_their_topic():
    assert {q.id for q in QUERIES if q.topic == "unrelated"} == {q.id for q in UNRELATED}


@pytest.mark.parametrize("query", RELEVANT, ids=lambda query: query.id)
def test_every_label_matches_a_fact(query: LabelledQuery):
    for alternative in query.relevant:
        assert any(alternative.matches(fact) for fact in CORPUS.facts), alternative
        assert [id_ for id_ in alternative.ids if id_ not in CORPUS.by_id] == []


@pytest.mark.parametrize("query", RELEVANT, ids=lambda query: query.id)
def test_every_named_component_has_a_matching_fact(query: LabelledQuery):
    for alternative in query.relevant:
        matching = {fact.component for fact in CORPUS.facts if alternative.matches(fact)}
        assert set(alternative.component) <= matching


def test_a_label_is_narrow_enough_to_mean_something():
    wide = {q.id: len(q.relevant_among(CORPUS.facts)) for q in RELEVANT}
    assert {id_: count for id_, count in wide.items() if count > 15} == {}


FACT = Fact(
    id="examplestore-memory",
    topic="cache",
    component="examplestore",
    kind=FactKind.CHART_DEFAULT,
    statement="An example store asks for 100 MiB.",
    figures={"memory_request_mib": 100, "shards": 3},
    applies_to=AppliesTo(products=("examplestore", "example")),
    source=FactSource(url="https://example.org", title="Example", grade=SourceGrade.PROJECT_DOC),
)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"ids": ["examplestore-memory"]}, True),
        ({"ids": ["another"]}, False),
        ({"component": ["other", "examplestore"]}, True),
        ({"component": ["example"]}, False),
        ({"topic": ["cache"]}, True),
        ({"topic": ["sql"]}, False),
        ({"kind": ["chart_default"]}, True),
        ({"kind": ["benchmark"]}, False),
        ({"products": ["example"]}, True),
        ({"products": ["redis"]}, False),
        ({"figures": ["shards", "replicas_count"]}, True),
        ({"figures": ["replicas_count"]}, False),
        ({"sized": True}, True),
        ({"component": ["examplestore"], "topic": ["sql"]}, False),
    ],
    ids=str,
)
def test_an_alternative_holds_when_all_its_conditions_do(condition: dict, holds: bool):
    assert Alternative.model_validate(condition).matches(FACT) is holds


def test_a_fact_without_a_size_is_not_sized():
    unsized = FACT.model_copy(update={"figures": {"shards": 3}})
    assert not Alternative(sized=True).matches(unsized)


@pytest.mark.parametrize("condition", [{}, {"component": "redis"}, {"about": ["redis"]}], ids=str)
def test_a_condition_that_is_no_condition_is_refused(condition: dict):
    with pytest.raises(ValidationError):
        Alternative.model_validate(condition)


def test_any_alternative_makes_a_fact_relevant():
    query = LabelledQuery.model_validate(
        {
            "id": "cache-99",
            "class": "a",
            "topic": "cache",
            "text": "how much memory",
            "relevant": [{"ids": ["another"]}, {"products": ["example"], "sized": True}],
        }
    )
    assert query.relevant_among([FACT]) == {"examplestore-memory"}
