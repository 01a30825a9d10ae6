"""The four sizes of a pod and the number of pods, changed together whoever computed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipa.cpu import CpuSizing
from pipa.estimate import Estimate
from pipa.memory import MemorySizing
from pipa.replicas import Bounds
from schemas.plan import CountInterval


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the rules of a product, or of the app's own code, gave."""

    cpu: CpuSizing
    memory: MemorySizing
    bounds: Bounds

    def amounts(self) -> dict[str, Estimate]:
        """The sizes by the name of their number, in millicores and MiB."""
        return {
            "cpu_request": self.cpu.request,
            "memory_request": self.memory.request,
            "cpu_limit": self.cpu.limit,
            "memory_limit": self.memory.limit,
        }

    def with_amounts(self, amounts: Mapping[str, Estimate]) -> Sizing:
        """The same with other sizes.

        Where request and limit were alike (the guaranteed class), the larger one is both.
        """
        cpu = _pair(self.cpu.request, self.cpu.limit, amounts, "cpu")
        memory = _pair(self.memory.request, self.memory.limit, amounts, "memory")
        return replace(
            self,
            cpu=replace(self.cpu, request=cpu[0], limit=cpu[1]),
            memory=MemorySizing(*memory),
        )

    def with_count(self, wanted: int) -> Sizing:
        """The same with another number of pods, as far as the bounds allow it."""
        count = self.bounds.fit(wanted)
        old = self.cpu.replicas
        replicas = CountInterval(low=min(old.low, count), target=count, high=max(old.high, count))
        return replace(self, cpu=replace(self.cpu, replicas=replicas))


def _pair(
    request: Estimate, limit: Estimate, amounts: Mapping[str, Estimate], resource: str
) -> tuple[Estimate, Estimate]:
    new_request = amounts.get(f"{resource}_request", request)
    new_limit = amounts.get(f"{resource}_limit", limit)
    if request.target == limit.target:
        both = new_request.maximum(new_limit)
        return both, both
    return new_request, new_limit
