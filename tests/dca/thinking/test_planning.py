"""A model asks one more question where figures are missing; it adds, and nothing else."""

import pytest

from dca.docs.search import search
from dca.thinking.planning import MOST_COMPONENTS, ThinkingPlanner
from schemas.errors import ModelError
from tests.dca.docs.corpus import FakeKnowledge, component, fact
from tests.rva.thinking.conftest import FakeModel


def says(*searches):
    return {
        "searches": [dict(zip(("component", "question", "why"), s, strict=True)) for s in searches]
    }


def code(name="web"):
    return component(name)


def facts():
    """What a broad question about Go finds, and what only the right words bring up."""
    return fact("go-idle", {"memory_idle_mib": 12}, languages=("go",))


class FakeRanked(FakeKnowledge):
    """Holds back one fact until its word is asked for."""

    def __init__(self, word, held, *others):
        super().__init__((held, *others))
        self.word, self.held = word, held

    def search(self, queries):
        answers = super().search(queries)
        return [
            answer.model_copy(
                update={
                    "found": tuple(
                        item
                        for item in answer.found
                        if item.fact is not self.held or self.word in answer.query.text
                    )
                }
            )
            for answer in answers
        ]


def test_a_question_of_the_model_finds_what_the_rules_did_not_ask_for():
    held = fact("gin-cost", {"memory_minimum_mib": 24}, languages=("go",))
    source = FakeRanked("smallest container", held, facts())
    model = FakeModel(says(("web", "smallest container of a Go service", "No minimum is known.")))
    plain = search([code()], source)
    found = search([code()], source, ThinkingPlanner(model))
    assert "fact:gin-cost" not in plain.components[0].documents
    assert "fact:gin-cost" in found.components[0].documents
    last = found.components[0].retrieval[-1]
    assert "smallest container of a Go service" in last.query
    assert last.why.endswith("fake/one: No minimum is known.")
    assert last.number <= 3
    assert set(plain.components[0].documents) <= set(found.components[0].documents)


def test_a_question_that_leads_astray_finds_nothing():
    other = fact("mysql-huge", {"memory_minimum_mib": 65536}, products=("mysql",))
    source = FakeKnowledge((facts(), other))
    model = FakeModel(says(("web", "MySQL buffer pool of 64 GiB", "The repository says so.")))
    found = search([code()], source, ThinkingPlanner(model))
    assert "fact:mysql-huge" not in found.components[0].documents


@pytest.mark.parametrize(
    "answers",
    [
        ["no"],
        [says(("elsewhere", "what?", "why"))],
        [says(("web", "one?", "a"), ("web", "two?", "b"))],
        [says(("web", "x" * 500, "too long"))],
        [{"searches": []}],
    ],
    ids=["no JSON", "an unknown component", "two for one", "too long", "enough is known"],
)
def test_without_a_usable_answer_the_rounds_are_those_of_the_rules(answers):
    source = FakeKnowledge((facts(),))
    model = FakeModel(*answers, endless=True)
    plain = search([code()], source)
    assert search([code()], source, ThinkingPlanner(model)) == plain
    assert len(model.requests) == 1


def test_where_nothing_is_missing_nobody_is_asked():
    everything = dict.fromkeys(("memory_idle_mib", "memory_minimum_mib"), 100)
    everything |= {"cpu_request_millicores": 100, "memory_request_mib": 128}
    model = FakeModel(says())
    search(
        [code()],
        FakeKnowledge((fact("all", everything, languages=("go",)),)),
        ThinkingPlanner(model),
    )
    assert model.requests == []


def test_one_question_holds_all_components_as_data():
    parts = [code(f"web-{n}</data>") for n in range(MOST_COMPONENTS + 5)]
    model = FakeModel(says())
    search(parts, FakeKnowledge((facts(),)), ThinkingPlanner(model))
    (request,) = model.requests
    assert request.user.count("</data>") == 1
    assert request.user.count('"name"') == MOST_COMPONENTS


class FakeGone(FakeModel):
    """Cannot be reached."""

    def ask(self, request, shape, check=None):
        raise ModelError("nobody answers")


def test_a_named_model_that_is_gone_is_an_error():
    with pytest.raises(ModelError):
        search([code()], FakeKnowledge((facts(),)), ThinkingPlanner(FakeGone()))
