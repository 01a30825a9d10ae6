"""Which way the evidence for a component comes: from its metrics, or from documents."""

from __future__ import annotations

from typing import assert_never

from schemas.context import Component, Route, RouteName
from schemas.ports import History, MetricsSource, NoHistory

MIN_HISTORY_DAYS = 7.0
"""One full week: less does not show whether the weekend differs from a working day."""


def decide_route(component: Component, metrics: MetricsSource) -> Route:
    """Choose the route of one component and say why.

    The confidence is about the choice itself: without a metrics source it cannot be wrong, with too
    short a history it may be.
    """
    answer = metrics.history(component)
    match answer:
        case NoHistory():
            return Route(name=RouteName.DOCS, reason=answer.reason, confidence=1.0)
        case History():
            return _by_length(answer)
        case _:
            assert_never(answer)


def _by_length(history: History) -> Route:
    seen = f"{history.days:.1f} days of history of {history.workload}"
    if history.days >= MIN_HISTORY_DAYS:
        reason = f"{seen}, {MIN_HISTORY_DAYS:.0f} are enough"
        return Route(name=RouteName.METRICS, reason=reason, confidence=1.0)
    share = max(0.0, history.days) / MIN_HISTORY_DAYS
    reason = f"{seen}, {MIN_HISTORY_DAYS:.0f} are needed"
    return Route(name=RouteName.DOCS, reason=reason, confidence=round(1.0 - share / 2, 2))
