"""Which way the evidence for a component comes: from its metrics, or from documents."""

from __future__ import annotations

from schemas.context import Route, RouteName
from schemas.usage import WorkloadKey

NO_SOURCE = Route(name=RouteName.DOCS, reason="no metrics source is configured", confidence=1.0)
"""Of all components of an installation without metrics: it cannot be the wrong choice."""

_NEARLY = 0.98
"""Samples seldom begin and end with the hour: of three days 71 hours are full."""


def docs_route(
    reason: str,
    confidence: float = 1.0,
    workload: WorkloadKey | None = None,
    container: str | None = None,
) -> Route:
    """The docs route for a component without usable history."""
    return Route(
        name=RouteName.DOCS,
        reason=reason,
        confidence=confidence,
        workload=workload,
        container=container,
    )


def route_by_days(
    days: float, min_days: float, workload: WorkloadKey, container: str, found: tuple[float, str]
) -> Route:
    """Choose by the length of the history.

    Args:
        days: With samples.
        min_days: From which the metrics decide; the setting ``metrics_min_days``.
        workload: That was found for the component.
        container: Of it.
        found: How sure the workload is the component's, in [0, 1], and by what it was found.

    Returns:
        The route. Its confidence is about the choice itself: on the metrics route as sure as the
        workload is, on the docs route the lower the nearer the history was to being enough.
    """
    sure, how = found
    seen = f"{days:.1f} days of history of {workload}, found by {how}"
    if sure < 1:
        seen = f"{seen} ({sure:.0%} sure)"
    if days >= _NEARLY * min_days:
        return Route(
            name=RouteName.METRICS,
            reason=f"{seen}; {min_days:g} days are enough",
            confidence=sure,
            workload=workload,
            container=container,
        )
    share = max(0.0, days) / min_days
    reason = f"{seen}; {min_days:g} days are needed, so it counts as evidence only"
    return docs_route(reason, round(1.0 - share / 2, 2), workload, container)
