"""Usage in plain words: the text that is embedded, and that a reader is shown.

Numbers are rounded to two digits: what differs by less reads alike, so a summary that is computed
anew the next day mostly keeps its text, and with that its vector.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from schemas.context import Component
from schemas.quantities import MIB
from schemas.usage import Slice, Spread, UsageSummary

MAX_LABEL = 60
"""Characters of a label: names of languages and products are shorter, and the embedding model reads
about 200 words in all."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FLAT = 0.15
"""Hours, days and weeks that differ by less from their mean have no shape worth a sentence."""
_BURSTY = 3.0
"""p99 over p50 from which CPU use is called bursty: a steady service stays under two."""
_THROTTLED = 0.01
_WINDOWS = {
    Slice.ALL: "over the whole window",
    Slice.LAST_WEEK: "in the last week, recently",
    Slice.LAST_DAY: "in the last day, now",
    Slice.BUSIEST_DAY: "on its busiest day, at peak load",
    Slice.WEEKEND: "at the weekend, on Saturday and Sunday",
    Slice.INCIDENT: "in the hours before it was killed for want of memory, an OOM kill incident",
}
_VISIBLE = re.compile(r"[^\w .,:;/#+@()\[\]&'_-]+")


def text_of(usage: UsageSummary) -> str:
    """Stack, role, load, shape of the day, peaks and incidents of one summary."""
    head = subject(
        product=usage.product,
        role=usage.role,
        language=usage.language,
        framework=usage.framework,
        names=(usage.workload.name, usage.container),
    )
    sentences = (
        f"{head} {_WINDOWS[usage.slice]}",
        _load(usage),
        _cpu(usage),
        _memory(usage),
        _shape(usage),
        _trend(usage),
        _incidents(usage),
    )
    return ". ".join(sentence for sentence in sentences if sentence) + "."


def question_of(component: Component) -> str:
    """A component in the words in which a summary begins."""
    head = subject(
        product=component.third_party,
        role=component.role.value,
        language=component.language,
        framework=component.framework,
        names=(component.name,),
    )
    rate = component.demand.peak_rps or component.demand.average_rps
    return f"{head}. {_rate(rate)}." if rate else f"{head}."


def subject(
    *,
    product: str | None,
    role: str | None,
    language: str | None,
    framework: str | None,
    names: Iterable[str],
) -> str:
    """What something is: product or stack, role and names."""
    stack = [product] if product else [language, framework]
    words = [label(word) for word in (*stack, (role or "").replace("_", " ")) if word]
    shown = dict.fromkeys(label(name) for name in names)
    return f"{' '.join(words) or 'service'} named {', '.join(shown)}"


def label(text: str) -> str:
    """A label in one short visible line: it comes from a cluster or a repository."""
    # Cut before anything else: only so much of a label of any length is looked at.
    cut = text[: 4 * MAX_LABEL].encode("utf-8", "replace").decode("utf-8")
    words = " ".join(_VISIBLE.sub(" ", cut).split())
    return words[:MAX_LABEL].rstrip() or "?"


def rounded(value: float) -> str:
    """A number with two significant digits: 0.0123 is 0.012, 1234 is 1200."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "?"
    digits = 1 - math.floor(math.log10(abs(value)))
    cut = round(value, digits)
    return f"{cut:.{max(0, digits)}f}".rstrip("0").rstrip(".") if digits > 0 else f"{cut:.0f}"


def _rate(rate: float) -> str:
    return f"{rounded(rate)} requests per second"


def _load(usage: UsageSummary) -> str:
    rate, pods = usage.requests_per_second, usage.replicas
    parts = [] if rate is None else [f"load {_rate(rate.p95)}"]
    if pods is not None:
        parts.append(f"{rounded(pods.p50)} pods")
    return " on ".join(parts)


def _cpu(usage: UsageSummary) -> str:
    spread = usage.cpu_cores
    if spread is None:
        return ""
    text = f"CPU {_millicores(spread)}"
    if usage.burst_ratio is not None and usage.burst_ratio >= _BURSTY:
        text += ", bursty"
    if usage.startup_cpu_ratio is not None and usage.startup_cpu_ratio > 1 + _FLAT:
        text += ", with a start-up peak"
    return text


def _millicores(spread: Spread) -> str:
    usual, high, most = (rounded(1000 * v) for v in (spread.p50, spread.p95, spread.maximum))
    return f"{usual} millicores usual, {high} high, {most} at most"


def _memory(usage: UsageSummary) -> str:
    spread = usage.memory_bytes
    if spread is None:
        return ""
    text = f"memory {rounded(spread.p50 / MIB)} MiB usual, {rounded(spread.maximum / MIB)} at most"
    if usage.startup_memory_ratio is not None and usage.startup_memory_ratio > 1 + _FLAT:
        text += ", with a start-up peak"
    return text


def _shape(usage: UsageSummary) -> str:
    parts = []
    if len(usage.cpu_by_hour) == 24 and _uneven(usage.cpu_by_hour):
        parts.append(f"busiest at {_highest(usage.cpu_by_hour)}:00 UTC")
    if len(usage.cpu_by_weekday) == 7 and _uneven(usage.cpu_by_weekday):
        parts.append(f"busiest on {_WEEKDAYS[_highest(usage.cpu_by_weekday)]}")
    return " and ".join(parts) or ("steady over the day" if usage.cpu_by_hour else "")


def _uneven(values: tuple[float, ...]) -> bool:
    return max(values) - min(values) > 2 * _FLAT


def _highest(values: tuple[float, ...]) -> int:
    return values.index(max(values))


def _trend(usage: UsageSummary) -> str:
    parts = []
    for name, slope in (
        ("CPU", usage.cpu_trend_per_week),
        ("memory", usage.memory_trend_per_week),
    ):
        if slope is not None and abs(slope) > _FLAT:
            parts.append(f"{name} {'grows' if slope > 0 else 'falls'} from week to week")
    return ", ".join(parts)


def _incidents(usage: UsageSummary) -> str:
    parts = []
    if usage.oom_kills:
        parts.append(f"{usage.oom_kills} OOM kills")
    if usage.restarts:
        parts.append(f"{usage.restarts} restarts")
    if usage.throttled_share is not None and usage.throttled_share > _THROTTLED:
        parts.append(f"throttled in {rounded(100 * usage.throttled_share)} % of periods")
    return ", ".join(parts)
