"""How sure the numbers are: from days, pods, coverage, weekdays, signals, and what was hidden."""

from __future__ import annotations

from pipa.estimate import Estimate
from pipa.usage.case import Subject
from pipa.usage.growth import GrowthKind
from pipa.usage.shapes import Trend
from pipa.words import number

_STRONG_TREND = 0.1
"""Per week; more changes the answer before the next review."""
_SIGNALS = ("throttling", "oom_kills", "requests", "load")


def judge(subject: Subject) -> float:
    """Confidence in [0, 1], with a step that lists what it is made of."""
    parts = _gains(subject)
    text = ", ".join(f"{number(gain)} for {what}" for what, gain in parts)
    total = sum(gain for _, gain in parts)
    lost = _losses(subject)
    if lost:
        text += ", less " + ", ".join(f"{number(loss)} for {what}" for what, loss in lost)
    total = max(0.0, total - sum(loss for _, loss in lost))
    if not (subject.seen.cpu and subject.seen.memory):
        half = subject.value("confidence.half")
        total *= half
        absent = "memory" if subject.seen.cpu else "CPU"
        text += f"; x {number(half)}, for its {absent} was not read"
    most = subject.value("confidence.ceiling")
    confidence = round(min(total, most), 2)
    subject.step(
        "confidence", f"{text}: {number(confidence)}, at most {number(most)}.", ("cpu", "memory")
    )
    return confidence


def _gains(subject: Subject) -> list[tuple[str, float]]:
    seen, value = subject.seen, subject.value
    full = value("confidence.full_days")
    runs = subject.case.batch
    # A nightly run is seen once a day, an hourly one on few days is not seen for long.
    extent = min(1.0, min(seen.pods, seen.days) / full if runs else seen.effective_days / full)
    unit = f"{number(seen.days)} days"
    unit = f"{seen.pods} runs in {unit}" if runs else f"{unit} of {number(full)}"
    coverage = extent if runs else seen.coverage
    weekdays = extent if runs else seen.weekdays / 7
    known = sum(name in subject.ids or name in subject.case.ids for name in _SIGNALS)
    parts = [
        ("its own measured use", value("confidence.base")),
        (unit, value("confidence.days") * extent),
        (f"samples in {seen.coverage:.0%} of the time", value("confidence.coverage") * coverage),
        (f"{seen.weekdays} of 7 weekdays", value("confidence.weekdays") * weekdays),
        (f"{known} of 4 further signals", value("confidence.signals") * known / 4),
    ]
    if seen.pods > 2:
        parts.append((f"{seen.pods} pods", value("confidence.pods")))
    return [(what, round(gain, 3)) for what, gain in parts]


def _losses(subject: Subject) -> list[tuple[str, float]]:
    signals, lost = subject.signals, []
    if signals.killed is not None or signals.throttled is not None:
        lost.append(("a limit that hid the demand", subject.value("confidence.censored")))
    grows = signals.growth is not None and signals.growth.kind in (
        GrowthKind.LEAK,
        GrowthKind.UNTOLD,
    )
    if grows or _strong(signals.cpu_trend) or _strong(signals.memory_trend):
        lost.append(("growth", subject.value("confidence.moving")))
    return lost


def _strong(trend: Trend | None) -> bool:
    return trend is not None and abs(trend.per_week) >= _STRONG_TREND


def widened(estimate: Estimate, effective_days: float) -> Estimate:
    """An interval as wide as the days that were seen leave it.

    Two weeks: the upper bound x 1.07; one day: x 2; one hour: x 25, held at 4.

    Source:
        kubernetes/autoscaler, VPA recommender: upper bound x (1 + 1 / days), lower bound x
        (1 + 0.001 / days) to the power of -2.
    """
    days = max(effective_days, 1 / 24)
    upper = min(4.0, 1 + 1 / days)
    lower = (1 + 0.001 / days) ** -2
    return Estimate(estimate.low * lower, estimate.target, estimate.high * upper)
