"""Holds another reasoner's result against the usual one: it is taken only where that is no loss.

The order of repairs can move numbers: one that is chosen too early may take the room that another
needs, or size what a later one would have sized otherwise. An order alone is no evidence. So the
usual order is run beside, which costs milliseconds, and its numbers stand unless the other order
leaves less open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rva.checks.base import Check
from rva.react import (
    START,
    Choice,
    Reasoner,
    RefinedComponent,
    SoFar,
    WorstFirst,
    refine_component,
    same_numbers,
)
from rva.subject import Subject, World
from schemas.plan import ComponentPlan
from schemas.recommendation import Finding, ReActStep, Severity

USUAL_ORDER = "take_the_usual_order"
"""The action of the trace when the chosen repairs do not stand."""


def refine_guarded(
    world: World, plan: ComponentPlan, checks: Sequence[Check], reasoner: Reasoner
) -> RefinedComponent:
    """Refine by another reasoner, and never end worse than without it.

    Args:
        world: The component and all that stays the same.
        plan: The draft.
        checks: The checks that are switched on.
        reasoner: Who chooses.

    Returns:
        The reasoner's result when its numbers are those of the usual order, or less is open in it.
        Else the numbers of the usual order, with a first step in the trace that says why; the
        warnings that the reasoner left to a person stay open unless others open through them.
    """
    usual = refine_component(world, plan, checks)
    chosen = refine_component(world, plan, checks, reasoner)
    base = usual
    if chosen.left:
        base = refine_component(world, plan, checks, _Leaving(chosen.left))
        more = _more(base, usual)
        if more:
            return _ruled(usual, f"what was left to a person leaves {more} open too")
    if same_numbers(chosen.plan, base.plan):
        return chosen
    if _less(chosen, base) and _rests(world, chosen, checks):
        return chosen
    return _ruled(base, "the order alone would move numbers")


class _Leaving:
    """The usual order, but for the warnings that somebody left to a person."""

    def __init__(self, left: Mapping[str, str]) -> None:
        self._left = left

    def choose(self, subject: Subject, pending: Sequence[Finding], so_far: SoFar = START) -> Choice:
        """The worst finding, left open when it is one of those."""
        choice = WorstFirst().choose(subject, pending)
        why = self._left.get(choice.finding.id)
        return choice if why is None else replace(choice, thought=why, leave=True)


def _more(one: RefinedComponent, usual: RefinedComponent) -> str:
    """What is open in the one and not in the usual one, but for what was left on purpose."""
    blocking = {item.id for item in one.failed if item.blocks}
    more = blocking - {item.id for item in usual.failed if item.blocks}
    more |= _open(one) - _open(usual) - one.left.keys()
    return ", ".join(sorted(more))


def _less(one: RefinedComponent, base: RefinedComponent) -> bool:
    """Whether less is open in the one, and nothing else."""
    return _open(one) < _open(base) and not _more(one, base)


def _open(refined: RefinedComponent) -> set[str]:
    return {item.id for item in refined.failed if item.severity is not Severity.INFO}


def _rests(world: World, chosen: RefinedComponent, checks: Sequence[Check]) -> bool:
    """Whether refining it again changes nothing."""
    again = refine_component(world, chosen.plan, checks, _Leaving(chosen.left))
    return same_numbers(again.plan, chosen.plan)


def _ruled(usual: RefinedComponent, why: str) -> RefinedComponent:
    step = ReActStep(
        cycle=1,
        component=usual.subject.component.name,
        thought=f"The chosen repairs do not stand: {why}.",
        action=USUAL_ORDER,
        observation="The repairs below are those of the usual order.",
    )
    refinement = usual.refinement
    trace = (step, *refinement.trace)
    return replace(usual, refinement=refinement.model_copy(update={"trace": trace}))
