"""What a short history says to a plan of the capacity model: it raises floors, and nothing else.

Too little was seen to size by it, but what was seen is a fact: a memory limit below the observed
peak, or a CPU request below the observed use, is known to be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipa.constants import Constants
from pipa.usage.change import friendly_cpu, friendly_memory
from pipa.usage.clean import cleaned
from pipa.usage.evidence import container_evidence
from pipa.usage.limits_hit import OomRules, killed, peak_of
from pipa.usage.others import main_container
from pipa.usage.seen import pooled, see
from pipa.usage.startup import starting
from pipa.words import mib, millicores
from schemas.context import Component
from schemas.evidence import Evidence
from schemas.plan import ComponentPlan, CpuInterval, MemoryInterval, ReasoningStep
from schemas.quantities import MIB
from schemas.telemetry import ContainerHistory, WorkloadHistory

_PER_CORE = 1000


def with_floors(
    plan: ComponentPlan, component: Component, history: WorkloadHistory, constants: Constants
) -> tuple[ComponentPlan, tuple[Evidence, ...]]:
    """The plan with no memory limit below the observed peak, nor a CPU request below observed use.

    Returns:
        The plan, with a step for each number that was raised, and the evidence that they cite.

    Raises:
        MetricsError: The history holds no container of the component.
    """
    history = cleaned(history)
    container = main_container(component, history)
    seen = see(container, history.grid)
    items = container_evidence(history, container, seen)
    floors = [
        floor
        for floor in (
            _cpu_floor(container, history, constants),
            _memory_floor(container),
            _limit_floor(container, constants),
        )
        if floor is not None
    ]
    steps: list[ReasoningStep] = []
    for floor in floors:
        raised = floor.raise_in(plan)
        if raised is None:
            continue
        plan = raised
        cited = tuple(items[part].id for part in floor.parts if part in items)
        number = len(plan.reasoning) + len(steps) + 1
        steps.append(
            ReasoningStep(number=number, about=floor.about, text=floor.text, evidence=cited)
        )
    if not steps:
        return plan, ()
    ids = {id_ for step in steps for id_ in step.evidence}
    evidence = tuple(item for item in items.values() if item.id in ids)
    plan = plan.model_copy(update={"reasoning": (*plan.reasoning, *steps)})
    return plan, evidence


@dataclass(frozen=True, slots=True)
class _Floor:
    """A number that is known to be too small below `least`."""

    about: str
    field: str
    """``cpu_request``, ``memory_request`` or ``memory_limit``."""
    least: int
    text: str
    parts: tuple[str, ...]

    def raise_in(self, plan: ComponentPlan) -> ComponentPlan | None:
        """The plan with the number raised; None when it is not below the floor."""
        requests, limits = plan.resources.requests, plan.resources.limits
        four = {
            "cpu_request": requests.cpu,
            "memory_request": requests.memory,
            "cpu_limit": limits.cpu,
            "memory_limit": limits.memory,
        }
        now = four[self.field]
        # A limit that is not set is above every floor; a request that is not set is below it.
        if (now or 0) >= self.least or (now is None and self.field == "memory_limit"):
            return None
        updated = {**four, self.field: self.least}
        above = self.field.replace("request", "limit")
        if (limit := four[above]) is not None:
            updated[above] = max(limit, self.least)
        return _with(plan, updated)


def _with(plan: ComponentPlan, four: dict[str, int | None]) -> ComponentPlan:
    """The plan with other amounts, its intervals around them."""
    ranges: dict[str, CpuInterval | MemoryInterval | None] = {
        name: _around(getattr(plan.intervals, name), four[name]) for name in four
    }
    requests = {"cpu": four["cpu_request"], "memory": four["memory_request"]}
    limits = {"cpu": four["cpu_limit"], "memory": four["memory_limit"]}
    resources = plan.resources.model_copy(
        update={
            "requests": plan.resources.requests.model_copy(update=requests),
            "limits": plan.resources.limits.model_copy(update=limits),
        }
    )
    intervals = plan.intervals.model_copy(update=ranges)
    return plan.model_copy(update={"resources": resources, "intervals": intervals})


def _around(
    interval: CpuInterval | MemoryInterval | None, value: int | None
) -> CpuInterval | MemoryInterval | None:
    if interval is None or value is None:
        return interval
    low, high = min(interval.low, value), max(interval.high, value)
    return interval.model_copy(update={"low": low, "target": value, "high": high})


def _cpu_floor(
    container: ContainerHistory, history: WorkloadHistory, constants: Constants
) -> _Floor | None:
    """p95 of what was used after the start; of all of it while nothing came after."""
    marks = starting(container, history, constants["usage.startup_seconds"].value)
    later = pooled(container.cpu_cores[~marks])
    used = later if later.size else pooled(container.cpu_cores)
    if not used.size:
        return None
    least = friendly_cpu(float(np.quantile(used, 0.95)) * _PER_CORE)
    text = f"The CPU request is at least {millicores(least)}, p95 of what little use was seen."
    return _Floor("cpu", "cpu_request", least, text, ("cpu",))


def _memory_floor(container: ContainerHistory) -> _Floor | None:
    used = pooled(container.memory_bytes)
    if not used.size:
        return None
    least = friendly_memory(float(np.median(used)))
    text = f"The memory request is at least {mib(least / MIB)}, the median of what was in use."
    return _Floor("memory", "memory_request", least, text, ("memory",))


def _limit_floor(container: ContainerHistory, constants: Constants) -> _Floor | None:
    """The peak with the room that a first peak needs, or above what it died at."""
    peak = peak_of(container)
    room = constants["usage.peak_room"].value
    oom = OomRules(
        constants["usage.oom_factor"].value,
        constants["usage.oom_least"].value * MIB,
        constants["usage.oom_repeated"].value,
    )
    dead = killed(container, oom)
    least = max(peak * room, dead.above_bytes if dead else 0.0)
    if least <= 0:
        return None
    text = f"{mib(peak / MIB)} was the peak of what was seen"
    if dead is not None:
        text += f", and it was OOM-killed at {mib(dead.at_bytes / MIB)}"
    amount = friendly_memory(least)
    text = f"{text}: the memory limit is at least {mib(amount / MIB)}."
    return _Floor("memory", "memory_limit", amount, text, ("memory", "oom_kills"))
