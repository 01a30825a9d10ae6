"""P09 and C02 for the whole app: what fits component by component may not fit together.

A component's own check looks at it alone, so these run once, after all components are refined.
No repair answers them: which component gives way is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rva.bounds import PodAmounts, admits, node_room, pod_amounts
from rva.checks.base import amount_text, by_hand
from rva.checks.catalogue import CATALOGUE
from rva.subject import Subject
from schemas.context import WorkloadKind
from schemas.recommendation import Finding
from schemas.trigger import NodeFacts, QuotaFacts

MAX_PLACEMENTS = 2_000_000
"""Pods times nodes that are tried one by one (a second or so); beyond it the sums are compared,
which finds less."""


def together(subjects: Sequence[Subject]) -> tuple[Finding, ...]:
    """The findings about all components as one; none for a single component, or without facts."""
    cluster = subjects[0].world.cluster if subjects else None
    if cluster is None or len(subjects) < 2:
        return ()
    found = [_quota(quota, subjects) for quota in cluster.quotas]
    nodes = [node for node in cluster.nodes if node.ready]
    if nodes:
        found.append(_placement(nodes, subjects))
    return tuple(found)


def _quota(quota: QuotaFacts, subjects: Sequence[Subject]) -> Finding:
    pods = [(pod_amounts(subject), _count(subject)) for subject in subjects]
    rows = (
        ("cpu", "requests", quota.remaining_requests_cpu, _sum(pods, "cpu_request")),
        ("memory", "requests", quota.remaining_requests_memory, _sum(pods, "memory_request")),
        ("cpu", "limits", quota.remaining_limits_cpu, _sum(pods, "cpu_limit")),
        ("memory", "limits", quota.remaining_limits_memory, _sum(pods, "memory_limit")),
    )
    for resource, side, left, needed in rows:
        if left is not None and needed > left:
            has, wants = amount_text(resource, left), amount_text(resource, needed)
            text = (
                f"All components together need {wants} of {resource} {side}; {quota.name} leaves "
                f"{has}."
            )
            return _finding("P09", text, wants, has, "raise_quota")
    count = sum(number for _, number in pods)
    if quota.remaining_pods is not None and count > quota.remaining_pods:
        text = f"All components together are {count} pods; {quota.name} leaves room for "
        text += f"{quota.remaining_pods}."
        return _finding("P09", text, str(count), str(quota.remaining_pods), "raise_quota")
    return _passed("P09")


def _sum(pods: Sequence[tuple[PodAmounts, int]], field: str) -> int:
    """What all pods need; one that states no limit is its own component's finding."""
    return sum((getattr(pod, field) or 0) * count for pod, count in pods)


def _count(subject: Subject) -> int:
    """Pods in the quietest hour, without the surge of a rollout."""
    return subject.minimum_replicas if subject.scalable else 1


def _placement(nodes: Sequence[NodeFacts], subjects: Sequence[Subject]) -> Finding:
    """First fit, the largest pods first: what a scheduler does with an empty queue."""
    pods = sorted(_pods(subjects), key=lambda pod: (pod[1].memory_request, pod[1].cpu_request))
    rooms = [(node, node_room(subjects[0], node, free=True)) for node in nodes]
    if len(pods) * sum(node.count for node in nodes) > MAX_PLACEMENTS:
        return _sums(pods, rooms)
    free = [(node, list(room)) for node, room in rooms for _ in range(node.count)]
    homeless: list[str] = []
    for subject, pod in reversed(pods):
        if not _place(subject, pod, free):
            homeless.append(subject.component.name)
    if not homeless:
        return _passed("C02")
    names = ", ".join(sorted(set(homeless)))
    text = f"With all components placed on the nodes, {len(homeless)} of {len(pods)} pods find no "
    text += f"room ({names})."
    fits = len(pods) - len(homeless)
    return _finding("C02", text, f"{len(pods)} pods", f"{fits} pods", "more_nodes")


def _pods(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, PodAmounts]]:
    for subject in subjects:
        if subject.kind != WorkloadKind.DAEMON_SET:
            pod = pod_amounts(subject)
            yield from ((subject, pod) for _ in range(_count(subject)))


def _place(subject: Subject, pod: PodAmounts, free: list[tuple[NodeFacts, list[int]]]) -> bool:
    for node, left in free:
        fits = left[0] >= pod.cpu_request and left[1] >= pod.memory_request
        if fits and admits(node, subject.pod):
            left[0] -= pod.cpu_request
            left[1] -= pod.memory_request
            return True
    return False


def _sums(
    pods: Sequence[tuple[Subject, PodAmounts]], rooms: Sequence[tuple[NodeFacts, tuple[int, int]]]
) -> Finding:
    for index, resource in enumerate(("cpu", "memory")):
        needed = sum(getattr(pod, f"{resource}_request") for _, pod in pods)
        left = sum(room[index] * node.count for node, room in rooms)
        if needed > left:
            wants, has = amount_text(resource, needed), amount_text(resource, left)
            text = f"All components together request {wants} of {resource}; the nodes have {has}."
            return _finding("C02", text, wants, has, "more_nodes")
    return _passed("C02")


def _finding(id_: str, message: str, value: str, limit: str, repair: str) -> Finding:
    entry = CATALOGUE[id_]
    return Finding(
        id=id_,
        severity=entry.severity,
        passed=False,
        message=message,
        value=value,
        limit=limit,
        fix=by_hand(repair, repair.split("_")[-1], limit, value),
        source=entry.source,
    )


def _passed(id_: str) -> Finding:
    entry = CATALOGUE[id_]
    return Finding(
        id=id_, severity=entry.severity, passed=True, message=entry.title, source=entry.source
    )
