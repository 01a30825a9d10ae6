"""Reads usage history from any endpoint of the Prometheus HTTP API.

Prometheus, Thanos, Mimir, Cortex and VictoriaMetrics. Importing this package is cheap: NumPy,
orjson and the client are imported when a source is opened.

source      the port
session     one HTTP exchange: credentials, no redirects, limits on time and size
connection  one request, tried again where that helps
failures    what a server's refusal means
decode      answers as arrays
promql      text that goes into queries
pods        which pods belong to which workload
scope       the series that several workloads have
discovery   what the server has of them
queries     what is asked
ranges      range queries, in pieces where the server has limits
cache       finished slices of the past, on disk
reading     asks for everything about a scope
readings    what was read, by container
events      OOM kills and restarts
current     requests, limits, replicas, autoscalers and room, now
load        requests per second and latency
history     all of it as `schemas.telemetry.WorkloadHistory`
listing     all workloads
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.settings import Settings
    from schemas.ports import Clock
    from schemas.telemetry import MetricsSource


def open_prometheus(settings: Settings, clock: Clock) -> MetricsSource:
    """The metrics source that the settings name; nothing is sent yet.

    Args:
        settings: ``prometheus_*`` and ``metrics_*``.
        clock: This machine's time. Windows end at the *server's* time; the difference is told.

    Raises:
        SettingsError: No URL, headers that are none, or a CA file that cannot be read.
    """
    from adapters.prometheus.source import PrometheusSource

    return PrometheusSource(settings, clock)
