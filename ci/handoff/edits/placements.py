"""Which value of a chart gives which number: found by rendering, handed on as data.

Rendering needs the chart's templates and `helm`; writing the numbers needs neither. So the two can
be done by different jobs, and the one that may write never sees a template.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from ci.handoff.helm_chart import chart_values
from schemas.base import Contract
from schemas.errors import ToolError
from schemas.ports import ChartRenderer
from schemas.recommendation import ComponentRecommendation, Recommendation

MAX_PLACEMENTS = 20_000
"""A repository with 40 charts of 50 workloads each would have as many."""
_MAX_KEYS = 16


class Placement(Contract):
    """One number of a component and the path of its value."""

    component: str = Field(max_length=253)
    field: tuple[str, ...] = Field(min_length=1, max_length=3)
    """As `ci.handoff.helm_fields.Field`; ``("autoscaling", "enabled")`` for the switch."""
    path: tuple[str, ...] = Field(min_length=1, max_length=_MAX_KEYS)
    """Keys in the chart's values."""


class ChartPlacements(Contract):
    """What is known of one chart."""

    chart: str
    """Its directory in the repository."""
    placed: tuple[Placement, ...] = Field(default=(), max_length=MAX_PLACEMENTS)
    remarks: tuple[str, ...] = ()
    """What no value gives, one line each; or why the chart does not render."""


class Placements(Contract):
    """All charts of a recommendation."""

    charts: tuple[ChartPlacements, ...] = ()


def placements_of(
    recommendation: Recommendation,
    charts: Mapping[str, Mapping[str, bytes]],
    renderer: ChartRenderer,
) -> Placements:
    """Find by rendering which value of each chart gives which number.

    Args:
        recommendation: The result.
        charts: Files of each chart, by its directory (`ci.size.chart_files`).
        renderer: Renders them.
    """
    found = []
    for chart, files in sorted(charts.items()):
        items = [
            item
            for item in recommendation.components
            if item.target is not None and item.target.chart == chart
        ]
        found.append(_placements(chart, files, items, renderer))
    return Placements(charts=tuple(found))


def _placements(
    chart: str,
    files: Mapping[str, bytes],
    items: list[ComponentRecommendation],
    renderer: ChartRenderer,
) -> ChartPlacements:
    try:
        values = chart_values(files, items, renderer)
    except ToolError as error:
        names = ", ".join(item.name for item in items)
        return ChartPlacements(chart=chart, remarks=(f"{names}: {error.message}",))
    placed = tuple(
        Placement(component=name, field=field, path=path)
        for name, fields in values.placed.items()
        for field, path in fields.items()
    )
    return ChartPlacements(
        chart=chart, placed=placed, remarks=_joined(values.unplaced, [i.name for i in items])
    )


def _joined(lines: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    """One line for all numbers of a component with the same reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        name = next((name for name in names if line.startswith(f"{name}: ")), "")
        rest = line.removeprefix(f"{name}: ")
        what, _, reason = rest.partition(": ")
        groups.setdefault((name, reason), []).append(what)
    return tuple(f"{name}: {', '.join(what)}: {reason}" for (name, reason), what in groups.items())
