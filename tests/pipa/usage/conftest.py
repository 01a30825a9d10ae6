"""Sizes fake workloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipa.usage.plan import size_from_usage
from pipa.usage.settings import UsageSettings
from schemas.context import Demand
from schemas.plan import ComponentPlan
from schemas.telemetry import WorkloadHistory
from schemas.trigger import Environment

Size = Callable[..., ComponentPlan]


@pytest.fixture(scope="session")
def size_usage(component, context, constants) -> Size:
    """Sizes one component by a history; fields are the component's, ``demand`` takes a dict."""

    def run(
        history: WorkloadHistory,
        settings: UsageSettings | None = None,
        environment: Environment = Environment.PROD,
        **fields: Any,
    ) -> ComponentPlan:
        fields.setdefault("language", "Go")
        subject = component(demand=Demand(**fields.pop("demand", {})), **fields)
        where = context(subject, environment=environment)
        plan, evidence = size_from_usage(
            subject, where, history, constants, settings or UsageSettings()
        )
        cited = {id_ for step in plan.reasoning for id_ in step.evidence}
        assert cited == {item.id for item in evidence}
        assert [step.number for step in plan.reasoning] == list(range(1, len(plan.reasoning) + 1))
        return plan

    return run


def said(plan: ComponentPlan, about: str) -> str:
    """All steps of a plan about one subject, joined."""
    return " ".join(step.text for step in plan.reasoning if step.about == about)
