"""Which quantity a series is, by its name or by its query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Part(StrEnum):
    """What series tell of a container or a pod."""

    CPU = "cpu"
    MEMORY = "memory"
    RSS = "rss"
    THROTTLED = "throttling"
    PERIODS = "periods"
    OOM = "oom_kills"
    RESTARTS = "restarts"
    REQUEST = "requests"
    LIMIT = "limits"
    START = "start"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Metric:
    """A quantity, and the form in which it comes."""

    part: Part
    name: str
    counter: bool = False
    """It only grows: its increase per second is meant."""
    resource: str = ""
    """``cpu`` or ``memory`` of requests and limits."""


_KNOWN: Final = (
    Metric(Part.CPU, "container_cpu_usage_seconds_total", counter=True),
    Metric(Part.MEMORY, "container_memory_working_set_bytes"),
    Metric(Part.RSS, "container_memory_rss"),
    Metric(Part.THROTTLED, "container_cpu_cfs_throttled_periods_total", counter=True),
    Metric(Part.PERIODS, "container_cpu_cfs_periods_total", counter=True),
    Metric(Part.OOM, "container_oom_events_total"),
    Metric(Part.RESTARTS, "kube_pod_container_status_restarts_total"),
    Metric(Part.START, "kube_pod_start_time"),
    Metric(Part.REQUEST, "kube_pod_container_resource_requests"),
    Metric(Part.LIMIT, "kube_pod_container_resource_limits"),
    Metric(Part.LOAD, "istio_requests_total", counter=True),
    Metric(Part.LOAD, "http_requests_total", counter=True),
    Metric(Part.LOAD, "http_server_requests_seconds_count", counter=True),
)
_RATE: Final = re.compile(r"\b(?:rate|irate|deriv)\s*\(")
_RULE_CPU: Final = re.compile(r":container_cpu_usage_seconds_total:sum_i?rate")
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def metric_of(labels: Mapping[str, str], query: str) -> Metric | None:
    """The quantity of a series; None when it is none that is used."""
    name = labels.get("__name__", "")
    told = (name, *(_NAME.findall(query) if not name else ()))
    if any(_RULE_CPU.search(word) for word in told):
        return Metric(Part.CPU, name or query)
    parts = {word.rpartition(":")[2] if ":" in word else word for word in told}
    found = [metric for metric in _KNOWN if metric.name in parts or _by_resource(metric, parts)]
    if not found:
        return None
    metric = found[0]
    if len({item.part for item in found}) > 1:
        # A quotient of throttled and all periods is the share itself; other mixtures are unclear.
        if {item.part for item in found} != {Part.THROTTLED, Part.PERIODS} or "/" not in query:
            return None
        return Metric(Part.THROTTLED, metric.name)
    if not name and metric.counter and _RATE.search(query):
        metric = Metric(metric.part, metric.name)
    if metric.part in (Part.REQUEST, Part.LIMIT):
        return _with_resource(metric, labels, parts, query)
    return metric


def _by_resource(metric: Metric, parts: set[str]) -> bool:
    """kube-state-metrics 1: ``kube_pod_container_resource_requests_cpu_cores``."""
    return metric.part in (Part.REQUEST, Part.LIMIT) and any(
        word in parts for word in (f"{metric.name}_cpu_cores", f"{metric.name}_memory_bytes")
    )


def _with_resource(
    metric: Metric, labels: Mapping[str, str], parts: set[str], query: str
) -> Metric | None:
    resource = labels.get("resource", "")
    for word in ("cpu", "memory"):
        if f'resource="{word}"' in query or any(f"_{word}_" in part for part in parts):
            resource = resource or word
    if resource not in ("cpu", "memory"):
        return None
    return Metric(metric.part, metric.name, resource=resource)
