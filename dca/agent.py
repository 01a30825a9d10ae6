"""The DCA agent: reads through its ports, hands on an AppContext."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dca.description import evidence_of, read_description
from dca.docs.recall import Recalled, recall
from dca.docs.search import Searched, search
from dca.reconcile import reconcile
from dca.repository.assemble import read_repository
from dca.repository.facts import RepositoryReading
from dca.route import decide_route
from schemas.context import (
    AppContext,
    Component,
    DescriptionReading,
    Note,
    RepositoryFacts,
    RouteName,
)
from schemas.evidence import Evidence
from schemas.ports import (
    ChartRenderer,
    Checkout,
    DecisionMemory,
    KnowledgeSource,
    MetricsSource,
    NoHistory,
)
from schemas.trigger import Trigger

NOTED_FILES = 20
"""Left-out files that get a note each; a repository may have thousands, the count says the rest."""


@dataclass(frozen=True, slots=True)
class NoMetrics:
    """The metrics source of an installation that has none."""

    def history(self, component: Component) -> NoHistory:
        """Say so."""
        return NoHistory("no metrics source is configured")


@dataclass(frozen=True, slots=True)
class DcaAgent:
    """Turns a trigger and its repository into an AppContext."""

    charts: ChartRenderer
    metrics: MetricsSource = NoMetrics()
    knowledge: KnowledgeSource | None = None
    """Answers the docs route; None when it is switched off."""
    memory: DecisionMemory | None = None
    """Past decisions; None when they are not to be looked at."""

    def gather(
        self, trigger: Trigger, checkout: Checkout, *, trust_current: bool = False
    ) -> AppContext:
        """Read the repository and the description, decide every component's route, and retrieve.

        A file that cannot be read, or a source that does not answer, is a note, never an error: the
        rest of the result stands.
        """
        repository = read_repository(checkout.files, self.charts, trigger.service_manifest)
        context = self.aggregate(trigger, checkout, repository)
        return self.retrieve(context).model_copy(update={"trust_current": trust_current})

    def aggregate(
        self, trigger: Trigger, checkout: Checkout, repository: RepositoryReading
    ) -> AppContext:
        """Join what the repository and the description say."""
        reading = read_description(trigger.app_description)
        components, notes = reconcile(repository.components, reading)
        routed = tuple(
            component.model_copy(update={"route": decide_route(component, self.metrics)})
            for component in components
        )
        return AppContext(
            trigger=trigger,
            repository=_facts(checkout),
            reading=reading,
            components=routed,
            notes=(*repository.notes, *notes, *_about(trigger, checkout, reading, routed)),
            evidence=_unique((*repository.evidence, *evidence_of(reading))),
        )

    def retrieve(self, context: AppContext) -> AppContext:
        """Search documents for the components of the docs route, and the memory for all."""
        by_docs = [item for item in context.components if _goes_by_docs(item)]
        searched = search(by_docs, self.knowledge) if self.knowledge else Searched(tuple(by_docs))
        found = {item.name: item for item in searched.components}
        components = tuple(found.get(item.name, item) for item in context.components)
        recalled = Recalled(components)
        if self.memory is not None:
            recalled = recall(components, self.memory, context.repository.url)
        return context.model_copy(
            update={
                "components": recalled.components,
                "evidence": _unique((*context.evidence, *searched.evidence, *recalled.evidence)),
                "notes": (*context.notes, *searched.notes, *recalled.notes),
                "knowledge": searched.state,
            }
        )


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
    trigger: Trigger,
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
    notes.extend(_about_history(trigger, components))
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


def _about_history(trigger: Trigger, components: tuple[Component, ...]) -> Iterable[Note]:
    by_metrics = any(c.route and c.route.name is RouteName.METRICS for c in components)
    if trigger.historical_metrics is not None and not by_metrics:
        yield Note(
            code="ignored.historical_metrics",
            message="historical_metrics were given, but no metrics source reads them; "
            "the numbers do not use them",
        )
