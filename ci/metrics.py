"""The ``metrics`` command: what a server or a file has, and a copy of it in a file."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.clock import SystemClock
from adapters.settings import load_settings
from ci.handoff.measured import plural
from ci.handoff.plain import line
from ci.metrics_flags import metrics_file, with_server
from ci.report.write import write_whole
from pipeline.metrics import open_metrics
from schemas.errors import MetricsError, UsageError
from schemas.usage import WorkloadKey

if TYPE_CHECKING:
    from schemas.telemetry import MetricsSource, WorkloadListing

_NEAREST = 3


def metrics(arguments: argparse.Namespace) -> int:
    """List or export; returns the exit code.

    Raises:
        UsageError: Two sources, none, or a workload that the source does not have.
        MetricsError: The server does not answer, or has nothing of what was asked.
        OutputError: The file cannot be written.
    """
    settings = with_server(load_settings(), arguments.prometheus_url)
    source = open_metrics(settings, SystemClock(), metrics_file(arguments))
    listings = source.workloads()
    if arguments.namespace is not None:
        listings = tuple(item for item in listings if item.key.namespace == arguments.namespace)
    if arguments.action == "list":
        return _list(listings, arguments.format)
    return _export(source, listings, arguments)


def _list(listings: Sequence[WorkloadListing], format_: str) -> int:
    if format_ == "json":
        told = [
            {
                "workload": str(item.key),
                "containers": list(item.containers),
                "images": list(item.images),
                "days": round(item.days, 2),
                "pods": item.pods,
            }
            for item in listings
        ]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return 0
    if not listings:
        sys.stderr.write("no workload with any history\n")
        return 0
    rows = [("workload", "containers", "days", "pods")]
    rows += [
        (str(item.key), ", ".join(item.containers), f"{item.days:.1f}", str(item.pods))
        for item in listings
    ]
    safe = [tuple(line(cell, 200) for cell in row) for row in rows]
    widths = [max(len(row[n]) for row in safe) for n in range(len(safe[0]))]
    for row in safe:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    return 0


def _export(
    source: MetricsSource, listings: Sequence[WorkloadListing], arguments: argparse.Namespace
) -> int:
    from adapters.metrics_file.export import write_export
    from schemas.telemetry import WorkloadHistory

    keys = _wanted(arguments, listings)
    histories = source.read(keys)
    found = [item for key in keys if isinstance(item := histories[key], WorkloadHistory)]
    for key in keys:
        item = histories[key]
        if not isinstance(item, WorkloadHistory):
            sys.stderr.write(f"warning: {line(f'{key}: {item.reason}', 500)}\n")
    if not found:
        raise MetricsError("nothing was exported: no workload has a usable history")
    out = Path(arguments.out)
    write_whole(out, write_export(found, source.origin, packed=out.suffix == ".gz"))
    sys.stderr.write(f"wrote {plural(len(found), 'workload')} to {out}\n")
    return 0


def _wanted(
    arguments: argparse.Namespace, listings: Sequence[WorkloadListing]
) -> tuple[WorkloadKey, ...]:
    """The workloads that were named, or all of a namespace.

    Raises:
        UsageError: Neither was given, or the source does not have one of them.
    """
    known = {str(item.key).lower(): item.key for item in listings}
    if not arguments.workload:
        if arguments.namespace is None:
            raise UsageError(
                "metrics export does not say what to export",
                hint="Give --workload NAMESPACE/KIND/NAME (`metrics list` has them), or "
                "--namespace.",
            )
        return tuple(item.key for item in listings)
    keys = []
    for text in arguments.workload:
        key = known.get(text.strip().lower())
        if key is None:
            near = difflib.get_close_matches(text.lower(), list(known)[:5000], _NEAREST)
            hint = ", ".join(str(known[name]) for name in near)
            raise UsageError(
                f"the metrics source has nothing of {line(text, 200)}",
                hint=f"It has {hint}." if hint else "`ai-provision metrics list` has all.",
            )
        keys.append(key)
    return tuple(dict.fromkeys(keys))
