"""The table for people: one row per component, then what to know about it.

Everything is laid out as `rich.text.Text`, never as markup: brackets in a repository's text are
brackets. Without colour the result is plain text that reads the same in a CI log.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING

from rich.box import Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ci.handoff.knowledge import knowledge_summary
from ci.handoff.measured import kept_text, measured_text
from ci.handoff.plain import line
from schemas.plan import Amounts
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, Cost, Finding, Recommendation, Severity

if TYPE_CHECKING:
    from rich.console import RenderableType

_NO_TERMINAL_WIDTH = 120
_MIN_WIDTH, _MAX_WIDTH = 72, 200
"""Narrower breaks quantities apart; wider lines are hard to follow."""
_RULED = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""Only a line of hyphens under the header: readable wherever text is."""
_ORDER = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}
_STYLES = {Severity.BLOCK: "bold red", Severity.WARN: "yellow", Severity.INFO: "cyan"}


def table_text(
    recommendation: Recommendation, *, width: int | None = None, colour: bool = False
) -> str:
    """The whole report.

    Args:
        recommendation: The result.
        width: Columns; None asks the terminal.
        colour: Write ANSI colours.
    """
    columns = width or shutil.get_terminal_size((_NO_TERMINAL_WIDTH, 24)).columns
    out = StringIO()
    console = Console(
        file=out,
        width=max(_MIN_WIDTH, min(columns, _MAX_WIDTH)),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in _report(recommendation, console):
        console.print(part, soft_wrap=False)
    return "\n".join(text.rstrip() for text in out.getvalue().splitlines()) + "\n"


def _report(recommendation: Recommendation, console: Console) -> Iterator[RenderableType]:
    if recommendation.components:
        table = _table(recommendation.components, "/")
        fits = console.measure(table).minimum < console.width
        # Where the amounts are too wide, requests and limits stand under each other.
        yield table if fits else _table(recommendation.components, "/\n")
    else:
        yield Text("No component was sized.", style="bold red")
    for failed in recommendation.failed:
        yield _item("FAILED", f"{failed.name} ({failed.stage}): {failed.failure}", "bold red")
    yield from _section("Measured", _items(_measured(recommendation.components)))
    yield from _section("Findings", _finding_items(recommendation))
    changes = [(c.name, "; ".join(c.changes)) for c in recommendation.components if c.changes]
    yield from _section("Changes to the repository's manifests", _items(changes))
    notes = [(note.component or "app", note.message) for note in recommendation.notes]
    yield from _section("Notes", _items(notes))
    yield from _section("Cost", _cost_items(recommendation.cost))
    yield from _section("Not checked", _items(_skipped(recommendation)))
    yield Text()
    yield Text(_summary(recommendation))


def _table(components: Iterable[ComponentRecommendation], between: str) -> Table:
    table = Table(box=_RULED, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Component", overflow="fold", min_width=9)
    table.add_column("Role", overflow="fold", min_width=9)
    for header in ("Repl.", f"CPU req{between}lim", f"Mem req{between}lim", "Conf."):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Route", no_wrap=True)
    table.add_column("Change", no_wrap=True)
    for item in components:
        table.add_row(*(Text(cell) for cell in _cells(item, between)))
    return table


def _cells(item: ComponentRecommendation, between: str) -> tuple[str, ...]:
    requests, limits = item.resources.requests, item.resources.limits
    return (
        line(item.name, 80),
        item.role.value.replace("_", " "),
        _replicas(item),
        f"{_cpu(requests)}{between}{_cpu(limits)}",
        f"{_memory(requests)}{between}{_memory(limits)}",
        f"{item.confidence:.2f}",
        item.route.value,
        _change(item),
    )


def _replicas(item: ComponentRecommendation) -> str:
    hpa = item.autoscaling
    return f"{hpa.min_replicas}-{hpa.max_replicas}" if hpa else str(item.replicas)


def _cpu(amounts: Amounts) -> str:
    return "-" if amounts.cpu is None else format_cpu(amounts.cpu)


def _memory(amounts: Amounts) -> str:
    return "-" if amounts.memory is None else format_memory(amounts.memory)


def _change(item: ComponentRecommendation) -> str:
    if item.target is None:
        return "new"
    count = len(item.changes)
    return f"{count} field{'' if count == 1 else 's'}" if count else "none"


def _section(title: str, items: Iterable[RenderableType]) -> Iterator[RenderableType]:
    listed = list(items)
    if listed:
        yield Text()
        yield Text(title, style="bold")
        yield from listed


def _items(pairs: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    for label, text in pairs:
        yield _item(label, text)


def _item(label: str, text: str, style: str = "") -> RenderableType:
    """A label and what it is about; a long text goes on indented."""
    shown = Text(line(label, 300), style=style)
    shown.append(f"  {line(text)}", style="default" if style else "")
    return Padding(shown, (0, 0, 0, 2))


def _measured(components: Iterable[ComponentRecommendation]) -> Iterator[tuple[str, str]]:
    """What was used, and which numbers were left alone."""
    for item in components:
        used, kept = measured_text(item), kept_text(item)
        if used or kept:
            yield item.name, "; ".join(filter(None, (used, f"kept: {kept}" if kept else "")))


def _finding_items(recommendation: Recommendation) -> Iterator[RenderableType]:
    """Failures first, the worst first; then what a repair answered."""
    failed = [finding for finding in recommendation.findings if not finding.passed]
    for finding in sorted(failed, key=lambda found: _ORDER[found.severity]):
        yield _item(
            f"{finding.severity.value.upper():<5} {finding.id}",
            _finding_text(finding),
            _STYLES[finding.severity],
        )
    repaired = [finding for finding in recommendation.findings if finding.passed and finding.fix]
    for finding in repaired:
        yield _item(f"fixed {finding.id}", _finding_text(finding), "green")
    if not failed:
        yield _item(f"{recommendation.checks_passed} checks passed", "nothing is left open")


def _finding_text(finding: Finding) -> str:
    where = f"{finding.component or 'app'}: "
    detail = f" (found {finding.value}" if finding.value else ""
    if detail:
        detail += f", bound {finding.limit})" if finding.limit else ")"
    fix = finding.fix
    change = f" [{fix.field}: {fix.before or 'not set'} -> {fix.after or 'not set'}]" if fix else ""
    return f"{where}{finding.message}{detail}{change}"


def _cost_items(cost: Cost) -> Iterator[RenderableType]:
    if cost.monthly is None:
        yield _item("unknown", cost.unknown or "no price is known")
    else:
        text = f"{_money(cost.monthly)} {cost.currency or ''}".strip()
        if cost.monthly_at_max is not None and cost.monthly_at_max != cost.monthly:
            text += f", {_money(cost.monthly_at_max)} with all autoscalers at their maximum"
        if cost.monthly_delta is not None:
            text += f"; {cost.monthly_delta:+,.2f} against the current manifests"
        yield _item("per month", text)
    if cost.unit:
        yield _item("unit", cost.unit)
    if cost.source:
        yield _item("source", cost.source)
    for item in cost.components:
        if item.unknown:
            yield _item(item.component, f"unknown: {item.unknown}")


def _skipped(recommendation: Recommendation) -> list[tuple[str, str]]:
    """Checks that could not run, those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for id_, reason in sorted(recommendation.checks_skipped.items()):
        by_reason.setdefault(reason, []).append(id_)
    return [(reason, ", ".join(ids)) for reason, ids in by_reason.items()]


def _money(amount: float) -> str:
    return f"{amount:,.2f}"


def _model(recommendation: Recommendation) -> str:
    """The language model, and what it cost."""
    name = line(recommendation.run.reasoner.used, 80)
    uses = recommendation.models
    if not uses:
        return f"model {name}"
    calls, seconds = sum(use.calls for use in uses), sum(use.seconds for use in uses)
    tokens = sum(use.prompt_tokens + use.completion_tokens for use in uses)
    silent = sum(len(use.unanswered) for use in uses)
    without = f", {silent} questions unanswered" if silent else ""
    return f"model {name}: {calls} calls, {tokens:,} tokens, {seconds:.1f} s{without}"


def _summary(recommendation: Recommendation) -> str:
    sized, failed = len(recommendation.components), len(recommendation.failed)
    blocking = sum(finding.blocks for finding in recommendation.findings)
    parts = [
        f"{sized} sized" + (f", {failed} failed" if failed else ""),
        f"{blocking} blocking finding{'' if blocking == 1 else 's'}",
        f"{recommendation.checks_passed} checks passed",
        *([knowledge] if (knowledge := knowledge_summary(recommendation)) else []),
        _model(recommendation),
        f"{recommendation.run.seconds:.2f} s",
    ]
    return "; ".join(parts)
