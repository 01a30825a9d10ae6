"""RunRecord: what happened, stage by stage."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import Contract


class StageStatus(StrEnum):
    """How a stage ended."""

    DONE = "done"
    PARTIAL = "partial"
    """Some components failed."""
    FAILED = "failed"


class StageRecord(Contract):
    """One stage of one run."""

    name: str
    """``dca``, ``pipa``, ``rva``; sub-stages are dotted: ``dca.repository``."""
    status: StageStatus
    seconds: float = Field(ge=0)
    detail: str = ""
    errors: tuple[str, ...] = ()


class ReasonerChoice(Contract):
    """Which model was asked for and what was used."""

    requested: str
    used: str
    """``none`` or ``provider/model``."""
    why: str


class RunRecord(Contract):
    """The journal of a run."""

    id: str
    version: str
    started_at: datetime
    seconds: float = Field(default=0, ge=0)
    stages: tuple[StageRecord, ...] = ()
    reasoner: ReasonerChoice
    settings: dict[str, str] = Field(default_factory=dict)
    """The settings that shaped the result; never a secret."""
