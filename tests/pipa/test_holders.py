"""Whose the stated data and connections are."""

from __future__ import annotations

import pytest

from pipa.holders import own_demand
from schemas.context import Demand, DescriptionReading, Dimension, Role, Statement
from schemas.quantities import GIB

DATA = Demand(data_bytes=300 * GIB)
OPEN = Demand(connections=10_000)


def _app(component, demand: Demand, *roles: Role):
    return [
        component(name=f"c{number}", role=role, demand=demand) for number, role in enumerate(roles)
    ]


def _held(component, context, demand: Demand, *roles: Role, **fields) -> list[Demand]:
    parts = _app(component, demand, *roles)
    where = context(*parts, **fields)
    return [own_demand(part, where) for part in parts]


@pytest.mark.parametrize(
    ("roles", "shares"),
    [
        ([Role.BACKEND_API, Role.SQL_DATABASE, Role.CACHE], [None, 300, None]),
        ([Role.SQL_DATABASE, Role.NOSQL_DATABASE], [150, 150]),
        ([Role.BACKEND_API, Role.CACHE], [None, 300]),
        ([Role.SEARCH_ENGINE, Role.CACHE], [300, None]),
        ([Role.VECTOR_DATABASE, Role.MESSAGE_BROKER], [300, None]),
        ([Role.BACKEND_API, Role.WORKER], [300, 300]),
    ],
    ids=["database", "two-databases", "cache", "search", "vectors", "no-store"],
)
def test_data_is_in_the_likeliest_store(component, context, roles, shares):
    held = _held(component, context, DATA, *roles)
    assert [item.data_bytes and item.data_bytes // GIB for item in held] == shares


def test_data_stated_for_a_component_stays_with_it(component, context):
    reading = DescriptionReading(by_component={"c1": DATA})
    held = _held(component, context, DATA, Role.SQL_DATABASE, Role.CACHE, reading=reading)
    assert held[1].data_bytes == 300 * GIB


def test_connections_end_at_the_entrance(component, context):
    held = _held(component, context, OPEN, Role.BACKEND_API, Role.SQL_DATABASE, Role.WEB_FRONTEND)
    assert [item.connections for item in held] == [10_000, None, None]


def test_database_connections_end_at_the_database(component, context):
    statement = Statement(
        dimension=Dimension.WORKLOAD,
        key="connections",
        value=200,
        quote="200 database connections",
        start=0,
        end=24,
    )
    reading = DescriptionReading(statements=(statement,))
    held = _held(component, context, OPEN, Role.BACKEND_API, Role.SQL_DATABASE, reading=reading)
    assert [item.connections for item in held] == [None, 10_000]


def test_without_an_entrance_whatever_there_is_meets_them(component, context):
    (held,) = _held(component, context, OPEN, Role.MESSAGE_BROKER)
    assert held.connections == 10_000


def test_a_demand_without_either_is_left_as_it_is(component, context):
    demand = Demand(peak_rps=5)
    (held,) = _held(component, context, demand, Role.CACHE)
    assert held is demand
