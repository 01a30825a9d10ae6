"""Whether what was seen carries a decrease."""

from __future__ import annotations

from pipa.usage.case import Subject
from pipa.usage.shapes import day_shape
from pipa.words import number
from schemas.telemetry import Floats


def too_little(subject: Subject, values: Floats) -> str:
    """Why no number may be lowered on this history; empty when it may.

    Args:
        subject: The container.
        values: The quantity that the number is about, shape (pods, grid.count).
    """
    seen, case = subject.seen, subject.case
    if case.batch:
        runs = subject.figure("decrease_runs")
        return f"{seen.pods} runs do not carry a decrease" if seen.pods < runs else ""
    if seen.samples < subject.figure("decrease_samples"):
        return f"{seen.samples} samples do not carry a decrease"
    if seen.days < subject.figure("decrease_days"):
        return f"{number(seen.days)} days do not carry a decrease"
    if seen.coverage < subject.figure("decrease_coverage"):
        return f"samples in {seen.coverage:.0%} of the time do not carry a decrease"
    if seen.weekdays < 7:
        shape = day_shape(values, case.history.grid)
        if shape is None or shape.ratio > subject.figure("flat"):
            return (
                f"its use has a shape of the day and {seen.weekdays} of 7 weekdays were seen, so"
                " the busy one may be missing"
            )
    return ""
