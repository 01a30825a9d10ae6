"""Answers of the Prometheus HTTP API, as they came: which metric each series is, and whose.

A file holds one answer, a list of them, one per line, or answers with their queries:
``{"query": "rate(…[5m])", "response": {…}}``. A series is known by its ``__name__``, or by the
metric in its query. Counters become rates; copies by two servers count once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.metrics_file.grids import ordered
from adapters.metrics_file.metrics import Metric, Part, metric_of
from adapters.metrics_file.reading import wrong
from adapters.metrics_file.workloads import PodContainer, Series, assemble
from adapters.prometheus.decode import MAX_LABEL_CHARACTERS, MAX_LABELS
from adapters.prometheus.pods import Chains, own
from schemas.telemetry import WorkloadHistory
from schemas.usage import WorkloadKey

MAX_SERIES: Final = 200_000
_MOST_NAMED: Final = 5
_OWNERS: Final = frozenset(
    {"kube_pod_owner", "kube_pod_info", "kube_replicaset_owner", "kube_job_owner"}
)


@dataclass(slots=True)
class Gathered:
    """All series of a file, by what they tell."""

    chains: Chains = field(default_factory=Chains)
    series: dict[Part, list[tuple[PodContainer, Series, Metric]]] = field(default_factory=dict)
    queries: dict[Part, str] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)
    """Metrics that are not used, in their order."""
    of_pods: bool = False
    """Some series are of whole pods: their query summed the containers."""


def is_response(document: Any) -> bool:  # noqa: ANN401 - JSON is anything
    """Whether a document is an answer, or several of them."""
    if isinstance(document, list):
        return bool(document) and all(is_response(item) for item in document)
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("queries"), list):
        return is_response(document["queries"])
    if "response" in document:
        return is_response(document["response"])
    return "status" in document or isinstance(document.get("result"), list)


def read_responses(documents: Sequence[Any], origin: str) -> Mapping[WorkloadKey, WorkloadHistory]:
    """The histories in answers.

    Args:
        documents: Each an answer, or several.
        origin: The file's name.

    Raises:
        InputFileError: An answer is an error, or nothing in them is usage of a container.
    """
    gathered = Gathered()
    for count, series in enumerate(_all_series(documents, origin)):
        if count >= MAX_SERIES:
            raise wrong(origin, f"more than {MAX_SERIES:,} series")
        _take(gathered, series)
    if not (gathered.series.get(Part.CPU) or gathered.series.get(Part.MEMORY)):
        names = ", ".join(list(gathered.unknown)[:_MOST_NAMED])
        seen = f"; it has {names}" if names else ""
        raise wrong(
            origin,
            "no CPU or memory usage of pods (container_cpu_usage_seconds_total, "
            f"container_memory_working_set_bytes) with the labels namespace and pod{seen}",
        )
    return assemble(gathered.series, gathered.chains, gathered.queries, origin)


def _all_series(documents: Sequence[Any], origin: str) -> Iterator[Series]:
    for number, document in enumerate(documents):
        place = origin if len(documents) == 1 else f"{origin}: answer {number + 1}"
        yield from _series(document, "", place)


def _series(document: Any, query: str, place: str) -> Iterator[Series]:  # noqa: ANN401
    if isinstance(document, list):
        for number, item in enumerate(document):
            yield from _series(item, query, f"{place}[{number}]")
        return
    if isinstance(document.get("queries"), list):
        yield from _series(document["queries"], query, f"{place}: queries")
        return
    if "response" in document:
        asked = document.get("query")
        yield from _series(document["response"], str(asked or query)[:8000], place)
        return
    if document.get("status", "success") != "success":
        raise wrong(place, f"the answer is an error: {str(document.get('error'))[:200]}")
    data = document.get("data", document)
    result = data.get("result") if isinstance(data, dict) else None
    if not isinstance(result, list):
        raise wrong(place, "the answer has no data.result")
    asked = document.get("query")
    for number, item in enumerate(result):
        yield _one(item, str(asked or query)[:8000], f"{place}: result[{number}]")


def _one(item: Any, query: str, place: str) -> Series:  # noqa: ANN401
    labels = item.get("metric") if isinstance(item, dict) else None
    if not isinstance(labels, dict) or len(labels) > MAX_LABELS:
        raise wrong(f"{place}.metric", "no labels")
    for name, value in labels.items():
        if not isinstance(value, str) or max(len(value), len(name)) > MAX_LABEL_CHARACTERS:
            raise wrong(f"{place}.metric", f"the label {name[:60]!r} is no short text")
    values = item.get("values", [item["value"]] if "value" in item else None)
    if not isinstance(values, list):
        raise wrong(place, "neither values nor value")
    times, numbers = [], []
    for index, pair in enumerate(values):
        try:
            at, value = pair
            times.append(float(at))
            numbers.append(float(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise wrong(f"{place}.values[{index}]", "not a time and a number") from error
    return Series(labels, ordered(times, numbers), query)


def _take(gathered: Gathered, series: Series) -> None:
    name = series.labels.get("__name__", "")
    if name in _OWNERS:
        gathered.chains.add(series.labels)
        return
    metric = metric_of(series.labels, series.query)
    where = _where(series.labels)
    if metric is None or where is None:
        gathered.unknown.setdefault((name or series.query)[:80])
        return
    gathered.series.setdefault(metric.part, []).append((where, series, metric))
    gathered.queries.setdefault(metric.part, series.query or name)


def _where(labels: Mapping[str, str]) -> PodContainer | None:
    """Whose series it is; None for what is no pod's, and for sums beside the containers."""
    pod = own(labels, "pod") or labels.get("pod_name", "")
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    workload, kind = labels.get("workload", ""), labels.get("workload_type", "")
    stated = None
    if workload and kind:
        stated = (kind.capitalize() if kind.islower() else kind, workload)
        pod = pod or workload
    container = labels.get("exported_container") or labels.get(
        "container", labels.get("container_name")
    )
    if not pod or container == "POD":
        return None
    return PodContainer(namespace or "default", pod, container, stated)
