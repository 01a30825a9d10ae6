"""C: whether the pods find room, from the payload's facts about the cluster."""

from __future__ import annotations

from collections.abc import Callable

from rva.bounds import admits, eligible_nodes, node_room, pod_amounts, pods_on, surge
from rva.checks.base import Check, Problem, Skipped, Verdict, amount_text, by_hand, judge
from rva.documents import at, mapping, mappings, text
from rva.limits import at_least
from rva.subject import Subject
from schemas.context import Criticality
from schemas.errors import QuantityError
from schemas.quantities import memory_bytes
from schemas.recommendation import Severity
from schemas.trigger import Environment, NodeFacts

NO_NODES = "no nodes are known (deployment_context.nodes)"
MAX_PODS_PER_NODE = 110
"""kubelet ``--max-pods``; also the supported envelope of a cluster."""
STRANDING_FRACTION = 0.5
"""A larger pod leaves the rest of the node to nobody of its size."""


def _needs_nodes(check_id: str, run: Callable[[Subject], Verdict]) -> Callable[[Subject], Verdict]:
    def guarded(subject: Subject) -> Verdict:
        cluster = subject.world.cluster
        if cluster is None or not cluster.nodes:
            return Skipped(check_id, NO_NODES)
        return run(subject)

    return guarded


def pod_fits_a_node(subject: Subject) -> Verdict:
    """C01: the scheduler never splits a pod."""
    nodes = eligible_nodes(subject)
    if not nodes:
        return None
    pod = pod_amounts(subject)
    rooms = [node_room(subject, node) for node in nodes]
    problems = []
    if not any(pod.cpu_request <= cpu and pod.memory_request <= memory for cpu, memory in rooms):
        largest = max(rooms)
        problems.append(
            Problem(
                f"One pod requests {pod.cpu_request}m and {_mem(pod.memory_request)}; the largest "
                f"node leaves {largest[0]}m and {_mem(largest[1])}.",
                path="resources.requests",
                value=f"{pod.cpu_request}m, {_mem(pod.memory_request)}",
                limit=f"{largest[0]}m, {_mem(largest[1])}",
                fix=by_hand("larger_node", "nodes", f"{largest[0]}m", f"{pod.cpu_request}m"),
            )
        )
    return judge(subject, "C01", problems)


def replicas_fit_nodes(subject: Subject) -> Verdict:
    """C02: pods are counted node by node; the sum over the cluster fits nothing."""
    if not subject.scalable or not eligible_nodes(subject):
        return None
    count = subject.minimum_replicas
    needed = count + surge(subject, count)
    room = pods_on(subject, eligible_nodes(subject))
    problems = []
    if room < needed:
        problems.append(
            Problem(
                f"The nodes have room for {room} pods; {count} replicas need {needed} during a "
                "rollout.",
                path="replicas",
                value=str(needed),
                limit=str(room),
                fix=None if room else by_hand("more_nodes", "nodes", "0 pods", f"{needed} pods"),
            )
        )
    return judge(subject, "C02", problems)


def survives_a_node(subject: Subject) -> Verdict:
    """C03: what a lost node ran has to run elsewhere."""
    nodes = eligible_nodes(subject)
    strict = at_least(subject.world.tier, Criticality.NORMAL)
    if not subject.scalable or not nodes or not strict:
        return None
    if subject.world.environment is not Environment.PROD:
        return None
    left = _without_largest(nodes)
    room = pods_on(subject, left) if left else 0
    problems = []
    if room < subject.minimum_replicas:
        problems.append(
            Problem(
                f"With the largest node lost, {room} of {subject.minimum_replicas} replicas find "
                "room.",
                path="replicas",
                value=str(subject.minimum_replicas),
                limit=str(room),
                fix=by_hand("more_nodes", "nodes", str(room), str(subject.minimum_replicas)),
            )
        )
    return judge(subject, "C03", problems)


def _without_largest(nodes: tuple[NodeFacts, ...]) -> tuple[NodeFacts, ...]:
    largest = max(nodes, key=lambda node: (node.allocatable_memory, node.allocatable_cpu))
    rest = tuple(node for node in nodes if node is not largest)
    if largest.count == 1:
        return rest
    return (*rest, largest.model_copy(update={"count": largest.count - 1}))


def pod_strands_no_node(subject: Subject) -> Verdict:
    """C04: a pod above half of a node leaves a remainder that nothing of its size can use."""
    nodes = eligible_nodes(subject)
    if not nodes:
        return None
    pod = pod_amounts(subject)
    shares = [
        max(pod.cpu_request / max(1, cpu), pod.memory_request / max(1, memory))
        for cpu, memory in (node_room(subject, node) for node in nodes)
    ]
    problems = []
    if min(shares) > STRANDING_FRACTION:
        problems.append(
            Problem(
                f"One pod takes {min(shares):.0%} of the largest node.",
                path="resources.requests",
                value=f"{min(shares):.0%}",
                limit=f"{STRANDING_FRACTION:.0%}",
                fix=by_hand("larger_node", "nodes", f"{min(shares):.0%}", "half of a node"),
            )
        )
    return judge(subject, "C04", problems)


def a_node_matches(subject: Subject) -> Verdict:
    """C05: nodes that selector, affinity or taints shut out do not count."""
    cluster = subject.world.cluster
    nodes = cluster.nodes if cluster else ()
    if any(admits(node, subject.pod) for node in nodes):
        return judge(subject, "C05", [])
    selector = mapping(subject.pod.get("nodeSelector"))
    shown = ", ".join(f"{key}={text(value)}" for key, value in selector.items())[:200]
    problem = Problem(
        f"None of the {len(nodes)} known nodes admits the pod (selector, affinity and taints).",
        path="spec.nodeSelector",
        value=shown or "no selector",
        fix=by_hand("match_node", "spec.nodeSelector", shown or "none", "labels of a node"),
    )
    return judge(subject, "C05", [problem])


def devices_exist(subject: Subject) -> Verdict:
    """C06: a device that no node has keeps the pod pending for ever."""
    wanted = extended_requests(subject)
    if not wanted:
        return None
    nodes = eligible_nodes(subject)
    problems = [
        Problem(
            f"The pod asks for {amount} {name}; the best node has {most}.",
            path=f"resources.limits.{name}",
            value=str(amount),
            limit=str(most),
            fix=by_hand("match_node", name, str(amount), "a node with the device"),
        )
        for name, amount in sorted(wanted.items())
        if (most := max((node.extended_resources.get(name, 0) for node in nodes), default=0))
        < amount
    ]
    return judge(subject, "C06", problems)


def extended_requests(subject: Subject) -> dict[str, int]:
    """Devices that the pod's containers ask for together, by resource name."""
    total: dict[str, int] = {}
    for item in subject.containers:
        resources = mapping(mapping(item.document).get("resources"))
        amounts = mapping(resources.get("requests")) | mapping(resources.get("limits"))
        for name, value in amounts.items():
            if "/" in str(name) and text(value).isascii() and text(value).isdigit():
                total[str(name)] = total.get(str(name), 0) + int(text(value)[:9])
    return total


def scratch_is_bounded(subject: Subject) -> Verdict:
    """C07: an unbounded emptyDir fills the node's disk, one in memory counts against the limit."""
    volumes = [v for v in mappings(subject.pod.get("volumes")) if "emptyDir" in v]
    if not volumes:
        return None
    limit = pod_amounts(subject).memory_limit
    problems = []
    for volume in volumes:
        name, scratch = text(volume.get("name")), mapping(volume.get("emptyDir"))
        size = _size(scratch.get("sizeLimit"))
        in_memory = scratch.get("medium") == "Memory"
        if size is None:
            problems.append(
                Problem(
                    f"The emptyDir {name} has no sizeLimit.",
                    path=f"spec.volumes.{name}",
                    value="not set",
                    severity=None if in_memory else Severity.INFO,
                    fix=by_hand("bound_volume", name, "not set", "a sizeLimit"),
                )
            )
        elif in_memory and limit is not None and size >= limit:
            problems.append(
                Problem(
                    f"The emptyDir {name} may hold {_mem(size)} in memory; the pod's limit is "
                    f"{_mem(limit)}.",
                    path=f"spec.volumes.{name}",
                    value=_mem(size),
                    limit=_mem(limit),
                    fix=by_hand("bound_volume", name, _mem(size), "below the memory limit"),
                )
            )
    problems += _scratch_on_node(subject, volumes)
    return judge(subject, "C07", problems)


def _scratch_on_node(subject: Subject, volumes: list[dict[str, object]]) -> list[Problem]:
    disks = [
        node.allocatable_ephemeral_storage
        for node in eligible_nodes(subject)
        if node.allocatable_ephemeral_storage is not None
    ]
    scratch = [mapping(volume.get("emptyDir")) for volume in volumes]
    total = sum(_size(s.get("sizeLimit")) or 0 for s in scratch if s.get("medium") != "Memory")
    if not disks or total <= max(disks):
        return []
    return [
        Problem(
            f"The emptyDirs may hold {_mem(total)}; the largest node has {_mem(max(disks))}.",
            path="spec.volumes",
            value=_mem(total),
            limit=_mem(max(disks)),
            fix=by_hand("bound_volume", "emptyDir", _mem(total), _mem(max(disks))),
        )
    ]


def storage_suits(subject: Subject) -> Verdict:
    """C08: the class exists, and each replica of a StatefulSet has a volume of its own."""
    cluster = subject.world.cluster
    claims = mappings(at(mapping(subject.workload), "spec", "volumeClaimTemplates"))
    claims += [item for item in subject.manifests if item.get("kind") == "PersistentVolumeClaim"]
    if not claims:
        return None
    if cluster is None or cluster.storage_classes is None:
        return Skipped("C08", "the storage classes of the cluster are not known")
    known = cluster.storage_classes
    problems = [
        Problem(
            f"The storage class {name!r} does not exist in the cluster.",
            path="storageClassName",
            value=name,
            limit=", ".join(known),
            fix=by_hand("set_storage_class", "storageClassName", name, "an existing class"),
        )
        for name in (text(at(claim, "spec", "storageClassName")) for claim in claims)
        if name and name not in known
    ]
    return judge(subject, "C08", problems)


def pods_per_node(subject: Subject) -> Verdict:
    """C09: a node takes 110 pods, however small they are."""
    nodes = eligible_nodes(subject)
    if not subject.scalable or not nodes:
        return None
    room = MAX_PODS_PER_NODE * sum(node.count for node in nodes)
    problems = []
    if subject.maximum_replicas > room:
        problems.append(
            Problem(
                f"{subject.maximum_replicas} replicas on nodes for {room} pods in all.",
                path="replicas",
                value=str(subject.maximum_replicas),
                limit=str(room),
                fix=by_hand("more_nodes", "nodes", str(room), str(subject.maximum_replicas)),
            )
        )
    return judge(subject, "C09", problems)


def allocatable_used(subject: Subject) -> Verdict:
    """C10: the facts carry allocatable amounts only; free ones must not be above them."""
    cluster = subject.world.cluster
    problems = [
        Problem(
            f"{node.name}: more is free than pods may use; capacity was given for allocatable.",
            path="deployment_context.nodes",
            value=node.name,
            fix=by_hand("correct_facts", node.name, "capacity", "allocatable"),
        )
        for node in (cluster.nodes if cluster else ())
        if (node.free_cpu or 0) > node.allocatable_cpu
        or (node.free_memory or 0) > node.allocatable_memory
    ]
    return judge(subject, "C10", problems)


def nodes_ready(subject: Subject) -> Verdict:
    """C13: a node that is not ready is left out of every count."""
    cluster = subject.world.cluster
    nodes = cluster.nodes if cluster else ()
    down = [node.name for node in nodes if not node.ready]
    problems = []
    if down:
        problems.append(
            Problem(
                f"{len(down)} of {len(nodes)} nodes are not ready and were left out: "
                f"{', '.join(down[:5])}.",
                path="deployment_context.nodes",
                value=str(len(down)),
                limit="0",
                fix=by_hand("repair_node", "nodes", "not ready", "ready"),
            )
        )
    return judge(subject, "C13", problems)


def _mem(amount: int) -> str:
    return amount_text("memory", amount)


def _size(value: object) -> int | None:
    try:
        return None if value is None else int(memory_bytes(str(value)))
    except QuantityError:
        return None


_WITH_NODES: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("C01", pod_fits_a_node),
    ("C02", replicas_fit_nodes),
    ("C03", survives_a_node),
    ("C04", pod_strands_no_node),
    ("C05", a_node_matches),
    ("C06", devices_exist),
    ("C09", pods_per_node),
    ("C10", allocatable_used),
    ("C13", nodes_ready),
)
CHECKS = (
    *(Check(id_, _needs_nodes(id_, run)) for id_, run in _WITH_NODES),
    Check("C07", scratch_is_bounded),
    Check("C08", storage_suits),
)
