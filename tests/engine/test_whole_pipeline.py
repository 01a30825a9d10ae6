"""Five hundred runs of the whole pipeline with the worst model that there can be as all agents.

Its answers have the asked form and no sense: numbers anywhere, evidence that does not exist or is
about something else, repairs in any order, words of random pieces. Whatever it says, each result is
valid, tells every blocking finding, and has no number that nothing but the model speaks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import rva.agent
from adapters.helm import HelmRenderer
from adapters.kubernetes import KubernetesSchemas
from adapters.llm.models import Models, open_models
from adapters.prices import load_prices
from adapters.settings import load_settings
from ci.handoff.explain import explain
from ci.handoff.render import render
from dca.agent import DcaAgent
from dca.docs.ask import ask
from dca.trigger_fields import make_trigger
from pipa.agent import PipaAgent
from pipa.manifests import generate_manifests
from pipa.thinking.table import rows_of
from pipeline.run import Recorder
from pipeline.wiring import SystemClock
from pipeline.workflow import Pipeline, Question
from rva.agent import RvaAgent
from rva.react import RefinedComponent, run_checks, same_numbers
from rva.thinking.tools import Ports
from schemas.model import Asker
from schemas.plan import ComponentPlan, DraftPlan, ModelOutcome
from schemas.ports import Checkout
from schemas.recommendation import Recommendation, Severity
from tests.dca.docs.corpus import FakeKnowledge
from tests.dca.tree import FakeTree
from tests.engine.brains import Asked, Brain, Event, Piece
from tests.engine.contexts import Drawn, draw
from tests.engine.fake_ollama import FakeOllama
from tests.engine.llama_brain import LlamaBrain, engine

RUNS = 500
BLOCKS = 20
"""Of runs, so that several processes share them."""
CALL_SECONDS = 5.0
RUN_SECONDS = 10.0
"""Deadline of all answers of a run."""
MOST_CALLS = 9
"""In a run: enough for each agent to be asked, and to be corrected."""
TERSENESS = 8.0
"""More than other tests ask for: a short answer is likelier to pass the checks, and then counts."""
_SCHEMA = Path(__file__).parents[2] / "schemas" / "json" / "recommendation.schema.json"
VALID = Draft202012Validator(json.loads(_SCHEMA.read_text("utf-8")))


class InGulps:
    """Says what another brain says, many tokens at a time: one line for each costs the most."""

    def __init__(self, brain: Brain, tokens: int = 24) -> None:
        self._brain = brain
        self._tokens = tokens

    def answer(self, asked: Asked) -> Iterator[Event]:
        kept: list[Piece] = []
        for event in self._brain.answer(asked):
            if isinstance(event, Piece):
                kept.append(event)
            if kept and (not isinstance(event, Piece) or len(kept) >= self._tokens):
                text = "".join(piece.content for piece in kept)
                yield Piece(text, tokens=sum(piece.tokens for piece in kept))
                kept.clear()
            if not isinstance(event, Piece):
                yield event


@dataclass
class Run:
    """One run, and what its agents handed on."""

    recommendation: Recommendation
    draft: DraftPlan
    plain: DraftPlan
    """The draft that no model has seen, of the same context."""
    refined: list[RefinedComponent]
    agent: RvaAgent
    models: Models


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOllama]:
    with (
        LlamaBrain(terseness=TERSENESS, read_characters=200) as brain,
        FakeOllama(InGulps(brain)) as fake,
    ):
        yield fake


@engine
@pytest.mark.parametrize("block", range(BLOCKS))
def test_whatever_the_worst_model_says_the_result_can_be_defended(block, server):
    for seed in range(block, RUNS, BLOCKS):
        drawn = draw(seed)
        run = run_of(drawn, server)
        where = f"seed {seed}"
        assert_valid(run, where)
        assert_blocking_findings_are_told(run, where)
        assert_drafts_are_defended(run, where)
        assert_repairs_are_no_worse(run, where)
        assert_in_time(run, where)


def run_of(drawn: Drawn, server: FakeOllama) -> Run:
    settings = load_settings(
        {
            "AI_PROVISION_LLM": "ollama/tiny",
            "AI_PROVISION_LLM_URL": server.url,
            "AI_PROVISION_LLM_CALL_SECONDS": str(CALL_SECONDS),
            "AI_PROVISION_LLM_RUN_SECONDS": str(RUN_SECONDS),
            "AI_PROVISION_LLM_RUN_CALLS": str(MOST_CALLS),
        }
    )
    clock = SystemClock()
    models = open_models(settings, clock)
    knowledge = FakeKnowledge(drawn.facts) if drawn.facts else None
    dca = DcaAgent(HelmRenderer(None), knowledge=knowledge, model=models.of(Asker.DCA))
    ports = Ports(
        knowledge=knowledge and (lambda component, words: ask(component, words, knowledge))
    )
    validator, prices = KubernetesSchemas(), load_prices(None)
    agent = RvaAgent(
        generate_manifests, validator, drawn.policies, prices, models.of(Asker.RVA), ports
    )
    pipa = KeepingPipa(PipaAgent(model=models.of(Asker.PIPA)), PipaAgent())
    recorder = Recorder(clock, version="0", reasoner=models.choice)
    pipeline = Pipeline((dca, pipa, agent), {"llm": settings.llm}, models)
    trigger = make_trigger("https://example.org/a/b", drawn.description, drawn.environment)
    trigger = trigger.model_copy(update={"cluster": drawn.cluster})
    checkout = Checkout(FakeTree(drawn.files), "https://example.org/a/b")
    with refinements() as refined:
        recommendation = pipeline.run(Question(trigger=trigger), checkout, recorder)
    return Run(recommendation, pipa.draft_made, pipa.plain_made, refined, agent, models)


class KeepingPipa:
    """Drafts with the model, and beside it without, of the same context."""

    def __init__(self, thinking: PipaAgent, plain: PipaAgent) -> None:
        self._thinking, self._plain = thinking, plain

    def draft(self, context):
        self.draft_made = self._thinking.draft(context)
        self.plain_made = self._plain.draft(context)
        return self.draft_made


@contextmanager
def refinements() -> Iterator[list[RefinedComponent]]:
    """What RVA ended on, component by component, as it is turned into the recommendation."""
    kept: list[RefinedComponent] = []
    original = rva.agent.recommend

    def keeping(component, plan, refined, *rest):
        kept.append(refined)
        return original(component, plan, refined, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rva.agent, "recommend", keeping)
        yield kept


def assert_valid(run: Run, where: str) -> None:
    document = run.recommendation.model_dump(mode="json")
    assert [error.message for error in VALID.iter_errors(document)] == [], where
    assert run.recommendation.components or run.recommendation.notes, where
    assert run.recommendation.failed == (), where


def assert_blocking_findings_are_told(run: Run, where: str) -> None:
    """All checks run once more on the plans, and what blocks stands in result and texts."""
    told = {(x.component, x.id) for x in run.recommendation.findings if x.blocks}
    table, reasons = render(run.recommendation, "table"), explain(run.recommendation)
    for refined, item in zip(run.refined, run.recommendation.components, strict=True):
        again = run_checks(refined.subject, run.agent._all_checks())
        blocking = {finding.id for finding in again.failed if finding.blocks}
        assert blocking == {id_ for name, id_ in told if name == item.name}, where
        for id_ in blocking:
            assert f"BLOCK {id_}" in table, where
            assert f"[block] {id_}" in reasons, where
            assert not item.rationale or id_ in item.rationale, where


def assert_drafts_are_defended(run: Run, where: str) -> None:
    """Each number of a draft is inside the deterministic interval, or cites what carries it."""
    known = {item.id for item in (*run.draft.evidence, *_evidence(run))}
    plain = {plan.component: plan for plan in run.plain.components}
    for plan in run.draft.components:
        before = rows_of(plain[plan.component])
        supported = {
            change.number: change
            for change in plan.model_changes
            if change.outcome is ModelOutcome.SUPPORTED
        }
        for number, row in rows_of(plan).items():
            bounds = before[number]
            if bounds.low <= row.value <= bounds.high:
                continue
            change = supported[number.value]
            assert change.evidence, where
            assert known.issuperset(change.evidence), where
        assert rows_of(plan).keys() == before.keys(), where


def assert_repairs_are_no_worse(run: Run, where: str) -> None:
    """The final numbers are those of the usual order, or less is open in them."""
    drafts = {plan.component: plan for plan in run.draft.components}
    for refined in run.refined:
        usual = rva.agent.refine_component(
            refined.subject.world, drafts[refined.plan.component], run.agent._all_checks()
        )
        if refined.left or not same_numbers(refined.plan, usual.plan):
            more = _blocking(refined) - _blocking(usual)
            assert not more, where
            open_ = _open(refined) - refined.left.keys()
            assert open_ <= _open(usual), where
        assert_ordered(refined.plan, where)


def assert_ordered(plan: ComponentPlan, where: str) -> None:
    requests, limits = plan.resources.requests, plan.resources.limits
    for pair in ((requests.cpu, limits.cpu), (requests.memory, limits.memory)):
        set_ = [amount for amount in pair if amount is not None]
        assert all(low <= high for low, high in pairwise(set_)), where
    for row in rows_of(plan).values():
        assert row.low <= row.value <= row.high, where


def assert_in_time(run: Run, where: str) -> None:
    uses = run.models.uses()
    assert sum(use.calls for use in uses) <= MOST_CALLS, where
    # One scheduling of a busy machine beyond what the calls themselves were allowed.
    assert sum(use.seconds for use in uses) <= RUN_SECONDS + 2, where


def _evidence(run: Run):
    return [item for component in run.recommendation.components for item in component.evidence]


def _blocking(refined: RefinedComponent) -> set[str]:
    return {finding.id for finding in refined.failed if finding.blocks}


def _open(refined: RefinedComponent) -> set[str]:
    return {finding.id for finding in refined.failed if finding.severity is not Severity.INFO}
