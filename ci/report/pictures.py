"""The pictures as files, SVG and PNG, for slides, wikis and pull requests.

Drawn by matplotlib from the same views and scales as the page. Its object interface alone is used
(no pyplot, no global state), with fixed ids and without dates: the same recommendation gives the
same SVG.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ci.handoff.names import file_stems
from ci.handoff.plain import line
from ci.handoff.publish import publish
from ci.report.component import ComponentView
from ci.report.draw import draw_numbers, draw_overview, draw_shape, draw_timeline
from ci.report.page import make_page
from ci.report.timeline import points_of
from schemas.recommendation import Recommendation

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8792a2",
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "xtick.color": "#566171",
    "ytick.color": "#566171",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.hashsalt": "ai-provision",
    "svg.fonttype": "none",
}
DPI = 144
OVERVIEW = "overview"
MOST_ROWS = 60
"""Of the overview: a longer one could not be read as a picture, and PNG has a largest size."""


def write_pictures(recommendation: Recommendation, directory: Path) -> tuple[Path, ...]:
    """Write ``overview`` and one picture per component, each as SVG and PNG.

    Files of the last run are replaced, files of the user never.

    Raises:
        OutputError: The directory cannot be written; what was there before is there still.
    """
    page = make_page(recommendation)
    files: dict[str, bytes] = {}
    stems = file_stems(component.item.name for component in page.components)
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A letter that the font lacks becomes a box in the PNG; the SVG and the page have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        if page.components:
            files |= _both(f"_{OVERVIEW}", overview_figure(page.components[:MOST_ROWS]))
        for component in page.components:
            files |= _both(stems[component.item.name], component_figure(component))
    return publish(files, directory)


def overview_figure(components: Sequence[ComponentView]) -> Figure:
    """All components: one bar for CPU and one for memory, today and as recommended."""
    figure = Figure(figsize=(11, 1.1 + 0.72 * len(components)), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for index, axis in enumerate(axes):
        draw_overview(axis, components, index)
    return figure


def component_figure(component: ComponentView) -> Figure:
    """One component: use over time and its shapes, or the bounds of its numbers."""
    timed = any(points_of(part.view) for part in component.parts)
    heights = [3.0] if timed else []
    heights += [1.7, *([1.6] if component.shapes else [])]
    figure = Figure(figsize=(11, sum(heights) + 0.9), layout="constrained")
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    figure.suptitle(_heading(component), x=0.01, ha="left", fontweight="bold")
    place = 0
    if timed:
        for axis, part in zip(rows[place].subplots(1, 2), component.parts, strict=True):
            draw_timeline(axis, part)
        place += 1
    for axis, part in zip(rows[place].subplots(1, 2), component.parts, strict=True):
        draw_numbers(axis, part)
    if component.shapes:
        axes = rows[place + 1].subplots(1, 2)
        for axis, shape in zip(axes, component.shapes, strict=False):
            draw_shape(axis, shape)
        for axis in axes[len(component.shapes) :]:
            axis.set_axis_off()
    return figure


def _heading(component: ComponentView) -> str:
    basis = "measured" if component.is_measured else "estimated"
    return f"{line(component.item.name, 60)}: {component.verdict.value} ({basis})"


def _both(stem: str, figure: Figure) -> dict[str, bytes]:
    return {f"{stem}.svg": _saved(figure, "svg"), f"{stem}.png": _saved(figure, "png")}


def _saved(figure: Figure, form: str) -> bytes:
    stream = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    figure.savefig(stream, format=form, dpi=DPI, metadata=metadata, facecolor="white")
    return stream.getvalue()
