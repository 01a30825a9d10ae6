"""Percentiles that somebody computed elsewhere: a summary without a history behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.metrics_file.reading import wrong
from adapters.metrics_file.samples import Unit, amount_of
from schemas.base import JsonObject
from schemas.usage import Spread, UsageSummary, WorkloadKey

CONTAINER: Final = "main"
_POINTS: Final = {
    "mean": ("mean", "avg", "average"),
    "p50": ("p50", "median"),
    "p95": ("p95",),
    "p99": ("p99",),
    "maximum": ("max", "maximum", "peak"),
}
_UNITS: Final = {
    ("cpu", "cores"): Unit.CORES,
    ("cpu", "millicores"): Unit.MILLICORES,
    ("memory", "bytes"): Unit.BYTES,
    ("memory", "mib"): Unit.MIB,
}


def _named(quantity: str) -> dict[str, tuple[str, Unit]]:
    """Point and unit of each field: ``cpu_p95_cores`` is p95 in cores."""
    return {
        f"{of}_{word}_{unit_name}": (point, unit)
        for (of, unit_name), unit in _UNITS.items()
        if of == quantity
        for point, words in _POINTS.items()
        for word in words
    }


_RATE: Final = {
    f"requests_per_second_{word}": (point, Unit.PLAIN)
    for point, words in _POINTS.items()
    for word in words
}
FIGURES: Final = frozenset((*_named("cpu"), *_named("memory"), *_RATE, "throttled_share"))
"""Fields that are percentiles."""


def summary_of(
    key: WorkloadKey, item: JsonObject, place: str, where: tuple[str, float]
) -> UsageSummary:
    """The summary that percentiles make.

    Args:
        key: Of the workload or the component.
        item: The fields.
        place: Of them, for errors.
        where: The file or payload, and the end of the window in Unix seconds.

    Raises:
        InputFileError: One is no number, or a higher percentile is below a lower one.
    """
    origin, end_s = where
    guessed: list[str] = []
    cpu = _spread(_named("cpu"), item, place, guessed)
    memory = _spread(_named("memory"), item, place, guessed)
    rate = _spread(_RATE, item, place, guessed)
    replicas = _number(item, "replicas", place)
    days = _number(item, "window_days", place) or 0.0
    kills, restarts = (_number(item, name, place) for name in ("oom_kills", "restarts"))
    share = _number(item, "throttled_share", place)
    if share is not None and share > 1:
        raise wrong(f"{place}.throttled_share", "a share is at most 1")
    return UsageSummary(
        workload=key,
        container=str(item.get("container") or CONTAINER)[:253],
        origin=origin,
        end_s=int(end_s),
        days=days,
        coverage=1.0 if days else 0.0,
        samples=0,
        pods=round(replicas or 0),
        replicas=None if replicas is None else _constant(replicas),
        cpu_cores=cpu,
        memory_bytes=memory,
        requests_per_second=rate,
        load_source=None if rate is None else "requests_per_second",
        throttled_share=share,
        oom_kills=None if kills is None else round(kills),
        restarts=None if restarts is None else round(restarts),
        replicas_now=None if replicas is None else round(replicas),
        cpu_request_cores=amount_of(item, "cpu_request_cores", Unit.CORES, place),
        cpu_limit_cores=amount_of(item, "cpu_limit_cores", Unit.CORES, place),
        memory_request_bytes=amount_of(item, "memory_request_bytes", Unit.BYTES, place),
        memory_limit_bytes=amount_of(item, "memory_limit_bytes", Unit.BYTES, place),
        missing=("samples: only percentiles are given", *guessed),
    )


def _spread(
    names: Mapping[str, tuple[str, Unit]], item: JsonObject, place: str, guessed: list[str]
) -> Spread | None:
    """The points that are given; one that is not is the next higher one, or else the highest."""
    given: dict[str, float] = {}
    for name, (point, unit) in names.items():
        value = amount_of(item, name, unit, place)
        if value is not None:
            given[point] = value
    if not given:
        return None
    quantity = "load" if names is _RATE else next(iter(names)).partition("_")[0]
    order = ("p50", "p95", "p99", "maximum")
    ranked = [given[point] for point in order if point in given]
    if ranked != sorted(ranked) or given.get("mean", 0.0) > max(given.values()):
        raise wrong(place, f"the percentiles of {quantity} do not rise")
    highest = max(given.values())
    filled = dict(given)
    above = highest
    for point in reversed(order):
        above = filled.setdefault(point, above)
    filled.setdefault("mean", filled["p50"])
    lacking = [point for point in ("mean", *order) if point not in given]
    if lacking:
        guessed.append(f"{quantity} {', '.join(lacking)}: not given, the next higher one is taken")
    return Spread(**filled)


def _number(item: JsonObject, name: str, place: str) -> float | None:
    return amount_of(item, name, Unit.PLAIN, place)


def _constant(value: float) -> Spread:
    return Spread(mean=value, p50=value, p95=value, p99=value, maximum=value)
