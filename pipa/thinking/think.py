"""Asks a model about the draft of one component, and keeps of its answer what may stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipa.thinking.prompt import Prompted, prompted
from pipa.thinking.shape import Number, Proposal
from pipa.thinking.table import IN_MEMORY, rows_of
from pipa.thinking.weigh import Weighed, weigh
from schemas.context import AppContext, Component
from schemas.evidence import Evidence
from schemas.model import LanguageModel, Unanswered
from schemas.plan import ComponentPlan, ModelChange, ReasoningStep
from schemas.prose import amounts_in, figure_amount, shown, unsafe_parts, unsaid
from schemas.quantities import MIB, format_cpu, format_memory
from schemas.told import figures_of, said_of

_WORDS = {
    Number.REPLICAS: "replicas",
    Number.CPU_REQUEST: "CPU request",
    Number.MEMORY_REQUEST: "memory request",
    Number.CPU_LIMIT: "CPU limit",
    Number.MEMORY_LIMIT: "memory limit",
}


def think(
    model: LanguageModel,
    component: Component,
    context: AppContext,
    plan: ComponentPlan,
    cited: Mapping[str, Evidence],
) -> ComponentPlan:
    """The draft after the model has looked at it; the draft itself when it has no usable answer.

    The model's steps follow the deterministic ones, marked as the model's; what became of each
    number that it would have otherwise stands in `ComponentPlan.model_changes`.

    Args:
        model: Is asked once, and corrected at most twice.
        component: The component.
        context: Its app.
        plan: The deterministic draft.
        cited: Evidence that the draft cites, by id, beside that of the context.

    Raises:
        ModelError: The model was asked for by name and cannot be reached.
    """
    question = prompted(component, context, plan, cited)
    answer = model.ask(question.request, Proposal, lambda given: _wrong(given, plan, question))
    if isinstance(answer, Unanswered):
        return plan
    weighed = weigh(plan, answer.value, question.offered)
    return _told(weighed, answer.value, model.name, question)


def _wrong(given: Proposal, plan: ComponentPlan, question: Prompted) -> str | None:
    """What is wrong with a valid answer, in words for the model."""
    cited = [id_ for step in given.reasoning for id_ in step.evidence]
    cited += [id_ for item in given.support for id_ in item.evidence]
    unknown = next((id_ for id_ in cited if id_ not in question.offered), None)
    if unknown is not None:
        return f"There is no evidence with the id {shown(unknown)[:80]!r}. Cite given ids only."
    texts = [*(step.text for step in given.reasoning), *(item.because for item in given.support)]
    unsafe = next((part for text in texts for part in unsafe_parts(shown(text))), None)
    if unsafe is not None:
        return f"Your text holds {unsafe}. Write plain words."
    invented = unsaid(texts, _known(given, plan, question))
    if invented is not None:
        return (
            f"Your text says {invented!r}, which is no number of your answer, of the estimate, or "
            "of the evidence."
        )
    return None


def _known(given: Proposal, plan: ComponentPlan, question: Prompted) -> dict[str, list[float]]:
    """The amounts that the texts may name, by dimension."""
    known: dict[str, list[float]] = {"memory": [], "cpu": [], "count": []}
    for number, row in rows_of(plan).items():
        unit = MIB if number in IN_MEMORY else 1
        values = [row.low / unit, row.value / unit, row.high / unit, given.value(number)]
        known[_dimension(number)] += values
    for item in question.offered.values():
        for _, dimension, value in amounts_in(said_of(item)):
            known[dimension].append(value)
        for name, figure in figures_of(item).items():
            amount = figure_amount(name, figure)
            if amount is not None:
                known[amount[0]].append(amount[1])
    return known


def _dimension(number: Number) -> str:
    if number is Number.REPLICAS:
        return "count"
    return "memory" if number in IN_MEMORY else "cpu"


def _told(weighed: Weighed, given: Proposal, name: str, question: Prompted) -> ComponentPlan:
    """The plan with the model's steps, and one that says what became of its numbers."""
    plan = weighed.plan
    first = max((step.number for step in plan.reasoning), default=0) + 1
    texts: list[tuple[str, Iterable[str]]] = [
        (f"{name}: {shown(step.text)}", step.evidence) for step in given.reasoning
    ]
    texts.append((f"{name} {_outcome(weighed.changes)}.", ()))
    steps = tuple(
        ReasoningStep(
            number=first + index,
            about="model",
            text=text,
            evidence=tuple(question.offered[x].id for x in evidence if x in question.offered),
        )
        for index, (text, evidence) in enumerate(texts)
    )
    return plan.model_copy(update={"reasoning": (*plan.reasoning, *steps)})


def _outcome(changes: tuple[ModelChange, ...]) -> str:
    if not changes:
        return "agrees with every number"
    return "would have " + "; ".join(_change(change) for change in changes)


def _change(change: ModelChange) -> str:
    number = Number(change.number)
    return (
        f"{_WORDS[number]} {_amount(number, change.proposed)} instead of "
        f"{_amount(number, change.before)}: {change.outcome.value}, "
        f"{_amount(number, change.after)} stands"
    )


def _amount(number: Number, value: int) -> str:
    if number is Number.REPLICAS:
        return str(value)
    return format_memory(value) if number in IN_MEMORY else format_cpu(value)
