"""The ``feedback`` and ``memory`` commands: how decisions turned out, and what is remembered."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.clock import SystemClock
from adapters.settings import load_settings
from ci.handoff.plain import line
from knowledge.memory import Feedback
from pipeline.memory import open_memory, open_store
from schemas.errors import OutputError, UsageError
from schemas.knowledge import DecidedSize, Decision, Outcome
from schemas.ports import DecisionFilter
from schemas.quantities import cpu_millicores, format_cpu, format_memory, memory_bytes

_A = TypeVar("_A")
_B = TypeVar("_B")


def feedback(arguments: argparse.Namespace) -> int:
    """Mark a run, or one component of it; returns the exit code.

    Raises:
        UsageError: An unknown run, or nothing said about it.
        QuantityError: A measurement that is no amount.
        StoreError: The store cannot be read or written.
    """
    measured = None
    if arguments.cpu_p95 is not None or arguments.memory_peak is not None:
        measured = DecidedSize(
            cpu_request=_optional(cpu_millicores, arguments.cpu_p95),
            memory_request=_optional(memory_bytes, arguments.memory_peak),
        )
    outcome = Outcome(arguments.outcome) if arguments.outcome else None
    said = Feedback(outcome, measured, arguments.note)
    marked = open_memory(load_settings(), SystemClock()).mark(
        arguments.run, arguments.component, said
    )
    for decision in marked:
        word = decision.outcome.value if decision.outcome else "unknown"
        sys.stdout.write(f"{decision.run} {decision.component}: {word}\n")
    return 0


def memory(arguments: argparse.Namespace) -> int:
    """List, export or forget decisions; returns the exit code.

    Raises:
        UsageError: A purge without any condition.
        StoreError: The store cannot be read or written.
        OutputError: The export cannot be written.
    """
    store = open_store(load_settings())
    where = DecisionFilter(
        run=arguments.run,
        component=arguments.component,
        repository=arguments.repository,
        before=moment(arguments.before),
    )
    if arguments.action == "purge":
        if where == DecisionFilter() and not arguments.all:
            raise UsageError(
                "memory purge does not say what to forget",
                hint="Give --run, --component, --repository or --before; or --all.",
            )
        sys.stdout.write(f"{store.delete(where)} decisions forgotten\n")
        return 0
    found = store.find(where)
    if arguments.action == "export":
        _export(found, arguments.file)
        return 0
    if not found:
        sys.stderr.write("no decision is remembered\n")
    elif arguments.format == "json":
        sys.stdout.write(json.dumps([d.model_dump(mode="json") for d in found], indent=2) + "\n")
    else:
        _show(found)
    return 0


def _export(found: Sequence[Decision], file: str) -> None:
    lines = "".join(decision.model_dump_json() + "\n" for decision in found)
    if file == "-":
        sys.stdout.write(lines)
        return
    path = Path(file)
    try:
        # Whole or not at all, and for its owner only, as the store itself.
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as temporary:
            try:
                temporary.write(lines)
                temporary.close()
                Path(temporary.name).replace(path)
            except OSError:
                Path(temporary.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}") from error
    sys.stderr.write(f"wrote {len(found)} decisions to {file}\n")


def _show(found: Sequence[Decision]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("run", "when", "component", "recommended", "outcome", "repository"):
        table.add_column(heading, overflow="fold")
    for item in found:
        cells = (
            item.run,
            f"{item.decided_at:%Y-%m-%d %H:%M}",
            item.component,
            _size(item.size),
            item.outcome.value if item.outcome else "-",
            item.repository,
        )
        table.add_row(*(Text(line(cell)) for cell in cells))
    Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty()).print(table)


def _size(size: DecidedSize) -> str:
    pods = "?" if size.replicas is None else str(size.replicas)
    cpu = (_optional(format_cpu, size.cpu_request), _optional(format_cpu, size.cpu_limit))
    ram = (
        _optional(format_memory, size.memory_request),
        _optional(format_memory, size.memory_limit),
    )
    return f"{pods} x {cpu[0] or '-'}/{cpu[1] or '-'} {ram[0] or '-'}/{ram[1] or '-'}"


def _optional(convert: Callable[[_A], _B], value: _A | None) -> _B | None:
    return None if value is None else convert(value)


def moment(text: str | None) -> datetime | None:
    """The moment that ``--before`` names, in UTC where it has no zone.

    Raises:
        UsageError: It is no date.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--before {text} is not a date", hint="Write 2026-01-31, or 2026-01-31T12:00."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
