"""Where a chart's values take their numbers: found by the analysis, which renders the charts.

The publisher has neither the chart's files nor helm, so it reads what the analysis found from
``charts.json`` beside the recommendation. Without that file, charts are left to be done by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import RootModel, ValidationError

from ci.chatops.files import content, first_problem
from ci.handoff.helm_chart import ChartValues
from schemas.base import Contract, JsonObject
from schemas.errors import InputFileError

CHARTS = "charts.json"
MAX_BYTES = 8 * 1024 * 1024
"""Far above the values of any chart."""


class _Place(Contract):
    """The path in the values that gives one number."""

    field: tuple[str, ...]
    path: tuple[str, ...]


class _Chart(Contract):
    """`ChartValues` as JSON, whose keys are texts."""

    values: JsonObject
    placed: dict[str, tuple[_Place, ...]]
    unplaced: tuple[str, ...] = ()


class _Charts(RootModel[dict[str, _Chart]]):
    """By the chart's directory."""


def charts_json(charts: Mapping[str, ChartValues]) -> bytes:
    """The file, for the analysis to write."""
    found = {
        directory: _Chart(
            values=chart.values,
            placed={
                name: tuple(_Place(field=field, path=path) for field, path in places.items())
                for name, places in chart.placed.items()
            },
            unplaced=chart.unplaced,
        )
        for directory, chart in charts.items()
    }
    return _Charts(found).model_dump_json(indent=2).encode() + b"\n"


def read_charts(directory: Path) -> dict[str, ChartValues]:
    """What the analysis found; empty when it left no such file.

    Raises:
        InputFileError: The file is something else.
    """
    file = directory / CHARTS
    if not file.exists():
        return {}
    try:
        charts = _Charts.model_validate_json(content(file, MAX_BYTES)).root
    except ValidationError as error:
        raise InputFileError(
            f"the analysis left no valid {CHARTS}: {first_problem(error)}", code="analysis.invalid"
        ) from None
    return {
        name: ChartValues(
            chart.values,
            {item: {at.field: at.path for at in places} for item, places in chart.placed.items()},
            chart.unplaced,
        )
        for name, chart in charts.items()
    }
