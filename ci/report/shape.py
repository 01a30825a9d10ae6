"""The shape of the day and of the week: how use is spread over hours and weekdays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.usage import UsageSummary

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = tuple(f"{hour:02d}:00" for hour in range(24))


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or one weekday."""

    start: float
    width: float
    height: float
    """All in percent of the picture."""
    name: str
    text: str
    """``1.8×``."""
    label: str
    """Below the axis; empty where there is no room for it."""
    minor: bool
    """The label goes first when the picture is narrow."""
    busiest: bool


@dataclass(frozen=True, slots=True)
class ShapeChart:
    """CPU of all pods together, relative to its mean."""

    title: str
    described: str
    bars: tuple[Bar, ...]
    mean: float
    """Height of the line at 1.0, in percent."""
    mean_text: str = "1× = mean"


def make_shapes(usage: UsageSummary) -> tuple[ShapeChart, ...]:
    """The day's and the week's shape, as far as they are known."""
    charts = []
    if len(usage.cpu_by_hour) == len(HOURS):
        charts.append(_chart("CPU by hour of the day (UTC)", "hour", usage.cpu_by_hour, HOURS))
    if len(usage.cpu_by_weekday) == len(WEEKDAYS):
        charts.append(_chart("CPU by day of the week", "day", usage.cpu_by_weekday, WEEKDAYS))
    return tuple(charts)


def _chart(title: str, noun: str, ratios: Sequence[float], names: Sequence[str]) -> ShapeChart:
    known = [max(0.0, ratio) for ratio in ratios]
    top = max(1.2, *known) * 1.05
    high, low = max(known), min(known)
    width = 100 / len(names)
    many = len(names) > len(WEEKDAYS)
    bars = tuple(
        Bar(
            start=round(index * width + width * 0.12, 2),
            width=round(width * 0.76, 2),
            height=round(100 * ratio / top, 2),
            name=name,
            text=f"{ratio:.2f}×",
            label=name if not many or index % 3 == 0 else "",
            minor=many and index % 6 != 0,
            busiest=ratio == high,
        )
        for index, (ratio, name) in enumerate(zip(known, names, strict=True))
    )
    return ShapeChart(
        title=title,
        described=f"busiest {noun} {names[known.index(high)]}: {high:.1f} times the mean; quietest "
        f"{names[known.index(low)]}: {low:.1f} times",
        bars=bars,
        mean=round(100 / top, 2),
    )
