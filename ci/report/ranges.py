"""Each number of one resource inside the bounds in which it is defensible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ci.report.resource import Range, ResourceView
from ci.report.scale import Mark, Scale, make_scale


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One number."""

    label: str
    low: float | None
    high: float | None
    """The bounds, in percent of the width; None without any."""
    new: float | None
    now: float | None
    """Where the marks stand; None for what is not set or lies outside of the picture."""
    text: str
    """The number and its bounds in words."""
    beyond: bool
    """Something of it lies outside of the picture."""
    ticks: tuple[float, ...] = ()
    """Of use: median, 95th percentile, maximum."""


@dataclass(frozen=True, slots=True)
class RangesChart:
    """The numbers of one resource on one scale."""

    title: str
    described: str
    rows: tuple[RangeRow, ...]
    marks: tuple[Mark, ...]


def make_ranges(view: ResourceView) -> RangesChart:
    """The picture of one resource's numbers."""
    scale = ranges_scale(view)
    rows = tuple(_rows(view, scale))
    return RangesChart(
        title=f"{view.title}: bounds of each number",
        described="; ".join(f"{row.label}: {row.text}" for row in rows),
        rows=rows,
        marks=scale.marks(),
    )


def ranges_scale(view: ResourceView) -> Scale:
    """From 0 over use, requests and their bounds; limits where that leaves room."""
    pairs = [pair for pair in (view.now, view.new) if pair is not None]
    matter: list[float] = [pair.request for pair in pairs if pair.request is not None]
    matter += [view.used.maximum] if view.used else []
    stretch: list[float] = [pair.limit for pair in pairs if pair.limit is not None]
    stretch += [view.request_range.high]
    stretch += [view.limit_range.high] if view.limit_range else []
    return make_scale(view.resource, matter, stretch)


def _rows(view: ResourceView, scale: Scale) -> Iterator[RangeRow]:
    now, new = view.now, view.new
    if view.used is not None:
        used, rounded = view.used, view.resource.rounded
        yield RangeRow(
            label="used",
            low=None,
            high=None,
            new=None,
            now=None,
            text=f"median {rounded(used.p50)}, p95 {rounded(used.p95)}, "
            f"max {rounded(used.maximum)}",
            beyond=False,
            ticks=tuple(scale.percent(value) for value in (used.p50, used.p95, used.maximum)),
        )
    yield _row("request", view.request_range, new.request, now.request if now else None, view)
    yield _row("limit", view.limit_range, new.limit, now.limit if now else None, view)


def _row(
    label: str, bounds: Range | None, new: int | None, now: int | None, view: ResourceView
) -> RangeRow:
    scale = ranges_scale(view)
    exact = view.resource.exact
    text = "not set" if new is None else exact(new)
    if bounds is not None:
        text += f" (bounds {exact(bounds.low)} to {exact(bounds.high)})"
    if view.now is not None:
        text += f", now {'not set' if now is None else exact(now)}"
    amounts = [a for a in (new, now, bounds.high if bounds else None) if a is not None]
    return RangeRow(
        label=label,
        low=scale.percent(bounds.low) if bounds else None,
        high=scale.percent(bounds.high) if bounds else None,
        new=_inside(new, scale),
        now=_inside(now, scale),
        text=text,
        beyond=any(scale.beyond(amount) for amount in amounts),
    )


def _inside(amount: int | None, scale: Scale) -> float | None:
    """Where a mark stands; none for what lies outside of the picture, which gets an arrow."""
    return None if amount is None or scale.beyond(amount) else scale.percent(amount)
