"""What is asked of the server, as text; each function gives PromQL for a scope.

Duplicates (two Prometheus replicas behind one address, several jobs that scrape the same kubelet)
fall together under ``max by``: the same thing measured twice is not twice as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adapters.prometheus.promql import tagged
from adapters.prometheus.scope import CADVISOR_BY, STATE_BY, Scope

PART: Final = "aiprovision_part"
"""Label that tells apart the parts of one query."""
OOM, RESTARTS, KILLED, THROTTLED = "oom", "restarts", "killed", "throttled"

POD_VALUES: Final = (
    "kube_pod_container_resource_requests",
    "kube_pod_container_resource_limits",
    "kube_pod_container_resource_requests_cpu_cores",
    "kube_pod_container_resource_requests_memory_bytes",
    "kube_pod_container_resource_limits_cpu_cores",
    "kube_pod_container_resource_limits_memory_bytes",
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_status_last_terminated_timestamp",
    "kube_pod_container_status_last_terminated_exitcode",
    "kube_pod_start_time",
    "kube_pod_container_info",
)
"""Of single pods; the ``…_cores`` and ``…_bytes`` are from before kube-state-metrics 2."""
SPEC_VALUES: Final = (
    "container_spec_memory_limit_bytes",
    "container_spec_cpu_quota",
    "container_spec_cpu_period",
)
"""What cAdvisor knows of limits; for servers without kube-state-metrics."""
NAMESPACE_VALUES: Final = (
    "kube_deployment_spec_replicas",
    "kube_statefulset_replicas",
    "kube_daemonset_status_desired_number_scheduled",
    "kube_replicaset_spec_replicas",
    "rollout_info_replicas_desired",
    "kube_horizontalpodautoscaler_info",
    "kube_horizontalpodautoscaler_spec_min_replicas",
    "kube_horizontalpodautoscaler_spec_max_replicas",
    "kube_horizontalpodautoscaler_spec_target_metric",
    "kube_hpa_spec_min_replicas",
    "kube_hpa_spec_max_replicas",
    "kube_hpa_spec_target_metric",
    "kube_resourcequota",
    "kube_limitrange",
)
NODE_VALUES: Final = (
    "kube_node_status_allocatable",
    "kube_node_status_allocatable_cpu_cores",
    "kube_node_status_allocatable_memory_bytes",
)

Text = Callable[[Scope], str]


def cpu(window_s: int, *, per_core: bool = False) -> Text:
    """Cores: the mean rate within each window.

    Args:
        window_s: At least four scrapes, or points go missing.
        per_core: The server has one series per core and no sum of them.
    """
    matcher = 'cpu!="total"' if per_core else 'cpu=~"|total"'

    def text(scope: Scope) -> str:
        selectors = scope.of_containers("container_cpu_usage_seconds_total", matcher)
        rates = [f"rate({one}[{window_s}s])" for one in selectors]
        if per_core:
            rates = [f"sum without (cpu) ({rate})" for rate in rates]
        return _either([f"max by ({CADVISOR_BY}) ({rate})" for rate in rates])

    return text


def largest(metric: str, window_s: int) -> Text:
    """The largest of all raw samples within each window, of a gauge of cAdvisor."""

    def text(scope: Scope) -> str:
        selectors = scope.of_containers(metric)
        return _either(
            [f"max by ({CADVISOR_BY}) (max_over_time({one}[{window_s}s]))" for one in selectors]
        )

    return text


def events(window_s: int) -> Text:
    """Throttling, counters of OOM kills and restarts, and whether the last end was an OOM kill.

    Of the counters values and not increases: the increase between the last sample of one window
    and the first of the next is in neither. Zeros, which are nearly all, are left out.
    """

    def text(scope: Scope) -> str:
        killed = 'reason="OOMKilled"'
        state = "kube_pod_container_status"
        parts = [
            (OOM, CADVISOR_BY, scope.of_containers("container_oom_events_total")),
            (RESTARTS, STATE_BY, scope.of_pods(f"{state}_restarts_total")),
            (KILLED, STATE_BY, scope.of_pods(f"{state}_last_terminated_reason", killed)),
            # A container that is not started again, as those of most Jobs.
            (KILLED, STATE_BY, scope.of_pods(f"{state}_terminated_reason", killed)),
        ]
        shares = [tagged(one, PART, THROTTLED) for one in _throttled(scope, window_s)]
        return _either(
            [
                *shares,
                *(
                    tagged(f"max by ({by}) (max_over_time({one}[{window_s}s])) > 0", PART, part)
                    for part, by, selectors in parts
                    for one in selectors
                ),
            ]
        )

    return text


def pod_values(scope: Scope) -> str:
    """What kube-state-metrics tells of single pods."""
    return _either(scope.of_pods("", _names(POD_VALUES)))


def spec_values(scope: Scope) -> str:
    """Limits as cAdvisor knows them."""
    return _either(scope.of_containers("", _names(SPEC_VALUES)))


def current_values(scope: Scope) -> str:
    """Replicas, autoscalers, quotas and ranges of the namespaces, and the nodes."""
    nodes = ",".join(part for part in (_names(NODE_VALUES), scope.base) if part)
    return _either([*scope.of_namespaces("", _names(NAMESPACE_VALUES)), f"{{{nodes}}}"])


def peak(window_s: int) -> Text:
    """The largest working set of the whole window, from raw samples."""
    return largest("container_memory_working_set_bytes", window_s)


def scrapes(window_s: int) -> Text:
    """How many samples a container has in a window."""

    def text(scope: Scope) -> str:
        selectors = scope.of_containers("container_memory_working_set_bytes")
        return _either([f"max(count_over_time({one}[{window_s}s]))" for one in selectors])

    return text


def _throttled(scope: Scope, window_s: int) -> list[str]:
    """The share of CFS periods that were throttled, one expression per style."""
    part, whole = (
        [
            f"max by ({CADVISOR_BY}) (increase({one}[{window_s}s]))"
            for one in scope.of_containers(f"container_cpu_cfs_{name}_total")
        ]
        for name in ("throttled_periods", "periods")
    )
    return [f"{a} / {b}" for a, b in zip(part, whole, strict=True)]


def _names(metrics: tuple[str, ...]) -> str:
    return f'__name__=~"{"|".join(metrics)}"'


def _either(expressions: tuple[str, ...] | list[str]) -> str:
    return " or ".join(expressions)
