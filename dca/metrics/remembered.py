"""What the telemetry index adds: slices of a component's own past, and services like a new one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from dca.metrics.evidence import evidence_of_similar, evidence_of_usage
from schemas.context import Component, Note, RouteName
from schemas.errors import ProvisionError
from schemas.evidence import Evidence
from schemas.ports import TelemetryIndex
from schemas.usage import UsageSummary

logger = logging.getLogger(__name__)

MOST_SLICES = 3
MOST_SIMILAR = 3
MOST_THOROUGH = 40
"""Components that are compared with others; larger apps are sized without for the rest."""
QUESTION = "peak load, CPU and memory at most, start-up peak, OOM kills and incidents, trend"
"""What decides requests, limits and replicas of a running service."""


@dataclass(frozen=True, slots=True)
class Recollected:
    """What the index knows."""

    components: tuple[Component, ...]
    """All, in their order, with the evidence behind their documents."""
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()


def keep(summaries: Sequence[UsageSummary], index: TelemetryIndex) -> tuple[Note, ...]:
    """Remember what was measured; an index that fails is a note."""
    if not summaries:
        return ()
    try:
        index.remember(summaries)
    except Exception as error:
        logger.info("telemetry_not_kept", exc_info=True)
        message = f"what was measured is not remembered ({_reason(error)})"
        return (Note(code="unknown.telemetry", message=message),)
    return ()


def recollect(
    components: Sequence[Component], index: TelemetryIndex, repository: str
) -> Recollected:
    """Ask the index about all components; one that fails is a note, what came before stays."""
    done: list[Component] = []
    evidence: dict[str, Evidence] = {}
    try:
        for number, component in enumerate(components):
            found: Sequence[Evidence] = ()
            if component.route is not None and component.route.name is RouteName.METRICS:
                found = _own(component, index)
            elif number < MOST_THOROUGH:
                found = _similar(component, index, repository)
            evidence.update((item.id, item) for item in found)
            done.append(with_documents(component, [item.id for item in found]))
    except Exception as error:
        logger.info("telemetry_failed", exc_info=True)
        message = f"the usage of other services could not be looked up ({_reason(error)})"
        note = Note(code="unknown.telemetry", message=message)
        return Recollected((*done, *components[len(done) :]), tuple(evidence.values()), (note,))
    return Recollected(tuple(done), tuple(evidence.values()))


def with_documents(component: Component, ids: Sequence[str]) -> Component:
    """The component with further documents, each once."""
    documents = tuple(dict.fromkeys((*component.documents, *ids)))
    return component.model_copy(update={"documents": documents})


def _own(component: Component, index: TelemetryIndex) -> list[Evidence]:
    usage = component.usage
    if usage is None:
        return []
    found = index.slices(usage.workload, usage.container, QUESTION)
    # The whole window is evidence already, and what is kept of it may be of an earlier run.
    slices = [item for item in found if item.slice is not usage.slice]
    return [evidence_of_usage(item) for item in slices[:MOST_SLICES]]


def _similar(component: Component, index: TelemetryIndex, repository: str) -> list[Evidence]:
    found = index.similar(component, MOST_SIMILAR, repository)
    return [evidence_of_similar(item, component.name, repository) for item in found]


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, ProvisionError) else type(error).__name__
