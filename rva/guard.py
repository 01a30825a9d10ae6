"""Holds another reasoner's result against the usual one: it is taken only when it is as good.

The order of repairs can matter: one that is chosen too early may take the room that another needs.
So the usual order is always run beside, which costs milliseconds, and stands whenever the other
leaves more open or has not come to rest.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        The reasoner's result when nothing is open in it that is not in the usual one, but for the
        warnings that it left to a person, and when refining it again changes nothing. Else the
        usual result, with a first step that says why.
    """
    chosen = refine_component(world, plan, checks, reasoner)
    usual = refine_component(world, plan, checks)
    why = _worse(chosen, usual) or _restless(world, chosen, checks)
    return _ruled(usual, why) if why else chosen


class Leaving:
    """The usual order, but for the warnings that somebody left to a person."""

    def __init__(self, left: frozenset[str]) -> None:
        self._left = left

    def choose(self, subject: Subject, pending: Sequence[Finding], so_far: SoFar = START) -> Choice:
        """The worst finding, left open when it is one of those."""
        choice = WorstFirst().choose(subject, pending)
        return replace(choice, leave=choice.finding.id in self._left)


def _worse(chosen: RefinedComponent, usual: RefinedComponent) -> str:
    """What the choice leaves open that the usual order does not; empty for nothing."""
    blocking = {item.id for item in chosen.failed if item.blocks}
    more = blocking - {item.id for item in usual.failed if item.blocks}
    more |= _open(chosen) - _open(usual) - chosen.left
    return f"it leaves {', '.join(sorted(more))} open" if more else ""


def _open(refined: RefinedComponent) -> set[str]:
    return {item.id for item in refined.failed if item.severity is not Severity.INFO}


def _restless(world: World, chosen: RefinedComponent, checks: Sequence[Check]) -> str:
    again = refine_component(world, chosen.plan, checks, Leaving(chosen.left))
    steady = same_numbers(again.plan, chosen.plan) and again.left == chosen.left
    return "" if steady else "its numbers have not come to rest"


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
