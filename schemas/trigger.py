"""The trigger: two fields for people, a payload for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.base import Contract, JsonObject
from schemas.quantities import CpuQuantity, MemoryQuantity

MAX_DESCRIPTION_CHARACTERS = 20_000
"""A long page of prose; more is not a description and costs every later stage."""


class Environment(StrEnum):
    """Where the sizing is for; decides availability and headroom."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class NodeFacts(Contract):
    """One schedulable node, or a group of equal ones."""

    name: str
    count: int = Field(default=1, ge=1)
    allocatable_cpu: CpuQuantity
    """What pods may use: capacity less kube and system reservations."""
    allocatable_memory: MemoryQuantity
    free_cpu: CpuQuantity | None = None
    free_memory: MemoryQuantity | None = None
    allocatable_ephemeral_storage: MemoryQuantity | None = None
    ready: bool = True
    labels: dict[str, str] = Field(default_factory=dict)
    taints: tuple[str, ...] = ()
    extended_resources: dict[str, int] = Field(default_factory=dict)
    """For example ``{"nvidia.com/gpu": 1}``."""


class QuotaFacts(Contract):
    """What a ResourceQuota still leaves; an absent amount is not limited."""

    name: str = "quota"
    remaining_requests_cpu: CpuQuantity | None = None
    remaining_requests_memory: MemoryQuantity | None = None
    remaining_limits_cpu: CpuQuantity | None = None
    remaining_limits_memory: MemoryQuantity | None = None
    remaining_pods: int | None = Field(default=None, ge=0)


class LimitRangeFacts(Contract):
    """One container item of a LimitRange; absent means not set."""

    name: str = "limit-range"
    min_cpu: CpuQuantity | None = None
    max_cpu: CpuQuantity | None = None
    min_memory: MemoryQuantity | None = None
    max_memory: MemoryQuantity | None = None
    max_cpu_limit_request_ratio: float | None = Field(default=None, ge=1)
    max_memory_limit_request_ratio: float | None = Field(default=None, ge=1)


class ClusterFacts(Contract):
    """The payload's ``deployment_context``: what is known of the target cluster."""

    kubernetes_version: str | None = Field(default=None, pattern=r"^v?1\.\d+(\.\d+)?([-+].*)?$")
    namespace: str | None = None
    nodes: tuple[NodeFacts, ...] = ()
    quotas: tuple[QuotaFacts, ...] = ()
    limit_ranges: tuple[LimitRangeFacts, ...] = ()
    priority_classes: tuple[str, ...] | None = None
    storage_classes: tuple[str, ...] | None = None
    daemonset_requests_cpu: CpuQuantity | None = None
    """What DaemonSets already request on each node."""
    daemonset_requests_memory: MemoryQuantity | None = None


class Trigger(Contract):
    """One question: size this repository, described so.

    ``app_metadata``, ``historical_metrics``, ``cluster`` and ``service_manifest`` come only with
    the payload form, as ``app_metadata``, ``historical_metrics``, ``deployment_context`` and
    ``service_manifest``.
    """

    git_repo: str = Field(min_length=1, max_length=2048)
    app_description: str = Field(min_length=1, max_length=MAX_DESCRIPTION_CHARACTERS)
    environment: Environment = Environment.PROD
    app_metadata: dict[str, Any] = Field(default_factory=dict)
    historical_metrics: JsonObject | None = None
    cluster: ClusterFacts | None = None
    service_manifest: tuple[JsonObject, ...] = ()
    """Kubernetes documents of the service, sized as if they stood in the repository."""
