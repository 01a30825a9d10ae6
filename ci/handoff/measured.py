"""What a component's own workload used, in one line."""

from __future__ import annotations

from collections.abc import Iterator

from ci.handoff.amounts import cpu_text, memory_text, share_text, three_digits
from ci.handoff.plain import line, wrapped
from schemas.prose import defused
from schemas.recommendation import ComponentRecommendation
from schemas.usage import UsageSummary

NUMBERS = {
    "cpu_request": "CPU request",
    "cpu_limit": "CPU limit",
    "memory_request": "memory request",
    "memory_limit": "memory limit",
    "replicas": "replicas",
}
"""The numbers of a plan, by the names that contracts use."""


def measured_text(item: ComponentRecommendation) -> str:
    """The usage of one component; empty without history.

    ``14.0 days, 3 pods, CPU p95 120m, max 300m; memory max 210Mi; throttled 2 %; 1 OOM kill at
    256Mi``. What was not read is not in it.
    """
    usage = item.usage
    return "" if usage is None else "; ".join(_parts(usage))


def kept_text(item: ComponentRecommendation) -> str:
    """The numbers that were left as they are; empty when there are none."""
    return ", ".join(NUMBERS.get(name, line(name, 60)) for name in item.kept)


def measured_lines(item: ComponentRecommendation) -> Iterator[str]:
    """For `explain`: what was measured, where, what could not be read, and what was kept."""
    usage = item.usage
    if usage is not None:
        yield from wrapped(f"measured: {measured_text(item)}", "", "  ")
        # Labels of the cluster, which may hold anything.
        workload, container = defused(str(usage.workload)), defused(usage.container)
        where = f"{line(workload, 300)}, container {line(container, 100)}"
        covered = share_text(usage.coverage)
        yield from wrapped(
            f"by {line(usage.origin, 300)}: {where}; {covered} of the time covered", "  ", "    "
        )
        for what in usage.missing:
            yield from wrapped(f"not read: {line(what)}", "  ", "    ")
    if item.kept:
        yield from wrapped(f"kept as it is: {kept_text(item)}", "", "  ")


def plural(count: int, noun: str) -> str:
    """``1 pod``, ``3 pods``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _parts(usage: UsageSummary) -> Iterator[str]:
    seen = f"{usage.days:.1f} days, {plural(usage.pods, 'pod')}"
    if usage.cpu_cores is not None:
        seen += (
            f", CPU p95 {cpu_text(usage.cpu_cores.p95)}, max {cpu_text(usage.cpu_cores.maximum)}"
        )
    yield seen
    if usage.memory_bytes is not None:
        yield f"memory max {memory_text(usage.memory_bytes.maximum)}"
    if usage.throttled_share is not None:
        yield f"throttled {share_text(usage.throttled_share)}"
    if usage.oom_kills:
        limit = usage.oom_limit_bytes
        where = f" at {memory_text(limit)}" if limit is not None else ""
        yield plural(usage.oom_kills, "OOM kill") + where
    if usage.requests_per_second is not None:
        yield f"load p95 {three_digits(usage.requests_per_second.p95)} requests/s"
