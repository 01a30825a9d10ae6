"""What of a run is remembered: per component the question in our own words, numbers and reasons."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from adapters.clock import SystemClock
from adapters.settings import Settings
from pipeline.memory import open_memory
from schemas.errors import ProvisionError
from schemas.evidence import EvidenceKind
from schemas.knowledge import DecidedSize, Decision
from schemas.recommendation import ComponentRecommendation, Recommendation

logger = logging.getLogger(__name__)

_SUMMARY_MAX, _WHY_MAX = 2000, 4000
_REASONS = ("demand", "cpu", "memory", "replicas")


def remember(recommendation: Recommendation, settings: Settings) -> str | None:
    """Keep the decisions of a run; a warning when that did not work, never an error."""
    decisions = decisions_of(recommendation)
    if not decisions:
        return None
    try:
        open_memory(settings, SystemClock()).remember(decisions)
    except Exception as error:
        logger.info("remember_failed", exc_info=True)
        reason = error.message if isinstance(error, ProvisionError) else type(error).__name__
        return f"this run is not remembered: {reason}"
    return None


def decisions_of(recommendation: Recommendation) -> tuple[Decision, ...]:
    """One decision per component that has numbers."""
    return tuple(_decision(item, recommendation) for item in recommendation.components)


def _decision(item: ComponentRecommendation, recommendation: Recommendation) -> Decision:
    requests, limits = item.resources.requests, item.resources.limits
    return Decision(
        run=recommendation.run.id,
        decided_at=recommendation.run.started_at,
        repository=recommendation.repository.url,
        commit=recommendation.repository.commit,
        component=item.name,
        role=item.role,
        language=item.language,
        framework=item.framework,
        product=item.third_party,
        environment=recommendation.trigger.environment.value,
        summary=_summary(item)[:_SUMMARY_MAX],
        size=DecidedSize(
            replicas=item.replicas,
            cpu_request=requests.cpu,
            memory_request=requests.memory,
            cpu_limit=limits.cpu,
            memory_limit=limits.memory,
        ),
        why=_why(item)[:_WHY_MAX],
    )


def _summary(item: ComponentRecommendation) -> str:
    """Role, stack and the stated figures: never the description's own words."""
    stack = [item.third_party] if item.third_party else [item.language, item.framework]
    parts = [item.role.value.replace("_", " "), *(part for part in stack if part)]
    stated = dict(_stated(item))
    parts += [f"{name} {value:g}" for name, value in sorted(stated.items())]
    return ", ".join(parts)


def _stated(item: ComponentRecommendation) -> Iterator[tuple[str, float]]:
    """The numbers that the description states, as far as the reasoning used them."""
    for evidence in item.evidence:
        if evidence.kind is EvidenceKind.DESCRIPTION:
            for name, value in evidence.figures.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield name, value


def _why(item: ComponentRecommendation) -> str:
    return " ".join(step.text for step in item.reasoning if step.about in _REASONS)
