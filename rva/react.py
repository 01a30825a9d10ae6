"""The refinement loop: reason about the worst finding, act by a repair, observe, repeat.

Checks and repairs are code. Only the choice of the next repair is behind a port (`Reasoner`), so
that something else may choose among the same repairs, or leave a warning to a person; whatever it
chooses is checked again. A finding that blocks is always repaired when it has a repair.

A cycle repairs every finding that has a repair, the worst first and each check once; the checks run
anew after each repair. The loop ends when nothing is left to repair, when a plan was seen before,
or after three cycles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rva.changes import Change, between
from rva.checks.base import Check, Skipped
from rva.repairs import REMEDIES
from rva.repairs.base import Repair
from rva.subject import Subject, World, make_subject
from schemas.plan import ComponentPlan, ReasoningStep
from schemas.recommendation import (
    Finding,
    Fix,
    ReActStep,
    Refinement,
    RefinementEnd,
    Severity,
)

MAX_CYCLES = 3
"""Repairs are ordered so that one cycle suffices as a rule; the second and third are for repairs
that meet each other's bounds."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something that was looked at before a choice: a thought, a call, and what it answered."""

    thought: str
    action: str
    observation: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The next repair, and why."""

    finding: Finding
    thought: str
    looks: tuple[Look, ...] = ()
    """What was looked at first."""
    leave: bool = False
    """Leave the finding to a person instead; without effect on one that blocks."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """Where the loop stands."""

    cycle: int = 1
    trace: Sequence[ReActStep] = ()


START = SoFar()


class Reasoner(Protocol):
    """Chooses which finding to repair next."""

    def choose(self, subject: Subject, pending: Sequence[Finding], so_far: SoFar = START) -> Choice:
        """One of `pending`, which is never empty."""


class WorstFirst:
    """The reasoner that needs no model: by severity, then in the order in which repairs build."""

    def choose(self, subject: Subject, pending: Sequence[Finding], so_far: SoFar = START) -> Choice:
        """The worst finding of the plan as it is."""
        worst = min(pending, key=_rank)
        return Choice(worst, f"{_LEAD[worst.severity]} {worst.id}: {worst.message}")


_LEAD = {
    Severity.BLOCK: "Must be repaired,",
    Severity.WARN: "Nothing worse is left than",
    Severity.INFO: "Could be better,",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What all checks say about one plan."""

    failed: tuple[Finding, ...]
    passed: int
    skipped: dict[str, str]


@dataclass(frozen=True, slots=True)
class RefinedComponent:
    """A component after the loop."""

    subject: Subject
    failed: tuple[Finding, ...]
    """Findings that are left."""
    answered: tuple[Finding, ...]
    """Findings that a repair answered, each with its fix."""
    passed: int
    skipped: dict[str, str]
    refinement: Refinement
    left: Mapping[str, str] = field(default_factory=dict)
    """Checks whose findings the reasoner left to a person though a repair exists, and why."""

    @property
    def plan(self) -> ComponentPlan:
        """The refined plan."""
        return self.subject.plan


@dataclass(slots=True)
class _Journal:
    trace: list[ReActStep] = field(default_factory=list)
    answered: dict[str, Finding] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def pending(self, failed: Sequence[Finding]) -> list[Finding]:
        """Findings that a repair may still answer."""
        return [x for x in failed if _repairable(x) and (x.blocks or x.id not in self.left)]

    def note(self, cycle: int, name: str, thought: str, action: str, observation: str) -> None:
        self.trace.append(
            ReActStep(
                cycle=cycle,
                component=name,
                thought=thought,
                action=action,
                observation=observation,
            )
        )


def refine_component(
    world: World,
    plan: ComponentPlan,
    checks: Sequence[Check],
    reasoner: Reasoner | None = None,
) -> RefinedComponent:
    """Refine the plan of one component.

    Args:
        world: The component and all that stays the same.
        plan: The draft.
        checks: The checks that are switched on, an organisation's own included.
        reasoner: Who chooses; the worst finding first when None.

    Returns:
        The plan on which the loop ended, with the findings that are left and the trace. Refining
        that plan again changes nothing.
    """
    loop = [check for check in checks if not check.final]
    journal = _Journal()
    subject, outcome, cycles, ended = _loop(
        make_subject(world, plan), loop, reasoner or WorstFirst(), journal
    )
    finals = run_checks(subject, [check for check in checks if check.final])
    failed = tuple(_explained(item) for item in (*outcome.failed, *finals.failed))
    left = {item.id for item in failed}
    return RefinedComponent(
        subject=subject,
        failed=failed,
        answered=tuple(item for id_, item in journal.answered.items() if id_ not in left),
        passed=outcome.passed + finals.passed,
        skipped=outcome.skipped | finals.skipped,
        refinement=Refinement(ended=ended, cycles=cycles, trace=tuple(journal.trace)),
        left={id_: why for id_, why in journal.left.items() if id_ in left},
    )


def _loop(
    subject: Subject, checks: Sequence[Check], reasoner: Reasoner, journal: _Journal
) -> tuple[Subject, Round, int, RefinementEnd]:
    """Cycle until nothing is pending, a plan returns, or the limit; with the last round."""
    seen = [subject]
    for cycle in range(1, MAX_CYCLES + 1):
        outcome = run_checks(subject, checks)
        pending = journal.pending(outcome.failed)
        if not pending:
            return subject, outcome, cycle - 1, _end(outcome, RefinementEnd.NO_PROGRESS)
        subject = _cycle(subject, pending, checks, reasoner, (cycle, journal))
        earlier = next((one for one in seen if same_numbers(one.plan, subject.plan)), None)
        if earlier is not None:
            again = run_checks(earlier, checks)
            return earlier, again, cycle, _end(again, RefinementEnd.NO_PROGRESS)
        seen.append(subject)
    outcome = run_checks(subject, checks)
    return subject, outcome, MAX_CYCLES, _end(outcome, RefinementEnd.LIMIT)


def run_checks(subject: Subject, checks: Sequence[Check]) -> Round:
    """All checks on one subject: what failed, how many passed, what could not run."""
    failed: list[Finding] = []
    skipped: dict[str, str] = {}
    passed = 0
    for check in checks:
        verdict = check.run(subject)
        if isinstance(verdict, Skipped):
            skipped[verdict.id] = verdict.reason
        elif verdict is not None and verdict.passed:
            passed += 1
        elif verdict is not None:
            failed.append(verdict)
    return Round(tuple(sorted(failed, key=_rank)), passed, skipped)


def same_numbers(one: ComponentPlan, other: ComponentPlan) -> bool:
    """Whether two plans differ in their reasoning at most."""
    return _fingerprint(one) == _fingerprint(other)


def _cycle(
    subject: Subject,
    pending: Sequence[Finding],
    checks: Sequence[Check],
    reasoner: Reasoner,
    record: tuple[int, _Journal],
) -> Subject:
    """Repair each check at most once, what earlier repairs of the cycle brought up included."""
    cycle, journal = record
    name, tried = subject.component.name, set[str]()
    while pending:
        choice = reasoner.choose(subject, pending, SoFar(cycle, tuple(journal.trace)))
        for look in choice.looks:
            journal.note(cycle, name, look.thought, look.action, look.observation)
        finding = next((x for x in pending if x.id == choice.finding.id), min(pending, key=_rank))
        tried.add(finding.id)
        if choice.leave and not finding.blocks:
            journal.left[finding.id] = choice.thought
            journal.note(cycle, name, choice.thought, LEAVE, _left_open(finding))
            pending = [item for item in pending if item.id not in tried]
            continue
        subject, left, observation = _repaired(subject, finding, checks, pending, journal)
        action = REMEDIES[finding.id].repair
        journal.note(cycle, name, choice.thought, action, observation)
        pending = [item for item in journal.pending(left) if item.id not in tried]
    return subject


LEAVE = "leave_to_a_person"
"""The action of leaving a warning as it is."""


def _left_open(finding: Finding) -> str:
    return f"{finding.id} stays open as a warning: {finding.message}"


def _repaired(
    subject: Subject,
    finding: Finding,
    checks: Sequence[Check],
    pending: Sequence[Finding],
    journal: _Journal,
) -> tuple[Subject, Sequence[Finding], str]:
    """The subject after one repair, what fails then, and what is to be seen of it."""
    remedy = REMEDIES[finding.id]
    plan = remedy.apply(subject)
    if plan is None or same_numbers(plan, subject.plan):
        return subject, pending, "This repair cannot change it; it is left for a person."
    changed = between(subject.plan, plan)
    subject = make_subject(subject.world, _with_step(plan, finding, remedy.repair, changed))
    failed = run_checks(subject, checks).failed
    holds = finding.id not in {item.id for item in failed}
    journal.answered[finding.id] = _answered(finding, remedy.repair, changed)
    seen = f"{listed(changed)}. {finding.id} {'holds' if holds else 'still fails'}."
    return subject, failed, seen


def _with_step(
    plan: ComponentPlan, finding: Finding, repair: Repair, changed: list[Change]
) -> ComponentPlan:
    step = ReasoningStep(
        number=max((step.number for step in plan.reasoning), default=0) + 1,
        about=_about(changed),
        text=f"{finding.message} {repair.value}: {listed(changed)} ({finding.id}).",
        evidence=(check_evidence_id(finding.id),),
    )
    return plan.model_copy(update={"reasoning": (*plan.reasoning, step)})


def check_evidence_id(check_id: str) -> str:
    """Id of the evidence that stands for a check of the catalogue or an organisation's rule."""
    return f"policy:{check_id}"


def _about(changed: list[Change]) -> str:
    topics = (
        ("memory", "memory"),
        ("cpu", "cpu"),
        ("autoscaling", "autoscaling"),
        ("env.", "runtime"),
        ("storage", "storage"),
    )
    first = changed[0].field if changed else ""
    if first.startswith("env."):
        return "runtime"
    return next((about for word, about in topics if word in first), "replicas")


def listed(changed: list[Change]) -> str:
    """The first changes in one line."""
    shown = "; ".join(str(item) for item in changed[:4]) or "texts and intervals"
    return f"{shown}; and {len(changed) - 4} more" if len(changed) > 4 else shown


def _answered(finding: Finding, repair: Repair, changed: list[Change]) -> Finding:
    first = changed[0] if changed else Change(finding.path, finding.value, finding.limit)
    fix = Fix(op=repair.value, field=first.field, before=first.before, after=first.after)
    return finding.model_copy(update={"passed": True, "fix": fix})


def _explained(finding: Finding) -> Finding:
    """What is left says what a person can do about it."""
    if finding.fix is not None or finding.severity is Severity.INFO:
        return finding
    fix = Fix(
        op="by_hand",
        field=finding.path or finding.id,
        before=finding.value or "as it is",
        after=finding.limit or "as the check asks",
    )
    return finding.model_copy(update={"fix": fix})


def _repairable(finding: Finding) -> bool:
    """What is merely worth knowing moves no number."""
    return finding.id in REMEDIES and finding.severity is not Severity.INFO


def _end(outcome: Round, otherwise: RefinementEnd) -> RefinementEnd:
    return otherwise if any(item.blocks for item in outcome.failed) else RefinementEnd.CLEAN


def _rank(finding: Finding) -> tuple[int, int, str]:
    remedy = REMEDIES.get(finding.id)
    phase = len(REMEDIES) if remedy is None else int(remedy.phase)
    return list(Severity).index(finding.severity), phase, finding.id


def _fingerprint(plan: ComponentPlan) -> str:
    values = plan.model_dump(mode="python", exclude={"reasoning", "confidence"})
    texts = [step.text for step in plan.reasoning if step.text.startswith("Withheld:")]
    return json.dumps([values, texts], sort_keys=True)
