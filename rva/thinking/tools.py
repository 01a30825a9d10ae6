"""What a model may look at while it chooses: read-only tools with checked arguments.

A tool answers with one line of text. Whatever it says, the checks of the loop decide.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, assert_never

from rva.changes import between
from rva.checks.base import Check
from rva.react import listed, run_checks, same_numbers
from rva.repairs import REMEDIES
from rva.subject import Subject, make_subject
from schemas.context import Component
from schemas.evidence import Evidence
from schemas.ports import ExternalTool, ExternalTools
from schemas.prose import shown
from schemas.quantities import MIB
from schemas.recommendation import ComponentCost, Finding, Severity
from schemas.told import offer, said_of
from schemas.usage import Spread, UsageSummary

logger = logging.getLogger(__name__)

MAX_QUESTION = 200
"""Characters of a question to the knowledge base."""
_MOST_FACTS = 3
_MOST_ARGUMENTS = 8


class Tool(StrEnum):
    """The tools of the agent itself."""

    RUN_CHECKS = "run_checks"
    COST_ESTIMATE = "cost_estimate"
    SEARCH_KNOWLEDGE = "search_knowledge"
    QUERY_METRICS = "query_metrics"


class UsageField(StrEnum):
    """What may be asked of a usage history; each is a field of `UsageSummary`."""

    CPU = "cpu_cores"
    MEMORY = "memory_bytes"
    REPLICAS = "replicas"
    LOAD = "requests_per_second"
    LATENCY = "latency_ms"
    THROTTLED = "throttled_share"
    OOM_KILLS = "oom_kills"
    RESTARTS = "restarts"
    BURST = "burst_ratio"
    STARTUP_CPU = "startup_cpu_ratio"
    STARTUP_MEMORY = "startup_memory_ratio"
    MEMORY_TREND = "memory_trend_per_week"
    DAYS = "days"
    COVERAGE = "coverage"


class KnowledgeSearch(Protocol):
    """Finds sizing facts for a component."""

    def __call__(self, component: Component, question: str) -> Sequence[Evidence]:
        """Facts as evidence, most relevant first; empty when nothing is relevant.

        Raises:
            ProvisionError: The knowledge base cannot be read.
        """


class UsageQuery(Protocol):
    """Reads what a component's own workload used."""

    def __call__(self, component: Component) -> UsageSummary | None:
        """The summary over the whole window; None without any history."""


def own_usage(component: Component) -> UsageSummary | None:
    """What the context holds already."""
    return component.usage


@dataclass(frozen=True, slots=True)
class Ports:
    """What the tools need of the world; what is None is not offered."""

    knowledge: KnowledgeSearch | None = None
    usage: UsageQuery = own_usage
    external: ExternalTools | None = None


NO_PORTS = Ports()


@dataclass(slots=True)
class Tools:
    """The tools for one component.

    Args:
        checks: All checks that are switched on, those of the finished documents included.
        cost: Prices a subject.
        ports: The world.
        external: The tools of other servers, as they described themselves at the start.
    """

    checks: Sequence[Check]
    cost: Callable[[Subject], ComponentCost]
    ports: Ports = NO_PORTS
    external: Sequence[ExternalTool] = ()
    found: dict[str, Evidence] = field(default_factory=dict)
    """What searches have brought up so far, by id."""

    def offered(self, subject: Subject) -> dict[str, str]:
        """Names of the tools that can answer for this component, each with what to give it."""
        names = {
            Tool.RUN_CHECKS.value: "all checks on the plan after one repair; argument: the repair",
            Tool.COST_ESTIMATE.value: "monthly cost; argument: a repair, or empty for the plan",
        }
        if self.ports.knowledge is not None:
            names[Tool.SEARCH_KNOWLEDGE.value] = "sizing facts; argument: the question in words"
        if self._measured(subject.component):
            fields = ", ".join(UsageField)
            names[Tool.QUERY_METRICS.value] = f"measured use; argument: one of {fields}"
        for item in self.external:
            wanted = ", ".join(item.parameters[:_MOST_ARGUMENTS]) or "nothing"
            names[item.name] = f"{shown(item.about)}; argument: JSON object with {wanted}"
        return names

    def wrong(self, name: str, argument: str, repairs: Sequence[str]) -> str | None:
        """What is wrong with an argument, in words for the model; None when it will do."""
        if name not in list(Tool):
            return None if _object(argument) is not None else f"{name} needs a JSON object."
        match Tool(name):
            case Tool.RUN_CHECKS:
                good = argument in repairs
                needs = f"one of {', '.join(repairs)}"
            case Tool.COST_ESTIMATE:
                good = argument in ("", *repairs)
                needs = f"nothing, or one of {', '.join(repairs)}"
            case Tool.SEARCH_KNOWLEDGE:
                good = 3 <= len(argument.strip()) <= MAX_QUESTION
                needs = f"a question of at most {MAX_QUESTION} characters"
            case Tool.QUERY_METRICS:
                good = argument in list(UsageField)
                needs = f"one of {', '.join(UsageField)}"
            case other:
                assert_never(other)
        return None if good else f"The argument of {name} must be {needs}."

    def call(self, name: str, argument: str, subject: Subject, pending: Sequence[Finding]) -> str:
        """What a tool answers, on one line.

        Raises:
            Exception: Whatever the world behind a port raises; the caller goes on without.
        """
        if name not in list(Tool):
            return self._external(name, argument)
        match Tool(name):
            case Tool.RUN_CHECKS:
                return self._checked(_after(subject, argument, pending), subject)
            case Tool.COST_ESTIMATE:
                return self._cost(subject, argument, pending)
            case Tool.SEARCH_KNOWLEDGE:
                return self._facts(subject.component, argument)
            case Tool.QUERY_METRICS:
                return usage_text(self.ports.usage(subject.component), UsageField(argument))
            case other:
                assert_never(other)

    def _measured(self, component: Component) -> bool:
        try:
            return self.ports.usage(component) is not None
        except Exception as error:
            logger.warning("no usage to ask for", exc_info=error)
            return False

    def _checked(self, after: Subject | None, before: Subject) -> str:
        if after is None:
            return "It would change nothing."
        outcome = run_checks(after, self.checks)
        open_ = [
            f"{item.id} ({item.severity.value})"
            for item in outcome.failed
            if item.severity is not Severity.INFO
        ]
        change = listed(between(before.plan, after.plan))
        return f"{change}. {outcome.passed} checks pass; open: {', '.join(open_) or 'nothing'}."

    def _cost(self, subject: Subject, repair: str, pending: Sequence[Finding]) -> str:
        after = _after(subject, repair, pending) if repair else subject
        if after is None:
            return "It would change nothing."
        cost = self.cost(after)
        if cost.monthly is None:
            return f"Not known: {cost.unknown or 'no price'}."
        texts = [f"{cost.monthly:.2f} per month"]
        if cost.monthly_at_max not in (None, cost.monthly):
            texts.append(f"{cost.monthly_at_max:.2f} at the autoscaler's maximum")
        if cost.monthly_current is not None:
            texts.append(f"{cost.monthly_current:.2f} as the manifests are")
        return f"{', '.join(texts)}."

    def _facts(self, component: Component, question: str) -> str:
        search = self.ports.knowledge
        found = [] if search is None else list(search(component, shown(question)))[:_MOST_FACTS]
        self.found |= {item.id: item for item in found}
        texts = [f"{id_} [{x.grade.value}]: {said_of(x)}" for id_, x in offer(found).items()]
        return shown(" | ".join(texts), 900) if texts else "Nothing relevant is known."

    def _external(self, name: str, argument: str) -> str:
        if self.ports.external is None:
            return "There is no such tool."
        return shown(self.ports.external.call(name, _object(argument) or {}), 900) or "Nothing."


def usage_text(usage: UsageSummary | None, wanted: UsageField) -> str:
    """One measured quantity with its unit; says so when it was not measured."""
    value = None if usage is None else getattr(usage, wanted.value)
    if value is None:
        return f"{wanted.value} was not measured."
    if not isinstance(value, Spread):
        return f"{wanted.value}: {value:.4g}."
    scale, unit = _UNITS.get(wanted, (1.0, ""))
    names = ("mean", "p50", "p95", "p99", "maximum")
    rows = [f"{name} {getattr(value, name) * scale:.4g}{unit}" for name in names]
    return f"{wanted.value}: {', '.join(rows)}."


_UNITS = {
    UsageField.CPU: (1000.0, "m"),
    UsageField.MEMORY: (1 / MIB, " MiB"),
    UsageField.LATENCY: (1.0, " ms"),
}


def _after(subject: Subject, repair: str, pending: Sequence[Finding]) -> Subject | None:
    """The subject as one repair would leave it; None when it can change nothing."""
    finding = next(item for item in pending if REMEDIES[item.id].repair.value == repair)
    plan = REMEDIES[finding.id].apply(subject)
    if plan is None or same_numbers(plan, subject.plan):
        return None
    return make_subject(subject.world, plan)


def _object(text: str) -> Mapping[str, object] | None:
    """A flat JSON object of few entries; None when the text is none."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    plain = str, int, float, bool
    if not isinstance(value, dict) or len(value) > _MOST_ARGUMENTS:
        return None
    return value if all(isinstance(item, plain) for item in value.values()) else None
