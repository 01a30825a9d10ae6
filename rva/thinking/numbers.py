"""Which numbers a model may name: those of the result, and those of what it cites beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.context import CurrentSizing
from schemas.evidence import Evidence
from schemas.plan import ComponentPlan
from schemas.prose import (
    TOLERANCE,
    amounts_in,
    figure_amount,
    foreign_digit,
    in_digits,
    numerals_in,
)
from schemas.quantities import GIB, MIB
from schemas.recommendation import ComponentCost, Finding
from schemas.told import figures_of, said_of

CLOSE = 0.005
"""A number without a unit is the number itself, but for the last digit of a rounding."""
BARE = "bare"
"""The dimension of numbers without one."""


@dataclass(slots=True)
class Numbers:
    """Values by dimension: ``memory`` in MiB, ``cpu`` in millicores, ``count``, and bare ones."""

    values: dict[str, list[float]] = field(
        default_factory=lambda: {"memory": [], "cpu": [], "count": [], BARE: []}
    )

    def memory(self, *amounts: int | None) -> None:
        """Bytes; also without a unit, in MiB and GiB."""
        known = [amount for amount in amounts if amount is not None]
        self.values["memory"] += [amount / MIB for amount in known]
        self.values[BARE] += [x for amount in known for x in (amount / MIB, amount / GIB)]

    def cpu(self, *amounts: int | None) -> None:
        """Millicores; also without a unit, in millicores and cores."""
        known = [float(amount) for amount in amounts if amount is not None]
        self.values["cpu"] += known
        self.values[BARE] += [x for amount in known for x in (amount, amount / 1000)]

    def count(self, *amounts: int | None) -> None:
        """Pods and other things that are counted."""
        known = [float(amount) for amount in amounts if amount is not None]
        self.values["count"] += known
        self.values[BARE] += known

    def plain(self, *amounts: float | None) -> None:
        """Numbers of no such dimension: money, shares, percentages."""
        self.values[BARE] += [float(amount) for amount in amounts if amount is not None]

    def text(self, *texts: str) -> None:
        """All that a text names."""
        for text in texts:
            for _, dimension, value in amounts_in(text):
                self.values[dimension].append(value)
            self.values[BARE] += [value for _, value in numerals_in(text)]


@dataclass(frozen=True, slots=True)
class Stated:
    """What may be named always, and what only by a sentence that cites where it stands."""

    always: Numbers
    cited: Mapping[str, Numbers]
    """By id of evidence or finding."""


def plan_numbers(plan: ComponentPlan, current: CurrentSizing | None = None) -> Numbers:
    """The numbers of a plan, of its intervals, and of what is there today."""
    numbers = Numbers()
    for container in (plan.resources, *(extra.resources for extra in plan.extra_containers)):
        for amounts in (container.requests, container.limits):
            numbers.cpu(amounts.cpu)
            numbers.memory(amounts.memory)
    ranges = plan.intervals
    numbers.count(plan.replicas, ranges.replicas.low, ranges.replicas.target, ranges.replicas.high)
    for cpu in (ranges.cpu_request, ranges.cpu_limit):
        if cpu is not None:
            numbers.cpu(cpu.low, cpu.target, cpu.high)
    for memory in (ranges.memory_request, ranges.memory_limit):
        numbers.memory(memory.low, memory.target, memory.high)
    numbers.memory(plan.storage)
    if plan.autoscaling is not None:
        numbers.count(plan.autoscaling.min_replicas, plan.autoscaling.max_replicas)
        numbers.plain(plan.autoscaling.target_cpu_percent)
    numbers.plain(plan.confidence, 100 * plan.confidence)
    numbers.text(*plan.runtime_env.values())
    if current is not None:
        numbers.count(current.replicas)
        numbers.cpu(current.cpu_request, current.cpu_limit)
        numbers.memory(current.memory_request, current.memory_limit)
        scaler = current.autoscaler
        if scaler is not None:
            numbers.count(scaler.min_replicas, scaler.max_replicas)
    return numbers


def add_cost(numbers: Numbers, cost: ComponentCost) -> None:
    """The component's monthly amounts, and what the change costs."""
    numbers.plain(cost.monthly, cost.monthly_at_max, cost.monthly_current)
    if cost.monthly is not None and cost.monthly_current is not None:
        numbers.plain(abs(cost.monthly - cost.monthly_current))


def evidence_numbers(item: Evidence) -> Numbers:
    """What one piece of evidence says."""
    numbers = Numbers()
    numbers.text(said_of(item))
    for name, value in figures_of(item).items():
        amount = figure_amount(name, value)
        if amount is not None:
            numbers.values[amount[0]].append(amount[1])
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.plain(value)
    return numbers


def finding_numbers(items: Iterable[Finding]) -> Numbers:
    """What the findings of one check say."""
    numbers = Numbers()
    for item in items:
        fix = (item.fix.before, item.fix.after) if item.fix else ()
        numbers.text(item.message, item.value, item.limit, *fix)
    return numbers


def unfounded(text: str, cites: Sequence[str], stated: Stated) -> str | None:
    """A number in a text that nothing states; None when there is none.

    Args:
        text: What a model wrote.
        cites: Ids of evidence and findings that stand beside it.
        stated: What may be named.
    """
    odd = foreign_digit(text)
    if odd is not None:
        return odd
    sources = [stated.always, *(stated.cited[id_] for id_ in cites if id_ in stated.cited)]
    rest = in_digits(_without(text, cites))
    for written, dimension, value in amounts_in(rest):
        if not _near(value, [x for one in sources for x in one.values[dimension]], TOLERANCE):
            return written
        rest = rest.replace(written, " ", 1)
    bare = [x for one in sources for x in one.values[BARE]]
    return next((w for w, value in numerals_in(rest) if not _near(value, bare, CLOSE)), None)


def _without(text: str, ids: Sequence[str]) -> str:
    """The text without the ids that it cites: digits in them count nothing."""
    for id_ in sorted(ids, key=len, reverse=True):
        text = text.replace(id_, " ")
    return text


def _near(value: float, known: Iterable[float], tolerance: float) -> bool:
    return any(abs(value - item) <= tolerance * max(abs(item), 1) for item in known)
