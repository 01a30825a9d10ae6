"""Statements as demands: of the whole app, and of the components that a clause names.

A statement belongs to the one component that its clause names. When only one component of own code
(or only one at all) is named, what is said of it is said of the app, except for amounts of data.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from dca.catalogue import catalogue
from dca.description.own_code import Mention
from dca.description.text import CONTEXT, Prose
from schemas.context import Criticality, Demand, NamedComponent, Role, Statement, Traffic

_MAXIMA = (
    "peak_rps",
    "average_rps",
    "concurrent_users",
    "connections",
    "messages_per_second",
    "ingest_bytes_per_second",
    "availability",
    "data_bytes",
)
_CRITICALITY = tuple(Criticality)
_EXPLICIT = ("critical", "tier")
_OF_THE_APP = frozenset(
    [
        "language",
        "framework",
        "uses",
        "uses_managed",
        "without",
        "scope",
        "sample",
        "deployment",
        "app_name",
        "app_role",
        "autoscaling",
    ]
)
"""What is never said of one component alone."""
_OF_ONE_COMPONENT = frozenset({"gpu", "ml", "small"})
"""Special needs that may be said of one component alone."""
_EITHER_SIDE = frozenset({"data_bytes", "persistence", "special"})
_STORES = frozenset(
    {Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.VECTOR_DATABASE, Role.SEARCH_ENGINE}
)
_VERSION = re.compile(r"(?: v?\d[\w.]*)? ?")
_GOES_ON = re.compile(
    r" (?:(?:which|that) )?(?:gets?|serves?|handles?|takes?|receives?|has|sees|with|at|does"
    r"|needs?)\b"
)
_VERSION_LENGTH = 16
_TRAFFIC = (Traffic.SPIKY, Traffic.SCHEDULED, Traffic.STEADY)


def attributed(
    prose: Prose,
    statements: Sequence[Statement],
    named: Sequence[NamedComponent],
    mentions: Sequence[Mention],
) -> tuple[Statement, ...]:
    """The statements, each with the component that it is about."""
    own = [item.name for item in named if item.third_party is None] or [n.name for n in named]
    result = []
    for item in statements:
        name = _subject(prose, item, mentions) or _used_store(prose, item, statements)
        if [name] == own and (item.key != "data_bytes" or _is_whole_app(named)):
            name = None  # the only component: what is said of it is said of the app
        result.append(item.model_copy(update={"component": name}) if name else item)
    return tuple(result)


def _is_whole_app(named: Sequence[NamedComponent]) -> bool:
    return len(named) == 1 and named[0].third_party is None


def _subject(prose: Prose, item: Statement, mentions: Sequence[Mention]) -> str | None:
    of_one = item.key != "special" or item.value in _OF_ONE_COMPONENT
    if item.key in _OF_THE_APP or not of_one:
        return None
    clause = prose.clause(item.start)
    places = [
        place for place in _within(mentions, clause.start, clause.end) if place.end <= clause.end
    ]
    relative = _before_parenthesis(prose, clause.start, item.start, mentions)
    if relative and not any(place.start <= item.start for place in places):
        return relative.name
    places = places or _opening_parenthesis(prose, clause.start, mentions)
    if len({place.name for place in places}) != 1:
        return None
    # "2000 rps with PostgreSQL" is not the database's load; "300 GB in PostgreSQL" is its data.
    before = places[0].start <= item.start
    joined = before or item.key in _EITHER_SIDE or not places[0].product
    return places[0].name if joined else None


def _within(mentions: Sequence[Mention], start: int, end: int) -> Sequence[Mention]:
    """The mentions, which are in the order of the text, that begin between two positions."""
    first = bisect_left(mentions, start, key=lambda item: item.start)
    return mentions[first : bisect_left(mentions, end, lo=first, key=lambda item: item.start)]


def _used_store(prose: Prose, item: Statement, others: Sequence[Statement]) -> str | None:
    """The database elsewhere that holds an amount of data: "on top of Elasticsearch, 80 GB"."""
    if item.key != "data_bytes":
        return None
    sentence = prose.sentence(item.start)
    used = {
        str(other.value)
        for other in others
        if other.key in {"uses", "uses_managed"} and sentence.start <= other.start < sentence.end
    }
    stores = [key for key in used if (product := catalogue().get(key)) and product.role in _STORES]
    return stores[0] if len(stores) == 1 else None


def _before_parenthesis(
    prose: Prose, start: int, position: int, mentions: Sequence[Mention]
) -> Mention | None:
    """What "which gets" goes back to: "an ingest API (Go) which gets 3k rps"."""
    if prose.lower[start - 1 : start] != ")" or not _GOES_ON.match(prose.lower, start, position):
        return None
    opened = prose.lower.rfind("(", max(0, start - CONTEXT), start)
    near = [
        place
        for place in _within(mentions, max(0, start - CONTEXT), start)
        if place.end <= start and place.end >= opened - 1 and not place.product
    ]
    return near[-1] if opened >= 0 and near else None


def _opening_parenthesis(prose: Prose, start: int, mentions: Sequence[Mention]) -> list[Mention]:
    """What a clause in parentheses belongs to: "PostgreSQL 16 (120 GB)"."""
    if prose.lower[start - 1 : start] != "(":
        return []
    return [
        place
        for place in _within(mentions, max(0, start - CONTEXT), start)
        if start - _VERSION_LENGTH <= place.end < start
        and _VERSION.fullmatch(prose.lower, place.end, start - 1)
    ]


def demand_of(statements: Sequence[Statement]) -> Demand:
    """What the statements ask for together."""
    values: dict[str, list[Any]] = {}
    for item in statements:
        values.setdefault(item.key, []).append(item.value)
    fields: dict[str, Any] = {key: max(values[key]) for key in _MAXIMA if key in values}
    for key in ("zero_downtime", "persistence", "sample"):
        if key in values:
            fields[key] = any(values[key])
    if "consistency" in values:
        fields["consistency"] = "strong" if "strong" in values["consistency"] else "eventual"
    if "traffic" in values:
        fields["traffic"] = next(shape for shape in _TRAFFIC if shape in values["traffic"])
    fields |= _latency(statements)
    fields["criticality"] = _criticality(statements, bool(fields.get("zero_downtime")))
    fields["special"] = _special(values)
    return Demand(**fields)


def _special(values: dict[str, list[Any]]) -> tuple[str, ...]:
    return tuple(sorted({*values.get("special", ()), *values.get("deployment", ())}))


def _latency(statements: Sequence[Statement]) -> dict[str, float]:
    """The time at the highest quantile; the shortest where none is given."""
    quantiles = {item.start: item.value for item in statements if item.key == "latency_quantile"}
    times = [
        (quantiles.get(item.start), item.value) for item in statements if item.key == "latency_ms"
    ]
    if not times:
        return {}
    quantile, milliseconds = max(times, key=lambda pair: (pair[0] or 0, -float(pair[1])))
    fields = {"latency_ms": float(milliseconds)}
    return fields | ({"latency_quantile": float(quantile)} if quantile else {})


def _criticality(statements: Sequence[Statement], zero_downtime: bool) -> Criticality | None:
    """An explicit word decides; else the highest that is implied."""
    found = [item for item in statements if item.key == "criticality"]
    explicit = [item for item in found if any(word in item.quote.lower() for word in _EXPLICIT)]
    levels = [Criticality(str(item.value)) for item in explicit or found]
    if zero_downtime and not explicit:
        levels.append(Criticality.HIGH)
    return max(levels, key=_CRITICALITY.index) if levels else None


def by_component(statements: Sequence[Statement]) -> dict[str, Demand]:
    """The demand of each component that statements are about."""
    names = dict.fromkeys(item.component for item in statements if item.component)
    empty = Demand()
    demands = {
        name: demand_of([item for item in statements if item.component == name]) for name in names
    }
    return {name: demand for name, demand in demands.items() if demand != empty}
