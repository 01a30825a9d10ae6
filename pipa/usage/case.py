"""What the usage model looks at: one workload, and one container of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipa.demand import Situation
from pipa.usage.seen import Seen
from pipa.usage.settings import UsageSettings
from pipa.usage.signals import BATCH_KINDS, Signals
from pipa.worksheet import Worksheet
from schemas.context import Component
from schemas.telemetry import ContainerHistory, WorkloadHistory


@dataclass(frozen=True, slots=True)
class Case:
    """A workload with what is asked of it."""

    component: Component
    history: WorkloadHistory
    """Clean."""
    situation: Situation
    settings: UsageSettings
    sheet: Worksheet
    ids: Mapping[str, str]
    """Evidence about the workload, by part: ``replicas``, ``load``."""

    @property
    def batch(self) -> bool:
        """It runs to its end, so days without a pod are no gaps."""
        return self.history.key.kind in BATCH_KINDS

    def value(self, name: str) -> float:
        """A figure of the usage model; the next step cites it."""
        return self.sheet.use(f"usage.{name}").target

    def figure(self, name: str) -> float:
        """The same for a comparison that no step is written about; nothing is cited."""
        return self.sheet.constants[f"usage.{name}"].value

    def missing(self, what: str) -> str | None:
        """Why a part could not be read; None when nothing is said."""
        return next((item.why for item in self.history.missing if item.what == what), None)


@dataclass(frozen=True, slots=True)
class Subject:
    """One container of the workload."""

    case: Case
    container: ContainerHistory
    seen: Seen
    signals: Signals
    ids: Mapping[str, str]
    """Evidence about the container, by part: ``cpu``, ``memory``, ``throttling`` …"""
    label: str = ""
    """Begins its sentences; empty for the main container."""

    def step(self, about: str, text: str, parts: Iterable[str] = ()) -> None:
        """Write a step that cites the figures used since the last one, and what was measured."""
        known = {**self.case.ids, **self.ids}
        cited = [known[part] for part in parts if part in known]
        self.case.sheet.step(about, f"{self.label}{text}", cited)

    def value(self, name: str) -> float:
        """A figure of the usage model; the next step cites it."""
        return self.case.value(name)

    def figure(self, name: str) -> float:
        """A figure that is only compared with; nothing is cited."""
        return self.case.figure(name)
