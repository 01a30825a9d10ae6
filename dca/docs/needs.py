"""Which figures a component needs from the corpus, by what it is and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dca.docs.subject import Subject
from schemas.context import Demand, Role
from schemas.knowledge import FigureName


class Match(StrEnum):
    """How specifically a fact is about a component, most specific first."""

    PRODUCT = "product"
    FRAMEWORK = "framework"
    LANGUAGE = "language"
    ROLE = "role"
    """About its role, or about something else of its role or language: a neighbour's word."""
    GENERAL = "general"


class Topic(StrEnum):
    """Figures that are asked for together."""

    SIZES = "sizes"
    MINIMUM = "minimum"
    PROCESS = "process"
    LOAD = "load"
    CONNECTIONS = "connections"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Need:
    """One figure, and whose word on it counts."""

    figure: FigureName
    topic: Topic
    matches: frozenset[Match]
    """A fact that is less specific informs, but leaves the need open."""


WORDS: dict[FigureName, str] = {
    FigureName.CPU_REQUEST: "CPU request",
    FigureName.MEMORY_REQUEST: "memory request",
    FigureName.CPU_LIMIT: "CPU limit",
    FigureName.MEMORY_LIMIT: "memory limit",
    FigureName.REPLICAS: "number of replicas",
    FigureName.CPU_MINIMUM: "minimum CPU",
    FigureName.MEMORY_MINIMUM: "minimum memory",
    FigureName.MEMORY_IDLE: "memory of an idle process",
    FigureName.CPU_PER_REQUEST: "CPU time per request",
    FigureName.MEMORY_PER_CONNECTION: "memory per connection",
    FigureName.MEMORY_PER_DATA: "memory held per amount of data",
    FigureName.AT_REQUEST_RATE: "size at a request rate",
    FigureName.AT_USERS: "size at a number of concurrent users",
    FigureName.AT_CONNECTIONS: "size at a number of connections",
    FigureName.AT_DATA: "size at an amount of data",
}
"""The figures as people ask for them."""

_STORES = frozenset(
    {
        Role.SQL_DATABASE,
        Role.NOSQL_DATABASE,
        Role.VECTOR_DATABASE,
        Role.CACHE,
        Role.MESSAGE_BROKER,
        Role.SEARCH_ENGINE,
        Role.OBSERVABILITY,
    }
)
"""Roles whose memory follows the data they hold."""
_UNLOADED = frozenset({Role.BATCH, Role.CONTROLLER, Role.LOAD_GENERATOR})
"""Roles that the requests to the app do not meet."""
_SELF = frozenset({Match.PRODUCT})
_STACK = frozenset({Match.PRODUCT, Match.FRAMEWORK, Match.LANGUAGE})
_HABIT = _STACK | {Match.ROLE}
_SIZES = (
    FigureName.CPU_REQUEST,
    FigureName.MEMORY_REQUEST,
    FigureName.CPU_LIMIT,
    FigureName.MEMORY_LIMIT,
)
_MINIMUM = (FigureName.CPU_MINIMUM, FigureName.MEMORY_MINIMUM)


def needs_of(subject: Subject) -> tuple[Need, ...]:
    """All figures that would help to size a component, most important first.

    A product needs the sizes that its makers and packagers give it, its minimum, and how it grows
    with what is stated. The app's own code needs what one process of its stack holds, what a
    request costs when a load is stated, and the habits of its role. A process that serves a model
    needs the sizes too, for the model is most of it.
    """
    return tuple(_product_needs(subject) if subject.is_product else _code_needs(subject))


def _product_needs(subject: Subject) -> Iterator[Need]:
    for figure in _SIZES:
        yield Need(figure, Topic.SIZES, _SELF)
    for figure in _MINIMUM:
        yield Need(figure, Topic.MINIMUM, _SELF)
    if subject.role in _STORES:
        yield Need(FigureName.REPLICAS, Topic.SIZES, _SELF)
    yield from _growth(subject, _SELF)


def _code_needs(subject: Subject) -> Iterator[Need]:
    known = _STACK if subject.languages or subject.frameworks or subject.runtimes else _HABIT
    yield Need(FigureName.MEMORY_IDLE, Topic.PROCESS, known)
    yield Need(FigureName.MEMORY_MINIMUM, Topic.MINIMUM, known)
    model = subject.role is Role.ML_INFERENCE
    for figure in _SIZES if model else _SIZES[:2]:
        yield Need(figure, Topic.SIZES, _HABIT)
    yield from _growth(subject, known)


def _growth(subject: Subject, matches: frozenset[Match]) -> Iterator[Need]:
    """Figures that turn a stated load, number of connections or amount of data into a size."""
    demand, role = subject.component.demand, subject.role
    if _rate(demand) and role not in _UNLOADED:
        yield Need(FigureName.CPU_PER_REQUEST, Topic.LOAD, matches)
        if subject.is_product:
            yield Need(FigureName.AT_REQUEST_RATE, Topic.LOAD, matches)
    if demand.concurrent_users and subject.is_product and role not in _STORES | _UNLOADED:
        yield Need(FigureName.AT_USERS, Topic.LOAD, matches)
    if demand.connections and role not in _UNLOADED:
        yield Need(FigureName.MEMORY_PER_CONNECTION, Topic.CONNECTIONS, matches)
        if subject.is_product:
            yield Need(FigureName.AT_CONNECTIONS, Topic.CONNECTIONS, matches)
    if demand.data_bytes and role in _STORES:
        yield Need(FigureName.MEMORY_PER_DATA, Topic.DATA, matches)
        if subject.is_product:
            yield Need(FigureName.AT_DATA, Topic.DATA, matches)


def _rate(demand: Demand) -> bool:
    rates = (demand.peak_rps, demand.average_rps, demand.messages_per_second)
    return any(rate for rate in rates) or bool(demand.concurrent_users)
