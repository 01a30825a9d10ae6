"""What changes, in one sentence; and how sure the numbers are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci.handoff.comment.about import CommentAbout
from ci.handoff.comment.cost import bill_text
from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.numbers import MAX_NAME, UNSET, component_numbers, is_changed, is_new
from ci.handoff.measured import plural
from schemas.context import RouteName
from schemas.recommendation import ComponentRecommendation, Recommendation

_MAX_NAMES = 3
_MEDIUM, _HIGH = 0.5, 0.75
"""From here on a confidence is called medium, or high."""
SHORT_SHA = 12
"""Digits of a commit: what git takes for unambiguous in the largest repositories."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The components by what happens to them, those that need a look first."""

    changed: tuple[ComponentRecommendation, ...]
    new: tuple[ComponentRecommendation, ...]
    same: tuple[ComponentRecommendation, ...]

    @property
    def shown(self) -> tuple[ComponentRecommendation, ...]:
        """What the table is about; where nothing changes, everything."""
        return (*self.changed, *self.new) or self.same


def sort_components(recommendation: Recommendation) -> Sorted:
    """Blocked components first, then by what they cost."""
    blocked = {found.component for found in recommendation.findings if found.blocks}
    cost = {item.component: item.monthly or 0.0 for item in recommendation.cost.components}
    ordered = sorted(
        recommendation.components,
        key=lambda item: (item.name not in blocked, -cost.get(item.name, 0.0)),
    )
    return Sorted(
        changed=tuple(item for item in ordered if is_changed(item) and not is_new(item)),
        new=tuple(item for item in ordered if is_new(item)),
        same=tuple(item for item in ordered if not is_changed(item)),
    )


def headline(recommendation: Recommendation, found: Sorted) -> str:
    """One sentence: what changes, and by how much that changes the bill."""
    bill = bill_text(recommendation.cost)
    return f"### {_what(recommendation, found)}" + (f" · {bill}" if bill else "")


def status_line(recommendation: Recommendation, about: CommentAbout) -> str:
    """Measured or estimated, how sure, for what, of which commit; and that nothing was applied."""
    done = "suggestion only"
    if about.applied_url is not None:
        done = "written, see above"
    elif recommendation.blocked:
        done = "**not fit to be applied**"
    parts = [
        *_basis(recommendation.components),
        f"`{recommendation.trigger.environment.value}`",
        f"commit `{about.head_sha[:SHORT_SHA]}`",
        done,
    ]
    return " · ".join(parts)


def same_line(found: Sorted) -> str:
    """The components that stay as they are; empty without any."""
    if not found.same or not (found.changed or found.new):
        return ""
    return f"Unchanged: {name_list(found.same, 5)}."


def name_list(items: Sequence[ComponentRecommendation], most: int) -> str:
    """Names as code, the first ones, with the number of the others."""
    names = [code(item.name, MAX_NAME) for item in items[:most]]
    if len(items) > most:
        return f"{', '.join(names)} and {len(items) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _what(recommendation: Recommendation, found: Sorted) -> str:
    if not recommendation.components:
        return "No component could be sized"
    if not found.changed and not found.new:
        return f"No change: {_names(found.same, 'workload')} {_as_is(len(found.same))}"
    if len(found.shown) == 1 and found.changed:
        return _one(found.changed[0])
    parts = []
    if found.changed:
        bare = all(_is_bare(item) for item in found.changed)
        verb = "set resources of" if bare else "resize"
        parts.append(f"{verb} {_names(found.changed, 'workload')}")
    if found.new:
        parts.append(f"add manifests for {_names(found.new, 'workload')}")
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def _is_bare(item: ComponentRecommendation) -> bool:
    """Its manifest sets neither CPU nor memory today."""
    return all(number.now == UNSET for number in component_numbers(item)[1:3])


def _one(item: ComponentRecommendation) -> str:
    numbers = [number for number in component_numbers(item) if number.differs]
    if not numbers:
        return f"Change {code(item.name, MAX_NAME)}: {plural(len(item.changes), 'field')}"
    told = (f"{number.title} {number.now} → {number.proposed}" for number in numbers)
    return f"{code(item.name, MAX_NAME)}: " + ", ".join(prose(text) for text in told)


def _names(items: Sequence[ComponentRecommendation], noun: str) -> str:
    return name_list(items, _MAX_NAMES) if len(items) <= _MAX_NAMES else plural(len(items), noun)


def _as_is(count: int) -> str:
    return "fits as it is" if count == 1 else "fit as they are"


def _basis(components: Sequence[ComponentRecommendation]) -> Iterator[str]:
    if not components:
        return
    measured = [item for item in components if item.route is RouteName.METRICS]
    days = [item.usage.days for item in measured if item.usage is not None]
    span = f", {_range(days, '.1f')} days" if days else ""
    if not measured:
        yield "**Estimated, not measured:** no usage history"
    elif len(measured) == len(components):
        yield f"**Measured** on the running workloads{span}"
    else:
        count = f"{len(measured)} of {len(components)}"
        yield f"**Measured** for {count} components{span}, the others **estimated**"
    sure = [item.confidence for item in components]
    yield f"confidence {_word(min(sure), max(sure))} ({_range(sure, '.2f')})"


def _range(values: Sequence[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def _word(low: float, high: float) -> str:
    words = dict.fromkeys(
        "high" if value >= _HIGH else "medium" if value >= _MEDIUM else "low"
        for value in (low, high)
    )
    return " to ".join(words)
