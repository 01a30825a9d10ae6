"""The agent with a model: what it adds, and that nothing else changes."""

from __future__ import annotations

import pytest

from adapters.policies import load_policies
from rva.agent import RvaAgent
from rva.policies import DEFAULT_POLICY
from rva.thinking.tools import Ports
from schemas.context import AppContext, DescriptionReading, RepositoryFacts
from schemas.errors import ModelError
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.model import Unanswered
from schemas.plan import DraftPlan, ModelChange, ModelOutcome, ReasoningStep
from schemas.ports import ExternalTool
from schemas.trigger import Trigger

FACT = Evidence(
    id="fact:vendor-size",
    kind=EvidenceKind.DOCUMENT,
    grade=EvidenceGrade.VENDOR,
    statement="One replica serves it, the vendor says.",
    source="https://vendor.example",
    figures={"fact_source": "official_doc"},
)


class FakeSilent:
    """Has no usable answer, ever."""

    name = "fake/silent"

    def ask(self, request, shape, check=None):
        return Unanswered("no usable answer in 3 attempts")


class FakeGone:
    """Was asked for by name and cannot be reached."""

    name = "fake/gone"

    def ask(self, request, shape, check=None):
        raise ModelError("fake/gone: connection refused")


class FakeFaulty:
    """Breaks its contract."""

    name = "fake/faulty"

    def ask(self, request, shape, check=None):
        raise ZeroDivisionError


class FakeExternal:
    """Counts how often it is asked what it offers."""

    names = ("a.b",)

    def __init__(self):
        self.described = 0

    def describe(self):
        self.described += 1
        return (ExternalTool("a.b", "something"),)

    def call(self, name, arguments):
        return "nothing"


def context(*components):
    return AppContext(
        trigger=Trigger(git_repo="https://example.com/a/b", app_description="A shop"),
        repository=RepositoryFacts(url="https://example.com/a/b"),
        reading=DescriptionReading(),
        components=components,
        evidence=(FACT,),
    )


@pytest.fixture
def refine(build):
    def make(model, *names, ports=None, **fields):
        agent = RvaAgent(
            build.generator,
            build.validator(),
            load_policies(DEFAULT_POLICY),
            None,
            model,
            ports or Ports(),
        )
        sizes = build.resources(cpu=500, cpu_limit=100, memory=600, memory_limit=512)
        values = {"sizes": sizes, "replicas": 1} | fields
        names = names or ("api",)
        plans = tuple(build.plan(name, **values) for name in names)
        components = tuple(build.component(name) for name in names)
        return agent.refine(context(*components), DraftPlan(components=plans))

    return make


def summary(text, *cites):
    return {"sentences": [{"text": text, "cites": list(cites)}]}


def test_rationale_and_trace_reach_the_recommendation(refine, fake_model, said):
    model = fake_model(
        said("set_replicas", thought="First the replicas."),
        said("finish"),
        summary("2 replicas serve it, and the limits follow the requests.", "T04"),
    )
    (item,) = refine(model).components
    assert item.rationale == "2 replicas serve it, and the limits follow the requests. [T04]"
    assert item.refinement.trace[0].thought == "fake/one: First the replicas."
    assert [request.prompt for request in model.requests][-1] == "rva.rationale/1"


@pytest.mark.parametrize("model", [FakeSilent(), FakeFaulty()], ids=["silent", "faulty"])
def test_a_model_without_an_answer_changes_no_number_and_adds_no_rationale(refine, model):
    (plain,) = refine(None).components
    (item,) = refine(model).components
    assert item.rationale == ""
    same = {"refinement", "rationale"}
    assert item.model_dump(exclude=same) == plain.model_dump(exclude=same)


def test_a_model_that_was_named_and_is_gone_is_an_error(refine):
    with pytest.raises(ModelError):
        refine(FakeGone())


def test_without_a_model_l01_is_skipped_and_with_one_it_passes(refine):
    without, with_one = refine(None), refine(FakeSilent())
    assert "no language model" in without.checks_skipped["L01"]
    assert "L01" not in with_one.checks_skipped
    assert with_one.checks_passed == without.checks_passed + 1


def test_evidence_that_a_search_found_is_shown_when_it_is_cited(refine, fake_model, said):
    found = FACT.model_copy(update={"id": "fact:found"})
    model = fake_model(
        said("search_knowledge", argument="replicas"),
        said("finish"),
        summary("One replica serves it, the vendor says.", "fact:found"),
    )
    ports = Ports(knowledge=lambda component, question: (found,))
    (item,) = refine(model, ports=ports).components
    assert "fact:found" in {evidence.id for evidence in item.evidence}


def test_servers_are_asked_once_what_they_offer(refine):
    external = FakeExternal()
    refine(FakeSilent(), "one", "two", "three", ports=Ports(external=external))
    assert external.described == 1


def test_unsafe_words_of_a_model_are_not_shown(refine, fake_model, said):
    model = fake_model(
        said(
            "search_knowledge",
            argument="https://evil.example/?leak",
            thought="Ask @admin at https://evil.example",
        ),
        said("finish"),
    )
    change = ModelChange(
        number="replicas",
        before=1,
        proposed=1,
        after=1,
        outcome=ModelOutcome.TAKEN,
        why="See https://evil.example",
    )
    ports = Ports(knowledge=lambda component, question: ())
    result = refine(model, ports=ports, model_changes=(change,))
    assert "evil.example" not in str([item.model_dump() for item in result.components])
    assert result.components[0].model_changes[0].why == "withheld"


def test_the_same_answers_give_the_same_result(refine, fake_model, said):
    answers = (said("set_replicas"), said("finish"), summary("2 replicas serve it."))
    step = ReasoningStep(number=1, about="memory", text="So.", evidence=(FACT.id,))
    first, second = (refine(fake_model(*answers), reasoning=(step,)) for _ in range(2))
    assert first == second
