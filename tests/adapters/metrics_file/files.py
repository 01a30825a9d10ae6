"""Makes files with metrics."""

from datetime import UTC, datetime

from adapters.metrics_file.source import source_of
from schemas.telemetry import WorkloadHistory

NOW_S = 1_768_780_800
"""19 January 2026, 00:00 UTC."""


class FakeClock:
    def now(self):
        return datetime.fromtimestamp(NOW_S, UTC)

    def monotonic(self):
        return 0.0


def source(*documents, origin="metrics.json"):
    return source_of(list(documents), origin, FakeClock())


def only(*documents):
    """The only history of some documents, and its only container."""
    found = source(*documents)
    (history,) = found.read(tuple(item.key for item in found.workloads())).values()
    assert isinstance(history, WorkloadHistory)
    (container,) = history.containers.values()
    return history, container


def series(name, values, *, step=300, start=NOW_S, **labels):
    """One series of an answer; `values` in their order, None left out."""
    pairs = [[start + n * step, str(v)] for n, v in enumerate(values) if v is not None]
    metric = {"__name__": name} if name else {}
    base = {"namespace": "shop", "pod": "api-7d9f8b6c54-x2x4v", "container": "api"}
    labels = {key: value for key, value in (base | labels).items() if value is not None}
    return {"metric": metric | labels, "values": pairs}


def answer(*result):
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}}
