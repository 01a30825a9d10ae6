"""Sizing facts, what retrieval finds of them, and decisions that are remembered."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Contract
from schemas.context import Role, WorkloadKind
from schemas.quantities import CpuQuantity, MemoryQuantity

FactId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,119}$")]
"""Unique in the corpus; its evidence id is ``fact:`` and this."""


class FactKind(StrEnum):
    """What sort of statement a fact is."""

    VENDOR_GUIDANCE = "vendor_guidance"
    CHART_DEFAULT = "chart_default"
    """What a chart, an operator or an install manifest ships."""
    BENCHMARK = "benchmark"
    PLATFORM_RULE = "platform_rule"
    PRICE = "price"
    DOCUMENT = "document"
    """A passage of a document that the operator added."""


class SourceGrade(StrEnum):
    """Whose word a fact is, best first."""

    OFFICIAL_DOC = "official_doc"
    SOURCE_CODE = "source_code"
    PROJECT_DOC = "project_doc"
    VENDOR_BLOG = "vendor_blog"
    COMMUNITY_BLOG = "community_blog"
    FORUM = "forum"
    ADDED = "added"
    """A document that the operator added; nobody has reviewed its figures."""


class Confidence(StrEnum):
    """How sure the collector of a fact is of its figures."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FigureName(StrEnum):
    """Figures that the capacity model can use, whatever fact they stand in.

    A fact may hold other figures too; they are shown and found, but move no number.
    """

    CPU_REQUEST = "cpu_request_millicores"
    MEMORY_REQUEST = "memory_request_mib"
    CPU_LIMIT = "cpu_limit_millicores"
    MEMORY_LIMIT = "memory_limit_mib"
    REPLICAS = "replicas_count"
    CPU_MINIMUM = "cpu_minimum_millicores"
    """Below it the source says that one instance does not work well."""
    MEMORY_MINIMUM = "memory_minimum_mib"
    """Below it the source says that one instance does not work."""
    MEMORY_IDLE = "memory_idle_mib"
    """Resident memory of one process with its framework loaded and little traffic."""
    CPU_PER_REQUEST = "cpu_per_request_ms"
    """CPU time of one request, query or message."""
    MEMORY_PER_CONNECTION = "memory_per_connection_mib"
    MEMORY_PER_DATA = "memory_per_data_fraction"
    """Memory that is held per byte of data."""
    AT_REQUEST_RATE = "at_requests_per_second"
    """The load that the size in the same fact carries: one rung of a capacity ladder."""
    AT_USERS = "at_concurrent_users"
    AT_CONNECTIONS = "at_connections_count"
    AT_DATA = "at_data_gib"


class AppliesTo(Contract):
    """What a fact is about; an empty tuple does not restrict. All words are lower case."""

    products: tuple[str, ...] = ()
    """Catalogue keys and other names of third-party products (``postgresql``, ``postgres``)."""
    languages: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


class FactSource(Contract):
    """Where the figures of a fact were read."""

    url: str = Field(pattern=r"^(https?://|file:)\S+$", max_length=1000)
    title: str = Field(min_length=3, max_length=300)
    grade: SourceGrade
    read: bool = True
    """The figure was seen in the source itself; false: from well-known documentation, unchecked."""
    checked: date | None = None
    """The day on which it was; None is unknown."""
    repository: str | None = None
    """``owner/name`` of the repository whose file states the figures, lower case."""


class Fact(Contract):
    """One thing that is known about sizes, in our own words, with figures a program can use."""

    id: FactId
    topic: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    component: str = Field(min_length=1, max_length=120)
    """What it is about: a product, runtime, framework, platform or provider; lower case."""
    kind: FactKind
    statement: str = Field(min_length=10, max_length=1000)
    figures: dict[str, float | int | str | bool] = Field(default_factory=dict)
    """The unit is the end of the key; those of `FigureName` are used by the capacity model."""
    applies_to: AppliesTo = AppliesTo()
    profile: str = "default"
    """``default``, ``ha``, ``small``, ``large``, ``production`` and so on."""
    workload_kind: WorkloadKind | None = None
    source: FactSource
    confidence: Confidence = Confidence.MEDIUM

    @property
    def evidence_id(self) -> str:
        """Id under which reasoning cites it."""
        return f"fact:{self.id}"


class KnowledgeQuery(Contract):
    """One question to the corpus.

    `text` ranks; the filters select first. A fact passes a filter when it names the wanted word, or
    restricts nothing there; `products` alone selects the facts that do name one of them.
    """

    text: str = Field(max_length=2000)
    products: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    kinds: tuple[FactKind, ...] = ()
    figures: tuple[str, ...] = ()
    """Only facts that hold at least one of these figures."""
    limit: int = Field(default=5, ge=1, le=100)


class RetrievedFact(Contract):
    """A fact that answers a query, and how well."""

    fact: Fact
    score: float = Field(ge=0, le=1)
    """Fused relevance: what is shown and cut at the floor."""
    dense: float | None = Field(default=None, ge=-1, le=1)
    """Cosine similarity of the embeddings; None without an embedder."""
    lexical: float | None = Field(default=None, ge=0)
    """BM25 of the words, larger is better; None when no word matched."""


class Retrieval(Contract):
    """The answer to one query: best first, empty when nothing is relevant."""

    query: KnowledgeQuery
    found: tuple[RetrievedFact, ...] = ()


class Outcome(StrEnum):
    """How a recommendation turned out."""

    GOOD = "good"
    TOO_SMALL = "too_small"
    OOM_KILLED = "oom_killed"
    THROTTLED = "throttled"
    TOO_LARGE = "too_large"


class DecidedSize(Contract):
    """The numbers of one component, as recommended or as measured later."""

    replicas: int | None = Field(default=None, ge=0)
    cpu_request: CpuQuantity | None = None
    memory_request: MemoryQuantity | None = None
    cpu_limit: CpuQuantity | None = None
    memory_limit: MemoryQuantity | None = None


class Decision(Contract):
    """What was recommended for one component in one run, why, and how it turned out."""

    run: str
    decided_at: datetime
    repository: str
    """Without credentials."""
    commit: str | None = None
    component: str
    role: Role = Role.OTHER
    language: str | None = None
    framework: str | None = None
    product: str | None = None
    environment: str = "prod"
    summary: str = Field(max_length=2000)
    """What was asked: role, stack and stated demand, in words; never the whole description."""
    size: DecidedSize
    why: str = Field(max_length=4000)
    """The main reasons, in words."""
    outcome: Outcome | None = None
    measured: DecidedSize | None = None
    """Usage that was seen later: per pod, p95 of CPU and peak of memory in the request fields."""
    outcome_note: str = Field(default="", max_length=1000)
    outcome_at: datetime | None = None

    @property
    def evidence_id(self) -> str:
        """Id under which reasoning cites it."""
        return f"decision:{self.run}/{self.component}"
