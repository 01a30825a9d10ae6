"""Where a number comes from."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Contract


class EvidenceKind(StrEnum):
    """The sort of place that a fact was found in."""

    FILE = "file"
    DESCRIPTION = "description"
    CONSTANT = "constant"
    DOCUMENT = "document"
    METRICS = "metrics"
    DECISION = "decision"
    PAYLOAD = "payload"
    POLICY = "policy"
    PRICE = "price"


class EvidenceGrade(StrEnum):
    """How far a fact can be trusted, best first."""

    MEASURED = "measured"
    """Observed on the running workload."""
    STATED = "stated"
    """Written by the developer: in the repository, the description or the payload."""
    VENDOR = "vendor"
    """The vendor's documentation or source code."""
    BENCHMARK = "benchmark"
    """A published measurement of something alike."""
    HEURISTIC = "heuristic"
    """A rule of thumb."""


class Evidence(Contract):
    """One fact and its source.

    The id is made from the source, so that the same fact has the same id in every run:
    ``file:api/Dockerfile:12``, ``description:34-44``, ``constant:runtime.go.base_memory``,
    ``payload:deployment_context.nodes``, ``fact:postgresql-shared-buffers``,
    ``decision:4f0c…/api``. A second fact of one place adds ``#word``.
    """

    id: str = Field(min_length=3, max_length=400)
    kind: EvidenceKind
    grade: EvidenceGrade
    statement: str = Field(max_length=1000)
    """What is known, one sentence."""
    source: str
    """File path inside the repository, URL, PromQL, or the field of the trigger."""
    line: int | None = Field(default=None, ge=1)
    figures: dict[str, float | int | str | bool] = Field(default_factory=dict)
    """Numbers a program can use; the unit is the end of the key (``_bytes``, ``_rps``)."""
