"""Which container of a workload's pods a component is."""

from __future__ import annotations

from collections.abc import Sequence

from dca.repository.naming import same_service
from schemas.context import Component

INJECTED = frozenset(
    [
        *["istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init"],
        *["envoy-sidecar", "consul-dataplane", "vault-agent", "vault-agent-init", "daprd"],
        *["cloud-sql-proxy", "datadog-agent-injected", "opentelemetry-auto-instrumentation"],
    ]
)
"""Containers that admission controllers add, by the names that they always have."""


def container_of(component: Component, workload: str, containers: Sequence[str]) -> str | None:
    """The container, or None when several could be it.

    It is the one that the manifest names, else the only one (those that are injected apart), else
    the only one that is called like the component or the workload.
    """
    names = tuple(dict.fromkeys(containers))
    if component.workload is not None and component.workload.container in names:
        return component.workload.container
    own = [name for name in names if name not in INJECTED]
    if len(own) == 1:
        return own[0]
    for called in (component.name, workload):
        for level in (3, 2, 1):
            alike = [name for name in own if same_service(called, name) == level]
            if len(alike) == 1:
                return alike[0]
            if alike:
                break
    return None
