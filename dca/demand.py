"""Lays the demand of a description over the components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dca.catalogue import catalogue
from schemas.context import Component, Demand, DescriptionReading, Role

_OF_THE_WHOLE = frozenset({"availability", "zero_downtime", "criticality", "sample"})
_SAYS_NOTHING = {
    name: field.default for name, field in Demand.model_fields.items() if name not in _OF_THE_WHOLE
}
"""What the description of one service leaves open for the others."""
_DATABASES = frozenset({Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.VECTOR_DATABASE})


def with_demand(
    components: Sequence[Component], reading: DescriptionReading, by_named: Mapping[str, str]
) -> tuple[Component, ...]:
    """Every component with the app's demand and, over it, what is said of it alone.

    The description of one service among others says nothing of the others' load, only how much the
    whole matters. The app's amount of data goes to the component that stores it, when there is one
    such component. That the app keeps no data says nothing of the products beside it.

    Args:
        components: All components.
        reading: The description.
        by_named: Name in the description → name of the component.
    """
    said = {
        by_named[name]: demand for name, demand in reading.by_component.items() if name in by_named
    }
    store = _store(components)
    has_own_code = any(component.third_party is None for component in components)
    one = _described_alone(components, reading, by_named)
    result = []
    for component in components:
        drop: dict[str, object] = {}
        if one is not None and component.name != one:
            drop |= _SAYS_NOTHING | {"special": _of_the_whole(reading)}
        if component.name != store:
            drop["data_bytes"] = None
        if component.third_party and has_own_code:
            drop["persistence"] = None
        demand = overlaid(reading.demand.model_copy(update=drop), said.get(component.name))
        result.append(component.model_copy(update={"demand": demand}))
    return tuple(result)


def _described_alone(
    components: Sequence[Component], reading: DescriptionReading, by_named: Mapping[str, str]
) -> str | None:
    """The one component that the description is about, when it says that there are others."""
    alone = any(item.key == "scope" for item in reading.statements)
    about = {by_named[item.name] for item in reading.named if item.name in by_named}
    return about.pop() if alone and len(about) == 1 and len(components) > 1 else None


def _of_the_whole(reading: DescriptionReading) -> tuple[str, ...]:
    """The special needs that no service has alone: where the whole is deployed."""
    return tuple(sorted({str(s.value) for s in reading.statements if s.key == "deployment"}))


def overlaid(base: Demand, over: Demand | None) -> Demand:
    """`base` with every value that `over` states; special needs add up."""
    if over is None:
        return base
    stated = {name: value for name, value in over if value is not None}
    if over.latency_ms is not None:
        stated["latency_quantile"] = over.latency_quantile
    stated["special"] = tuple(sorted({*base.special, *over.special}))
    return base.model_copy(update=stated)


def _store(components: Sequence[Component]) -> str | None:
    """The one component that keeps the app's data; None when that is not clear."""
    if len(components) == 1:
        return components[0].name
    stores = [item for item in components if item.has_volume or _is_stateful(item)]
    databases = [item for item in stores if item.role in _DATABASES]
    for group in (databases, stores):
        if len(group) == 1:
            return group[0].name
    return None


def _is_stateful(component: Component) -> bool:
    product = catalogue().get(component.third_party) if component.third_party else None
    return product is not None and product.stateful
