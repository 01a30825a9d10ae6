"""Opens the source of usage history and the index of remembered usage when they are first asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.metrics_file import open_metrics_file, payload_source
from adapters.settings import Settings
from dca.agent import DcaAgent
from dca.metrics.rules import ChosenWorkload, MetricsRules
from schemas.context import Component
from schemas.ports import Clock, TelemetryIndex
from schemas.usage import SimilarUsage, UsageSummary, WorkloadKey

if TYPE_CHECKING:
    from schemas.telemetry import Histories, MetricsSource, WorkloadListing


@dataclass(frozen=True, slots=True)
class MetricsChoice:
    """What the user said about metrics on the command line."""

    file: Path | None = None
    """``--metrics``."""
    server_named: bool = False
    """``--prometheus-url`` was given, so the trigger's own metrics are not wanted."""
    chosen: tuple[ChosenWorkload, ...] = ()
    """``--workload``."""


def open_metrics(settings: Settings, clock: Clock, file: Path | None = None) -> MetricsSource:
    """The source in a file, else the server that the settings name.

    Raises:
        InputFileError: The file cannot be read, or not as metrics.
        SettingsError: No server is set, or its settings cannot be used.
    """
    if file is not None:
        return open_metrics_file(file, clock)
    # Imported here: the client costs half a second.
    from adapters.prometheus import open_prometheus

    return open_prometheus(settings, clock)


def with_metrics(
    dca: DcaAgent, settings: Settings, clock: Clock, choice: MetricsChoice | None = None
) -> DcaAgent:
    """The agent with a metrics source, where there is one, and with what is remembered of usage.

    Args:
        dca: The agent.
        settings: ``prometheus_*``, ``metrics_*`` and ``knowledge``.
        clock: For windows and ages.
        choice: Of the user; none when None.

    Raises:
        InputFileError: The file that the user named cannot be read: it is looked at now, before
            anything is fetched.
    """
    choice = choice or MetricsChoice()
    source: MetricsSource | None = None
    if choice.file is not None:
        source = open_metrics(settings, clock, choice.file)
    elif settings.prometheus_url is not None:
        source = LazySource(settings, clock)
    return replace(
        dca,
        metrics=source,
        rules=MetricsRules(settings.metrics_min_days, choice.chosen),
        telemetry=None if settings.knowledge == "off" else LazyTelemetry(settings, clock),
        payload_metrics=lambda given: payload_source(given, clock),
        payload_first=choice.file is None and not choice.server_named,
    )


class LazySource:
    """A server that costs nothing until it is asked.

    Implements `schemas.telemetry.MetricsSource`. An error of opening is one of the first question.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._opened: MetricsSource | None = None

    @property
    def origin(self) -> str:
        """The server, as it may be shown."""
        return self._source().origin

    def workloads(self) -> tuple[WorkloadListing, ...]:
        """All workloads with any history."""
        return self._source().workloads()

    def read(self, keys: tuple[WorkloadKey, ...]) -> Histories:
        """The histories of some workloads."""
        return self._source().read(keys)

    def _source(self) -> MetricsSource:
        if self._opened is None:
            self._opened = open_metrics(self._settings, self._clock)
        return self._opened


class LazyTelemetry:
    """The telemetry index, opened by the first question that it might answer.

    Implements `schemas.ports.TelemetryIndex`. While nothing was ever remembered on this machine it
    answers by itself, so that a run without metrics is as fast as it was.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._opened: TelemetryIndex | None = None

    def remember(self, summaries: Sequence[UsageSummary]) -> None:
        """Keep summaries."""
        self._index().remember(summaries)

    def slices(
        self, workload: WorkloadKey, container: str, question: str
    ) -> Sequence[UsageSummary]:
        """What is known of one container."""
        return () if self._empty else self._index().slices(workload, container, question)

    def similar(
        self, component: Component, limit: int = 3, repository: str | None = None
    ) -> Sequence[SimilarUsage]:
        """Usage of other services that are alike."""
        return () if self._empty else self._index().similar(component, limit, repository)

    @property
    def _empty(self) -> bool:
        directory = self._settings.data_directory / "telemetry"
        return self._settings.chroma_url is None and not directory.exists()

    def _index(self) -> TelemetryIndex:
        if self._opened is None:
            from pipeline.telemetry import open_telemetry

            self._opened = open_telemetry(self._settings, self._clock)
        return self._opened
