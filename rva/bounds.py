"""What the cluster and the policy leave room for: the bounds that no repair may exceed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rva.documents import at, count_of, mapping, mappings, text
from rva.subject import Subject
from schemas.base import JsonObject
from schemas.context import WorkloadKind
from schemas.quantities import MIB
from schemas.trigger import LimitRangeFacts, NodeFacts, QuotaFacts

DEFAULT_SURGE = "25%"
"""``maxSurge`` and ``maxUnavailable`` of a Deployment that says nothing (Kubernetes API)."""
_UNBOUNDED = 2**62


@dataclass(frozen=True, slots=True)
class PodAmounts:
    """Millicores and bytes of one whole pod."""

    cpu_request: int
    memory_request: int
    cpu_limit: int | None
    """None when a container has none: the pod is not limited then."""
    memory_limit: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """The smallest and the largest admitted amount."""

    low: int = 0
    high: int = _UNBOUNDED

    def clamp(self, amount: int) -> int:
        """The amount inside the span; the upper bound wins over a lower bound above it."""
        return min(max(amount, self.low), self.high)


def pod_amounts(subject: Subject) -> PodAmounts:
    """What the scheduler counts: the larger of all init containers and of all others together.

    Source: Kubernetes documentation, "Resource sharing within containers"; sidecars run along.
    """
    along = [item for item in subject.containers if item.runs_along]
    first = [item for item in subject.containers if not item.runs_along]

    def largest(of_along: list[int], of_first: list[int]) -> int:
        return max(sum(of_along), max(of_first, default=0))

    cpu_limits = [item.cpu_limit_millicores for item in along]
    memory_limits = [item.memory_limit_bytes for item in along]
    return PodAmounts(
        cpu_request=largest(
            [item.effective_cpu_request for item in along],
            [item.effective_cpu_request for item in first],
        ),
        memory_request=largest(
            [item.effective_memory_request for item in along],
            [item.effective_memory_request for item in first],
        ),
        cpu_limit=_sum_if_all(cpu_limits),
        memory_limit=_sum_if_all(memory_limits),
    )


def container_span(subject: Subject, resource: str) -> Span:
    """What LimitRanges, the tier's ceiling and the largest node leave for the main container.

    Args:
        subject: The component with its plan.
        resource: ``cpu`` (millicores) or ``memory`` (bytes).
    """
    span = _stated_span(subject, resource)
    ratios = [ratio for item in limit_ranges(subject) if (ratio := ratio_of(item, resource))]
    # A limit is at most so many times a request, and the request has to fit a node.
    highs = [math.floor(request_ceiling(subject, resource) * ratio) for ratio in ratios]
    return Span(span.low, min([span.high, *(max(1, high) for high in highs)]))


def request_ceiling(subject: Subject, resource: str) -> int:
    """The largest request of the main container that some node can still hold."""
    rooms = [
        node_room(subject, node)[0 if resource == "cpu" else 1] for node in eligible_nodes(subject)
    ]
    high = _stated_span(subject, resource).high
    if not rooms:
        return high
    return max(1, min(high, max(rooms) - _others(subject, resource)))


def range_of(limit_range: LimitRangeFacts, resource: str) -> tuple[int | None, int | None]:
    """Minimum and maximum of a LimitRange for one resource."""
    if resource == "cpu":
        return limit_range.min_cpu, limit_range.max_cpu
    return limit_range.min_memory, limit_range.max_memory


def ratio_of(limit_range: LimitRangeFacts, resource: str) -> float | None:
    """The largest limit over request that a LimitRange admits for one resource."""
    if resource == "cpu":
        return limit_range.max_cpu_limit_request_ratio
    return limit_range.max_memory_limit_request_ratio


def limit_ranges(subject: Subject) -> tuple[LimitRangeFacts, ...]:
    """The LimitRanges of the target namespace; empty when nothing is known."""
    return subject.world.cluster.limit_ranges if subject.world.cluster else ()


def replica_ceiling(subject: Subject) -> int:
    """The most replicas that ceiling, quota and nodes admit; 0 when not even one fits."""
    rooms = [room for room in (_tier_replicas(subject), _nodes_room(subject)) if room is not None]
    cluster = subject.world.cluster
    rooms += [quota_room(subject, quota) for quota in (cluster.quotas if cluster else ())]
    room = min(rooms, default=_UNBOUNDED)
    if room >= _UNBOUNDED:
        return room
    return largest_count(subject, room)


def largest_count(subject: Subject, pods: int) -> int:
    """The most replicas whose rolling update needs at most that many pods at once."""
    count = max(0, pods)
    while count > 0 and count + surge(subject, count) > pods:
        count -= max(1, (count + surge(subject, count) - pods) // 2)
    return count


def surge(subject: Subject, replicas: int) -> int:
    """Pods that a rolling update adds to `replicas` for a while."""
    if subject.kind != WorkloadKind.DEPLOYMENT or subject.plan.recreate:
        return 0
    strategy = mapping(at(mapping(subject.workload), "spec", "strategy"))
    if strategy.get("type") == "Recreate":
        return 0
    value = mapping(strategy.get("rollingUpdate")).get("maxSurge", DEFAULT_SURGE)
    return count_of(value, replicas, round_up=True)


def quota_room(subject: Subject, quota: QuotaFacts) -> int:
    """Pods that a quota still admits; 0 when it limits an amount that the pod does not state."""
    pod = pod_amounts(subject)
    pairs = (
        (quota.remaining_requests_cpu, pod.cpu_request),
        (quota.remaining_requests_memory, pod.memory_request),
        (quota.remaining_limits_cpu, pod.cpu_limit),
        (quota.remaining_limits_memory, pod.memory_limit),
        (quota.remaining_pods, 1),
    )
    rooms = [
        0 if amount is None else left // amount if amount else _UNBOUNDED
        for left, amount in pairs
        if left is not None
    ]
    return min(rooms, default=_UNBOUNDED)


def eligible_nodes(subject: Subject) -> tuple[NodeFacts, ...]:
    """Ready nodes that the pod's selector, required affinity and tolerations admit."""
    cluster = subject.world.cluster
    nodes = cluster.nodes if cluster else ()
    return tuple(node for node in nodes if node.ready and admits(node, subject.pod))


def admits(node: NodeFacts, pod: JsonObject) -> bool:
    """Whether selector, required node affinity and tolerations let the pod onto the node."""
    wanted = mapping(pod.get("nodeSelector"))
    if any(node.labels.get(str(key)) != text(value) for key, value in wanted.items()):
        return False
    required = mapping(
        at(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    )
    terms = mappings(required.get("nodeSelectorTerms"))
    if terms and not any(_term_holds(term, node) for term in terms):
        return False
    tolerations = mappings(pod.get("tolerations"))
    return all(_tolerated(taint, tolerations) for taint in node.taints)


def node_room(subject: Subject, node: NodeFacts, *, free: bool = False) -> tuple[int, int]:
    """Millicores and bytes that pods may use on one node beside its DaemonSets.

    Args:
        subject: The component with its plan.
        node: A node, or one of a group of equal nodes.
        free: What is free right now, where that is known.
    """
    cluster = subject.world.cluster
    daemons_cpu = (cluster.daemonset_requests_cpu if cluster else None) or 0
    daemons_memory = (cluster.daemonset_requests_memory if cluster else None) or 0
    # What is free counts the DaemonSets' pods already.
    cpu = node.free_cpu if free and node.free_cpu is not None else None
    memory = node.free_memory if free and node.free_memory is not None else None
    return (
        max(0, node.allocatable_cpu - daemons_cpu) if cpu is None else cpu,
        max(0, node.allocatable_memory - daemons_memory) if memory is None else memory,
    )


def pods_on(subject: Subject, nodes: tuple[NodeFacts, ...], *, free: bool = True) -> int:
    """Pods of this component that fit the nodes one by one (never the sum of the cluster)."""
    pod = pod_amounts(subject)
    total = 0
    for node in nodes:
        cpu, memory = node_room(subject, node, free=free)
        fits = [cpu // pod.cpu_request] if pod.cpu_request else []
        fits += [memory // pod.memory_request] if pod.memory_request else []
        total += node.count * min(fits, default=_UNBOUNDED)
    return min(total, _UNBOUNDED)


def _stated_span(subject: Subject, resource: str) -> Span:
    others = _others(subject, resource)
    highs = [item - others for item in _pod_ceilings(subject, resource)]
    lows = []
    for limit_range in limit_ranges(subject):
        low, high = range_of(limit_range, resource)
        lows += [] if low is None else [low]
        highs += [] if high is None else [high]
    return Span(max(lows, default=0), max(1, min(highs, default=_UNBOUNDED)))


def _nodes_room(subject: Subject) -> int | None:
    nodes = eligible_nodes(subject)
    return pods_on(subject, nodes) if nodes else None


def _tier_replicas(subject: Subject) -> int | None:
    # A ceiling on replicas does not count the surge, which lasts for a rollout only.
    most = subject.world.limits.whole("ceiling_replicas", subject.world.tier)
    return None if most is None else most + surge(subject, most)


def _pod_ceilings(subject: Subject, resource: str) -> Iterator[int]:
    limits, tier = subject.world.limits, subject.world.tier
    if resource == "cpu":
        most = limits.whole("ceiling_cpu_millicores", tier)
    else:
        mib = limits.number("ceiling_memory_mib", tier)
        most = None if mib is None else math.floor(mib * MIB)
    if most is not None:
        yield most


def _others(subject: Subject, resource: str) -> int:
    others = [item for item in subject.containers if item.runs_along and item.name != subject.main]
    if resource == "cpu":
        return sum(
            max(item.effective_cpu_request, item.cpu_limit_millicores or 0) for item in others
        )
    return sum(max(item.effective_memory_request, item.memory_limit_bytes or 0) for item in others)


def _sum_if_all(amounts: list[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _term_holds(term: JsonObject, node: NodeFacts) -> bool:
    expressions = mappings(term.get("matchExpressions"))
    return bool(expressions) and all(_expression_holds(item, node) for item in expressions)


def _expression_holds(expression: JsonObject, node: NodeFacts) -> bool:
    value = node.labels.get(text(expression.get("key")))
    listed = expression.get("values")
    values = [text(item) for item in listed] if isinstance(listed, list) else []
    match expression.get("operator"):
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            return _compares(operator, value, values)
    return False


def _compares(operator: str, value: str | None, values: list[str]) -> bool:
    try:
        left, right = int(value or ""), int(values[0])
    except (ValueError, IndexError):
        return False
    return left > right if operator == "Gt" else left < right


def _tolerated(taint: str, tolerations: list[JsonObject]) -> bool:
    """Whether a taint written ``key=value:Effect`` (value optional) keeps the pod away."""
    head, _, effect = taint.rpartition(":")
    key, _, value = head.partition("=")
    if effect == "PreferNoSchedule":
        return True
    for item in tolerations:
        if item.get("effect") not in (None, "", effect):
            continue
        exists = item.get("operator") == "Exists"
        if not item.get("key"):
            if exists:
                return True
            continue
        if item.get("key") == key and (exists or text(item.get("value")) == value):
            return True
    return False
