"""The run record: every stage with its time and its errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.ports import Clock
from schemas.run import ReasonerChoice, RunRecord, StageRecord, StageStatus


@dataclass(slots=True)
class Stage:
    """A stage while it runs; its errors make it partial."""

    name: str
    detail: str = ""
    errors: list[str] = field(default_factory=list)


class Recorder:
    """Collects the stages of one run."""

    def __init__(self, clock: Clock, *, version: str, reasoner: ReasonerChoice) -> None:
        self._clock = clock
        self._version = version
        self._reasoner = reasoner
        self._started_at: datetime = clock.now().astimezone(UTC)
        self._started = clock.monotonic()
        self._stages: list[StageRecord] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time a stage; an exception is recorded as its failure and goes on."""
        stage = Stage(name)
        started = self._clock.monotonic()
        try:
            yield stage
        except Exception as error:
            stage.errors.append(str(error))
            self._stages.append(self._record(stage, started, StageStatus.FAILED))
            raise
        status = StageStatus.PARTIAL if stage.errors else StageStatus.DONE
        self._stages.append(self._record(stage, started, status))

    def finish(self, settings: Mapping[str, str], identity: Sequence[str]) -> RunRecord:
        """The record; `identity` is what makes this run differ from others at the same moment."""
        text = "\n".join((self._started_at.isoformat(), *identity))
        return RunRecord(
            id=hashlib.sha256(text.encode()).hexdigest()[:12],
            version=self._version,
            started_at=self._started_at,
            seconds=round(self._clock.monotonic() - self._started, 4),
            stages=tuple(self._stages),
            reasoner=self._reasoner,
            settings=dict(settings),
        )

    def _record(self, stage: Stage, started: float, status: StageStatus) -> StageRecord:
        return StageRecord(
            name=stage.name,
            status=status,
            seconds=round(self._clock.monotonic() - started, 4),
            detail=stage.detail,
            errors=tuple(stage.errors),
        )
