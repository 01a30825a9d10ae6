"""Repairs of replicas, autoscaling, disruption and rollout."""

from __future__ import annotations

from rva.bounds import replica_ceiling
from rva.checks.availability import odd_count, taken_away, wanted_replicas
from rva.limits import at_least
from rva.repairs.amounts import synced, with_replicas
from rva.repairs.sizes import cap_to_ceiling, set_quota_limits
from rva.subject import Subject, make_subject
from schemas.context import Criticality, WorkloadKind
from schemas.plan import Autoscaling, ComponentPlan


def set_replicas(subject: Subject) -> ComponentPlan | None:
    """A01: the tier's number, as far as there is room; a warning stays inside the interval."""
    if _foreign_autoscaler(subject):
        return None
    wanted = wanted_replicas(subject)
    strict = subject.plan.replicas < 1 or at_least(subject.world.tier, Criticality.HIGH)
    if not strict and wanted > subject.plan.intervals.replicas.high:
        return None
    scaling = subject.plan.autoscaling
    if scaling is not None and scaling.min_replicas < wanted:
        return None  # A05 moves the autoscaler as a whole
    count = max(1, min(max(subject.plan.replicas, wanted), replica_ceiling(subject)))
    return with_replicas(subject, count) if count > subject.plan.replicas else None


def set_hpa_bounds(subject: Subject) -> ComponentPlan | None:
    """A05: minimum as the tier asks, maximum as there is room, the plan's replicas between."""
    plan, scaling = subject.plan, subject.plan.autoscaling
    if scaling is None:
        return None
    room = max(1, replica_ceiling(subject))
    low = min(max(scaling.min_replicas, wanted_replicas(subject)), room)
    high = min(max(scaling.max_replicas, low), room)
    replicas = min(max(plan.replicas, low), high)
    changed = _bounded(subject, scaling, low, high)
    result = synced(plan.model_copy(update={"autoscaling": changed, "replicas": replicas}))
    return None if result == plan else result


def cap_replicas(subject: Subject) -> ComponentPlan | None:
    """P09, P14, C02: as many replicas as there is room for; none at all is for a person."""
    with_limits = set_quota_limits(subject)
    if with_limits is not None:
        return with_limits
    if not subject.scalable or _foreign_autoscaler(subject):
        return None
    room = replica_ceiling(subject)
    if room < 1:
        return None
    plan, scaling = subject.plan, subject.plan.autoscaling
    if scaling is not None:
        low, high = min(scaling.min_replicas, room), min(scaling.max_replicas, room)
        scaling = _bounded(subject, scaling, low, high)
    count = min(plan.replicas, room)
    result = synced(plan.model_copy(update={"autoscaling": scaling, "replicas": count}))
    return None if result == plan else result


def cap_to_ceilings(subject: Subject) -> ComponentPlan | None:
    """P14: amounts and replicas at most at the tier's ceilings."""
    smaller = cap_to_ceiling(subject)
    current = subject if smaller is None else make_subject(subject.world, smaller)
    return cap_replicas(current) or smaller


def keep_one_available(subject: Subject) -> ComponentPlan | None:
    """A11: a second replica where no downtime is asked and that keeps one; else nothing helps."""
    count = subject.plan.replicas + 1
    demanded = subject.component.demand.zero_downtime
    if not demanded or subject.autoscaled or count > replica_ceiling(subject):
        return None
    if taken_away(subject, count) >= count:
        return None
    return with_replicas(subject, count)


def odd_members(subject: Subject) -> ComponentPlan | None:
    """A12: one member more; one less where there is no room."""
    if _foreign_autoscaler(subject):
        return None
    count = odd_count(subject.plan.replicas)
    if count > replica_ceiling(subject):
        count = subject.plan.replicas - 1
    scaling = subject.plan.autoscaling
    if count < 1 or (scaling is not None and not _inside(count, subject)):
        return None
    return with_replicas(subject, count)


def single_replica(subject: Subject) -> ComponentPlan | None:
    """A13, A14: one replica, no autoscaler, no budget; old before new where a volume is shared.

    Not for members that run today and stay (`ComponentPlan.kept`): one of them may hold data.
    """
    plan = subject.plan
    if "replicas" in plan.kept:
        return None
    storage = subject.component.has_volume or plan.storage is not None
    recreate = plan.recreate or (storage and subject.kind == WorkloadKind.DEPLOYMENT)
    result = synced(
        plan.model_copy(
            update={
                "replicas": 1,
                "autoscaling": None,
                "disruption_budget": False,
                "recreate": recreate,
            }
        )
    )
    return None if result == plan else result


def guard_disruption(subject: Subject) -> ComponentPlan | None:
    """A08, A09: a budget with ``maxUnavailable: 1``, in place of one that allows nothing."""
    if subject.plan.disruption_budget:
        return None
    return subject.plan.model_copy(update={"disruption_budget": True})


def _bounded(subject: Subject, scaling: Autoscaling, low: int, high: int) -> Autoscaling | None:
    """The autoscaler between new bounds; None for a new one that could not move at all."""
    current = subject.component.current
    exists = current is not None and current.autoscaler is not None
    if low == high and not exists:
        return None
    return scaling.model_copy(update={"min_replicas": low, "max_replicas": high})


def _inside(count: int, subject: Subject) -> bool:
    scaling = subject.plan.autoscaling
    return scaling is None or scaling.min_replicas <= count <= scaling.max_replicas


def _foreign_autoscaler(subject: Subject) -> bool:
    """The repository's own autoscaler decides, and the plan does not change it."""
    return subject.autoscaled and subject.plan.autoscaling is None
