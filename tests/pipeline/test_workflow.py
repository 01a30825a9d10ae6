"""The three steps with fake agents: order, failures, and what the run record says."""

from datetime import UTC, datetime

import pytest

from pipeline.run import Recorder
from pipeline.workflow import Pipeline, Question
from rva.agent import Refined
from schemas.context import AppContext, DescriptionReading, RepositoryFacts
from schemas.errors import RepositoryError
from schemas.plan import ComponentFailure, DraftPlan
from schemas.ports import Checkout
from schemas.recommendation import Cost, FailedComponent
from schemas.run import ReasonerChoice, StageStatus
from schemas.trigger import Trigger

TRIGGER = Trigger(git_repo="https://example.com/a/b", app_description="an app")


class FakeClock:
    def now(self):
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self):
        return 0.0


class FakeTree:
    paths = ()
    skipped = ()
    truncated = False

    def size(self, path):
        raise KeyError(path)

    def read_text(self, path):
        return None


class FakeDca:
    charts = object()

    def __init__(self, calls, error=None):
        self.calls, self.error = calls, error

    def gather(self, trigger, checkout, *, trust_current=False):
        self.calls.append(("dca", trust_current))
        if self.error:
            raise self.error
        return AppContext(
            trigger=trigger,
            repository=RepositoryFacts(url=checkout.url),
            reading=DescriptionReading(),
            components=(),
        )


class FakePipa:
    def __init__(self, calls, failures=()):
        self.calls, self.failures = calls, failures

    def draft(self, context):
        self.calls.append(("pipa", context.repository.url))
        return DraftPlan(components=(), failures=self.failures)


class FakeRva:
    def __init__(self, calls, failed=()):
        self.calls, self.failed = calls, failed

    def refine(self, context, draft):
        self.calls.append(("rva", len(draft.failures)))
        return Refined(
            components=(),
            failed=self.failed,
            findings=(),
            checks_passed=7,
            checks_skipped={},
            cost=Cost(),
        )


def run(dca, pipa, rva, *, trust_current=False):
    recorder = Recorder(
        FakeClock(),
        version="1",
        reasoner=ReasonerChoice(requested="none", used="none", why="asked for"),
    )
    question = Question(trigger=TRIGGER, trust_current=trust_current)
    checkout = Checkout(files=FakeTree(), url="https://example.com/a/b")
    pipeline = Pipeline(agents=(dca, pipa, rva), settings={"llm": "none"})
    told = []
    return pipeline.run(question, checkout, recorder, told.append), told


def test_the_agents_run_in_sequence_and_each_hands_on():
    calls = []
    answer, told = run(FakeDca(calls), FakePipa(calls), FakeRva(calls), trust_current=True)
    assert calls == [("dca", True), ("pipa", "https://example.com/a/b"), ("rva", 0)]
    assert len(told) == 3
    assert [stage.name for stage in answer.run.stages] == ["dca", "pipa", "rva"]
    assert all(stage.status is StageStatus.DONE for stage in answer.run.stages)
    assert answer.run.settings == {"llm": "none"}
    assert answer.trigger == TRIGGER
    assert answer.checks_passed == 7


def test_a_component_that_fails_makes_its_stage_partial_and_stands_in_the_answer():
    calls = []
    failure = ComponentFailure(component="api", stage="pipa.capacity", message="no")
    failed = (
        FailedComponent(name="api", stage="pipa.capacity", failure="no"),
        FailedComponent(name="web", stage="rva", failure="neither"),
    )
    answer, _ = run(FakeDca(calls), FakePipa(calls, (failure,)), FakeRva(calls, failed))
    by_name = {stage.name: stage for stage in answer.run.stages}
    assert by_name["pipa"].status is StageStatus.PARTIAL
    assert by_name["pipa"].errors == ("api: no",)
    assert by_name["rva"].errors == ("web: neither",), "the first failure is not counted twice"
    assert [item.name for item in answer.failed] == ["api", "web"]


def test_an_error_of_an_agent_reaches_the_caller_as_it_was():
    calls = []
    dca = FakeDca(calls, RepositoryError("gone", code="repository.not_found"))
    with pytest.raises(RepositoryError, match="gone") as caught:
        run(dca, FakePipa(calls), FakeRva(calls))
    assert caught.value.code == "repository.not_found"
    assert calls == [("dca", False)]
