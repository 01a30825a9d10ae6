"""``knowledge telemetry``: what running workloads used, remembered for others like them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.settings import Settings
from ci.handoff.plain import line
from ci.memory import moment
from knowledge.telemetry.index import Forget
from knowledge.telemetry.rows import Filter
from knowledge.telemetry.text import text_of
from pipeline.telemetry import open_telemetry
from schemas.errors import UsageError
from schemas.quantities import MIB
from schemas.usage import Slice, UsageSummary

_FILTERS = ("language", "framework", "role", "product")


def telemetry(settings: Settings, arguments: argparse.Namespace) -> int:
    """List, show or forget; returns the exit code.

    Raises:
        UsageError: Nothing is known of the workload, or a purge does not say of what.
        StoreError: The index cannot be read or written.
    """
    match arguments.telemetry_action:
        case "list":
            return _list(settings, arguments)
        case "show":
            return _show(settings, arguments)
        case _:
            return _purge(settings, arguments)


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    where: dict[str, Sequence[str]] = {"slice": (Slice.ALL.value,)}
    for name in _FILTERS:
        value = getattr(arguments, name)
        if value is not None:
            where[name] = (value.strip().lower(),)
    if arguments.repository is not None:
        where["repository"] = (arguments.repository,)
    found = _found(settings, where)
    if not found:
        sys.stderr.write("no usage is remembered\n")
    if arguments.format == "json":
        sys.stdout.write(_json(found))
    elif found:
        sys.stdout.write(_table([_row(usage) for usage in found]))
    return 0


def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    found = _found(settings, {"workload": (arguments.workload,)})
    if not found:
        raise UsageError(
            f"no usage of {line(arguments.workload, 200)} is remembered",
            code="telemetry.unknown_workload",
            hint="ai-provision knowledge telemetry list has all.",
        )
    if arguments.format == "json":
        sys.stdout.write(_json(found))
        return 0
    for usage in found:
        heading = f"{usage.container}, {usage.slice.value.replace('_', ' ')}"
        sys.stdout.write(f"{line(heading, 200)} (to {_day(usage)}, {usage.days:.1f} days)\n")
        sys.stdout.write(f"      {line(text_of(usage))}\n")
        for text in usage.missing:
            sys.stdout.write(f"      not known: {line(text)}\n")
    return 0


def _purge(settings: Settings, arguments: argparse.Namespace) -> int:
    what = Forget(arguments.workload, arguments.repository, moment(arguments.before))
    if what == Forget() and not arguments.all:
        raise UsageError(
            "knowledge telemetry purge does not say what to forget",
            hint="Give --workload, --repository or --before; or --all.",
        )
    count = open_telemetry(settings).purge(what)
    sys.stdout.write(f"{count} usage summaries forgotten\n")
    return 0


def _found(settings: Settings, where: Filter) -> Sequence[UsageSummary]:
    return open_telemetry(settings).find(where)


def _json(found: Sequence[UsageSummary]) -> str:
    return json.dumps([usage.model_dump(mode="json") for usage in found], indent=2) + "\n"


def _row(usage: UsageSummary) -> tuple[str, ...]:
    """Workload, container, stack, days, pods, CPU (p95), memory (most), load, and its end."""
    stack = usage.product or "/".join(w for w in (usage.language, usage.framework) if w) or "-"
    cpu, memory, rate = usage.cpu_cores, usage.memory_bytes, usage.requests_per_second
    return (
        str(usage.workload),
        usage.container,
        stack,
        usage.role or "-",
        f"{usage.days:.1f}",
        "-" if usage.replicas is None else f"{usage.replicas.p50:.0f}",
        "-" if cpu is None else f"{1000 * cpu.p95:.0f}m",
        "-" if memory is None else f"{memory.maximum / MIB:.0f}Mi",
        "-" if rate is None else f"{rate.p95:.4g}/s",
        _day(usage),
    )


_HEADINGS = ("workload", "container", "stack", "role", "days", "pods", "CPU p95", "memory max",
             "load p95", "until")  # fmt: skip


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    safe = [_HEADINGS, *(tuple(line(cell, 120) for cell in row) for row in rows)]
    widths = [max(len(row[n]) for row in safe) for n in range(len(_HEADINGS))]
    cells = (zip(row, widths, strict=True) for row in safe)
    return "".join("  ".join(f"{c:{w}}" for c, w in row).rstrip() + "\n" for row in cells)


def _day(usage: UsageSummary) -> str:
    # A time beyond the calendar comes from a wrong clock.
    seconds = min(max(usage.end_s, 0), 253_402_300_799)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
