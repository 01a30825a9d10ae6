"""AppContext: what DCA knows about an app, every fact with its evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from schemas.base import Contract, JsonObject
from schemas.evidence import Evidence
from schemas.quantities import Bytes, CpuQuantity, MemoryQuantity
from schemas.retrieval import KnowledgeState, RetrievalRound
from schemas.trigger import Trigger
from schemas.usage import UsageSummary, WorkloadKey


class Role(StrEnum):
    """What a component does, as far as it matters for its size."""

    BACKEND_API = "backend_api"
    WEB_FRONTEND = "web_frontend"
    GRPC_SERVICE = "grpc_service"
    WORKER = "worker"
    BATCH = "batch"
    CONTROLLER = "controller"
    GATEWAY_PROXY = "gateway_proxy"
    SQL_DATABASE = "sql_database"
    NOSQL_DATABASE = "nosql_database"
    VECTOR_DATABASE = "vector_database"
    CACHE = "cache"
    MESSAGE_BROKER = "message_broker"
    SEARCH_ENGINE = "search_engine"
    ML_INFERENCE = "ml_inference"
    OBSERVABILITY = "observability"
    LOAD_GENERATOR = "load_generator"
    PLATFORM = "platform"
    OTHER = "other"


class WorkloadKind(StrEnum):
    """The Kubernetes kinds that ai-provision sizes."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    JOB = "Job"
    CRON_JOB = "CronJob"


class Criticality(StrEnum):
    """How much an outage costs, least first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Traffic(StrEnum):
    """The shape of the load over time."""

    STEADY = "steady"
    SPIKY = "spiky"
    SCHEDULED = "scheduled"


class Dimension(StrEnum):
    """The eight dimensions along which a description is read."""

    WORKLOAD = "workload_scale"
    SLA = "sla_performance"
    CRITICALITY = "criticality"
    STACK = "stack"
    STATE = "statefulness"
    DATA = "data_storage"
    DEPENDENCIES = "dependencies"
    SPECIAL = "special_requirements"


class FoundIn(StrEnum):
    """How a component was found."""

    DOCKERFILE = "dockerfile"
    COMPOSE = "compose"
    MANIFEST = "manifest"
    KUSTOMIZE = "kustomize"
    CHART = "helm_chart"
    PROCFILE = "procfile"
    DEPENDENCIES = "dependency_manifest"
    DESCRIPTION = "description"
    PAYLOAD = "payload"


class Statement(Contract):
    """One thing the description says, with the words it says it in."""

    dimension: Dimension
    key: str
    """What is stated, unit at the end: ``peak_rps``, ``latency_ms``, ``persistence``."""
    value: float | int | str | bool
    quote: str
    start: int = Field(ge=0)
    """First character of the quote in the description."""
    end: int = Field(ge=0)
    """One past its last character."""
    component: str | None = None
    """The component it is about, when the sentence names one; else the whole app."""

    @property
    def evidence_id(self) -> str:
        """Id of the evidence that carries this statement."""
        return f"description:{self.start}-{self.end}"


class Demand(Contract):
    """What is asked of the app (or of one component); None is "not said"."""

    peak_rps: float | None = Field(default=None, ge=0)
    average_rps: float | None = Field(default=None, ge=0)
    concurrent_users: int | None = Field(default=None, ge=0)
    connections: int | None = Field(default=None, ge=0)
    """Open connections at once (WebSocket, database, MQTT)."""
    messages_per_second: float | None = Field(default=None, ge=0)
    ingest_bytes_per_second: float | None = Field(default=None, ge=0)
    latency_ms: float | None = Field(default=None, gt=0)
    latency_quantile: float | None = Field(default=None, gt=0, lt=1)
    availability: float | None = Field(default=None, gt=0, le=1)
    """Fraction of time up: 99.95 % is 0.9995."""
    zero_downtime: bool | None = None
    criticality: Criticality | None = None
    sample: bool | None = None
    """True for a demo or sample app that nobody depends on."""
    traffic: Traffic | None = None
    persistence: bool | None = None
    consistency: str | None = None
    """``strong`` or ``eventual``."""
    data_bytes: Bytes | None = Field(default=None, ge=0)
    """Data held by the component that stores it."""
    special: tuple[str, ...] = ()
    """Other needs that change a size: ``gpu``, ``multi_region``, ``tls``, ``pci`` and so on."""


class NamedComponent(Contract):
    """A component that the description names ("PostgreSQL backend")."""

    name: str
    third_party: str | None = None
    """Catalogue key of a product (``postgresql``); None for the app's own code."""
    role: Role | None = None
    language: str | None = None
    framework: str | None = None
    quote: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class DescriptionReading(Contract):
    """The description along its eight dimensions."""

    demand: Demand = Demand()
    by_component: dict[str, Demand] = Field(default_factory=dict)
    """Demands that a sentence ties to one named component, by that name."""
    named: tuple[NamedComponent, ...] = ()
    statements: tuple[Statement, ...] = ()


class Endpoint(Contract):
    """One route that the code declares."""

    method: str
    """HTTP method in capitals, ``ANY``, ``RPC`` for gRPC, ``WS`` for a WebSocket."""
    path: str
    file: str
    line: int = Field(ge=1)


class RuntimeSettings(Contract):
    """What the start command, the image and the environment fix about the process."""

    server: str | None = None
    """Process manager or server: gunicorn, uvicorn, puma, php-fpm, nginx, tomcat and so on."""
    workers: int | None = Field(default=None, ge=0, le=4096)
    """Worker processes."""
    threads: int | None = Field(default=None, ge=0, le=65536)
    """Threads in each worker."""
    concurrency: int | None = Field(default=None, ge=0, le=65536)
    """Jobs at once in each process (Celery, Sidekiq)."""
    heap_max_bytes: Bytes | None = None
    """``-Xmx``, or ``--max-old-space-size``."""
    heap_initial_bytes: Bytes | None = None
    """``-Xms``."""
    heap_max_fraction: float | None = Field(default=None, gt=0, le=1)
    """``-XX:MaxRAMPercentage`` over 100."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Values of the runtime's own variables only (``GOMEMLIMIT``, ``WEB_CONCURRENCY``, …)."""
    evidence: tuple[str, ...] = ()


class Use(Contract):
    """A data store, broker or service that a component talks to."""

    name: str
    """Catalogue key (``postgresql``, ``redis``, ``kafka``)."""
    component: str | None = None
    """The component of this app that provides it, when it is part of it."""
    evidence: tuple[str, ...] = ()


class AutoscalerFacts(Contract):
    """An existing HorizontalPodAutoscaler."""

    name: str | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_cpu_percent: int | None = None


class CurrentSizing(Contract):
    """What the repository's manifests say today: shown and compared, not believed."""

    replicas: int | None = None
    cpu_request: CpuQuantity | None = None
    memory_request: MemoryQuantity | None = None
    cpu_limit: CpuQuantity | None = None
    memory_limit: MemoryQuantity | None = None
    autoscaler: AutoscalerFacts | None = None
    invalid: tuple[str, ...] = ()
    """Quantities there that Kubernetes would refuse, as written."""
    source: str = ""
    """Path (and line) they were read from."""


class ContainerFacts(Contract):
    """One container of an existing pod template."""

    name: str
    init: bool = False
    sidecar: bool = False
    """An init container with ``restartPolicy: Always``."""
    image: str | None = None
    sized: bool = False
    """It has a CPU and a memory request already."""


BUILT_FROM = "ai-provision/dockerfile"
"""Annotation of a generated workload: the Dockerfile, as a path in the repository, that builds its
image. So the workload is known again before its image has a name."""


class WorkloadRef(Contract):
    """The Kubernetes object that runs a component today."""

    api_version: str
    kind: str
    """Usually a `WorkloadKind`; another word for a custom resource, which gets no patch."""
    name: str
    namespace: str | None = None
    container: str
    """The container that is sized."""
    containers: tuple[ContainerFacts, ...]
    path: str
    """File of the repository, or ``templates/…`` file of the chart, that declares it."""
    document: JsonObject
    """The object, environment values other than the runtime's own removed."""
    related: tuple[JsonObject, ...] = ()
    """The HPAs, PDBs and Services of the repository that select or target it."""
    chart: str | None = None
    """Directory of the Helm chart that renders it."""
    kustomization: str | None = None
    """Directory of the kustomization that names it."""


class RouteName(StrEnum):
    """Where the evidence for a component comes from."""

    DOCS = "docs"
    METRICS = "metrics"


class Route(Contract):
    """The route of one component, and why."""

    name: RouteName
    reason: str
    confidence: float = Field(ge=0, le=1)
    workload: WorkloadKey | None = None
    """The running workload that was found for the component, whichever way it goes."""
    container: str | None = None
    """The container of that workload."""


class Component(Contract):
    """One deployable part of the app."""

    name: str
    """Unique in the context; RFC 1123 label, so that it can name a workload."""
    source_path: str | None = None
    """Directory in the repository, ``.`` for its root; None when there is no source."""
    found_in: tuple[FoundIn, ...]
    language: str | None = None
    """``Go``, ``Python``, ``TypeScript``, ``C#`` and so on."""
    language_version: str | None = None
    framework: str | None = None
    role: Role = Role.OTHER
    role_reason: str = ""
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    third_party: str | None = None
    """Catalogue key when the component is a known product (``postgresql``)."""
    image: str | None = None
    base_image: str | None = None
    """Image of the Dockerfile's last stage, stages followed to their root."""
    dockerfile: str | None = None
    ports: tuple[int, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    endpoint_count: int = Field(default=0, ge=0)
    """All routes found; `endpoints` may hold only the first ones."""
    start_command: tuple[str, ...] = ()
    runtime: RuntimeSettings = RuntimeSettings()
    metadata: dict[str, str] = Field(default_factory=dict)
    """The Dockerfile's ``# --- Application Metadata ---`` header."""
    libraries: tuple[str, ...] = ()
    """Direct dependencies that matter for the size (``torch``, ``pandas``, ``sidekiq``)."""
    uses: tuple[Use, ...] = ()
    has_volume: bool = False
    """It mounts a persistent volume."""
    volume_bytes: Bytes | None = None
    schedule: str | None = None
    """Cron expression of a CronJob."""
    demand: Demand = Demand()
    """The app's demand with what is said of this component laid over it."""
    current: CurrentSizing | None = None
    workload: WorkloadRef | None = None
    route: Route | None = None
    retrieval: tuple[RetrievalRound, ...] = ()
    """What was asked of the corpus about it, round by round."""
    documents: tuple[str, ...] = ()
    """Ids of the retrieved evidence (facts, past decisions, usage of similar services), most
    relevant first."""
    usage: UsageSummary | None = None
    """What its own workload used; None without any history."""
    evidence: tuple[str, ...] = ()


class Note(Contract):
    """Something the reader should know: a contradiction, a file left out, a guess."""

    code: str
    """``contradiction.*``, ``skipped.*``, ``unknown.*``, ``ignored.*``."""
    message: str
    component: str | None = None
    evidence: tuple[str, ...] = ()


class RepositoryFacts(Contract):
    """What was read."""

    url: str
    ref: str | None = None
    commit: str | None = None
    files: int = Field(default=0, ge=0)
    files_skipped: int = Field(default=0, ge=0)
    truncated: bool = False
    """A limit was reached; parts of the repository were not looked at."""


class AppContext(Contract):
    """All that DCA hands to PIPA."""

    trigger: Trigger
    repository: RepositoryFacts
    reading: DescriptionReading
    components: tuple[Component, ...]
    notes: tuple[Note, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    knowledge: KnowledgeState | None = None
    """The corpus that was searched; None when none was."""
    trust_current: bool = False
    """The user said that the manifests' own numbers may serve as evidence."""
    histories: SkipJsonSchema[dict[str, Any]] = Field(
        default_factory=dict, exclude=True, repr=False
    )
    """`schemas.telemetry.WorkloadHistory` by component name: arrays, for this run alone, never
    stored or sent."""

    def evidence_by_id(self) -> dict[str, Evidence]:
        """Evidence, looked up by id."""
        return {item.id: item for item in self.evidence}
