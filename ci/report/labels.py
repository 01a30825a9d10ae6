"""Requests and limits as lines across a picture, with labels that do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ci.report.resource import ResourceView
from ci.report.scale import Scale

ROOM = 9.0
"""Percent of the picture's height that one label needs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One amount across the picture; a request and a limit that are equal share one."""

    percent: float
    """Height above the axis."""
    label_percent: float
    """Height of the label, moved away from its neighbours."""
    text: str
    kind: str
    """``new`` or ``now``."""
    dashed: bool
    """Only limits lie here."""
    beyond: bool
    """It lies above the picture; only the label is there."""
    amount: int


def line_labels(view: ResourceView, scale: Scale) -> tuple[Line, ...]:
    """The lines of a view, lowest first; of equal ones today's, so that the new one is on top."""
    named: dict[tuple[int, str], list[str]] = {}
    for kind, pair in (("now", view.now), ("new", view.new)):
        if pair is None:
            continue
        for name, amount in (("request", pair.request), ("limit", pair.limit)):
            if amount is not None:
                named.setdefault((amount, kind), []).append(name)
    ordered = sorted(named.items(), key=lambda entry: entry[0][0])
    lines = [_line(amount, kind, names, view, scale) for (amount, kind), names in ordered]
    heights = spread([line.percent for line in lines])
    return tuple(
        replace(line, label_percent=height) for line, height in zip(lines, heights, strict=True)
    )


def _line(amount: int, kind: str, names: list[str], view: ResourceView, scale: Scale) -> Line:
    beyond = scale.beyond(amount)
    percent = scale.percent(amount)
    return Line(
        percent=percent,
        label_percent=percent,
        text=f"{'↑ ' if beyond else ''}{kind} {' = '.join(names)} {view.resource.short(amount)}",
        kind=kind,
        dashed=names == ["limit"],
        beyond=beyond,
        amount=amount,
    )


def spread(heights: Sequence[float], room: float = ROOM) -> list[float]:
    """Heights at least `room` apart and within 0 and 100, each as near as can be to its own.

    Args:
        heights: Rising, in percent.
        room: What each needs; less is given when there are too many.

    >>> spread([50.0, 50.0], 10.0)
    [45.0, 55.0]
    """
    if not heights:
        return []
    room = min(room, 100.0 / len(heights))
    groups: list[tuple[float, int]] = []
    for height in heights:
        groups.append((height, 1))
        while len(groups) > 1 and _touch(groups[-2], groups[-1], room):
            (low, few), (high, more) = groups[-2:]
            groups[-2:] = [((low * few + high * more) / (few + more), few + more)]
        groups[-1] = (_inside(*groups[-1], room), groups[-1][1])
        while len(groups) > 1 and _touch(groups[-2], groups[-1], room):
            (_, few), (centre, more) = groups[-2:]
            groups[-2:] = [(_inside(centre - few * room / 2, few + more, room), few + more)]
    return [
        round(centre + (index - (count - 1) / 2) * room, 2)
        for centre, count in groups
        for index in range(count)
    ]


def _touch(lower: tuple[float, int], upper: tuple[float, int], room: float) -> bool:
    return upper[0] - lower[0] < room * (lower[1] + upper[1]) / 2 - 1e-9


def _inside(centre: float, count: int, room: float) -> float:
    half = count * room / 2
    return min(max(centre, half), 100 - half)
