"""Requests per second and latency, where a common exporter tells them.

Istio first, which counts all that reaches a workload; then what the application counts itself; then
ingress-nginx, which knows only the name of a Service and is believed where that is the workload's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adapters.prometheus.decode import Labels, Sample
from adapters.prometheus.pods import PodKey, pod_pattern
from adapters.prometheus.promql import any_of, literal, matches, selector, tagged
from adapters.prometheus.scope import Scope
from schemas.usage import WorkloadKey

QUANTILE: Final = 0.95
WORKLOAD: Final = "aiprovision_workload"
"""Label of the results: whose load it is."""
MAX_SAMPLES: Final = 40_000_000
"""Raw samples that one query may read, at a scrape every 30 s; it covers fewer days beyond."""
_SCRAPE_S: Final = 30
_MAX_NAMED_PODS: Final = 60
_DUPLICATES: Final = (
    "job,instance,endpoint,service,prometheus,prometheus_replica,replica,receive,metrics_path"
)
"""Labels in which the same counter differs when it is scraped twice."""
_MESH, _POD, _INGRESS = "mesh", "pod", "ingress"


@dataclass(frozen=True, slots=True)
class Family:
    """One exporter's counter of requests, with the histogram that goes with it."""

    by: str
    requests: str
    buckets: str
    to_seconds: float = 1.0


def _histogram(name: str, to_seconds: float = 1.0) -> Family:
    return Family(_POD, f"{name}_count", f"{name}_bucket", to_seconds)


FAMILIES: Final = (
    Family(_MESH, "istio_requests_total", "istio_request_duration_milliseconds_bucket", 1e-3),
    Family(_POD, "http_requests_total", "http_request_duration_seconds_bucket"),
    _histogram("http_server_requests_seconds"),  # Micrometer: Spring, Quarkus
    _histogram("http_server_request_duration_seconds"),  # OpenTelemetry, and .NET
    _histogram("http_server_duration_milliseconds", 1e-3),  # OpenTelemetry before 1.21
    _histogram("http_server_duration_seconds"),
    _histogram("http_request_duration_seconds"),
    _histogram("http_request_duration_milliseconds", 1e-3),
    _histogram("http_request_duration_ms", 1e-3),
    _histogram("flask_http_request_duration_seconds"),
    Family(
        _POD,
        "django_http_requests_total_by_method_total",
        "django_http_requests_latency_including_middlewares_seconds_bucket",
    ),
    Family(_POD, "grpc_server_handled_total", "grpc_server_handling_seconds_bucket"),
    Family(
        _INGRESS,
        "nginx_ingress_controller_requests",
        "nginx_ingress_controller_request_duration_seconds_bucket",
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What tells the load of one workload."""

    family: Family
    requests: int
    """Series of the counter."""
    buckets: int
    """Series of the histogram; 0 when there is none."""
    native: bool = False


def probe(scope: Scope) -> str:
    """Which of these metrics the workloads have, and in how many series."""
    pods = [name for family in FAMILIES if family.by == _POD for name in _names(family)]
    mesh = [name for family in FAMILIES if family.by == _MESH for name in _names(family)]
    ingress = [name for family in FAMILIES if family.by == _INGRESS for name in _names(family)]
    among = matches("namespace", scope.namespaces)
    parts = [
        ("namespace,pod", pods, (among, matches("pod", scope.pods))),
        (
            "destination_workload_namespace,destination_workload",
            mesh,
            (
                matches("destination_workload_namespace", scope.namespaces),
                matches("destination_workload", scope.names),
                'reporter="destination"',
            ),
        ),
    ]
    for space, service in (("exported_namespace", "exported_service"), ("namespace", "service")):
        where = (matches(space, scope.namespaces), matches(service, _services(scope.keys)))
        parts.append((f"{space},{service}", ingress, where))
    return " or ".join(
        f"count by (__name__,{by}) ({_named(names, where, scope.base)})"
        for by, names, where in parts
    )


def is_load(labels: Labels) -> bool:
    """Whether a series is an answer to the probe."""
    return labels.get("__name__", "") in _ALL


def tellers(
    samples: Iterable[Sample], keys: tuple[WorkloadKey, ...], pods: dict[PodKey, WorkloadKey]
) -> dict[WorkloadKey, Told]:
    """What tells the load of each workload, the best source of those that there are."""
    series: dict[tuple[WorkloadKey, str], int] = defaultdict(int)
    for sample in samples:
        key = _whose(sample.labels, keys, pods)
        if key is not None:
            series[key, sample.labels["__name__"]] += round(sample.value)
    found = {}
    for key in keys:
        for family in FAMILIES:
            native = _native(family)
            requests, buckets = series[key, family.requests], series[key, family.buckets]
            if requests:
                found[key] = Told(family, requests, buckets)
                break
            if series[key, native] and family.by != _INGRESS:
                count = series[key, native]
                found[key] = Told(family, count, count, native=True)
                break
    return found


def rates(
    scope: Scope, told: dict[WorkloadKey, Told], pods: dict[PodKey, WorkloadKey], window_s: int
) -> str:
    """Requests per second of each workload."""
    parts = []
    for key, one in sorted(told.items()):
        metric = _native(one.family) if one.native else one.family.requests
        each = [
            f"histogram_count(rate({selected}[{window_s}s]))"
            if one.native
            else f"rate({selected}[{window_s}s])"
            for selected in _selectors(scope, key, one.family.by, metric, pods)
        ]
        once = f"max without ({_DUPLICATES}) ({' or '.join(each)})"
        parts.append(tagged(f"sum ({once})", WORKLOAD, str(key)))
    return " or ".join(parts)


def latencies(
    scope: Scope, told: dict[WorkloadKey, Told], pods: dict[PodKey, WorkloadKey], window_s: int
) -> str:
    """The 95th percentile of each workload that has a histogram, in the histogram's unit.

    Duplicates need no care: they double all buckets alike.
    """
    parts = []
    for key, one in sorted(told.items()):
        if not one.buckets:
            continue
        metric = _native(one.family) if one.native else one.family.buckets
        each = [
            f"rate({selected}[{window_s}s])"
            for selected in _selectors(scope, key, one.family.by, metric, pods)
        ]
        total = f"sum{'' if one.native else ' by (le)'} ({' or '.join(each)})"
        parts.append(tagged(f"histogram_quantile({QUANTILE}, {total})", WORKLOAD, str(key)))
    return " or ".join(parts)


def points(series: int, step_s: int, count: int) -> int:
    """How many of the newest points of a grid a query over so many series may cover."""
    if series <= 0:
        return 0
    return min(count, MAX_SAMPLES // series * _SCRAPE_S // step_s)


def _names(family: Family) -> tuple[str, ...]:
    native = (_native(family),) if family.by != _INGRESS else ()
    return (family.requests, family.buckets, *native)


def _named(names: list[str], where: tuple[str, ...], base: str) -> str:
    return selector("", f'__name__=~"{any_of(names)}"', *where, base)


def _services(keys: tuple[WorkloadKey, ...]) -> str:
    """Names of Services that are taken to lead to these workloads."""
    return any_of(f"{literal(key.name)}(-svc|-service|-http)?" for key in keys)


def _whose(
    labels: Labels, keys: tuple[WorkloadKey, ...], pods: dict[PodKey, WorkloadKey]
) -> WorkloadKey | None:
    if "destination_workload" in labels:
        where = (labels.get("destination_workload_namespace"), labels["destination_workload"])
        return next((key for key in keys if (key.namespace, key.name) == where), None)
    if "pod" in labels:
        return pods.get((labels.get("namespace", ""), labels["pod"]))
    service = labels.get("exported_service") or labels.get("service", "")
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    for key in keys:
        if key.namespace == namespace and re.fullmatch(_services((key,)), service):
            return key
    return None


def _native(family: Family) -> str:
    return family.buckets.removesuffix("_bucket")


def _selectors(
    scope: Scope, key: WorkloadKey, by: str, metric: str, pods: dict[PodKey, WorkloadKey]
) -> tuple[str, ...]:
    namespace = literal(key.namespace)
    if by == _MESH:
        name = literal(key.name)
        pairs = [(("destination_workload_namespace", namespace), ("destination_workload", name))]
        more = 'reporter="destination"'
    elif by == _POD:
        named = [pod for (_, pod), owner in pods.items() if owner == key]
        few = 0 < len(named) <= _MAX_NAMED_PODS
        pattern = any_of(map(literal, named)) if few else pod_pattern(key)
        pairs, more = [(("namespace", namespace), ("pod", pattern))], ""
    else:
        services = _services((key,))
        pairs = [
            (("exported_namespace", namespace), ("exported_service", services)),
            (("namespace", namespace), ("service", services)),
        ]
        more = ""
    return tuple(
        selector(metric, *(matches(*matcher) for matcher in pair), more, scope.base)
        for pair in pairs
    )


_ALL: Final = frozenset(name for family in FAMILIES for name in _names(family))
