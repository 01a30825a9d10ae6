"""Asks the metrics source about all components of an app: one listing, one reading."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from dca.metrics.chosen import unmatched
from dca.metrics.evidence import evidence_of_stated, evidence_of_usage
from dca.metrics.resolve import Match, NoMatch, Resolved, resolve
from dca.metrics.rules import Surroundings
from dca.metrics.summary import Labels, days_of, summaries
from dca.route import docs_route, route_by_days
from schemas.context import Component, Note, Route
from schemas.errors import ProvisionError, UsageError
from schemas.evidence import Evidence
from schemas.telemetry import Histories, MetricsSource, NoHistory, WorkloadHistory
from schemas.usage import UsageSummary

logger = logging.getLogger(__name__)

MOST_NOTES = 10
"""Components of which the result says one by one that their workload is not clear."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the source knows of an app."""

    components: tuple[Component, ...]
    """All, in their order, each with its route, and with its usage where there is any."""
    histories: Mapping[str, WorkloadHistory] = field(default_factory=dict)
    """By component, also of those that go the docs way with a short one."""
    summaries: tuple[UsageSummary, ...] = ()
    """Of all slices, for the telemetry index."""
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found for one component."""

    route: Route
    history: WorkloadHistory | None = None
    summaries: tuple[UsageSummary, ...] = ()


def measure(
    components: Sequence[Component],
    source: MetricsSource,
    around: Surroundings,
    min_days: float,
    repository: str,
) -> Measured:
    """Find the workloads of all components and read their histories.

    A source that fails is a note, and all go the docs way.

    Args:
        components: Of one app.
        source: Asked for its workloads once, and for those that were found once.
        around: Where the app runs, and what the user chose.
        min_days: Days of history from which the metrics decide.
        repository: For the summaries.

    Raises:
        UsageError: What the user chose cannot be followed.
    """
    try:
        listings = source.workloads()
        resolved = resolve(components, listings, around)
        keys = tuple(sorted({x.key for x in resolved.values() if isinstance(x, Match)}))
        histories = source.read(keys) if keys else {}
        left_over = unmatched(components, listings)
    except UsageError:
        raise
    except Exception as error:
        logger.info("metrics_failed", exc_info=True)
        return _failed(components, error)
    found = {
        item.name: _judge(item, resolved[item.name], histories, min_days, repository)
        for item in components
    }
    return Measured(
        components=tuple(_with(item, found[item.name]) for item in components),
        histories={name: x.history for name, x in found.items() if x.history is not None},
        summaries=tuple(
            summary for x in found.values() if x.history is not None for summary in x.summaries
        ),
        evidence=tuple(_evidence(x) for x in found.values() if x.summaries),
        notes=(*_unclear(components, resolved), *_unknown(left_over)),
    )


def _judge(
    component: Component,
    match: Resolved,
    histories: Histories,
    min_days: float,
    repository: str,
) -> _Found:
    match match:
        case NoMatch():
            return _Found(docs_route(match.reason, match.confidence))
        case Match():
            return _read(component, match, histories.get(match.key), min_days, repository)
        case _:
            assert_never(match)


def _read(
    component: Component,
    match: Match,
    history: WorkloadHistory | NoHistory | None,
    min_days: float,
    repository: str,
) -> _Found:
    labels = Labels.of(component, repository)
    if history is None or isinstance(history, NoHistory):
        reason = history.reason if history is not None else "the metrics source left it out"
        known = history.usage if history is not None else None
        kept = () if known is None else (_labelled(known, labels),)
        reason = f"no usable history of {match.key}: {reason}"
        return _Found(docs_route(reason, 1.0, match.key, match.container), None, kept)
    told = summaries(history, match.container, labels)
    if not told:
        reason = f"container {match.container} of {match.key} has no samples"
        return _Found(docs_route(reason, 1.0, match.key, match.container))
    days = days_of(history, match.container)
    found = (match.confidence, match.how)
    return _Found(route_by_days(days, min_days, match.key, match.container, found), history, told)


def _labelled(usage: UsageSummary, labels: Labels) -> UsageSummary:
    return usage.model_copy(
        update={
            "language": labels.language,
            "framework": labels.framework,
            "role": labels.role,
            "product": labels.product,
            "repository": labels.repository,
        }
    )


def _with(component: Component, found: _Found) -> Component:
    if not found.summaries:
        return component.model_copy(update={"route": found.route})
    usage = found.summaries[0]
    return component.model_copy(
        update={
            "route": found.route,
            "usage": usage,
            "documents": (*component.documents, _evidence(found).id),
        }
    )


def _evidence(found: _Found) -> Evidence:
    """Of the whole window; what was stated without a history has a lower grade."""
    usage = found.summaries[0]
    return evidence_of_stated(usage) if found.history is None else evidence_of_usage(usage)


def _failed(components: Sequence[Component], error: Exception) -> Measured:
    reason = error.message if isinstance(error, ProvisionError) else type(error).__name__
    hint = f". {error.hint}" if isinstance(error, ProvisionError) and error.hint else ""
    route = docs_route(f"the metrics could not be read: {reason}", 0.5)
    message = f"the metrics could not be read, all is sized as new: {reason}{hint}"
    return Measured(
        components=tuple(item.model_copy(update={"route": route}) for item in components),
        notes=(Note(code="unknown.metrics", message=message),),
    )


def _unclear(components: Sequence[Component], resolved: Mapping[str, Resolved]) -> Iterator[Note]:
    unclear = [
        (item.name, match)
        for item in components
        if isinstance(match := resolved[item.name], NoMatch) and match.candidates
    ]
    for name, match in unclear[:MOST_NOTES]:
        listed = ", ".join(str(key) for key in match.candidates)
        choose = f"--workload {name}={match.candidates[0]}"
        yield Note(
            code="unknown.workload",
            message=f"{match.reason}: {listed}; if it is one of them, say so: {choose}",
            component=name,
        )
    for item in components:
        match = resolved[item.name]
        if isinstance(match, NoMatch) and not match.candidates and "--workload" in match.reason:
            yield Note(code="unknown.workload", message=match.reason, component=item.name)
    if len(unclear) > MOST_NOTES:
        more = f"the workloads of {len(unclear) - MOST_NOTES} more components are not clear"
        yield Note(code="unknown.workload", message=more)


def _unknown(names: Sequence[str]) -> Iterator[Note]:
    for name in names[:MOST_NOTES]:
        yield Note(
            code="ignored.historical_metrics",
            message=f"metrics were given for {name!r}, which is not surely one component",
        )
