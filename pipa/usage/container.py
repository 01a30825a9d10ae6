"""The four numbers of one container: wanted, fitted into the cluster, held against the present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipa.usage.case import Subject
from pipa.usage.change import (
    Decision,
    Outcome,
    Round,
    Wanted,
    decide,
    friendly_cpu,
    friendly_memory,
)
from pipa.usage.cpu_numbers import CpuWanted, raised, scaled, wanted_limit, wanted_request
from pipa.usage.measured import Measured
from pipa.usage.memory_numbers import MemoryWanted, wanted_memory
from pipa.usage.room import admitted
from pipa.usage.seen import quantile
from pipa.words import mib, millicores
from schemas.plan import Amounts, Resources
from schemas.quantities import MIB, Bytes, Millicores

NAMES = ("cpu_request", "memory_request", "cpu_limit", "memory_limit")
_PER_CORE = 1000


@dataclass(frozen=True, slots=True)
class Numbers:
    """The four numbers of one container as they are proposed; the CPU limit may be unset."""

    cpu_request: Decision
    memory_request: Decision
    cpu_limit: Decision | None
    memory_limit: Decision

    def each(self) -> Mapping[str, Decision]:
        """Those that are set, by name."""
        found = {name: getattr(self, name) for name in NAMES}
        return {name: item for name, item in found.items() if item is not None}

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of numbers that stay although others were wanted."""
        return tuple(name for name, item in self.each().items() if item.kept)

    @property
    def resources(self) -> Resources:
        """As Kubernetes takes them."""
        cpu_limit = None if self.cpu_limit is None else Millicores(self.cpu_limit.value)
        return Resources(
            requests=Amounts(
                cpu=Millicores(self.cpu_request.value), memory=Bytes(self.memory_request.value)
            ),
            limits=Amounts(cpu=cpu_limit, memory=Bytes(self.memory_limit.value)),
        )


def wanted_cpu(subject: Subject, measured: Measured, *, droppable: bool) -> CpuWanted | None:
    """CPU as signals and core want it; None when no CPU was measured."""
    if measured.cpu_request is None:
        return None
    request = wanted_request(subject, measured.cpu_request)
    core = (measured.cpu_limit, measured.limit_text)
    limit = wanted_limit(subject, core, request, droppable=droppable)
    if limit is not None and guaranteed(subject):
        least = quantile(subject.container.cpu_cores, 0.99) * _PER_CORE
        both = raised(request.estimate, least)
        text = (
            "Requests equal limits today (Guaranteed) and stay so; with p99 of use the CPU of both"
            f" is {millicores(both.target)}."
        )
        subject.step("cpu", text, ("requests", "cpu"))
        request = replace(request, estimate=both)
        limit = replace(limit, estimate=both)
    return CpuWanted(request, limit)


def wanted_memory_of(subject: Subject, measured: Measured) -> MemoryWanted | None:
    """Memory as signals and core want it; None when no memory was measured."""
    if measured.memory_request is None or measured.memory_limit is None:
        return None
    wanted = wanted_memory(
        subject, measured.memory_request, measured.memory_limit, measured.resident
    )
    if guaranteed(subject):
        wanted = replace(wanted, request=wanted.limit)
    return wanted


def guaranteed(subject: Subject) -> bool:
    """Requests and limits in force are equal for CPU and memory."""
    item = subject.container
    return (
        item.cpu_request_cores is not None
        and item.cpu_request_cores == item.cpu_limit_cores
        and item.memory_request_bytes is not None
        and item.memory_request_bytes == item.memory_limit_bytes
    )


def decided(subject: Subject, cpu: CpuWanted, memory: MemoryWanted, share: float = 1.0) -> Numbers:
    """The numbers as they are proposed, with a step for each.

    Args:
        subject: The container.
        cpu: Wanted CPU at the present number of pods.
        memory: Wanted memory.
        share: CPU of one pod at the planned number of pods over that at the present one.
    """
    item = subject.container
    request, limit = cpu.request, cpu.limit
    if share > 1:
        request, limit = scaled(request, share), None if limit is None else scaled(limit, share)
        memory = _not_lowered(memory)
    cpu_request = _decided(subject, "CPU request", request, item.cpu_request_cores)
    cpu_limit = None
    if limit is not None:
        cpu_limit = _decided(subject, "CPU limit", limit, item.cpu_limit_cores, cpu_request)
    memory_request = _decided(subject, "Memory request", memory.request, item.memory_request_bytes)
    memory_limit = _decided(
        subject, "Memory limit", memory.limit, item.memory_limit_bytes, memory_request
    )
    return Numbers(cpu_request, memory_request, cpu_limit, memory_limit)


def _not_lowered(memory: MemoryWanted) -> MemoryWanted:
    why = "fewer pods will carry more each"
    return MemoryWanted(
        replace(memory.request, no_decrease=memory.request.no_decrease or why),
        replace(memory.limit, no_decrease=memory.limit.no_decrease or why),
    )


def _decided(
    subject: Subject,
    name: str,
    wanted: Wanted,
    present: float | None,
    request: Decision | None = None,
) -> Decision:
    """One number: fitted, decided, not below its request, and told."""
    cpu = name.startswith("CPU")
    wanted = admitted(subject, wanted, "cpu" if cpu else "memory")
    now = present * _PER_CORE if cpu and present is not None else present
    rounded: Round = friendly_cpu if cpu else friendly_memory
    decision = decide(wanted, now, rounded, subject.case.settings)
    if request is not None and decision.value < request.value:
        decision = replace(
            decision,
            value=request.value,
            low=min(decision.low, request.value),
            high=max(decision.high, request.value),
            outcome=Outcome.RAISED,
            why="not below the request",
        )
    about = "cpu" if cpu else "memory"
    parts = ("requests", about) if decision.now is not None else (about,)
    subject.step(about, _told(name, decision, cpu=cpu), parts)
    return decision


def _told(name: str, decision: Decision, *, cpu: bool) -> str:
    def amount(value: int) -> str:
        return millicores(value) if cpu else mib(value / MIB)

    text = f"{name} {amount(decision.value)}"
    if decision.now is None:
        return f"{text}; none is known to be set now."
    if decision.kept:
        text += f" stays ({amount(decision.wanted)} would follow from use)"
    elif decision.outcome is not Outcome.SAME:
        text += f", now {amount(decision.now)}"
    return f"{text}: {decision.why}." if decision.why else f"{text}."
