"""The ``historical_metrics`` of a trigger: arrays or percentiles, in a forgiving form.

For the only component, its fields directly; for more, by the workload or by the component's name:

    {"window_days": 14, "step_seconds": 300, "cpu_cores": [0.1, 0.2], "memory_bytes": [1e8, 1.1e8]}
    {"workloads": {"shop/Deployment/api": {…}, "web": {…}}}
    {"cpu_p95_cores": 0.4, "memory_max_bytes": 5.2e8, "window_days": 30}

An array is of one typical pod, or a list (or an object) of arrays is one for each pod. A sample is
a number, a quantity (``"250m"``, ``"512Mi"``), ``null``, or with its time: ``[time, value]`` or
``{"timestamp": …, "value": …}``; times are Unix seconds or milliseconds, or ISO 8601.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from adapters.metrics_file.export_format import MAX_CELLS
from adapters.metrics_file.grids import grid_of, on_grid
from adapters.metrics_file.percentiles import FIGURES, summary_of
from adapters.metrics_file.reading import wrong
from adapters.metrics_file.samples import (
    Moments,
    Unit,
    amount_of,
    end_of,
    moments_of,
    samples_of,
    time_of,
)
from schemas.base import JsonObject
from schemas.ports import Clock
from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    Missing,
    NoHistory,
    OomKill,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey

STATED_KIND: Final = "Component"
"""Kind of a key that names a component instead of a workload; `dca.metrics.rules` has the same."""
ANY_COMPONENT: Final = "*"
CONTAINER: Final = "main"
"""Name of the only container, when the payload gives none."""
MAX_WORKLOADS: Final = 1000
_SERIES: Final = {
    "cpu_cores": Unit.CORES,
    "cpu_millicores": Unit.MILLICORES,
    "memory_bytes": Unit.BYTES,
    "memory_mib": Unit.MIB,
}
_OTHER_SERIES: Final = ("replicas", "requests_per_second", "throttled", "latency_ms")
_SETTINGS: Final = {
    "cpu_request_cores": Unit.CORES,
    "cpu_limit_cores": Unit.CORES,
    "memory_request_bytes": Unit.BYTES,
    "memory_limit_bytes": Unit.BYTES,
}
_ABOUT: Final = ("window_days", "step_seconds", "start", "end", "container", "image", "restarts")
_KNOWN: Final = frozenset((*_SERIES, *_OTHER_SERIES, *_SETTINGS, *_ABOUT, *FIGURES, "oom_kills"))
_NAMED: Final = ("workload", "component", "name")

Read = Mapping[WorkloadKey, WorkloadHistory | NoHistory]


def read_payload(given: JsonObject, origin: str, clock: Clock) -> Read:
    """The histories, or percentiles, of a payload.

    Raises:
        InputFileError: Something in it cannot be read; names the place.
    """
    found: dict[WorkloadKey, WorkloadHistory | NoHistory] = {}
    cells = 0
    for name, item, place in _parts(given, origin):
        key = _key(name, place)
        if key in found:
            raise wrong(place, f"{key.name!r} stands there twice")
        history = found[key] = _read(key, item, place, (origin, clock))
        if isinstance(history, WorkloadHistory):
            pods = sum(len(box.pods) for box in history.containers.values())
            cells += 4 * history.grid.count * max(1, pods)
        if cells > MAX_CELLS:
            raise wrong(place, f"more than {MAX_CELLS:,} points in all")
    return found


def _parts(given: JsonObject, origin: str) -> list[tuple[str, JsonObject, str]]:
    for word in ("workloads", "components"):
        inside = given.get(word)
        if inside is None:
            continue
        others = sorted(set(given) - {word})
        if others:
            raise wrong(origin, f"{word} and {others[0][:60]!r} stand side by side")
        if isinstance(inside, list):
            parts = [(_name(item), item, f"{word}[{n}]") for n, item in enumerate(inside)]
        elif isinstance(inside, dict):
            parts = [(name, item, f"{word}.{name[:80]}") for name, item in inside.items()]
        else:
            raise wrong(f"{origin}: {word}", "neither an object nor a list")
        if not 0 < len(parts) <= MAX_WORKLOADS:
            raise wrong(f"{origin}: {word}", f"{len(parts)} workloads; 1 to {MAX_WORKLOADS} can be")
        return [
            (name, _object(item, f"{origin}: {at}"), f"{origin}: {at}") for name, item, at in parts
        ]
    return [(_name(given) or ANY_COMPONENT, given, origin)]


def _name(item: Any) -> str:  # noqa: ANN401 - JSON is anything
    if not isinstance(item, dict):
        return ""
    return next((str(item[word]) for word in _NAMED if isinstance(item.get(word), str)), "")


def _object(item: Any, place: str) -> JsonObject:  # noqa: ANN401
    if not isinstance(item, dict):
        raise wrong(place, "not an object")
    return item


def _key(name: str, place: str) -> WorkloadKey:
    """``shop/Deployment/api``, or a component by its name."""
    try:
        if "/" in name:
            return WorkloadKey.parse(name)
        if not name or any(sign.isspace() for sign in name):
            raise ValueError
        return WorkloadKey(namespace="-", kind=STATED_KIND, name=name)
    except ValueError as error:
        raise wrong(
            place, f"{name[:80]!r} is neither namespace/Kind/name nor a component's name"
        ) from error


def _read(
    key: WorkloadKey, item: JsonObject, place: str, around: tuple[str, Clock]
) -> WorkloadHistory | NoHistory:
    unknown = sorted(set(item) - _KNOWN - set(_NAMED))
    if unknown:
        raise wrong(place, f"{unknown[0][:60]!r} is not a field of it")
    if any(name in item for name in _SERIES):
        return _history(key, item, place, around)
    if any(name in item for name in FIGURES):
        origin, clock = around
        usage = summary_of(key, item, place, (origin, end_of(item, place, clock)))
        return NoHistory("only percentiles are known, no samples", usage)
    raise wrong(place, "neither cpu_cores, memory_bytes nor a percentile such as cpu_p95_cores")


def _history(
    key: WorkloadKey, item: JsonObject, place: str, around: tuple[str, Clock]
) -> WorkloadHistory:
    origin, clock = around
    moments = moments_of(item, place, clock)
    series = {
        (name, pod): samples_of(values, unit, f"{place}.{name}{at}", moments)
        for name, unit in _SERIES.items()
        if name in item
        for pod, values, at in _by_pod(item[name], f"{place}.{name}")
    }
    grid = grid_of((times for times, _ in series.values()), place)
    pods = tuple(dict.fromkeys(pod for _, pod in series))
    container = _container(item, series, pods, grid, place, moments)
    lines = {
        name: on_grid(samples_of(item[name], Unit.PLAIN, f"{place}.{name}", moments), grid)
        for name in ("requests_per_second", "latency_ms", "replicas")
        if isinstance(item.get(name), list)
    }
    rate = lines.get("requests_per_second")
    latency = lines.get("latency_ms")
    told = {"cpu": "cpu_cores", "memory": "memory_bytes", "load": "requests_per_second"}
    return WorkloadHistory(
        key=key,
        grid=grid,
        containers={container.name: container},
        replicas=lines.get("replicas"),
        replicas_wanted=_whole(item, "replicas", place),
        load=None
        if rate is None
        else Load(rate, "requests_per_second", None if latency is None else latency / 1000),
        missing=_missing(item),
        sources={part: f"{place}.{name}" for part, name in told.items() if name in item},
        origin=origin,
    )


def _container(
    item: JsonObject,
    series: Mapping[tuple[str, str], tuple[Floats, Floats]],
    pods: tuple[str, ...],
    grid: Grid,
    place: str,
    moments: Moments,
) -> ContainerHistory:
    def table(*names: str) -> Floats:
        rows = [
            next(
                (on_grid(series[name, pod], grid) for name in names if (name, pod) in series),
                np.full(grid.count, np.nan),
            )
            for pod in pods
        ]
        return np.array(rows)

    throttled = None
    if "throttled" in item:
        shares = samples_of(item["throttled"], Unit.PLAIN, f"{place}.throttled", moments)
        throttled = np.broadcast_to(on_grid(shares, grid), (len(pods), grid.count)).copy()
    set_now = {name: amount_of(item, name, unit, place) for name, unit in _SETTINGS.items()}
    return ContainerHistory(
        name=_text(item, "container", place) or CONTAINER,
        pods=pods,
        cpu_cores=table("cpu_cores", "cpu_millicores"),
        memory_bytes=table("memory_bytes", "memory_mib"),
        throttled=throttled,
        oom_kills=_kills(item, pods[0], set_now["memory_limit_bytes"], place),
        restarts=_whole(item, "restarts", place),
        requests_known=any(value is not None for value in set_now.values()),
        image=_text(item, "image", place),
        cpu_request_cores=set_now["cpu_request_cores"],
        cpu_limit_cores=set_now["cpu_limit_cores"],
        memory_request_bytes=set_now["memory_request_bytes"],
        memory_limit_bytes=set_now["memory_limit_bytes"],
    )


def _kills(
    item: JsonObject, pod: str, limit_bytes: float | None, place: str
) -> tuple[OomKill, ...]:
    """OOM kills by their times; a bare number has none, and only 0 needs none."""
    given = item.get("oom_kills", 0)
    if isinstance(given, list):
        times = [time_of(at, f"{place}.oom_kills[{n}]") for n, at in enumerate(given)]
        return tuple(OomKill(at, pod, limit_bytes) for at in sorted(times))
    if given != 0:
        raise wrong(f"{place}.oom_kills", "beside samples it is a list of the times")
    return ()


def _by_pod(values: Any, place: str) -> list[tuple[str, Any, str]]:  # noqa: ANN401
    """Pod, its values, and the place of them."""
    if isinstance(values, dict):
        return [(pod[:253], rows, f".{pod[:80]}") for pod, rows in values.items()]
    if not isinstance(values, list):
        raise wrong(place, "not a list of samples")
    # A pair is one sample with its time; a longer list, or one of lists, is a pod.
    nested = values and all(
        isinstance(item, list) and (len(item) != 2 or isinstance(item[0], list)) for item in values
    )
    if nested:
        return [(f"pod-{n}", rows, f"[{n}]") for n, rows in enumerate(values)]
    return [("pod-0", values, "")]


def _whole(item: JsonObject, name: str, place: str) -> int | None:
    value = item.get(name)
    if value is None or isinstance(value, list):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise wrong(f"{place}.{name}", "not a number of them")
    return round(value)


def _text(item: JsonObject, name: str, place: str) -> str | None:
    value = item.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= 253:
        raise wrong(f"{place}.{name}", "not a short text")
    return value


def _missing(item: JsonObject) -> tuple[Missing, ...]:
    parts = {"throttling": "throttled", "load": "requests_per_second", "oom_kills": "oom_kills"}
    return tuple(
        Missing(part, "the payload does not have it")
        for part, name in parts.items()
        if name not in item
    )
