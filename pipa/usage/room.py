"""What the cluster admits: LimitRange and the largest node."""

from __future__ import annotations

import math
from dataclasses import replace

from pipa.estimate import Estimate
from pipa.usage.case import Subject
from pipa.usage.change import Wanted
from pipa.words import mib, millicores
from schemas.quantities import MIB
from schemas.telemetry import Room

_PER_CORE = 1000


def needs_cpu_limit(room: Room) -> bool:
    """A quota on limits, or a LimitRange that sets one, leaves no pod without."""
    return "limits.cpu" in room.quota or "default.cpu" in room.limit_range


def admitted(subject: Subject, wanted: Wanted, resource: str) -> Wanted:
    """The number inside what LimitRange and the largest node admit, with a step when it was not.

    Args:
        subject: The container.
        wanted: Millicores or bytes.
        resource: ``cpu`` or ``memory``.
    """
    room = subject.case.history.room
    factor = _PER_CORE if resource == "cpu" else 1
    nodes = room.node_cpu_cores if resource == "cpu" else room.node_memory_bytes
    least = _usable(room.limit_range.get(f"min.{resource}")) or 0.0
    bounds = (room.limit_range.get(f"max.{resource}"), max(nodes, default=None))
    most = min((bound for item in bounds if (bound := _usable(item))), default=math.inf)
    low, high = least * factor, max(most, least) * factor
    target = wanted.estimate.target
    if low <= target <= high:
        return wanted
    fitted = min(max(target, low), high)
    said = (millicores(target), millicores(fitted))
    if resource == "memory":
        said = (mib(target / MIB), mib(fitted / MIB))
    text = f"{said[0]} are wanted, {said[1]} is what LimitRange and nodes admit."
    subject.step(resource, text, ("room",))
    estimate = wanted.estimate
    bounded = Estimate(min(estimate.low, fitted), fitted, max(min(estimate.high, high), fitted))
    return replace(wanted, estimate=bounded, urgent=wanted.urgent or fitted > target)


def _usable(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > 0 else None
