"""Draws one view onto one pair of axes, for the files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from ci.handoff.plain import line
from ci.report.component import ComponentView, ResourcePart
from ci.report.labels import line_labels
from ci.report.ranges import make_ranges, ranges_scale
from ci.report.scale import Scale
from ci.report.shape import ShapeChart
from ci.report.timeline import points_of, time_marks, timeline_scale
from ci.report.track import Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, GRID = "#1a2029", "#566171", "#e4e8ee"
USE, PEAK, AREA, OVER = "#0072b2", "#8cc4e6", "#cfe5f4", "#d55e00"
NEW, NOW, BOUNDS = "#00704f", "#7a5195", "#dfe4ec"
_FILL = {"use": USE, "peak": PEAK, "over": OVER, "free": "white", "range": BOUNDS}
_HATCH = {"free": "////", "over": "\\\\\\\\", "range": "...."}
"""Told apart without colour too."""


def draw_overview(axes: Axes, components: Sequence[ComponentView], index: int) -> None:
    """The bars of one resource (0 CPU, 1 memory) of all components, the first on top."""
    for row, component in enumerate(components):
        tracks = component.parts[index].tracks
        for offset, track in ((-0.17, tracks.now), (0.17, tracks.new)):
            if track is not None:
                _track(axes, track, row + offset)
        judgement = component.parts[index].judgement
        words = f"{judgement.verdict.icon} {judgement.verdict.value}: {line(judgement.why, 60)}"
        axes.text(0, row - 0.36, words, fontsize=8, va="bottom", color=INK)
    names = [line(component.item.name, 32) for component in components]
    axes.set_yticks(range(len(components)), names)
    axes.set_ylim(len(components) - 0.5, -0.75)
    axes.set_xlim(0, 138)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_title(("CPU", "Memory")[index] + " per pod: box = request, ▏= limit, fill = use")


def _track(axes: Axes, track: Track, at: float) -> None:
    colour = NEW if track.label == "new" else NOW
    for part in track.parts:
        place, size = (part.start, at - 0.07), (part.width, 0.14)
        shown = Rectangle(
            place,
            *size,
            facecolor=_FILL[part.kind],
            hatch=_HATCH.get(part.kind),
            edgecolor="white" if part.kind == "over" else "#b4bfcc",
            linewidth=0,
        )
        axes.add_patch(shown)
    if track.limit is not None and not track.limit_beyond:
        axes.plot([track.reach, track.limit], [at, at], ":", color=SOFT, linewidth=0.8)
        axes.plot([track.limit] * 2, [at - 0.12, at + 0.12], color=INK, linewidth=2)
    elif track.limit_beyond:
        axes.plot([track.reach, 100], [at, at], ":", color=SOFT, linewidth=0.8)
    if track.runs_on:
        axes.plot([100], [at], ">", color=SOFT, markersize=4)
    if track.request is not None:
        box = Rectangle(
            (0, at - 0.12), track.request, 0.24, fill=False, edgecolor=colour, linewidth=1.5
        )
        axes.add_patch(box)
    text = f"{track.label} {track.request_text} / {track.limit_text}"
    axes.text(102.5, at, text, fontsize=8, va="center", color=colour)


def draw_timeline(axes: Axes, part: ResourcePart) -> None:
    """Use over time against requests and limits."""
    points = points_of(part.view)
    axes.set_title(f"{part.view.title} of single pods")
    if points is None:
        axes.set_axis_off()
        axes.text(0, 0.5, "not measured", transform=axes.transAxes, color=SOFT)
        return
    scale = timeline_scale(part.view, points)
    count = len(points.high)
    across = [100 * index / (count - 1) for index in range(count)]
    nan = float("nan")
    middle = [nan if value is None else value for value in points.middle]
    high = [nan if value is None else value for value in points.high]
    axes.fill_between(across, middle, high, color=AREA, linewidth=0)
    axes.plot(across, high, color=PEAK, linewidth=0.7, label="highest pod")
    axes.plot(across, middle, color=USE, linewidth=1.4, label="median pod")
    for shown in line_labels(part.view, scale):
        colour = NEW if shown.kind == "new" else NOW
        if not shown.beyond:
            dashes = (0, (5, 3)) if shown.dashed else "-"
            axes.axhline(shown.amount, color=colour, linewidth=1.5, linestyle=dashes)
        axes.text(
            1.015,
            shown.label_percent / 100,
            shown.text,
            transform=axes.transAxes,
            va="center",
            fontsize=8,
            color=colour,
        )
    _amounts(axes, scale)
    marks = time_marks(points)
    axes.set_xticks([mark.percent for mark in marks], [mark.text for mark in marks])
    axes.set_xlim(0, 100)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.0), fontsize=8, frameon=False, ncols=2)


def draw_numbers(axes: Axes, part: ResourcePart) -> None:
    """Use, request and limit with their bounds."""
    chart, scale = make_ranges(part.view), ranges_scale(part.view)
    axes.set_title(f"{part.view.title}: ◆ recommended, ○ now, band = bounds")
    for row, shown in enumerate(chart.rows):
        if shown.low is not None and shown.high is not None:
            axes.barh(row, shown.high - shown.low, 0.34, shown.low, color=BOUNDS)
        for (start, end), colour in zip(
            pairwise((0.0, *shown.ticks[1:])), (USE, PEAK), strict=False
        ):
            axes.barh(row, end - start, 0.34, start, color=colour)
        if shown.now is not None:
            axes.plot([shown.now], [row], "o", markerfacecolor="white", color=NOW, markersize=7)
        if shown.new is not None:
            axes.plot([shown.new], [row], "D", color=NEW, markersize=6)
        if shown.beyond:
            axes.plot([100], [row], ">", color=SOFT, markersize=5)
        axes.text(0, row + 0.42, line(shown.text, 90), fontsize=7.5, color=SOFT, va="center")
    axes.set_yticks(range(len(chart.rows)), [shown.label for shown in chart.rows])
    axes.set_ylim(len(chart.rows) - 0.35, -0.5)
    axes.set_xlim(0, 101)
    axes.set_xticks([m.percent for m in scale.marks()], [m.text for m in scale.marks()])
    axes.grid(axis="x", color=GRID)
    axes.set_axisbelow(True)


def draw_shape(axes: Axes, shape: ShapeChart) -> None:
    """The shape of the day or the week."""
    factor = 1 / shape.mean if shape.mean else 1.0
    heights = [bar.height * factor for bar in shape.bars]
    colours = [USE if bar.busiest else PEAK for bar in shape.bars]
    axes.bar(range(len(heights)), heights, color=colours)
    axes.axhline(1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    labelled = [(index, bar.label) for index, bar in enumerate(shape.bars) if bar.label]
    axes.set_xticks([index for index, _ in labelled], [text for _, text in labelled])
    axes.set_title(f"{shape.title}, relative to the mean")
    axes.set_ylim(0, 100 * factor)


def _amounts(axes: Axes, scale: Scale) -> None:
    """Round marks with units, from zero."""
    marks = scale.marks()
    axes.set_yticks([mark.percent * scale.top / 100 for mark in marks], [m.text for m in marks])
    axes.set_ylim(0, scale.top)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
