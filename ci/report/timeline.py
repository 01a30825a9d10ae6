"""Use over time against requests and limits, as positions for a picture."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from ci.report.labels import Line, line_labels
from ci.report.resource import Resource, ResourceView
from ci.report.scale import Mark, Scale, make_scale

_T = TypeVar("_T")
MOST_POINTS = 480
"""More cannot be told apart on a page, and the page carries each."""
MOST_TIME_MARKS = 6
DAY, HOUR = 86_400, 3_600
_STEPS = (HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, *(days * DAY for days in (1, 2, 3, 7, 14, 28)))
_LAST_SECOND = 253_402_300_799
"""End of the year 9999: later moments are not dates."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day, for the table."""

    text: str
    middle: str
    high: str


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """One picture; the paths lie in a square of 1000 by 1000 that is stretched to its place."""

    title: str
    described: str
    middle_path: str
    high_path: str
    area_path: str
    lines: tuple[Line, ...]
    amounts: tuple[Mark, ...]
    times: tuple[Mark, ...]
    start_s: int
    step_s: int
    unit: str
    """Unit of `middle` and `high`: ``m``, ``cores``, ``Mi``, ``Gi``."""
    middle: tuple[float | None, ...]
    high: tuple[float | None, ...]
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """A timeline in the unit of its view, with few enough points."""

    start_s: int
    step_s: int
    middle: tuple[float | None, ...]
    high: tuple[float | None, ...]

    @property
    def end_s(self) -> int:
        """The last moment."""
        return self.start_s + self.step_s * (len(self.high) - 1)


def points_of(view: ResourceView) -> Points | None:
    """The timeline of a view; None when there is nothing to draw."""
    timeline = view.timeline
    if timeline is None or timeline.step_s <= 0:
        return None
    count = min(len(timeline.middle), len(timeline.high))
    last = timeline.start_s + timeline.step_s * count
    if count < 2 or timeline.start_s < 0 or last > _LAST_SECOND:
        return None
    group = -(-count // MOST_POINTS)
    chunks = range(0, count, group)
    factor = view.timeline_factor
    middle = tuple(_middle(timeline.middle[i : min(i + group, count)], factor) for i in chunks)
    high = tuple(_highest(timeline.high[i : min(i + group, count)], factor) for i in chunks)
    if all(value is None for value in high):
        return None
    return Points(timeline.start_s, timeline.step_s * group, middle, high)


def make_timeline(view: ResourceView) -> TimelineChart | None:
    """The picture of one resource over time; None without a timeline."""
    points = points_of(view)
    if points is None:
        return None
    scale = timeline_scale(view, points)
    factor, unit = _unit(view.resource, scale.top)
    return TimelineChart(
        title=f"{view.title} over time",
        described=_described(view, points),
        middle_path=_path(points.middle, scale),
        high_path=_path(points.high, scale),
        area_path=_area(points.middle, points.high, scale),
        lines=line_labels(view, scale),
        amounts=scale.marks(),
        times=time_marks(points),
        start_s=points.start_s,
        step_s=points.step_s,
        unit=unit,
        middle=tuple(None if v is None else round(v / factor, 2) for v in points.middle),
        high=tuple(None if v is None else round(v / factor, 2) for v in points.high),
        days=tuple(_days(view, points)),
    )


def timeline_scale(view: ResourceView, points: Points) -> Scale:
    """From 0 over all of the use and all requests; limits where that leaves room."""
    pairs = [pair for pair in (view.now, view.new) if pair is not None]
    matter = [value for value in points.high if value is not None]
    matter += [pair.request for pair in pairs if pair.request is not None]
    return make_scale(view.resource, matter, [p.limit for p in pairs if p.limit is not None])


def time_marks(points: Points) -> tuple[Mark, ...]:
    """Midnights (UTC), or hours where the window is short."""
    span = points.end_s - points.start_s
    step = next((s for s in _STEPS if span / s <= MOST_TIME_MARKS), _STEPS[-1])
    while span / step > MOST_TIME_MARKS:
        step *= 2
    first = -(-points.start_s // step) * step
    form = "%H:%M" if step < DAY else "%-d %b"
    return tuple(
        Mark(round(100 * (at - points.start_s) / span, 2), _date(at, form))
        for at in range(first, points.end_s + 1, step)
    )


def _date(at: int, form: str) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if form == "%H:%M" and moment.hour == 0:
        form = "%-d %b"
    return moment.strftime(form.replace("%-d", str(moment.day)))


def _middle(values: Sequence[float | None], factor: float) -> float | None:
    known = [max(0.0, value) * factor for value in values if value is not None]
    return statistics.median(known) if known else None


def _highest(values: Sequence[float | None], factor: float) -> float | None:
    known = [max(0.0, value) * factor for value in values if value is not None]
    return max(known) if known else None


def _unit(resource: Resource, top: float) -> tuple[float, str]:
    if resource is Resource.CPU:
        return (1.0, "m") if top <= 10_000 else (1000.0, "cores")
    return (2.0**20, "Mi") if top < 2**31 else (2.0**30, "Gi")


def _place(index: int, count: int, value: float, scale: Scale) -> str:
    across = 1000 * index / (count - 1)
    down = 1000 - 10 * scale.percent(value)
    return f"{across:.1f} {down:.1f}"


def _path(values: Sequence[float | None], scale: Scale) -> str:
    return "".join(
        "M"
        + "L".join(_place(i, len(values), v, scale) for i, v in run)
        + ("h.1" if len(run) == 1 else "")
        for run in _runs(values)
    )


def _area(low: Sequence[float | None], high: Sequence[float | None], scale: Scale) -> str:
    both = [None if a is None or b is None else (a, b) for a, b in zip(low, high, strict=True)]
    shapes = []
    for run in _runs(both):
        over = [_place(i, len(both), b, scale) for i, (_, b) in run]
        under = [_place(i, len(both), a, scale) for i, (a, _) in reversed(run)]
        shapes.append("M" + "L".join(over + under) + "Z")
    return "".join(shapes)


def _runs(values: Sequence[_T | None]) -> Iterator[list[tuple[int, _T]]]:
    run: list[tuple[int, _T]] = []
    for index, value in enumerate(values):
        if value is not None:
            run.append((index, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _days(view: ResourceView, points: Points) -> Iterator[Day]:
    """Per day (UTC): the median of the medians, and the highest."""
    by_day: dict[int, list[int]] = {}
    for index in range(len(points.high)):
        by_day.setdefault((points.start_s + index * points.step_s) // DAY, []).append(index)
    for day, indexes in by_day.items():
        middles = [points.middle[i] for i in indexes if points.middle[i] is not None]
        highs = [points.high[i] for i in indexes if points.high[i] is not None]
        yield Day(
            text=datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d"),
            middle=_text(view, statistics.median(v for v in middles if v is not None))
            if middles
            else "nothing ran",
            high=_text(view, max(v for v in highs if v is not None)) if highs else "nothing ran",
        )


def _text(view: ResourceView, value: float) -> str:
    return view.resource.rounded(value)


def _described(view: ResourceView, points: Points) -> str:
    """The picture in words."""
    highs = [value for value in points.high if value is not None]
    middles = [value for value in points.middle if value is not None]
    days = (points.end_s - points.start_s) / DAY
    parts = [f"{view.title} of single pods over {days:.1f} days"]
    if middles:
        parts.append(f"median {_text(view, statistics.median(middles))}")
    parts.append(f"highest {_text(view, max(highs))}")
    for label, pair in (("recommended", view.new), ("today", view.now)):
        if pair is not None:
            exact = view.resource.exact
            request = "not set" if pair.request is None else exact(pair.request)
            limit = "not set" if pair.limit is None else exact(pair.limit)
            parts.append(f"{label}: request {request}, limit {limit}")
    return "; ".join(parts)
