"""Setting amounts and counts so that the plan stays whole: numbers, intervals, containers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rva.documents import ContainerView
from rva.subject import Subject
from schemas.plan import (
    Amounts,
    ComponentPlan,
    ContainerPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    Resources,
)
from schemas.quantities import MIB, Bytes, Millicores


@dataclass(frozen=True, slots=True)
class Four:
    """The four amounts of one container; None is "not set"."""

    cpu_request: int | None
    memory_request: int | None
    cpu_limit: int | None
    memory_limit: int | None


def four_of(view: ContainerView) -> Four:
    """The amounts of a container as it will stand."""
    return Four(
        view.cpu_request_millicores,
        view.memory_request_bytes,
        view.cpu_limit_millicores,
        view.memory_limit_bytes,
    )


def main_four(plan: ComponentPlan) -> Four:
    """The planned amounts of the main container."""
    return _four(plan.resources)


def with_four(subject: Subject, container: str, wanted: Four) -> ComponentPlan | None:
    """The plan with other amounts for one container.

    The main container's intervals follow their numbers. A container that the plan does not name
    yet is added with what its manifest says.

    Returns:
        None when nothing changes.
    """
    plan = subject.plan
    resources = resources_of(wanted)
    if container == subject.main:
        if resources == plan.resources:
            return None
        return synced(plan.model_copy(update={"resources": resources}))
    extras = list(plan.extra_containers)
    for index, extra in enumerate(extras):
        if extra.name == container:
            if extra.resources == resources:
                return None
            extras[index] = extra.model_copy(update={"resources": resources})
            return plan.model_copy(update={"extra_containers": tuple(extras)})
    view = next((item for item in subject.containers if item.name == container), None)
    if view is None or (four_of(view) == wanted and not view.invalid):
        return None
    added = ContainerPlan(name=container, init=view.init, resources=resources)
    return plan.model_copy(update={"extra_containers": (*extras, added)})


def with_memory_limit(subject: Subject, amount: int) -> ComponentPlan | None:
    """The plan with another memory limit of the main container; None when nothing changes."""
    return with_four(subject, subject.main, replace(main_four(subject.plan), memory_limit=amount))


def with_replicas(subject: Subject, count: int) -> ComponentPlan | None:
    """The plan with another number of replicas, autoscaler included; None when nothing changes."""
    plan = subject.plan
    scaling = plan.autoscaling
    if scaling is not None:
        low, high = min(scaling.min_replicas, max(1, count)), max(scaling.max_replicas, count)
        scaling = scaling.model_copy(update={"min_replicas": low, "max_replicas": high})
    changed = synced(plan.model_copy(update={"replicas": count, "autoscaling": scaling}))
    return None if changed == plan else changed


def with_variable(plan: ComponentPlan, name: str, value: str) -> ComponentPlan | None:
    """The plan with one runtime variable set; None when nothing changes."""
    if plan.runtime_env.get(name) == value:
        return None
    return plan.model_copy(update={"runtime_env": {**plan.runtime_env, name: value}})


def synced(plan: ComponentPlan) -> ComponentPlan:
    """The plan with each interval moved and widened as far as its number needs."""
    ranges, four = plan.intervals, main_four(plan)
    cpu_limit = ranges.cpu_limit
    if cpu_limit is not None and four.cpu_limit is not None:
        cpu_limit = _cpu(cpu_limit, four.cpu_limit)
    return plan.model_copy(
        update={
            "intervals": Intervals(
                replicas=_count(ranges.replicas, plan.replicas),
                cpu_request=_cpu(ranges.cpu_request, four.cpu_request),
                memory_request=_memory(ranges.memory_request, four.memory_request),
                cpu_limit=cpu_limit,
                memory_limit=_memory(ranges.memory_limit, four.memory_limit),
            )
        }
    )


def friendly_memory(amount: float) -> int:
    """Bytes rounded up to what people write: whole MiB, from 128 on 16, from 1024 on 64 MiB.

    >>> friendly_memory(1240 * MIB) // MIB
    1280
    """
    mib = -(-int(amount) // MIB)
    step = 1 if mib <= 128 else 16 if mib <= 1024 else 64
    return -(-mib // step) * step * MIB


def _count(interval: CountInterval, value: int) -> CountInterval:
    return CountInterval(low=min(interval.low, value), target=value, high=max(interval.high, value))


def _cpu(interval: CpuInterval, value: int | None) -> CpuInterval:
    if value is None:
        return interval
    low, high = min(interval.low, value), max(interval.high, value)
    return CpuInterval(low=Millicores(low), target=Millicores(value), high=Millicores(high))


def _memory(interval: MemoryInterval, value: int | None) -> MemoryInterval:
    if value is None:
        return interval
    low, high = min(interval.low, value), max(interval.high, value)
    return MemoryInterval(low=Bytes(low), target=Bytes(value), high=Bytes(high))


def _four(resources: Resources) -> Four:
    return Four(
        resources.requests.cpu,
        resources.requests.memory,
        resources.limits.cpu,
        resources.limits.memory,
    )


def resources_of(four: Four) -> Resources:
    """Four amounts as requests and limits."""
    return Resources(
        requests=_amounts(four.cpu_request, four.memory_request),
        limits=_amounts(four.cpu_limit, four.memory_limit),
    )


def _amounts(cpu: int | None, memory: int | None) -> Amounts:
    return Amounts(
        cpu=None if cpu is None else Millicores(cpu),
        memory=None if memory is None else Bytes(memory),
    )
