"""P: what the organisation and the namespace's admission ask."""

from __future__ import annotations

import re
from collections.abc import Callable

from rva.bounds import (
    PodAmounts,
    limit_ranges,
    pod_amounts,
    quota_room,
    range_of,
    ratio_of,
    surge,
)
from rva.checks.base import Check, Problem, Skipped, Verdict, amount_text, by_hand, judge
from rva.documents import ContainerView, at, mapping, pod_template, text
from rva.limits import at_least
from rva.subject import DATABASES, Subject, labels
from schemas.context import Criticality
from schemas.quantities import MIB
from schemas.recommendation import Severity
from schemas.trigger import LimitRangeFacts

_TAG = re.compile(r":(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")
_NO_CLUSTER = "no cluster facts were given (deployment_context)"


def memory_limits_set(subject: Subject) -> Verdict:
    """P01: without a limit one leak takes the whole node."""
    problems = [
        _missing(item, "memory limit", "resources.limits.memory")
        for item in subject.containers
        if item.memory_limit_bytes is None and (item.name == subject.main or item.runs_along)
    ]
    return judge(subject, "P01", problems)


def requests_set(subject: Subject) -> Verdict:
    """P02: the scheduler knows requests only; T12 looks at the other containers."""
    main = subject.main_container
    problems = []
    if main.cpu_request_millicores is None:
        problems.append(_missing(main, "CPU request", "resources.requests.cpu"))
    if main.memory_request_bytes is None:
        problems.append(_missing(main, "memory request", "resources.requests.memory"))
    return judge(subject, "P02", problems)


def memory_limit_equals_request(subject: Subject) -> Verdict:
    """P03: memory above the request is what the kubelet evicts for."""
    if not subject.world.limits.flag("memory_limit_equals_request", subject.world.tier):
        return None
    item = subject.main_container
    request, limit = item.memory_request_bytes, item.memory_limit_bytes
    problems = []
    if request is not None and limit is not None and request != limit:
        low, high = amount_text("memory", request), amount_text("memory", limit)
        problems.append(
            Problem(
                f"{item.name}: tier {subject.world.tier.value} asks for equal memory request "
                f"({low}) and limit ({high}).",
                path="resources.requests.memory",
                value=low,
                limit=high,
                container=item.name,
            )
        )
    return judge(subject, "P03", problems)


def guaranteed_wanted(subject: Subject) -> bool:
    """Whether the policy wants Guaranteed QoS for this component."""
    scope = subject.world.limits.text("guaranteed_qos", subject.world.tier)
    return scope == "all" or (scope == "databases" and subject.component.role in DATABASES)


def guaranteed_qos(subject: Subject) -> Verdict:
    """P04: Guaranteed pods are throttled and evicted last."""
    if not guaranteed_wanted(subject):
        return None
    problems = [
        Problem(
            f"{item.name}: Guaranteed QoS needs equal requests and limits of CPU and memory.",
            path="resources",
            container=item.name,
        )
        for item in subject.containers
        if item.cpu_limit_millicores is None
        or item.memory_limit_bytes is None
        or item.effective_cpu_request != item.cpu_limit_millicores
        or item.effective_memory_request != item.memory_limit_bytes
    ]
    return judge(subject, "P04", problems)


def not_best_effort(subject: Subject) -> Verdict:
    """P05: a pod without any amount is the first to be killed."""
    amounts = [
        (item.effective_cpu_request, item.effective_memory_request) for item in subject.containers
    ]
    problems = [] if any(map(any, amounts)) else [Problem("The pod requests nothing at all.")]
    return judge(subject, "P05", problems)


def cpu_limit_needed(subject: Subject) -> bool:
    """A LimitRange, a quota or Guaranteed QoS demands a CPU limit whatever the policy prefers."""
    cluster = subject.world.cluster
    quotas = cluster.quotas if cluster else ()
    return (
        guaranteed_wanted(subject)
        or any(item.max_cpu is not None for item in limit_ranges(subject))
        or any(item.max_cpu_limit_request_ratio is not None for item in limit_ranges(subject))
        or any(quota.remaining_limits_cpu is not None for quota in quotas)
    )


def cpu_limit_policy(subject: Subject) -> Verdict:
    """P06: forbid, optional or require; an admission that needs a limit is stronger than forbid."""
    policy = subject.world.limits.text("cpu_limits")
    if policy not in ("forbid", "require"):
        return None
    item = subject.main_container
    limit = item.cpu_limit_millicores
    problems = []
    if policy == "forbid" and limit is not None and not cpu_limit_needed(subject):
        problems.append(
            Problem(
                f"{item.name}: the policy forbids CPU limits, the plan sets {limit}m.",
                path="resources.limits.cpu",
                value=f"{limit}m",
                limit="not set",
                container=item.name,
            )
        )
    if policy == "require" and limit is None:
        problems.append(_missing(item, "CPU limit, which the policy requires", "limits.cpu"))
    return judge(subject, "P06", problems)


def memory_ratio(subject: Subject) -> Verdict:
    """P07: what is far above the request was never scheduled for."""
    most = subject.world.limits.number("memory_limit_request_ratio", subject.world.tier)
    if most is None:
        return None
    item = subject.main_container
    request, limit = item.memory_request_bytes, item.memory_limit_bytes
    problems = []
    if request and limit and limit > request * most:
        problems.append(
            Problem(
                f"{item.name}: the memory limit is {limit / request:.1f} times the request; tier "
                f"{subject.world.tier.value} allows {most:g}.",
                path="resources.requests.memory",
                value=f"{limit / request:.2f}",
                limit=f"{most:g}",
                container=item.name,
            )
        )
    return judge(subject, "P07", problems)


def limit_range_admits(subject: Subject) -> Verdict:
    """P08: admission refuses a container outside of the namespace's LimitRange."""
    if subject.world.cluster is None:
        return Skipped("P08", _NO_CLUSTER)
    if not limit_ranges(subject):
        return None
    problems = [
        problem
        for limit_range in limit_ranges(subject)
        for item in subject.containers
        for resource in ("cpu", "memory")
        for problem in _range_problems(limit_range, item, resource)
    ]
    return judge(subject, "P08", problems)


def quota_admits(subject: Subject) -> Verdict:
    """P09: the replicas and the surge of a rollout fit what the quota has left."""
    cluster = subject.world.cluster
    if cluster is None:
        return Skipped("P09", _NO_CLUSTER)
    if not cluster.quotas:
        return None
    count = subject.minimum_replicas if subject.scalable else 1
    needed = count + surge(subject, count)
    pod = pod_amounts(subject)
    problems = [
        Problem(
            f"{quota.name} admits {room} more pods of {_pod_text(pod)}; {count} replicas need "
            f"{needed} during a rollout.",
            path="replicas",
            value=str(needed),
            limit=str(room),
            fix=None if room else by_hand("raise_quota", quota.name, "0 pods", f"{needed} pods"),
        )
        for quota in cluster.quotas
        if (room := quota_room(subject, quota)) < needed
    ]
    return judge(subject, "P09", problems)


def namespace_chosen(subject: Subject) -> Verdict:
    """P10: quotas and policies of a team hang on its namespace."""
    reference, cluster = subject.component.workload, subject.world.cluster
    namespace = reference.namespace if reference else None
    namespace = namespace or (cluster.namespace if cluster else None)
    if namespace is None:
        return None
    problems = []
    if namespace == "default":
        problems.append(
            Problem(
                "The workload is in the namespace default.",
                path="metadata.namespace",
                value="default",
                fix=by_hand("move_namespace", "metadata.namespace", "default", "a namespace"),
            )
        )
    return judge(subject, "P10", problems)


def priority_class(subject: Subject) -> Verdict:
    """P11: under pressure the scheduler makes room for the important ones only if told."""
    if subject.workload is None or not at_least(subject.world.tier, Criticality.CRITICAL):
        return None
    name = text(subject.pod.get("priorityClassName"))
    cluster = subject.world.cluster
    known = cluster.priority_classes if cluster else None
    problems = []
    if not name or (known is not None and name not in known and not name.startswith("system-")):
        problems.append(
            Problem(
                f"The priority class {name!r} does not exist in the cluster."
                if name
                else "A critical component has no priority class.",
                path="spec.priorityClassName",
                value=name or "not set",
                limit=", ".join(known or ()),
                fix=by_hand("set_priority_class", "priorityClassName", name, "an existing class"),
            )
        )
    return judge(subject, "P11", problems)


def image_fixed(subject: Subject) -> Verdict:
    """P12: numbers hold for one image; ``latest`` is another one tomorrow."""
    images = {
        item.name: text(mapping(item.document).get("image"))
        for item in subject.containers
        if mapping(item.document).get("image")
    }
    if not images:
        return None
    problems = []
    for name, image in images.items():
        if "@sha256:" in image:
            continue
        found = _TAG.search(image.rsplit("/", 1)[-1])
        tag = found["tag"] if found else ""
        if tag and tag != "latest":
            continue
        problems.append(
            Problem(
                f"{name}: the image has {'the tag latest' if tag else 'no tag'}; what was sized "
                "is not what runs tomorrow.",
                path="image",
                value=image[:200],
                container=name,
                # In a repository the tag is often filled in by the delivery pipeline.
                severity=Severity.INFO if not tag else None,
                fix=by_hand("fix_image_tag", "image", tag or "no tag", "a version or digest"),
            )
        )
    return judge(subject, "P12", problems)


def required_labels(subject: Subject) -> Verdict:
    """P13: costs are charged by label."""
    wanted = [name.strip() for name in subject.world.limits.text("required_labels").split(",")]
    wanted = [name for name in wanted if name]
    if not wanted or subject.workload is None:
        return None
    present = labels(subject.workload) | mapping(
        at(pod_template(subject.workload), "metadata", "labels")
    )
    problems = [
        Problem(
            f"The required label {name} is missing.",
            path=f"metadata.labels.{name}",
            value="not set",
            fix=by_hand("add_label", f"metadata.labels.{name}", "not set", "its value"),
        )
        for name in wanted
        if name not in present
    ]
    return judge(subject, "P13", problems)


def ceilings(subject: Subject) -> Verdict:
    """P14: an estimate gone wrong must not take the cluster."""
    limits, tier = subject.world.limits, subject.world.tier
    cpu = limits.whole("ceiling_cpu_millicores", tier)
    memory = limits.whole("ceiling_memory_mib", tier)
    count = limits.whole("ceiling_replicas", tier)
    if cpu is None and memory is None and count is None:
        return Skipped("P14", "the policy sets no ceilings")
    pod = pod_amounts(subject)
    rows = (
        ("cpu", max(pod.cpu_request, pod.cpu_limit or 0), cpu),
        ("memory", max(pod.memory_request, pod.memory_limit or 0), memory and memory * MIB),
    )
    problems = [
        Problem(
            f"The pod's {resource} {amount_text(resource, value)} is above the tier's ceiling "
            f"{amount_text(resource, most)}.",
            path=f"resources.limits.{resource}",
            value=amount_text(resource, value),
            limit=amount_text(resource, most),
        )
        for resource, value, most in rows
        if most is not None and value > most
    ]
    if subject.scalable and count is not None and subject.maximum_replicas > count:
        problems.append(
            Problem(
                f"{subject.maximum_replicas} replicas are above the tier's ceiling {count}.",
                path="replicas",
                value=str(subject.maximum_replicas),
                limit=str(count),
            )
        )
    return judge(subject, "P14", problems)


def _missing(item: ContainerView, what: str, path: str) -> Problem:
    return Problem(f"{item.name}: no {what}.", path=path, value="not set", container=item.name)


def _pod_text(pod: PodAmounts) -> str:
    return f"{pod.cpu_request}m CPU and {amount_text('memory', pod.memory_request)}"


def _range_problems(
    limit_range: LimitRangeFacts, item: ContainerView, resource: str
) -> list[Problem]:
    low, high = range_of(limit_range, resource)
    cpu = resource == "cpu"
    request = item.effective_cpu_request if cpu else item.effective_memory_request
    limit = item.cpu_limit_millicores if cpu else item.memory_limit_bytes
    ratio = ratio_of(limit_range, resource)
    wrong: list[tuple[str, int | None, str]] = []
    if low is not None and request < low:
        wrong.append(("request", request, f"the minimum {amount_text(resource, low)}"))
    if high is not None and request > high:
        wrong.append(("request", request, f"the maximum {amount_text(resource, high)}"))
    if high is not None and (limit is None or limit > high):
        wrong.append(("limit", limit, f"the maximum {amount_text(resource, high)}"))
    if ratio is not None and (limit is None or limit > request * ratio):
        wrong.append(("limit", limit, f"{ratio:g} times the request"))
    return [
        Problem(
            f"{item.name}: {limit_range.name} admits no {resource} {name} of "
            f"{amount_text(resource, value)}; it asks for {bound}.",
            path=f"resources.{name}s.{resource}",
            value=amount_text(resource, value),
            limit=bound,
            container=item.name,
        )
        for name, value, bound in wrong
    ]


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("P01", memory_limits_set),
    ("P02", requests_set),
    ("P03", memory_limit_equals_request),
    ("P04", guaranteed_qos),
    ("P05", not_best_effort),
    ("P06", cpu_limit_policy),
    ("P07", memory_ratio),
    ("P08", limit_range_admits),
    ("P09", quota_admits),
    ("P10", namespace_chosen),
    ("P11", priority_class),
    ("P12", image_fixed),
    ("P13", required_labels),
    ("P14", ceilings),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
