"""Capacity ladders: read at the stated load, and held at their ends."""

from __future__ import annotations

import pytest

from pipa.capacity import size_component
from pipa.ladder import read
from schemas.context import Demand, Role, WorkloadKind
from schemas.quantities import GIB, MIB
from tests.pipa.facts import added, documented, fact

RUNGS = [(200.0, 4096.0, "a"), (2000.0, 4096.0, "b"), (15000.0, 8192.0, "c")]


@pytest.mark.parametrize(
    ("load", "value", "beyond"),
    [
        (200, 4096, False),
        (2000, 4096, False),
        (5000, 5614, False),
        (15000, 8192, False),
        (10, 4096, True),
        (10**6, 8192, True),
    ],
)
def test_between_rungs_sizes_are_interpolated_and_beyond_them_the_last_one_holds(
    load, value, beyond
):
    reading = read(RUNGS, load)
    assert reading.value == pytest.approx(value, rel=0.001)
    assert reading.beyond is beyond
    assert sum(share for _, share in reading.rungs) == pytest.approx(1)


def test_a_power_of_the_load_is_met_exactly():
    assert read([(1, 10, "a"), (100, 100, "b")], 10).value == pytest.approx(10**1.5)


@pytest.fixture
def climbed(component, context, constants):
    def run(*evidence, **demand):
        subject = component(
            name="chat",
            third_party="mattermost",
            role=Role.BACKEND_API,
            demand=Demand(**demand),
        )
        where = context(documented(subject, *evidence), evidence=evidence)
        return size_component(where.components[0], where, constants)[0]

    return run


def ladder(**more):
    rows = ((200, 2000, 4096, 1), (2000, 2000, 4096, 2), (50_000, 8000, 16384, 5))
    return [
        fact(
            f"users-{users}",
            "vendor/docs",
            kind="vendor_guidance",
            at_concurrent_users=users,
            cpu_request_millicores=cpu,
            memory_request_mib=memory,
            replicas_count=pods,
            **more,
        )
        for users, cpu, memory, pods in rows
    ]


def test_the_vendors_size_for_the_stated_load_outweighs_the_estimate(climbed):
    without, with_ = (climbed(*rows, concurrent_users=2000) for rows in ((), ladder()))
    assert with_.resources.requests.memory > without.resources.requests.memory
    assert 3 * GIB <= with_.resources.requests.memory <= 4 * GIB
    moved = [i for i in with_.influences if i.number == "memory_request"]
    assert [i.evidence for i in moved] == ["fact:users-2000"]
    assert any("2000 concurrent users" in step.text for step in with_.reasoning)


def test_the_ladder_also_says_how_many_pods(climbed):
    plan = climbed(*ladder(), concurrent_users=50_000)
    assert plan.replicas == 5
    assert plan.influences[-1].number == "replicas"


def test_beyond_the_ladder_that_is_said(climbed):
    plan = climbed(*ladder(), concurrent_users=400_000)
    assert any("beyond the ladder's end" in step.text for step in plan.reasoning)


def test_between_two_rungs_both_share_the_effect(climbed):
    plan = climbed(*ladder(), concurrent_users=10_000)
    moved = [i for i in plan.influences if i.number == "memory_request"]
    assert {i.evidence for i in moved} == {"fact:users-2000", "fact:users-50000"}
    assert moved[0].after == moved[1].before


@pytest.mark.parametrize(
    "demand",
    [{}, {"connections": 500}, {"data_bytes": 10 * GIB}],
    ids=["nothing", "connections", "data"],
)
def test_without_a_load_of_that_kind_the_ladder_is_not_climbed(climbed, demand):
    assert climbed(*ladder(), **demand).influences == ()


def test_one_rung_is_no_ladder(climbed):
    assert climbed(ladder()[0], concurrent_users=200).influences == ()


def test_a_ladder_of_another_product_or_of_an_added_document_does_not_count(climbed):
    assert climbed(*ladder(match="role"), concurrent_users=2000).influences == ()
    rows = [
        added(f"d{u}", at_concurrent_users=u, memory_request_mib=60_000, cpu_request_millicores=9)
        for u in (200, 2000)
    ]
    assert climbed(*rows, concurrent_users=2000).influences == ()


def test_an_absurd_rung_carries_a_size_only_so_far(climbed):
    rows = [
        fact(f"r{u}", "v/docs", at_concurrent_users=u, memory_request_mib=10**8)
        for u in (200, 2000)
    ]
    plain = climbed(concurrent_users=2000).intervals.memory_request
    assert climbed(*rows, concurrent_users=2000).resources.requests.memory <= 4.1 * plain.high


def test_a_store_reads_the_ladder_of_its_data(component, context, constants):
    rows = [
        fact(f"data-{gib}", "minio/docs", at_data_gib=gib, memory_request_mib=memory)
        for gib, memory in ((1024, 8192), (10_240, 16_384))
    ]
    subject = component(
        name="store",
        third_party="minio",
        role=Role.PLATFORM,
        kind=WorkloadKind.STATEFUL_SET,
        demand=Demand(data_bytes=1024 * GIB),
    )
    where = context(documented(subject, *rows), evidence=tuple(rows))
    plan, _ = size_component(where.components[0], where, constants)
    assert plan.resources.requests.memory > 3000 * MIB
    assert plan.influences[0].figure == "minio.memory_request"
