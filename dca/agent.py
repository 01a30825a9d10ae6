"""The DCA agent: reads through its ports, hands on an AppContext."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dca.description import evidence_of, read_description
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
from schemas.ports import ChartRenderer, Checkout, MetricsSource, NoHistory
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

    def gather(
        self, trigger: Trigger, checkout: Checkout, *, trust_current: bool = False
    ) -> AppContext:
        """Read the repository and the description, and decide every component's route.

        A file that cannot be read is a note, never an error: the rest of the result stands.
        """
        repository = read_repository(checkout.files, self.charts, trigger.service_manifest)
        context = self.aggregate(trigger, checkout, repository)
        return context.model_copy(update={"trust_current": trust_current})

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
