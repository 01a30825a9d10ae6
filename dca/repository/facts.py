"""What the readers of one repository hand to each other; nothing of it leaves DCA."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.context import Component, ContainerFacts, Endpoint, Note, RuntimeSettings, Use
from schemas.evidence import Evidence


@dataclass(frozen=True, slots=True)
class DockerfileFacts:
    """One Dockerfile, read as the image that its last stage makes."""

    path: str
    """File in the repository."""
    base_image: str | None
    """Image of the last stage, ``FROM stage`` followed to its root, build arguments filled in."""
    build_images: tuple[str, ...] = ()
    """Root images of all stages in order, the last one included."""
    stages: tuple[str, ...] = ()
    """Names of the stages, empty text for one without a name."""
    ports: tuple[int, ...] = ()
    entrypoint: tuple[str, ...] = ()
    """Exec form, or the shell form split into words (``sh -c`` left out)."""
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    """``ENV`` of the last stage and of the stages it builds on."""
    copied: tuple[str, ...] = ()
    """Sources of ``COPY``/``ADD`` from the build context, in every stage, in order."""
    run_text: str = ""
    """All ``RUN`` lines joined: build tools and targets are named here."""
    metadata: dict[str, str] = field(default_factory=dict)
    """The ``# --- Application Metadata ---`` header."""
    lines: dict[str, int] = field(default_factory=dict)
    """Line of the instruction that decides ``base_image``, ``ports``, ``command``, ``metadata``."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the source code of one directory says."""

    directory: str
    """``.`` for the root."""
    name: str | None = None
    """Name that the dependency manifest gives (package.json ``name``, Go module's last part)."""
    language: str | None = None
    language_version: str | None = None
    framework: str | None = None
    libraries: tuple[str, ...] = ()
    """All direct run-time dependencies, as the manifest names them."""
    sizing_libraries: tuple[str, ...] = ()
    """Those that matter for the size (``torch``, ``pandas``, ``sidekiq``)."""
    uses: tuple[Use, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    """At most 50."""
    endpoint_count: int = 0
    start_command: tuple[str, ...] = ()
    """From the manifest itself (package.json ``scripts.start``), when there is one."""
    deployable: bool = False
    """It builds something that runs for itself: a main package, a server framework, a script."""
    traits: tuple[str, ...] = ()
    """What the sources show of the program's life, words of ``traits.yaml``: ``grpc_server``,
    ``queue_consumer``, ``html_templates``."""
    problems: tuple[str, ...] = ()
    """Manifests that could not be read, path and reason."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleHints:
    """What a role is judged from; every field may be empty."""

    name: str = ""
    """Name of the component, its directory or workload."""
    source: SourceFacts | None = None
    base_image: str | None = None
    image: str | None = None
    start_command: tuple[str, ...] = ()
    runtime: RuntimeSettings = RuntimeSettings()
    ports: tuple[int, ...] = ()
    workload_kind: str | None = None
    containers: tuple[ContainerFacts, ...] = ()
    description: str = ""
    """What README, chart or manifest annotations say of it, one paragraph at most."""


@dataclass(frozen=True, slots=True)
class RepositoryReading:
    """All components of one repository."""

    components: tuple[Component, ...]
    notes: tuple[Note, ...] = ()
    evidence: tuple[Evidence, ...] = ()
