"""The memory of past decisions: which of them matter for a component, and how they turned out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.context import Component
from schemas.errors import UsageError
from schemas.knowledge import DecidedSize, Decision, Outcome
from schemas.ports import Clock, DecisionFilter, DecisionStore

TIGHT_FRACTION = 0.9
"""A memory peak above this share of the limit is one bad day away from an OOM kill."""
IDLE_FRACTION = 0.4
"""Usage under this share of both requests means that more than half is paid for nothing."""

MAX_NOTE = 1000
"""Characters; the contract's own bound."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody says, or measured, about a decision."""

    outcome: Outcome | None = None
    measured: DecidedSize | None = None
    """CPU (p95) and memory (peak) of one pod, in the request fields."""
    note: str = ""


class Memory:
    """Implements `schemas.ports.DecisionMemory` over a store.

    Args:
        store: Where decisions are kept.
        clock: For the moment of a feedback.
    """

    def __init__(self, store: DecisionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def remember(self, decisions: Sequence[Decision]) -> None:
        """Keep the decisions of one run.

        Raises:
            StoreError: They could not be stored.
        """
        self._store.put(decisions)

    def similar(self, component: Component, repository: str, limit: int = 3) -> Sequence[Decision]:
        """Past decisions about the same or a similar component, most relevant first.

        Of one component in one repository only the newest decision counts, and the newest one that
        is known to have turned out in some way: a recommendation that merely repeats itself is no
        further evidence.

        Raises:
            StoreError: The store cannot be read.
        """
        found = _newest(self._store.related(component, repository))
        scored = [(likeness(item, component, repository), item) for item in found]
        # sorted() keeps the store's order (newest first) among equals.
        ranked = sorted(scored, key=lambda pair: -pair[0])
        return [item for score, item in ranked if score > 0][:limit]

    def mark(self, run: str, component: str | None, feedback: Feedback) -> Sequence[Decision]:
        """Say how a run, or one component of it, turned out; the decisions as they stand then.

        Raises:
            UsageError: No such decision is remembered, or nothing was said about it.
            StoreError: The store cannot be read or written.
        """
        if feedback.outcome is None and feedback.measured is None:
            raise UsageError(
                "the feedback says nothing", hint="Give --outcome, --cpu-p95 or --memory-peak."
            )
        if len(feedback.note) > MAX_NOTE:
            raise UsageError(f"the note has {len(feedback.note)} characters, at most {MAX_NOTE}")
        found = self._store.find(DecisionFilter(run=run, component=component))
        if not found:
            what = f"run {run}" if component is None else f"component {component} in run {run}"
            raise UsageError(
                f"no decision is remembered for {what}",
                code="memory.unknown_run",
                hint="ai-provision memory list shows the runs; the id also stands in the result.",
            )
        if feedback.measured is not None and len(found) > 1:
            raise UsageError(
                f"run {run} has {len(found)} components; a measurement is about one",
                hint="Name it with --component.",
            )
        marked = [_marked(decision, feedback, self._clock.now()) for decision in found]
        self._store.put(marked)
        return marked


def judge(size: DecidedSize, measured: DecidedSize) -> Outcome:
    """How a decision turned out, from what was measured.

    >>> judge(DecidedSize(memory_limit="512Mi"), DecidedSize(memory_request="500Mi")).value
    'too_small'
    """
    memory, cpu = measured.memory_request, measured.cpu_request
    limit = size.memory_limit or size.memory_request
    if memory is not None and limit is not None and memory > TIGHT_FRACTION * limit:
        return Outcome.TOO_SMALL
    if cpu is not None and size.cpu_limit is not None and cpu >= TIGHT_FRACTION * size.cpu_limit:
        return Outcome.THROTTLED
    shares = [
        used / asked
        for used, asked in ((memory, size.memory_request), (cpu, size.cpu_request))
        if used is not None and asked
    ]
    if shares and max(shares) < IDLE_FRACTION:
        return Outcome.TOO_LARGE
    return Outcome.GOOD


def likeness(decision: Decision, component: Component, repository: str) -> float:
    """How much a decision says about a component, in [0, 1].

    The same component of the same repository is 1 (0.9 when its stack has changed); else the same
    product 0.7, framework and role 0.5, language and role 0.4, framework or language alone 0.2. A
    decision whose outcome is known counts 0.1 more, at most 1.
    """
    known = 0.1 if decision.outcome is not None else 0.0
    return min(1.0, _alike(decision, component, repository) + known)


def _alike(decision: Decision, component: Component, repository: str) -> float:
    same_stack = (decision.product, decision.language, decision.framework) == (
        component.third_party,
        component.language,
        component.framework,
    )
    if decision.repository == repository and decision.component == component.name:
        return 1.0 if same_stack else 0.9
    if component.third_party is not None or decision.product is not None:
        return 0.7 if decision.product == component.third_party else 0.0
    same_role = decision.role is component.role
    if decision.framework is not None and decision.framework == component.framework:
        return 0.5 if same_role else 0.2
    if decision.language is not None and decision.language == component.language:
        return 0.4 if same_role else 0.2
    return 0.0


def _newest(decisions: Sequence[Decision]) -> list[Decision]:
    """The newest decision per component, and the newest with an outcome; newest first."""
    seen: set[tuple[str, str, bool]] = set()
    kept = []
    for decision in decisions:
        known = decision.outcome is not None
        keys = {(decision.repository, decision.component, flag) for flag in {False, known}}
        if keys - seen:
            kept.append(decision)
        seen |= keys
    return kept


def _marked(decision: Decision, feedback: Feedback, now: datetime) -> Decision:
    measured = feedback.measured or decision.measured
    outcome = feedback.outcome
    if outcome is None and feedback.measured is not None:
        outcome = judge(decision.size, feedback.measured)
    return decision.model_copy(
        update={
            "outcome": outcome,
            "measured": measured,
            "outcome_note": feedback.note or decision.outcome_note,
            "outcome_at": now,
        }
    )
