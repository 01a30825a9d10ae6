"""The core's four estimates of one container, in the units of a plan: millicores and bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pipa.estimate import Estimate
from pipa.usage.case import Subject
from pipa.usage.confidence import widened
from pipa.usage.core import Risk, UsageSizes, usage_sizes
from pipa.usage.seen import DAY_S
from schemas.errors import MetricsError
from schemas.telemetry import ContainerHistory

_PER_CORE = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """What the core makes of one container; None is "not measured" (for a limit: not set)."""

    cpu_request: Estimate | None
    cpu_limit: Estimate | None
    memory_request: Estimate | None
    memory_limit: Estimate | None
    resident: Estimate | None
    """Memory request for what is resident alone, where that is known."""
    limit_text: str = ""
    """Where the CPU limit comes from; for the step that is written when one is proposed."""


def measure(subject: Subject) -> Measured:
    """Run the core, and write its reasons as steps."""
    sizes = _sizes(subject, subject.container)
    limit_text = ""
    for reason in sizes.reasons:
        if reason.about == "cpu_limit":
            limit_text = reason.text
            continue
        about = "cpu" if reason.about.startswith("cpu") else "memory"
        subject.step(about, reason.text, (about,))
    cpu, memory = subject.seen.cpu, subject.seen.memory
    return Measured(
        _estimate(subject, sizes.cpu_request, _PER_CORE) if cpu else None,
        _estimate(subject, sizes.cpu_limit, _PER_CORE) if cpu else None,
        _estimate(subject, sizes.memory_request, 1) if memory else None,
        _estimate(subject, sizes.memory_limit, 1) if memory else None,
        _resident(subject) if memory else None,
        limit_text,
    )


def _sizes(subject: Subject, container: ContainerHistory) -> UsageSizes:
    horizon_s = subject.figure("review_days") * DAY_S
    risk = Risk(subject.case.settings.risk)
    return usage_sizes(container, subject.case.history.grid, risk=risk, horizon_s=horizon_s)


def _resident(subject: Subject) -> Estimate | None:
    """The request that the resident part alone would ask for."""
    rss = subject.container.rss_bytes
    if rss is None:
        return None
    alone = replace(subject.container, memory_bytes=rss, peak_bytes=None, oom_kills=())
    return _estimate(subject, _sizes(subject, alone).memory_request, 1)


def _estimate(subject: Subject, found: object, unit: float) -> Estimate | None:
    """Three bounds in the units of a plan, as wide as the days seen leave them; None for none."""
    if found is None:
        return None
    bounds = [float(getattr(found, name)) * unit for name in ("low", "target", "high")]
    if not all(math.isfinite(value) and value >= 0 for value in bounds):
        raise MetricsError("the usage model came to no finite number")
    low, target, high = bounds
    return widened(Estimate(low, target, high), subject.seen.effective_days)
