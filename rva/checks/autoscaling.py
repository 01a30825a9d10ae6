"""A02 to A09: autoscalers and disruption budgets."""

from __future__ import annotations

import math
from collections.abc import Callable

from rva.bounds import replica_ceiling
from rva.checks.availability import wanted_replicas
from rva.checks.base import Check, Problem, Verdict, by_hand, judge, theirs
from rva.companions import allowed_evictions
from rva.documents import at, is_kind, mapping, mappings, name_of, targets, text
from rva.limits import at_least
from rva.subject import DATABASES, SERVING, Subject
from schemas.context import Criticality
from schemas.recommendation import Severity

THRESHOLD_SHIFT = 0.1
"""A shift of the autoscaler's threshold below a tenth is inside the HPA's own tolerance."""


def replicas_have_one_owner(subject: Subject) -> Verdict:
    """A02: a patch with replicas would fight the autoscaler; a manifest with them does too."""
    if not subject.scalable or not subject.autoscaled:
        return None
    problems = []
    if at(mapping(subject.patch), "spec", "replicas") is not None:
        problems.append(
            Problem("The patch sets replicas that an autoscaler owns.", path="replicas")
        )
    elif at(mapping(subject.workload), "spec", "replicas") is not None and subject.existing:
        problems.append(
            Problem(
                "The manifest sets spec.replicas: every apply resets what the autoscaler chose.",
                path="spec.replicas",
                value=text(at(mapping(subject.workload), "spec", "replicas")),
                severity=Severity.WARN,
                fix=by_hand("remove_replicas", "spec.replicas", "set", "absent"),
            )
        )
    return judge(subject, "A02", problems)


def autoscaler_has_requests(subject: Subject) -> Verdict:
    """A03: utilisation is use over request; without a request there is none."""
    if subject.plan.autoscaling is None:
        return None
    problems = [
        Problem(
            f"{item.name}: no CPU request, so the autoscaler cannot compute utilisation.",
            path="resources.requests.cpu",
            value="not set",
            container=item.name,
        )
        for item in subject.containers
        if item.runs_along and item.effective_cpu_request == 0
    ]
    return judge(subject, "A03", problems)


def threshold_stays(subject: Subject) -> Verdict:
    """A04: the target is a share of the request, so a new request moves the threshold."""
    current, scaling = subject.component.current, subject.plan.autoscaling
    if scaling is None or current is None or current.autoscaler is None:
        return None
    percent, old_request = current.autoscaler.target_cpu_percent, current.cpu_request
    new_request = subject.main_container.effective_cpu_request
    if not percent or not old_request or not new_request:
        return None
    old = old_request * percent / 100
    new = new_request * scaling.target_cpu_percent / 100
    problems = []
    if abs(new - old) > old * THRESHOLD_SHIFT:
        same = math.floor(old / new_request * 100)
        problems.append(
            Problem(
                f"The autoscaler adds pods at {new:.0f}m per pod, before at {old:.0f}m; a target "
                f"of {same} % would keep the old threshold.",
                path="autoscaling.target_cpu_percent",
                value=f"{new:.0f}m",
                limit=f"{old:.0f}m",
                severity=Severity.INFO,
                fix=by_hand(
                    "keep_threshold",
                    "autoscaling.target_cpu_percent",
                    str(scaling.target_cpu_percent),
                    str(same),
                ),
            )
        )
    return judge(subject, "A04", problems)


def autoscaler_bounds(subject: Subject) -> Verdict:
    """A05: the minimum carries the tier's replicas, the maximum fits quota and nodes."""
    scaling = subject.plan.autoscaling
    if scaling is None or not subject.scalable:
        return None
    ceiling, wanted = replica_ceiling(subject), wanted_replicas(subject)
    rows = (
        (scaling.min_replicas > scaling.max_replicas, "is above the maximum", scaling.max_replicas),
        (scaling.min_replicas < wanted, "is below what the tier asks", wanted),
        (
            not scaling.min_replicas <= subject.plan.replicas <= scaling.max_replicas,
            "and maximum do not hold the plan's replicas",
            subject.plan.replicas,
        ),
    )
    problems = [
        Problem(
            f"The autoscaler's minimum {scaling.min_replicas} {what} ({bound}).",
            path="autoscaling.min_replicas",
            value=str(scaling.min_replicas),
            limit=str(bound),
        )
        for wrong, what, bound in rows
        if wrong
    ]
    if scaling.max_replicas > ceiling:
        problems.append(
            Problem(
                f"The autoscaler's maximum {scaling.max_replicas} does not fit; there is room "
                f"for {ceiling}.",
                path="autoscaling.max_replicas",
                value=str(scaling.max_replicas),
                limit=str(ceiling),
            )
        )
    return judge(subject, "A05", problems)


def one_autoscaler(subject: Subject) -> Verdict:
    """A06: two autoscalers pull one workload in two directions; a dangling one pulls nothing."""
    scalers = subject.autoscalers
    if not scalers or subject.workload is None:
        return None
    name = name_of(subject.workload)
    own = [item for item in scalers if targets(item, subject.kind, name)]
    problems = []
    if len(own) > 1:
        names = ", ".join(sorted(name_of(item) for item in own))
        problems.append(
            Problem(
                f"{len(own)} autoscalers target {name}: {names}.",
                path="scaleTargetRef",
                value=str(len(own)),
                limit="1",
                severity=theirs(subject),
                fix=by_hand("remove_autoscaler", "HorizontalPodAutoscaler", names, "one"),
            )
        )
    if not own:
        problems.append(Problem(f"The autoscaler does not target {name}.", path="scaleTargetRef"))
    return judge(subject, "A06", problems)


def no_second_scaler(subject: Subject) -> Verdict:
    """A07: a VPA that changes the request moves the HPA's threshold with every change."""
    reference = subject.component.workload
    vertical = [
        item
        for item in (reference.related if reference else ())
        if is_kind(item, "VerticalPodAutoscaler")
        and at(item, "spec", "updatePolicy", "updateMode") not in ("Off", "Initial")
    ]
    if not vertical or not subject.autoscaled:
        return None
    name = name_of(vertical[0])
    fix = by_hand("limit_vpa", "controlledResources", "cpu, memory", "memory")
    listed = at(vertical[0], "spec", "resourcePolicy", "containerPolicies")
    memory_only = all(item.get("controlledResources") == ["memory"] for item in mappings(listed))
    problems = []
    if not listed or not memory_only:
        problems.append(Problem(f"{name} changes the CPU request that the HPA uses.", fix=fix))
    return judge(subject, "A07", problems)


def budget_exists(subject: Subject) -> Verdict:
    """A08: without a budget a drain may take all replicas at once."""
    if not subject.scalable or subject.minimum_replicas < 2 or not _budget_applies(subject):
        return None
    problems = []
    if not subject.budgets:
        problems.append(
            Problem(
                f"{subject.minimum_replicas} replicas have no disruption budget.",
                path="disruption_budget",
                value="none",
            )
        )
    return judge(subject, "A08", problems)


def _budget_applies(subject: Subject) -> bool:
    """Batch work and workers may be interrupted; what serves or stores may not."""
    role = subject.component.role
    return role in SERVING or role in DATABASES or at_least(subject.world.tier, Criticality.HIGH)


def budget_allows_eviction(subject: Subject) -> Verdict:
    """A09: a budget that allows no eviction stops every node drain."""
    if not subject.budgets or not subject.scalable:
        return None
    replicas = subject.minimum_replicas
    problems = [
        Problem(
            f"{name_of(item)} allows no eviction at {replicas} replicas.",
            path="PodDisruptionBudget",
            limit="1 eviction",
        )
        for item in subject.budgets
        if replicas > 0 and allowed_evictions(item, replicas) < 1
    ]
    return judge(subject, "A09", problems)


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("A02", replicas_have_one_owner),
    ("A03", autoscaler_has_requests),
    ("A04", threshold_stays),
    ("A05", autoscaler_bounds),
    ("A06", one_autoscaler),
    ("A07", no_second_scaler),
    ("A08", budget_exists),
    ("A09", budget_allows_eviction),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
