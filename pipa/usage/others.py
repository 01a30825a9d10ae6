"""Which container is the component's own, and the numbers of those beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipa.sidecars import size_extra_containers
from pipa.usage.case import Subject
from pipa.usage.container import decided, wanted_cpu, wanted_memory_of
from pipa.usage.measured import measure
from pipa.usage.seen import quantile
from pipa.words import mib, millicores
from schemas.context import Component
from schemas.errors import MetricsError
from schemas.plan import ContainerPlan
from schemas.quantities import MIB
from schemas.telemetry import ContainerHistory, WorkloadHistory

_PER_CORE = 1000
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MOST_OTHERS = 20


def main_container(component: Component, history: WorkloadHistory) -> ContainerHistory:
    """The container that runs the component.

    Named by the route, else by the manifest, else it has the component's or the workload's name,
    else it is the one that used the most memory.

    Raises:
        MetricsError: The one that the route or the manifest names has no history, or none has.
    """
    containers = history.containers
    route, workload = component.route, component.workload
    for name in (route.container if route else None, workload.container if workload else None):
        if name is not None and name in containers:
            return containers[name]
        if name is not None:
            raise MetricsError(f"container {name} of {history.key} has no usable history")
    for name in (component.name, history.key.name):
        if name in containers:
            return containers[name]
    if not containers:
        raise MetricsError(f"no container of {history.key} has a usable history")
    return max(containers.values(), key=lambda item: (_weight(item), item.name))


def _weight(item: ContainerHistory) -> float:
    return quantile(item.memory_bytes, 0.5) if np.isfinite(item.memory_bytes).any() else 0.0


def size_others(
    subject: Subject, others: Mapping[str, Subject]
) -> tuple[tuple[ContainerPlan, ...], tuple[str, ...]]:
    """Plans for the other containers of the pod, and the names of numbers that stay.

    One that is in the manifest gets numbers from its own history; one that is injected at run time
    cannot be sized there, and is told; one without history gets the capacity model's when it has
    no requests at all.
    """
    case = subject.case
    workload = case.component.workload
    facts = {item.name: item for item in workload.containers} if workload else {}
    plans, kept, sized = [], [], set()
    for name in sorted(others)[:_MOST_OTHERS]:
        other = replace(others[name], label=f"Container {shown(name)}: ")
        if not (other.seen.cpu and other.seen.memory):
            continue
        if name not in facts:
            _say_injected(other)
            continue
        plan, stays = _size(other, init=facts[name].init or facts[name].sidecar)
        sized.add(name)
        kept += stays
        if plan is not None:
            plans.append(plan)
    if workload is None:
        return (), ()
    left = tuple(item for item in workload.containers if item.name not in sized)
    rest = case.component.model_copy(
        update={"workload": workload.model_copy(update={"containers": left})}
    )
    return (*plans, *size_extra_containers(rest, case.sheet)), tuple(kept)


def _size(subject: Subject, *, init: bool) -> tuple[ContainerPlan | None, list[str]]:
    """The plan of one container; None when all of its numbers stay."""
    found = measure(subject)
    cpu = wanted_cpu(subject, found, droppable=False)
    memory = wanted_memory_of(subject, found)
    if cpu is None or memory is None:
        return None, []
    numbers = decided(subject, cpu, memory)
    name = subject.container.name
    kept = [f"{name}.{item}" for item in numbers.kept]
    if not any(item.changes for item in numbers.each().values()):
        return None, kept
    return ContainerPlan(name=name, init=init, resources=numbers.resources), kept


def _say_injected(subject: Subject) -> None:
    cpu = quantile(subject.container.cpu_cores, 0.95) * _PER_CORE
    memory = subject.signals.peak_bytes / MIB
    text = (
        f"it runs in the pods but is not in the manifest, so who injects it sizes it; it uses"
        f" {millicores(cpu)} (p95) and up to {mib(memory)}."
    )
    subject.step("demand", text, ("cpu", "memory"))


def shown(name: str) -> str:
    """A container's name as it may stand in a sentence; what is no DNS label came from elsewhere.

    >>> shown("istio-proxy"), shown("x](http://e)")
    ('istio-proxy', '(unnamed)')
    """
    return name if _LABEL.fullmatch(name) else "(unnamed)"
