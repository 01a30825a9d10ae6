"""The DCA agent: reads through its ports, hands on an AppContext."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dca.description import evidence_of, read_description
from dca.docs.recall import Recalled, recall
from dca.docs.search import Planner, Searched, search
from dca.metrics.remembered import Recollected, keep, recollect
from dca.metrics.rules import MetricsRules, surroundings_of
from dca.reconcile import reconcile
from dca.repository.assemble import read_repository
from dca.repository.facts import RepositoryReading
from dca.route import NO_SOURCE
from schemas.base import JsonObject
from schemas.context import (
    AppContext,
    Component,
    DescriptionReading,
    Note,
    RepositoryFacts,
    RouteName,
)
from schemas.errors import ProvisionError
from schemas.evidence import Evidence
from schemas.model import LanguageModel
from schemas.ports import ChartRenderer, Checkout, DecisionMemory, KnowledgeSource, TelemetryIndex
from schemas.trigger import Trigger
from schemas.usage import UsageSummary

if TYPE_CHECKING:
    from schemas.telemetry import MetricsSource

NOTED_FILES = 20
"""Left-out files that get a note each; a repository may have thousands, the count says the rest."""


@dataclass(frozen=True, slots=True)
class DcaAgent:
    """Turns a trigger and its repository into an AppContext."""

    charts: ChartRenderer
    metrics: MetricsSource | None = None
    """Usage history of running workloads; None when there is no source."""
    knowledge: KnowledgeSource | None = None
    """Answers the docs route; None when it is switched off."""
    memory: DecisionMemory | None = None
    """Past decisions; None when they are not to be looked at."""
    model: LanguageModel | None = None
    """Reads the description once more; None: the rules read alone."""
    telemetry: TelemetryIndex | None = None
    """What workloads used in earlier runs; None when it is not to be looked at."""
    rules: MetricsRules = MetricsRules()
    payload_metrics: Callable[[JsonObject], MetricsSource] | None = None
    """Reads the ``historical_metrics`` of a trigger; raises `ProvisionError` when it cannot."""
    payload_first: bool = True
    """Whether a trigger's own metrics are preferred to `metrics`."""

    def gather(
        self, trigger: Trigger, checkout: Checkout, *, trust_current: bool = False
    ) -> AppContext:
        """Read the repository and the description, decide every component's route, and retrieve.

        A file that cannot be read, or a source that does not answer, is a note, never an error: the
        rest of the result stands.

        Raises:
            UsageError: The user chose a workload for a component that does not exist.
            ModelError: The model was asked for by name and cannot be reached.
        """
        repository = read_repository(checkout.files, self.charts, trigger.service_manifest)
        context = self.measure(self.aggregate(trigger, checkout, repository))
        return self.retrieve(context).model_copy(update={"trust_current": trust_current})

    def aggregate(
        self, trigger: Trigger, checkout: Checkout, repository: RepositoryReading
    ) -> AppContext:
        """Join what the repository and the description say."""
        reading = self._read(trigger.app_description)
        components, notes = reconcile(repository.components, reading)
        routed = tuple(item.model_copy(update={"route": NO_SOURCE}) for item in components)
        return AppContext(
            trigger=trigger,
            repository=_facts(checkout),
            reading=reading,
            components=routed,
            notes=(*repository.notes, *notes, *_about(checkout, reading, routed)),
            evidence=_unique((*repository.evidence, *evidence_of(reading))),
        )

    def _read(self, description: str) -> DescriptionReading:
        """What the rules read, and what the model finds beside it."""
        reading = read_description(description)
        if self.model is None:
            return reading
        from dca.thinking.reading import read_again

        return read_again(description, reading, self.model)

    def measure(self, context: AppContext) -> AppContext:
        """Decide every component's route by its usage history, where there is a source."""
        source, notes = self._source(context.trigger)
        context = context.model_copy(update={"notes": (*context.notes, *notes)})
        if source is None or not context.components:
            return context
        # Imported here: a run without metrics pays nothing for NumPy.
        from dca.metrics.read import measure

        around = surroundings_of(context, self.rules)
        repository = context.repository.url
        found = measure(context.components, source, around, self.rules.min_days, repository)
        return context.model_copy(
            update={
                "components": found.components,
                "histories": dict(found.histories),
                "evidence": _unique((*context.evidence, *found.evidence)),
                "notes": (*context.notes, *found.notes, *self._keep(found.summaries)),
            }
        )

    def retrieve(self, context: AppContext) -> AppContext:
        """Search documents for the components of the docs route, and the memories for all."""
        by_docs = [item for item in context.components if _goes_by_docs(item)]
        searched = (
            search(by_docs, self.knowledge, self._planner())
            if self.knowledge
            else Searched(tuple(by_docs))
        )
        found = {item.name: item for item in searched.components}
        components = tuple(found.get(item.name, item) for item in context.components)
        url = context.repository.url
        alike = Recollected(components)
        if self.telemetry is not None:
            alike = recollect(components, self.telemetry, url)
        recalled = Recalled(alike.components)
        if self.memory is not None:
            recalled = recall(alike.components, self.memory, url)
        evidence = (*searched.evidence, *alike.evidence, *recalled.evidence)
        return context.model_copy(
            update={
                "components": recalled.components,
                "evidence": _unique((*context.evidence, *evidence)),
                "notes": (*context.notes, *searched.notes, *alike.notes, *recalled.notes),
                "knowledge": searched.state,
            }
        )

    def _planner(self) -> Planner | None:
        if self.model is None:
            return None
        from dca.thinking.planning import ThinkingPlanner

        return ThinkingPlanner(self.model)

    def _keep(self, summaries: tuple[UsageSummary, ...]) -> tuple[Note, ...]:
        return () if self.telemetry is None else keep(summaries, self.telemetry)

    def _source(self, trigger: Trigger) -> tuple[MetricsSource | None, tuple[Note, ...]]:
        """The source for one trigger: its own metrics, unless the user named another source."""
        given = trigger.historical_metrics
        if given is None:
            return self.metrics, ()
        if self.payload_metrics is None or not (self.payload_first or self.metrics is None):
            return self.metrics, (_ignored("another source was named"),)
        try:
            return self.payload_metrics(given), ()
        except ProvisionError as error:
            return self.metrics, (_ignored(error.message),)


def _goes_by_docs(component: Component) -> bool:
    return component.route is None or component.route.name is RouteName.DOCS


def _facts(checkout: Checkout) -> RepositoryFacts:
    files = checkout.files
    return RepositoryFacts(
        url=checkout.url,
        ref=checkout.ref,
        commit=checkout.commit,
        files=len(files.paths),
        files_skipped=len(files.skipped),
        truncated=files.truncated,
    )


def _unique(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple({item.id: item for item in evidence}.values())


def _about(
    checkout: Checkout,
    reading: DescriptionReading,
    components: tuple[Component, ...],
) -> tuple[Note, ...]:
    notes = [
        Note(code="skipped.file", message=f"{item.path}: {item.reason}")
        for item in checkout.files.skipped[:NOTED_FILES]
    ]
    more = len(checkout.files.skipped) - NOTED_FILES
    if more > 0:
        notes.append(Note(code="skipped.more", message=f"{more} more files were not read"))
    if checkout.files.truncated:
        notes.append(
            Note(
                code="skipped.limit",
                message="the repository is larger than the limits; parts were not looked at",
            )
        )
    if not reading.statements:
        notes.append(
            Note(code="unknown.demand", message="the description states no load, SLA or stack")
        )
    if not components:
        notes.append(
            Note(
                code="unknown.components",
                message="nothing deployable was found in the repository or the description",
            )
        )
    return tuple(notes)


def _ignored(reason: str) -> Note:
    return Note(
        code="ignored.historical_metrics",
        message=f"the historical_metrics that were given are not used: {reason}",
    )
