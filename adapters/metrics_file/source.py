"""Implements `schemas.telemetry.MetricsSource` over what a file or a payload holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.metrics_file.export import read_export
from adapters.metrics_file.export_format import FORMAT
from adapters.metrics_file.payload import read_payload
from adapters.metrics_file.reading import read_documents, wrong
from adapters.metrics_file.responses import is_response, read_responses
from schemas.ports import Clock
from schemas.telemetry import Histories, MetricsSource, NoHistory, WorkloadHistory, WorkloadListing
from schemas.usage import WorkloadKey

Read = Mapping[WorkloadKey, WorkloadHistory | NoHistory]


@dataclass(frozen=True, slots=True)
class FileSource:
    """All histories of one file, in memory."""

    origin: str
    histories: Read

    def workloads(self) -> tuple[WorkloadListing, ...]:
        """All workloads of the file, sorted by key."""
        return tuple(_listing(key, self.histories[key]) for key in sorted(self.histories))

    def read(self, keys: tuple[WorkloadKey, ...]) -> Histories:
        """The histories of some workloads."""
        absent = NoHistory(f"{self.origin} does not hold it")
        return {key: self.histories.get(key, absent) for key in keys}


def open_file(path: Path, clock: Clock) -> MetricsSource:
    """The source in a file.

    Raises:
        InputFileError: It cannot be read, or not as any of the forms.
    """
    return source_of(read_documents(path), path.name, clock)


def source_of(documents: Sequence[Any], origin: str, clock: Clock) -> MetricsSource:
    """The source in parsed documents, whichever form they have.

    Args:
        documents: Usually one.
        origin: The file's name, for errors and as the source of all evidence.
        clock: For arrays that do not say when they end.

    Raises:
        InputFileError: None of the forms.
    """
    histories: Read
    first = documents[0]
    if isinstance(first, dict) and "format" in first:
        if len(documents) > 1:
            raise wrong(origin, f"an export ({FORMAT}) stands alone in its file")
        return FileSource(origin, read_export(first, origin))
    if all(is_response(document) for document in documents):
        histories = read_responses(documents, origin)
    elif len(documents) == 1 and isinstance(first, dict):
        given = first.get("historical_metrics", first)
        if not isinstance(given, dict):
            raise wrong(f"{origin}: historical_metrics", "not an object")
        if given is not first and (is_response(given) or "format" in given):
            return source_of([given], origin, clock)
        histories = read_payload(given, origin, clock)
    else:
        raise wrong(origin, "neither an export, nor answers of Prometheus, nor an object")
    return FileSource(origin, histories)


def _listing(key: WorkloadKey, history: WorkloadHistory | NoHistory) -> WorkloadListing:
    if isinstance(history, NoHistory):
        usage = history.usage
        containers = () if usage is None else (usage.container,)
        return WorkloadListing(key, containers, days=usage.days if usage else 0.0)
    images = {item.image for item in history.containers.values() if item.image}
    pods = {pod for item in history.containers.values() for pod in item.pods}
    return WorkloadListing(
        key, tuple(history.containers), tuple(sorted(images)), history.days, len(pods)
    )
