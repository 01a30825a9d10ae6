"""The models of our own form, which `adapters.metrics_file.export` reads and writes."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT: Final = "ai-provision-metrics/1"
MAX_COUNT: Final = 200_000
"""Points of a grid: two years in steps of five minutes."""
MAX_CELLS: Final = 30_000_000
"""Points of all arrays of a file (240 MB)."""
_MOST_WORKLOADS: Final = 5000
_Name = Annotated[str, Field(min_length=1, max_length=253)]
_Text = Annotated[str, Field(max_length=4000)]


class Part(BaseModel):
    """Base of all parts: frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RowForm(Part):
    """Values from a place of the grid on."""

    at: int = Field(default=0, ge=0)
    values: list[float | None]


class KillForm(Part):
    """One OOM kill."""

    at_s: float
    pod: str = Field(max_length=253)
    limit_bytes: float | None = None


class ContainerForm(Part):
    """One container, a row per pod."""

    name: _Name
    pods: list[_Name]
    cpu_cores: list[RowForm]
    memory_bytes: list[RowForm]
    rss_bytes: list[RowForm] | None = None
    throttled: list[RowForm] | None = None
    peak_bytes: list[float | None] | None = None
    oom_kills: list[KillForm] = Field(default=[], max_length=100_000)
    restarts: int | None = None
    cpu_request_cores: float | None = None
    cpu_limit_cores: float | None = None
    memory_request_bytes: float | None = None
    memory_limit_bytes: float | None = None
    requests_known: bool = False
    image: str | None = Field(default=None, max_length=1000)


class LoadForm(Part):
    """What clients asked."""

    requests_per_second: RowForm
    source: str = Field(max_length=200)
    latency_s: RowForm | None = None
    latency_quantile: float | None = None


class AutoscalerForm(Part):
    """An HPA."""

    name: _Name
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_cpu_percent: float | None = None


class RoomForm(Part):
    """What the cluster has."""

    node_cpu_cores: tuple[float, ...] = ()
    node_memory_bytes: tuple[float, ...] = ()
    quota: dict[str, float] = {}
    quota_used: dict[str, float] = {}
    limit_range: dict[str, float] = {}


class MissingForm(Part):
    """Something that could not be read."""

    what: str = Field(max_length=100)
    why: _Text


class WorkloadForm(Part):
    """One workload on its grid."""

    workload: str = Field(max_length=600)
    start_s: int = Field(ge=0, le=1 << 40)
    step_s: int = Field(ge=1, le=7 * 86400)
    count: int = Field(ge=0, le=MAX_COUNT)
    containers: list[ContainerForm]
    started_s: dict[str, float] = {}
    replicas: RowForm | None = None
    replicas_wanted: int | None = None
    autoscaler: AutoscalerForm | None = None
    load: LoadForm | None = None
    room: RoomForm = RoomForm()
    missing: list[MissingForm] = []
    sources: dict[str, _Text] = {}
    origin: str = Field(default="", max_length=2000)


class ExportForm(Part):
    """The whole file."""

    format: Literal["ai-provision-metrics/1"]
    origin: str = Field(default="", max_length=2000)
    workloads: list[WorkloadForm] = Field(max_length=_MOST_WORKLOADS)
