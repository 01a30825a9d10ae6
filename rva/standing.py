"""A plan that says what the manifests say today, so that the checks can judge those."""

from __future__ import annotations

from schemas.context import Component
from schemas.plan import Amounts, ComponentPlan, Resources

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
    current = component.current
    if current is None or component.workload is None:
        return None
    return plan.model_copy(
        update={
            "replicas": 1 if current.replicas is None else current.replicas,
            "resources": Resources(
                requests=Amounts(cpu=current.cpu_request, memory=current.memory_request),
                limits=Amounts(cpu=current.cpu_limit, memory=current.memory_limit),
            ),
            "extra_containers": (),
            "autoscaling": None,
            "runtime_env": {},
            "storage": None,
            "recreate": False,
            "disruption_budget": False,
        }
    )
