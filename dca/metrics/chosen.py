"""Workloads that somebody named: the user by ``--workload``, or a payload by component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dca.metrics.names import agreement
from dca.metrics.rules import ANY_COMPONENT, STATED_KIND, ChosenWorkload
from dca.repository.naming import label, same_service
from schemas.context import Component
from schemas.errors import UsageError

if TYPE_CHECKING:
    from schemas.telemetry import WorkloadListing

_MOST_NAMED = 12


def assign(
    chosen: Sequence[ChosenWorkload], components: Sequence[Component]
) -> Mapping[str, ChosenWorkload]:
    """The choices by component name.

    Raises:
        UsageError: A component does not exist, has two choices, or is not named where several
            could be meant.
    """
    result: dict[str, ChosenWorkload] = {}
    for choice in chosen:
        name = _component_of(choice, components)
        if name in result:
            raise UsageError(
                f"--workload names two workloads for {name}: {result[name].key} and {choice.key}",
                hint="A component is one workload.",
            )
        result[name] = choice
    return result


def stated_for(
    components: Sequence[Component], listings: Sequence[WorkloadListing]
) -> Iterator[tuple[Component, WorkloadListing]]:
    """Workloads that a payload tells of by a component's name, or as the only one.

    One that fits no component, or several, is left out; `unmatched` says so.
    """
    for listing in listings:
        if listing.key.kind == STATED_KIND:
            meant = _meant(listing.key.name, components)
            if len(meant) == 1:
                yield meant[0], listing


def unmatched(
    components: Sequence[Component], listings: Sequence[WorkloadListing]
) -> tuple[str, ...]:
    """What a payload tells of that is no component, or not surely one; by the payload's names."""
    stated = [item.key.name for item in listings if item.key.kind == STATED_KIND]
    return tuple(name for name in stated if len(_meant(name, components)) != 1)


def _meant(name: str, components: Sequence[Component]) -> list[Component]:
    if name == ANY_COMPONENT:
        own = [item for item in components if item.third_party is None]
        return own if len(own) == 1 else list(components)
    exact = [item for item in components if item.name in (name, label(name))]
    for level in (3, 2):
        if not exact:
            exact = [item for item in components if same_service(item.name, name) >= level]
    return exact


def _component_of(choice: ChosenWorkload, components: Sequence[Component]) -> str:
    names = [item.name for item in components]
    if choice.component is not None:
        if choice.component in names:
            return choice.component
        raise UsageError(
            f"--workload {choice.component}={choice.key}: there is no such component",
            hint=_those(names),
        )
    if len(names) == 1:
        return names[0]
    found = [(agreement(item, choice.key.name, ""), item.name) for item in components]
    ranked = sorted(
        ((item.confidence, name) for item, name in found if item is not None), reverse=True
    )
    if ranked and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
        return ranked[0][1]
    raise UsageError(
        f"--workload {choice.key} does not say which component it is",
        hint=f"Write --workload COMPONENT={choice.key}. {_those(names)}",
    )


def _those(names: Sequence[str]) -> str:
    if not names:
        return "The repository has no components."
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"Its components are {', '.join(names[:_MOST_NAMED])}{more}."
