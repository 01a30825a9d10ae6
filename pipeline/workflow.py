"""The three agents as a LlamaIndex workflow: trigger → context → draft → recommendation."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import InstanceOf
from workflows import Workflow, step
from workflows.events import Event, StartEvent, StopEvent

from adapters.llm.models import Models
from dca.agent import DcaAgent
from pipa.agent import PipaAgent
from pipeline.knowledge import Warmable, describe
from pipeline.run import Recorder
from rva.agent import Refined, RvaAgent
from schemas.context import AppContext, Note
from schemas.plan import DraftPlan
from schemas.ports import ChartRenderer, Checkout
from schemas.prose import defused
from schemas.recommendation import Recommendation
from schemas.trigger import Trigger

Progress = Callable[[str], None]
"""Told the stage that begins, in words for a person."""


class Question(StartEvent):
    """What is asked."""

    trigger: Trigger
    trust_current: bool = False


class ContextReady(Event):
    """DCA is done."""

    context: AppContext


class DraftReady(Event):
    """PIPA is done."""

    context: AppContext
    draft: DraftPlan


class Answer(StopEvent):
    """RVA is done."""

    context: AppContext
    refined: InstanceOf[Refined]


class SizingWorkflow(Workflow):
    """DCA, then PIPA, then RVA; never another order, never another agent."""

    def __init__(
        self,
        agents: tuple[DcaAgent, PipaAgent, RvaAgent],
        checkout: Checkout,
        recorder: Recorder,
        progress: Progress,
    ) -> None:
        # The deadlines that matter (git, helm, models) sit in the adapters; this one would
        # only cut a run without saying where.
        super().__init__(timeout=None)
        self._dca, self._pipa, self._rva = agents
        self._checkout = checkout
        self._recorder = recorder
        self._progress = progress

    @step
    async def gather(self, event: Question) -> ContextReady:
        """DCA."""
        self._progress("reading the repository and the description")
        with self._recorder.stage("dca") as stage:
            context = self._dca.gather(
                event.trigger, self._checkout, trust_current=event.trust_current
            )
            stage.detail = (
                f"{context.repository.files} files, {len(context.components)} components, "
                f"{len(context.evidence)} pieces of evidence"
            )
        return ContextReady(context=context)

    @step
    async def predict(self, event: ContextReady) -> DraftReady:
        """PIPA."""
        self._progress("estimating")
        with self._recorder.stage("pipa") as stage:
            draft = self._pipa.draft(event.context)
            stage.detail = f"{len(draft.components)} components drafted"
            stage.errors.extend(f"{f.component}: {f.message}" for f in draft.failures)
        return DraftReady(context=event.context, draft=draft)

    @step
    async def refine(self, event: DraftReady) -> Answer:
        """RVA."""
        self._progress("checking and refining")
        with self._recorder.stage("rva") as stage:
            refined = self._rva.refine(event.context, event.draft)
            stage.detail = f"{refined.checks_passed} checks passed"
            drafted = {failure.component for failure in event.draft.failures}
            stage.errors.extend(
                f"{f.name}: {f.failure}" for f in refined.failed if f.name not in drafted
            )
        return Answer(context=event.context, refined=refined)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The agents, wired."""

    agents: tuple[DcaAgent, PipaAgent, RvaAgent]
    settings: Mapping[str, str]
    """What shaped the result, for the run record; no secrets."""
    models: Models | None = None
    """The language models of the run."""

    @property
    def charts(self) -> ChartRenderer:
        """The renderer that DCA uses, for the hand-off to prove Helm values with."""
        return self.agents[0].charts

    def warm(self) -> None:
        """Let the knowledge base load while the repository is fetched and read."""
        knowledge = self.agents[0].knowledge
        if isinstance(knowledge, Warmable):
            knowledge.warm()

    def run(
        self,
        question: Question,
        checkout: Checkout,
        recorder: Recorder,
        progress: Progress = lambda _stage: None,
    ) -> Recommendation:
        """Answer one question about one repository.

        Raises:
            ProvisionError: Nothing could be sized at all.
        """
        workflow = functools.partial(SizingWorkflow, self.agents, checkout, recorder, progress)
        answer = asyncio.run(_answer(workflow, question))
        refined, context = answer.refined, answer.context
        identity = (question.trigger.git_repo, question.trigger.app_description)
        return Recommendation(
            trigger=question.trigger,
            repository=context.repository,
            components=refined.components,
            failed=refined.failed,
            findings=refined.findings,
            checks_passed=refined.checks_passed,
            checks_skipped=refined.checks_skipped,
            notes=tuple(_shown(note) for note in (*context.notes, *refined.notes)),
            knowledge=context.knowledge,
            cost=refined.cost,
            models=self.models.uses() if self.models else (),
            run=recorder.finish(self._settings_used(context), identity),
        )

    def _settings_used(self, context: AppContext) -> Mapping[str, str]:
        """The settings, with what the knowledge base was when it answered."""
        if context.knowledge is None:
            return self.settings
        return {**self.settings, "knowledge": describe(context.knowledge)}


def _shown(note: Note) -> Note:
    """The note with nothing alive in it: it may quote a repository or a label."""
    return note.model_copy(update={"message": defused(note.message)})


async def _answer(workflow: Callable[[], SizingWorkflow], question: Question) -> Answer:
    """Build and run the workflow inside the event loop, as the engine wants it."""
    answer = await workflow().run(start_event=question)
    if not isinstance(answer, Answer):  # the engine's own type is wider than ours
        raise TypeError(f"the workflow ended with {type(answer).__name__}")
    return answer
