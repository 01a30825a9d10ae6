"""The bar of the overview: what is reserved is a box, what is used fills it.

Two boxes on one scale, today's and the recommended one. Much emptiness is waste; what stands over
the edge is missing. The unit of all positions is percent of the width, so that the picture fits
every screen without its letters being stretched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ci.report.resource import Pair, ResourceView
from ci.report.scale import Scale, tight_scale


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a bar, in percent."""

    start: float
    width: float
    kind: str
    """``use``, ``over`` (use above the request), ``peak``, ``free`` or ``range``."""


@dataclass(frozen=True, slots=True)
class Track:
    """One box."""

    label: str
    """``now`` or ``new``."""
    request: float | None
    """Width of the box."""
    limit: float | None
    reach: float
    """Where box and fill end: from here a line leads to the limit."""
    limit_beyond: bool
    """The limit lies outside of the picture, or there is none."""
    parts: tuple[Stretch, ...]
    request_text: str
    limit_text: str
    runs_on: bool
    """Something goes on beyond the picture: the limit, or the bounds of the estimate."""
    described: str
    """The whole bar in words."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """The boxes of one resource, on one scale."""

    title: str
    now: Track | None
    new: Track
    used_text: str
    """``p95 120m, max 300m``, or ``estimated 20m to 2``."""


def make_tracks(view: ResourceView) -> Tracks:
    """The bars of one resource of one component."""
    scale = tight_scale(view.resource, tuple(_matter(view)), tuple(_stretch(view)))
    return Tracks(
        title=view.title,
        now=_track("now", view.now, view, scale) if view.now else None,
        new=_track("new", view.new, view, scale),
        used_text=used_text(view),
    )


def used_text(view: ResourceView) -> str:
    """What is used, or the bounds of the estimate."""
    if view.used is not None:
        rounded = view.resource.rounded
        return f"used: p95 {rounded(view.used.p95)}, max {rounded(view.used.maximum)}"
    low, high = view.request_range.low, view.request_range.high
    return f"estimated: {view.resource.exact(low)} to {view.resource.exact(high)}"


def pair_texts(pair: Pair, view: ResourceView) -> tuple[str, str]:
    """Request and limit as text."""
    short = view.resource.short
    request = "not set" if pair.request is None else short(pair.request)
    limit = "no limit" if pair.limit is None else short(pair.limit)
    return request, limit


def _matter(view: ResourceView) -> Iterator[float]:
    if view.used is not None:
        yield view.used.maximum
    for pair in (view.now, view.new):
        if pair is not None and pair.request is not None:
            yield pair.request


def _stretch(view: ResourceView) -> Iterator[float]:
    if view.used is None:
        yield view.request_range.high
    for pair in (view.now, view.new):
        if pair is not None and pair.limit is not None:
            yield pair.limit


def _track(label: str, pair: Pair, view: ResourceView, scale: Scale) -> Track:
    request_text, limit_text = pair_texts(pair, view)
    beyond = pair.limit is None or scale.beyond(pair.limit)
    parts = tuple(_parts(pair, view, scale))
    return Track(
        label=label,
        request=None if pair.request is None else scale.percent(pair.request),
        limit=None if pair.limit is None else scale.percent(pair.limit),
        limit_beyond=beyond,
        reach=max([scale.percent(pair.request or 0), *(part.start + part.width for part in parts)]),
        parts=parts,
        request_text=request_text,
        limit_text=limit_text,
        runs_on=beyond or (view.used is None and scale.beyond(view.request_range.high)),
        described=f"{view.title} {label}: request {request_text}, limit {limit_text}; "
        f"{used_text(view)}",
    )


def _parts(pair: Pair, view: ResourceView, scale: Scale) -> Iterator[Stretch]:
    request = pair.request
    if view.used is None:
        bounds = view.request_range
        yield _between(bounds.low, bounds.high, "range", scale)
        return
    p95, maximum = view.used.p95, view.used.maximum
    held = p95 if request is None else min(p95, request)
    if request is not None and request > maximum:
        yield _between(maximum, request, "free", scale)
    yield _between(p95, maximum, "peak", scale)
    yield _between(0, held, "use", scale)
    if held < p95:
        yield _between(held, p95, "over", scale)


def _between(start: float, end: float, kind: str, scale: Scale) -> Stretch:
    left = scale.percent(start)
    return Stretch(left, round(max(0.0, scale.percent(end) - left), 2), kind)
