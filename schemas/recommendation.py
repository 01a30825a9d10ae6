"""Recommendation: the stable face of a run for people and programs."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.base import Contract, JsonObject
from schemas.context import (
    CurrentSizing,
    FoundIn,
    Note,
    RepositoryFacts,
    Role,
    RouteName,
    WorkloadKind,
)
from schemas.evidence import Evidence
from schemas.model import ModelUse
from schemas.plan import (
    Autoscaling,
    ContainerPlan,
    Influence,
    Intervals,
    ModelChange,
    ReasoningStep,
    Resources,
)
from schemas.quantities import MemoryQuantity
from schemas.retrieval import KnowledgeState, RetrievalRound
from schemas.run import RunRecord
from schemas.trigger import Trigger
from schemas.usage import UsageSummary

SCHEMA_VERSION = "1"


class Severity(StrEnum):
    """What a failed check means."""

    BLOCK = "block"
    """Must not be applied like this."""
    WARN = "warn"
    """Can be applied; somebody should look."""
    INFO = "info"
    """Worth knowing."""


class Fix(Contract):
    """A repair from the closed list, as it was or would be applied."""

    op: str
    field: str
    """Dotted path inside the plan, for example ``resources.limits.memory``."""
    before: str
    after: str


class Finding(Contract):
    """What one check says about one component."""

    id: str = Field(pattern=r"^[A-Z$]{1,4}[0-9]{2}$|^org\.[a-z0-9.-]+$")
    """``T04``, ``A13``; an organisation's own policies are ``org.name``."""
    severity: Severity
    passed: bool
    message: str
    component: str | None = None
    """None for a finding about the whole app."""
    container: str | None = None
    path: str = ""
    """The field it is about."""
    value: str = ""
    """What was found, with its unit."""
    limit: str = ""
    """The bound it was held against, with its unit."""
    fix: Fix | None = None
    """The repair that answered it (then a later round passes), or the one to make by hand."""
    source: str = ""
    """Where the rule comes from."""

    @property
    def blocks(self) -> bool:
        """It failed and must not be ignored."""
        return not self.passed and self.severity is Severity.BLOCK


class ReActStep(Contract):
    """One turn of the refinement loop."""

    cycle: int = Field(ge=1)
    component: str
    thought: str
    action: str
    """Name of the repair or check."""
    observation: str


class RefinementEnd(StrEnum):
    """Why the loop ended."""

    CLEAN = "nothing_blocks"
    NO_PROGRESS = "nothing_changes"
    LIMIT = "cycle_limit"


class Refinement(Contract):
    """How the loop went for one component."""

    ended: RefinementEnd
    cycles: int = Field(ge=0)
    trace: tuple[ReActStep, ...] = ()


class ComponentStatus(StrEnum):
    """Whether there are numbers."""

    SIZED = "sized"
    FAILED = "failed"


class Target(Contract):
    """The existing object that the patch is for."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None
    container: str
    path: str
    chart: str | None = None
    kustomization: str | None = None


class ComponentRecommendation(Contract):
    """The answer for one component."""

    name: str
    status: ComponentStatus = ComponentStatus.SIZED
    failure: str | None = None
    source_path: str | None
    language: str | None
    framework: str | None
    role: Role
    kind: WorkloadKind
    found_in: tuple[FoundIn, ...] = ()
    third_party: str | None = None
    image: str | None = None
    dockerfile: str | None = None
    """The Dockerfile that builds it, as a path in the repository."""
    route: RouteName
    route_reason: str
    replicas: int = Field(ge=0)
    resources: Resources
    extra_containers: tuple[ContainerPlan, ...] = ()
    autoscaling: Autoscaling | None = None
    runtime_env: dict[str, str] = Field(default_factory=dict)
    storage: MemoryQuantity | None = None
    confidence: float = Field(ge=0, le=1)
    intervals: Intervals
    reasoning: tuple[ReasoningStep, ...]
    influences: tuple[Influence, ...] = ()
    """How each piece of retrieved evidence moved the figures of the model."""
    model_changes: tuple[ModelChange, ...] = ()
    """What a language model changed or wanted to."""
    rationale: str = Field(default="", max_length=2000)
    """A language model's summary for a reviewer, each number in it checked; empty without one."""
    retrieval: tuple[RetrievalRound, ...] = ()
    """What was asked of the corpus, round by round."""
    evidence: tuple[Evidence, ...]
    """What the reasoning and the influences cite, and the documents found for the component."""
    usage: UsageSummary | None = None
    """What its workload really used, where there is history."""
    kept: tuple[str, ...] = ()
    """Numbers left as the cluster has them (``memory_request``), as PIPA decided."""
    current: CurrentSizing | None = None
    changes: tuple[str, ...] = ()
    """Fields in which the repository's manifest differs, one line each; empty when it agrees."""
    target: Target | None = None
    patch: JsonObject | None = None
    """Strategic-merge patch for the target."""
    manifests: tuple[JsonObject, ...] = ()
    """Full documents: of a component that has none, or that the patch needs beside it."""
    replaces: tuple[str, ...] = ()
    """Those of `manifests` that the repository has already, as ``Kind/name``."""
    refinement: Refinement | None = None


class FailedComponent(Contract):
    """A component without numbers; it stands beside the others, with the reason."""

    name: str
    status: Literal[ComponentStatus.FAILED] = ComponentStatus.FAILED
    stage: str
    failure: str


class ComponentCost(Contract):
    """Monthly cost of what one component requests; None is unknown."""

    component: str
    monthly: float | None = Field(default=None, ge=0)
    """Requests of all replicas (the HPA's minimum) over a month."""
    monthly_at_max: float | None = Field(default=None, ge=0)
    """The same at the HPA's maximum."""
    monthly_current: float | None = Field(default=None, ge=0)
    """The same for the manifests as they are; unknown when they set no requests."""
    unknown: str = ""
    """Why an amount is unknown."""


class Cost(Contract):
    """What the recommendation costs, by a named price list."""

    currency: str | None = None
    unit: str = ""
    """What `monthly` is: currency and hours per month."""
    source: str = ""
    """The price list, and where its prices come from."""
    monthly: float | None = Field(default=None, ge=0)
    monthly_at_max: float | None = Field(default=None, ge=0)
    monthly_delta: float | None = None
    """Against the current manifests, over the components for which both are known."""
    components: tuple[ComponentCost, ...] = ()
    unknown: str = ""


class Recommendation(Contract):
    """The whole answer."""

    schema_version: str = SCHEMA_VERSION
    trigger: Trigger
    repository: RepositoryFacts
    components: tuple[ComponentRecommendation, ...]
    failed: tuple[FailedComponent, ...] = ()
    findings: tuple[Finding, ...]
    """All failed checks, and those that a repair answered."""
    checks_passed: int = Field(default=0, ge=0)
    checks_skipped: dict[str, str] = Field(default_factory=dict)
    """Checks that could not run, each with the reason."""
    notes: tuple[Note, ...] = ()
    knowledge: KnowledgeState | None = None
    """The corpus that was searched; None when none was."""
    cost: Cost
    models: tuple[ModelUse, ...] = ()
    """What each agent asked of a language model, and what that cost."""
    run: RunRecord

    @property
    def blocked(self) -> bool:
        """A blocking finding is left."""
        return any(finding.blocks for finding in self.findings)

    @property
    def differs(self) -> bool:
        """A manifest of the repository differs from the recommendation, or is missing."""
        return any(item.changes or item.target is None for item in self.components)
