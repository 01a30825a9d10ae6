"""DraftPlan: PIPA's numbers, with their intervals, their reasoning and their evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from schemas.base import Contract, JsonObject
from schemas.evidence import Evidence
from schemas.quantities import CpuQuantity, MemoryQuantity


class Amounts(Contract):
    """CPU and memory; None means "not set" (many teams set no CPU limit)."""

    cpu: CpuQuantity | None = Field(default=None, ge=0)
    memory: MemoryQuantity | None = Field(default=None, ge=0)


class Resources(Contract):
    """Requests and limits of one container."""

    requests: Amounts = Amounts()
    limits: Amounts = Amounts()


class CpuInterval(Contract):
    """Low, target and high, in millicores."""

    low: CpuQuantity
    target: CpuQuantity
    high: CpuQuantity

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.target <= self.high:
            raise ValueError(f"not ordered: {self.low} {self.target} {self.high}")
        return self


class MemoryInterval(Contract):
    """Low, target and high, in bytes."""

    low: MemoryQuantity
    target: MemoryQuantity
    high: MemoryQuantity

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.target <= self.high:
            raise ValueError(f"not ordered: {self.low} {self.target} {self.high}")
        return self


class CountInterval(Contract):
    """Low, target and high number of replicas."""

    low: int = Field(ge=0)
    target: int = Field(ge=0)
    high: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.target <= self.high:
            raise ValueError(f"not ordered: {self.low} {self.target} {self.high}")
        return self


class Intervals(Contract):
    """The range in which each number is defensible; a missing one was not estimated."""

    replicas: CountInterval
    cpu_request: CpuInterval
    memory_request: MemoryInterval
    cpu_limit: CpuInterval | None = None
    memory_limit: MemoryInterval


class Autoscaling(Contract):
    """A HorizontalPodAutoscaler on CPU utilisation."""

    min_replicas: int = Field(ge=1)
    max_replicas: int = Field(ge=1)
    target_cpu_percent: int = Field(ge=1, le=100)
    """Average CPU use over the CPU request."""


class ContainerPlan(Contract):
    """A container beside the main one: sidecar or init container."""

    name: str
    init: bool = False
    resources: Resources


class ReasoningStep(Contract):
    """One step from evidence to a number."""

    number: int = Field(ge=1)
    about: str
    """``memory``, ``cpu``, ``replicas``, ``autoscaling``, ``storage``, ``runtime``, ``confidence``,
    ``demand``, or ``model`` for a step of a language model."""
    text: str
    """One or two sentences; each number in it follows from the cited evidence."""
    evidence: tuple[str, ...] = ()


class Influence(Contract):
    """How one piece of retrieved evidence moved one figure of the model."""

    number: str
    """The number of the plan that it acts on: ``memory_request``, ``cpu_limit``, ``replicas`` …"""
    figure: str
    """The figure that moved, by its id: ``postgresql.memory_request``, ``memory.base.go``."""
    evidence: str
    """Id of the fact or the decision."""
    before: float
    after: float
    unit: str


class ModelOutcome(StrEnum):
    """What became of a number that a language model proposed."""

    TAKEN = "taken"
    """It lies inside the interval."""
    SUPPORTED = "supported"
    """It lies outside, and evidence that the model cited carries it."""
    CLAMPED = "clamped"
    """It lies outside without such evidence: the interval's bound stands."""
    REFUSED = "refused"
    """It contradicts another number or a floor: the deterministic number stands."""


class ModelChange(Contract):
    """A number that a language model would have otherwise."""

    number: str
    """``memory_request``, ``cpu_limit``, ``replicas`` …"""
    before: int
    """The deterministic number, in millicores, bytes or pods."""
    proposed: int
    after: int
    outcome: ModelOutcome
    evidence: tuple[str, ...] = ()
    """What the model cited for it, as far as it exists."""
    why: str = Field(default="", max_length=600)
    """In the model's words, made safe to show."""


class ComponentPlan(Contract):
    """The numbers for one component."""

    component: str
    replicas: int = Field(ge=0)
    resources: Resources
    extra_containers: tuple[ContainerPlan, ...] = ()
    autoscaling: Autoscaling | None = None
    runtime_env: dict[str, str] = Field(default_factory=dict)
    """Variables that keep the runtime inside its limit (``GOMEMLIMIT``, ``JAVA_TOOL_OPTIONS``)."""
    storage: MemoryQuantity | None = None
    """Size of the persistent volume, where one is needed."""
    recreate: bool = False
    """Stop the old pod before starting the new one (single writer)."""
    disruption_budget: bool = False
    """A PodDisruptionBudget with ``maxUnavailable: 1`` belongs to it."""
    intervals: Intervals
    confidence: float = Field(ge=0, le=1)
    reasoning: tuple[ReasoningStep, ...]
    influences: tuple[Influence, ...] = ()
    """What retrieved evidence changed, in the order in which it acted; empty: nothing moved."""
    model_changes: tuple[ModelChange, ...] = ()
    """What a language model changed or wanted to; empty: none took part, or it agreed."""
    kept: tuple[str, ...] = ()
    """Numbers left as the cluster has them (``memory_request``, ``replicas``), because the change
    would not be worth a rollout or the evidence does not carry it."""


class ComponentFailure(Contract):
    """A component that could not be sized; the others stand."""

    component: str
    stage: str
    message: str


class DraftPlan(Contract):
    """All that PIPA hands to RVA; manifests only for components that have none."""

    components: tuple[ComponentPlan, ...]
    failures: tuple[ComponentFailure, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """The constants and rules that the reasoning cites (the context holds the rest)."""


Manifests = tuple[JsonObject, ...]
"""Kubernetes documents in the order in which they are applied."""
