"""Our own form: everything that a metrics source told, so that a file answers as the server did.

    {"format": "ai-provision-metrics/1", "origin": "http://prometheus:9090", "workloads": [
      {"workload": "shop/Deployment/api", "start_s": 1767571200, "step_s": 300, "count": 4032,
       "containers": [{"name": "api", "pods": ["api-7d9f-x2x4v"],
                       "cpu_cores": [{"at": 0, "values": [0.1, null, 0.2]}],
                       "memory_bytes": [{"at": 0, "values": [1.0e8, 1.1e8, 1.2e8]}]}]}]}

A row begins at a place of the grid and leaves out what is unknown around it; `null` is unknown.
Numbers are written as they are, so reading gives back the same arrays.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

import numpy as np
from pydantic import ValidationError

from adapters.metrics_file.export_format import (
    FORMAT,
    MAX_CELLS,
    ContainerForm,
    ExportForm,
    RowForm,
    WorkloadForm,
)
from adapters.metrics_file.reading import invalid, wrong
from schemas.base import JsonObject
from schemas.telemetry import (
    ContainerHistory,
    Floats,
    Grid,
    Load,
    Missing,
    OomKill,
    Room,
    RunningAutoscaler,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey


def write_export(histories: Iterable[WorkloadHistory], origin: str, *, packed: bool) -> bytes:
    """The histories as a file.

    Args:
        histories: Of some workloads.
        origin: The server they come from, as it may be shown.
        packed: By gzip.
    """
    document = {
        "format": FORMAT,
        "origin": origin,
        "workloads": [_told(history) for history in histories],
    }
    text = json.dumps(document, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    content = text.encode("utf-8", "replace")
    # Without a time, so that the same histories give the same bytes.
    return gzip.compress(content, mtime=0) if packed else content


def read_export(document: JsonObject, origin: str) -> Mapping[WorkloadKey, WorkloadHistory]:
    """The histories of a file.

    Raises:
        InputFileError: It is not what `write_export` writes; names the place.
    """
    if document.get("format") != FORMAT:
        raise wrong(f"{origin}: format", f"{str(document['format'])[:60]!r} is not {FORMAT!r}")
    try:
        export = ExportForm.model_validate(document)
    except ValidationError as error:
        raise invalid(origin, error) from error
    cells, found = 0, {}
    for number, item in enumerate(export.workloads):
        place = f"{origin}: workloads[{number}]"
        cells += sum(4 * max(1, len(box.pods)) * item.count for box in item.containers)
        if cells > MAX_CELLS:
            raise wrong(place, f"more than {MAX_CELLS:,} points in all")
        key = _key(item.workload, place)
        if key in found:
            raise wrong(place, f"{key} stands there twice")
        found[key] = _history(key, item, place, export.origin)
    return found


def _key(text: str, place: str) -> WorkloadKey:
    try:
        return WorkloadKey.parse(text)
    except ValueError as error:
        raise wrong(f"{place}.workload", f"not namespace/Kind/name: {text[:120]!r}") from error


def _history(key: WorkloadKey, item: WorkloadForm, place: str, origin: str) -> WorkloadHistory:
    grid = Grid(item.start_s, item.step_s, item.count)
    load = item.load
    return WorkloadHistory(
        key=key,
        grid=grid,
        containers={
            box.name: _container(box, grid, f"{place}.containers[{number}]")
            for number, box in enumerate(item.containers)
        },
        started_s=item.started_s,
        replicas=_line(item.replicas, grid, f"{place}.replicas"),
        replicas_wanted=item.replicas_wanted,
        autoscaler=RunningAutoscaler(**item.autoscaler.model_dump()) if item.autoscaler else None,
        load=None
        if load is None
        else Load(
            _filled(load.requests_per_second, grid, f"{place}.load.requests_per_second"),
            load.source,
            _line(load.latency_s, grid, f"{place}.load.latency_s"),
            load.latency_quantile,
        ),
        room=Room(**item.room.model_dump()),
        missing=tuple(Missing(one.what, one.why) for one in item.missing),
        sources=item.sources,
        # The evidence names the server: the file is only how it came here.
        origin=item.origin or origin or "an export",
    )


def _container(box: ContainerForm, grid: Grid, place: str) -> ContainerHistory:
    def rows(given: list[RowForm], name: str) -> Floats:
        if len(given) != len(box.pods):
            raise wrong(f"{place}.{name}", f"{len(given)} rows for {len(box.pods)} pods")
        filled = [_filled(row, grid, f"{place}.{name}[{n}]") for n, row in enumerate(given)]
        return np.array(filled).reshape(len(box.pods), grid.count)

    peaks = box.peak_bytes
    if peaks is not None and len(peaks) != len(box.pods):
        raise wrong(f"{place}.peak_bytes", f"{len(peaks)} numbers for {len(box.pods)} pods")
    return ContainerHistory(
        name=box.name,
        pods=tuple(box.pods),
        cpu_cores=rows(box.cpu_cores, "cpu_cores"),
        memory_bytes=rows(box.memory_bytes, "memory_bytes"),
        rss_bytes=None if box.rss_bytes is None else rows(box.rss_bytes, "rss_bytes"),
        throttled=None if box.throttled is None else rows(box.throttled, "throttled"),
        peak_bytes=None if peaks is None else np.array(peaks, dtype=np.float64),
        oom_kills=tuple(OomKill(kill.at_s, kill.pod, kill.limit_bytes) for kill in box.oom_kills),
        restarts=box.restarts,
        cpu_request_cores=box.cpu_request_cores,
        cpu_limit_cores=box.cpu_limit_cores,
        memory_request_bytes=box.memory_request_bytes,
        memory_limit_bytes=box.memory_limit_bytes,
        requests_known=box.requests_known,
        image=box.image,
    )


def _line(row: RowForm | None, grid: Grid, place: str) -> Floats | None:
    return None if row is None else _filled(row, grid, place)


def _filled(row: RowForm, grid: Grid, place: str) -> Floats:
    line = np.full(grid.count, np.nan)
    end = row.at + len(row.values)
    if end > grid.count:
        raise wrong(place, f"its values reach to place {end} of a grid of {grid.count}")
    line[row.at : end] = np.array(row.values, dtype=np.float64)
    return line


def _told(history: WorkloadHistory) -> JsonObject:
    load = history.load
    told: JsonObject = {
        "workload": str(history.key),
        "start_s": history.grid.start_s,
        "step_s": history.grid.step_s,
        "count": history.grid.count,
        "containers": [_box(item) for item in history.containers.values()],
        "started_s": {pod: at for pod, at in history.started_s.items() if np.isfinite(at)},
        "replicas": None if history.replicas is None else _row(history.replicas),
        "replicas_wanted": history.replicas_wanted,
        "autoscaler": None if history.autoscaler is None else asdict(history.autoscaler),
        "load": None
        if load is None
        else {
            "requests_per_second": _row(load.requests_per_second),
            "source": load.source,
            "latency_s": None if load.latency_s is None else _row(load.latency_s),
            "latency_quantile": load.latency_quantile,
        },
        "room": asdict(history.room),
        "missing": [asdict(item) for item in history.missing],
        "sources": dict(history.sources),
        "origin": history.origin,
    }
    return told


def _box(item: ContainerHistory) -> JsonObject:
    def rows(values: Floats | None) -> list[JsonObject] | None:
        return None if values is None else [_row(line) for line in values]

    return {
        "name": item.name,
        "pods": list(item.pods),
        "cpu_cores": rows(item.cpu_cores),
        "memory_bytes": rows(item.memory_bytes),
        "rss_bytes": rows(item.rss_bytes),
        "throttled": rows(item.throttled),
        "peak_bytes": None if item.peak_bytes is None else list(_numbers(item.peak_bytes)),
        "oom_kills": [asdict(kill) for kill in item.oom_kills],
        "restarts": item.restarts,
        "cpu_request_cores": item.cpu_request_cores,
        "cpu_limit_cores": item.cpu_limit_cores,
        "memory_request_bytes": item.memory_request_bytes,
        "memory_limit_bytes": item.memory_limit_bytes,
        "requests_known": item.requests_known,
        "image": item.image,
    }


def _row(values: Floats) -> JsonObject:
    """From the first to the last known value."""
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return {"at": 0, "values": []}
    first, last = int(known[0]), int(known[-1]) + 1
    return {"at": first, "values": list(_numbers(values[first:last]))}


def _numbers(values: Floats) -> Iterator[float | int | None]:
    """Whole numbers without a point: they are the most, and shorter."""
    for value in values.tolist():
        if not math.isfinite(value):
            yield None
        elif value.is_integer() and abs(value) < 2**53:
            yield int(value)
        else:
            yield value
