"""A plan that says what the manifests say today, so that the checks can judge those."""

from __future__ import annotations

from schemas.context import AutoscalerFacts, Component, CurrentSizing
from schemas.plan import Amounts, Autoscaling, ComponentPlan, Resources

ABOUT_MANIFESTS = ("T", "P", "C", "A", "R", "org.")
"""Beginnings of the ids of checks that are about documents; the others are about estimates, prices
and history."""


def standing_plan(component: Component, plan: ComponentPlan) -> ComponentPlan | None:
    """The plan with the numbers of the component's manifest in the place of its own.

    Args:
        component: The component.
        plan: What PIPA drafted for it; its intervals and reasons stay.

    Returns:
        None for a component without a manifest. A manifest without a number of replicas has one,
        as in Kubernetes.
    """
    if component.workload is None:
        return None
    # A manifest that says nothing of sizes has no facts about them either.
    current = component.current or CurrentSizing()
    return plan.model_copy(
        update={
            "replicas": 1 if current.replicas is None else current.replicas,
            "resources": Resources(
                requests=Amounts(cpu=current.cpu_request, memory=current.memory_request),
                limits=Amounts(cpu=current.cpu_limit, memory=current.memory_limit),
            ),
            "extra_containers": (),
            "autoscaling": _autoscaling(current.autoscaler),
            "runtime_env": {},
            "storage": None,
            "recreate": False,
            "disruption_budget": False,
        }
    )


def _autoscaling(facts: AutoscalerFacts | None) -> Autoscaling | None:
    """The autoscaler as a plan says it; None where there is none, or not one on CPU."""
    if facts is None or facts.target_cpu_percent is None or facts.max_replicas is None:
        return None
    if not 1 <= facts.target_cpu_percent <= 100 or facts.max_replicas < 1:
        return None
    return Autoscaling(
        min_replicas=max(facts.min_replicas or 1, 1),
        max_replicas=facts.max_replicas,
        target_cpu_percent=facts.target_cpu_percent,
    )
