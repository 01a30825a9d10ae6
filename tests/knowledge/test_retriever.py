"""Searching: filters first, then one score, nothing below the floor."""

from dataclasses import replace

import pytest

from knowledge.index.scoring import FLOOR, Mode
from knowledge.retriever import Retriever, open_knowledge
from schemas.knowledge import KnowledgeQuery
from tests.knowledge.index.sample import FACTS, write_corpus


@pytest.fixture(name="facts", scope="module")
def _facts(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("facts"))


@pytest.fixture(name="knowledge")
def _knowledge(facts, tmp_path):
    return open_knowledge(tmp_path / "cache", facts=facts)


def ids(knowledge, text, **filters):
    (retrieval,) = knowledge.search([KnowledgeQuery(text=text, **filters)])
    return [item.fact.id for item in retrieval.found]


def test_without_an_index_words_are_searched_and_the_loss_is_said(knowledge):
    assert ids(knowledge, "frob cache memory")[0] == "frob-cache"
    assert knowledge.state.facts == len(FACTS)
    assert knowledge.state.embedder == "none (BM25 alone)"
    assert "ai-provision knowledge build" in knowledge.state.degraded


@pytest.mark.parametrize("text", ["best pizza dough recipe", "", "how much should I", "?!"])
def test_nothing_relevant_is_nothing_found(knowledge, text):
    assert ids(knowledge, text) == []


def test_a_fact_that_a_filter_names_is_found_whatever_the_words(knowledge):
    found = knowledge.search([KnowledgeQuery(text="pizza", products=("frobdb",))])[0].found
    assert [item.fact.id for item in found] == ["frob-cache", "frob-idle"]
    assert all(FLOOR <= item.score <= 1 for item in found)


def test_words_decide_the_order_of_what_a_filter_names(knowledge):
    assert ids(knowledge, "idle server", products=("frob",)) == ["frob-idle", "frob-cache"]


def test_several_queries_are_answered_in_their_order(knowledge):
    texts = ["frob cache memory", "pizza", "recommender margin"]
    answers = knowledge.search([KnowledgeQuery(text=text) for text in texts])
    assert [answer.query.text for answer in answers] == texts
    assert [len(answer.found) > 0 for answer in answers] == [True, False, True]
    assert knowledge.search([]) == []


def test_the_limit_is_kept(knowledge):
    assert len(ids(knowledge, "frob", products=("frob",), limit=1)) == 1


def test_words_alone_can_be_compared_with_the_whole(knowledge):
    query = KnowledgeQuery(text="frob cache memory")
    assert knowledge.in_mode(Mode.LEXICAL).search([query]) == knowledge.search([query])


def test_a_corpus_that_grows_lifts_nothing_over_the_floor(tmp_path):
    fillers = [
        FACTS[2].model_copy(
            update={"id": f"filler-{n}", "statement": f"Sprocket number{n} turns slowly."}
        )
        for n in range(2000)
    ]
    small = write_corpus(tmp_path / "small", (*FACTS, *fillers[:20]))
    large = write_corpus(tmp_path / "large", (*FACTS, *fillers))
    query = KnowledgeQuery(text="how slowly does a bakery turn its quarter of bread")
    for corpus in (small, large):
        found = open_knowledge(tmp_path / "cache", facts=corpus).search([query])[0].found
        assert found == ()


class FakeMeanings:
    """Knows one question, and which fact is near to it."""

    def __init__(self, near: int) -> None:
        self.near = near

    def cosines(self, vectors):
        count = range(len(FACTS))
        return [{n: vector[0] if n == self.near else 0.2 for n in count} for vector in vectors]


class FakeEmbedder:
    """Finds a text near when it has a word; remembers what it was asked."""

    name, space, dimensions = "fake", "fake", 1

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    def embed(self, texts):
        self.asked += texts
        return [[0.95 if self.word in text else 0.2] for text in texts]


def with_meanings(knowledge, word, near=0):
    embedder = FakeEmbedder(word)
    opened = replace(knowledge._opened, meanings=FakeMeanings(near), embedder=embedder)
    return Retriever(opened), embedder


def test_a_query_is_also_asked_in_the_words_of_facts(knowledge):
    hybrid, embedder = with_meanings(knowledge, "cpu")
    text = "share of a processor that it burns"
    assert ids(hybrid.in_mode(Mode.DENSE), text) == [hybrid.ids[0]]
    assert embedder.asked == [text, "share of a cpu that it burns"]


def test_a_query_that_has_the_words_already_is_asked_once(knowledge):
    hybrid, embedder = with_meanings(knowledge, "frob")
    hybrid.search([KnowledgeQuery(text="frob"), KnowledgeQuery(text="frob")])
    assert embedder.asked == ["frob"]


def test_a_clear_meaning_is_found_without_any_of_the_words(knowledge):
    hybrid, _ = with_meanings(knowledge, "unheard")
    assert ids(hybrid.in_mode(Mode.DENSE), "unheard gibberish") == [hybrid.ids[0]]
    assert ids(hybrid.in_mode(Mode.DENSE), "other gibberish") == []


def test_features_are_known_of_every_fact(knowledge):
    hybrid, _ = with_meanings(knowledge, "frob")
    (row,) = hybrid.features(["frob cache"])
    assert len(row) == len(FACTS)
    assert row[0].cosine == pytest.approx(0.95)
    field = (0.95 + 0.2 * (len(FACTS) - 1)) / len(FACTS)
    assert [item.field for item in row] == pytest.approx([field] * len(FACTS))


def test_two_searches_give_the_same(facts, tmp_path):
    queries = [KnowledgeQuery(text=f"{item.component} memory", limit=100) for item in FACTS]
    first = open_knowledge(tmp_path, facts=facts).search(queries)
    assert open_knowledge(tmp_path, facts=facts).search(queries) == first


def test_facts_of_an_excluded_owner_are_not_found(tmp_path):
    own = FACTS[0].source.model_copy(update={"repository": "acme/shop"})
    corpus = write_corpus(
        tmp_path / "facts", (FACTS[0].model_copy(update={"source": own}), *FACTS[1:])
    )
    with_all = open_knowledge(tmp_path / "cache", facts=corpus)
    without = open_knowledge(tmp_path / "cache", facts=corpus, exclude_owners=frozenset({"acme"}))
    assert set(ids(with_all, "frob", products=("frob",))) == {"frob-cache", "frob-idle"}
    assert ids(without, "frob", products=("frob",)) == ["frob-idle"]
    assert ids(without, "frob cache memory quarter") != ["frob-cache"]


def test_a_changed_fact_is_found_as_it_is_now(tmp_path):
    corpus = write_corpus(tmp_path / "facts")
    before = open_knowledge(tmp_path / "cache", facts=corpus).state.fingerprint
    write_corpus(corpus, (FACTS[0].model_copy(update={"statement": "Frob likes bananas now."}),))
    knowledge = open_knowledge(tmp_path / "cache", facts=corpus)
    assert knowledge.search([KnowledgeQuery(text="bananas")])[0].found[0].fact.id == "frob-cache"
    assert knowledge.state.fingerprint != before


def test_an_added_document_is_found_beside_the_facts(facts, tmp_path):
    added = write_corpus(tmp_path / "added", (FACTS[0].model_copy(update={"id": "added-x.001"}),))
    knowledge = open_knowledge(tmp_path / "cache", facts=facts, added=added)
    assert knowledge.state.facts == len(FACTS) + 1
    assert "added-x.001" in ids(knowledge, "frob cache memory")


def test_a_broken_added_document_sinks_only_the_added_ones(facts, tmp_path, caplog):
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "x.yaml").write_text("facts: {")
    knowledge = open_knowledge(tmp_path / "cache", facts=facts, added=tmp_path / "added")
    assert knowledge.state.facts == len(FACTS)
    assert "x.yaml" in knowledge.state.degraded
    assert len(caplog.records) == 1


def test_a_cache_that_cannot_be_written_costs_time_only(facts, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    knowledge = open_knowledge(tmp_path / "file", facts=facts)
    assert ids(knowledge, "frob cache memory")[0] == "frob-cache"


def test_words_that_were_damaged_on_disk_are_made_again(facts, tmp_path):
    open_knowledge(tmp_path, facts=facts)
    (kept,) = (tmp_path / "index").glob("words-*.sqlite")
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 0xFF
    kept.write_bytes(content)
    knowledge = open_knowledge(tmp_path, facts=facts)
    assert ids(knowledge, "frob cache memory")[0] == "frob-cache"
