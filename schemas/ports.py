"""What the agents need from the world; adapters implement it, tests fake it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.base import JsonObject
from schemas.context import Component, Role
from schemas.knowledge import Decision, KnowledgeQuery, Retrieval
from schemas.plan import ComponentPlan, Manifests
from schemas.retrieval import KnowledgeState
from schemas.usage import SimilarUsage, UsageSummary, WorkloadKey


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """The current moment, with its zone."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not read, and why."""

    path: str
    reason: str


class FileTree(Protocol):
    """Files of a repository: bounded, no links followed, paths relative with ``/``."""

    @property
    def paths(self) -> Sequence[str]:
        """All regular files, sorted."""

    @property
    def skipped(self) -> Sequence[SkippedFile]:
        """What was left out of `paths`, or refused by `read_text` so far."""

    @property
    def truncated(self) -> bool:
        """A limit on files, depth or time was reached."""

    def size(self, path: str) -> int:
        """Bytes of a file of `paths`."""

    def read_text(self, path: str) -> str | None:
        """Text of a file; None (and an entry in `skipped`) when too large, binary or unreadable.

        Bytes that are not UTF-8 become U+FFFD.
        """


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository that is ready to be read."""

    files: FileTree
    url: str
    """As it may be shown: without credentials."""
    ref: str | None = None
    commit: str | None = None


class RepositorySource(Protocol):
    """Gets a repository."""

    def open(self, git_repo: str, ref: str | None = None) -> AbstractContextManager[Checkout]:
        """Make it readable; what was fetched is gone after the block.

        Raises:
            RepositoryError: Refused, not found, too large or too slow.
        """


@dataclass(frozen=True, slots=True)
class RenderedChart:
    """What a chart renders to."""

    documents: tuple[JsonObject, ...]
    """Each with ``# Source`` kept in `sources`, in the same order."""
    sources: tuple[str, ...]


class ChartRenderer(Protocol):
    """Renders a Helm chart without running anything of it and without a cluster."""

    @property
    def available(self) -> bool:
        """Whether there is a renderer at all."""

    def render(self, files: Mapping[str, bytes], values: JsonObject | None = None) -> RenderedChart:
        """Render the chart made of `files` (paths relative to the chart's directory).

        Raises:
            ToolError: The chart does not render, with the renderer's words.
        """


class KnowledgeSource(Protocol):
    """Finds sizing facts."""

    @property
    def state(self) -> KnowledgeState:
        """Which facts and which embedder answer."""

    def search(self, queries: Sequence[KnowledgeQuery]) -> Sequence[Retrieval]:
        """Answer several queries at once, in their order.

        A query that nothing is relevant to gets an empty answer. The same facts and the same
        queries give the same answers.
        """


class DecisionMemory(Protocol):
    """Remembers what was recommended, and how it turned out."""

    def remember(self, decisions: Sequence[Decision]) -> None:
        """Keep the decisions of one run.

        Raises:
            StoreError: They could not be stored.
        """

    def similar(self, component: Component, repository: str, limit: int = 3) -> Sequence[Decision]:
        """Past decisions about the same or a similar component, most relevant first.

        Raises:
            StoreError: The store cannot be read.
        """


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Selects decisions; every condition that is set must hold."""

    run: str | None = None
    component: str | None = None
    repository: str | None = None
    before: datetime | None = None
    """Decided before this moment."""


class DecisionStore(Protocol):
    """Keeps decisions between runs; a decision is known by its run and its component."""

    def put(self, decisions: Sequence[Decision]) -> None:
        """Keep them all or none; one with a known run and component replaces the earlier one.

        Raises:
            StoreError: They could not be stored.
        """

    def find(self, where: DecisionFilter) -> Sequence[Decision]:
        """All that match, newest first.

        Raises:
            StoreError: The store cannot be read.
        """

    def related(self, component: Component, repository: str) -> Sequence[Decision]:
        """Those of the same component, product, framework, or language and role; newest first.

        Raises:
            StoreError: The store cannot be read.
        """

    def delete(self, where: DecisionFilter) -> int:
        """Forget all that match, for good; how many they were.

        Raises:
            StoreError: They could not be deleted.
        """


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Model and engine, as they are shown to users."""

    @property
    def space(self) -> str:
        """Key of the vector space: vectors of embedders with the same key can be compared."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 per text."""


class TelemetryIndex(Protocol):
    """Keeps what workloads used, and finds those that are alike."""

    def remember(self, summaries: Sequence[UsageSummary]) -> None:
        """Keep summaries; one of a known workload, container and slice replaces the earlier one.

        Raises:
            StoreError: They could not be stored.
        """

    def slices(
        self, workload: WorkloadKey, container: str, question: str
    ) -> Sequence[UsageSummary]:
        """What is known of one container, the slices most relevant to a question first.

        Raises:
            StoreError: The index cannot be read.
        """

    def similar(
        self, component: Component, limit: int = 3, repository: str | None = None
    ) -> Sequence[SimilarUsage]:
        """Usage of other services of the same stack, role and load; most alike first.

        Those of `repository` come before others that are as much alike. Empty when nothing is
        alike enough.

        Raises:
            StoreError: The index cannot be read.
        """


@dataclass(frozen=True, slots=True)
class ExternalTool:
    """A tool of another server that the operator has listed."""

    name: str
    """``server.tool``, both as the operator wrote them."""
    about: str
    """What it is for, in the operator's words: a server's own words would be instructions."""
    parameters: tuple[str, ...] = ()
    """Names and types of its arguments, ``query: string, needed``; only what passes as a name."""


class ExternalTools(Protocol):
    """Tools of other servers, by the names that the operator has allowed."""

    @property
    def names(self) -> Sequence[str]:
        """Those that may be called; nothing is contacted."""

    def describe(self) -> Sequence[ExternalTool]:
        """The allowed tools that their servers have now; those of silent servers are not."""

    def call(self, name: str, arguments: Mapping[str, object]) -> str:
        """What a tool answers, bounded in size and time.

        The text is a stranger's: it may be shown to a model as data, between fences, and is never
        followed.

        Raises:
            ToolError: Not allowed, not reachable, too slow, or the tool itself failed.
        """


class ManifestGenerator(Protocol):
    """Writes the Kubernetes documents of a component that has none."""

    def __call__(self, component: Component, plan: ComponentPlan) -> Manifests:
        """Documents in the order in which they are applied."""


class SchemaValidator(Protocol):
    """Validates Kubernetes documents against the API's own schemas."""

    def errors(self, document: JsonObject, kubernetes_version: str | None = None) -> list[str]:
        """What is wrong with a document; empty when it is valid.

        A kind that the schemas do not know is reported as ``unknown kind …``.
        """


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one list; None is unknown."""

    name: str
    source: str
    currency: str
    hours_per_month: float
    cpu_core_hour: float | None
    memory_gib_hour: float | None
    storage_gib_hour: float | None
    gpu_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of the organisation.

    `condition` is a CEL expression that must be true; it sees ``component``, ``plan``, ``current``,
    ``cluster`` and ``environment``.
    """

    id: str
    severity: str
    message: str
    condition: str
    roles: tuple[Role, ...] = ()
    """Roles it is about; empty for all."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The organisation's limits and rules, read from YAML."""

    name: str
    limits: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    """Settings of built-in checks: see the policy file that ships with the tool."""
    rules: tuple[Policy, ...] = ()
    disabled: Mapping[str, str] = field(default_factory=dict)
    """Checks that are switched off, each with the reason the file gives."""
