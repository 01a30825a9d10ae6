"""What is asked of the server, as text; each function gives PromQL for a scope.

Duplicates (two Prometheus replicas behind one address, several jobs that scrape the same kubelet)
fall together, the largest counts: the same thing measured twice is not twice as much. Where there
are many, the server does that (``max by``), which spares the network; where there are few, it is
done here, because it is most of what such a query costs a server: measured on 20 containers, two
weeks and 4,032 steps, 0.12 s of its CPU time with and 0.04 s without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adapters.prometheus.scope import CADVISOR_BY, STATE_BY, Scope

OOMS: Final = ("container_oom_events_total",)
RESTARTS: Final = ("kube_pod_container_status_restarts_total",)
KILLED: Final = (
    "kube_pod_container_status_last_terminated_reason",
    "kube_pod_container_status_terminated_reason",  # not started again, as in most Jobs
)
PERIODS: Final = ("container_cpu_cfs_periods_total",)
THROTTLED: Final = ("container_cpu_cfs_throttled_periods_total",)
EVENTS: Final = (*OOMS, *RESTARTS, *KILLED, *PERIODS, *THROTTLED)

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
        return _once(rates, CADVISOR_BY, scope)

    return text


def largest(metric: str, window_s: int) -> Text:
    """The largest of all raw samples within each window, of a gauge of cAdvisor."""

    def text(scope: Scope) -> str:
        selectors = scope.of_containers(metric)
        return _once(
            [f"max_over_time({one}[{window_s}s])" for one in selectors], CADVISOR_BY, scope
        )

    return text


def events(window_s: int) -> Text:
    """Counters of throttling, OOM kills and restarts, and whether the last end was an OOM kill.

    The values of counters and not their increases: what happens between the last sample of one
    window and the first of the next is in the increase of neither. One selector by name and no
    ``or``, which the server would work out anew at each of thousands of steps. Zeros, which are
    nearly all, are left out.
    """

    def text(scope: Scope) -> str:
        selectors = scope.of_any("", _names(EVENTS), 'reason=~"|OOMKilled"')
        values = [f"last_over_time({one}[{window_s}s]) > 0" for one in selectors]
        return _once(values, f"__name__,{CADVISOR_BY},{STATE_BY}", scope)

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


def scrapes(window_s: int) -> Text:
    """How many samples a container has in a window."""

    def text(scope: Scope) -> str:
        selectors = scope.of_containers("container_memory_working_set_bytes")
        return _either([f"max(count_over_time({one}[{window_s}s]))" for one in selectors])

    return text


def _once(expressions: list[str], by: str, scope: Scope) -> str:
    """Several expressions, each without duplicates where the server is to see to that."""
    if scope.merge:
        expressions = [f"max by ({by}) ({one})" for one in expressions]
    return _either(expressions)


def _names(metrics: tuple[str, ...]) -> str:
    return f'__name__=~"{"|".join(metrics)}"'


def _either(expressions: tuple[str, ...] | list[str]) -> str:
    return " or ".join(expressions)
