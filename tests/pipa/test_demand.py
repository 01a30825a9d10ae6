"""The tier of a deployment and the load that meets one component."""

from __future__ import annotations

import pytest

from pipa.demand import read_situation
from pipa.tier import Tier
from pipa.worksheet import Worksheet
from schemas.context import (
    Criticality,
    Demand,
    DescriptionReading,
    Dimension,
    Role,
    Statement,
    Traffic,
)
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.trigger import Environment


def _situation(component, context, constants, *peers, environment=Environment.PROD, **fields):
    demand = Demand(**fields.pop("demand", {}))
    subject = component(demand=demand, **fields)
    where = context(subject, *peers, environment=environment)
    return read_situation(subject, where, Worksheet(constants))


@pytest.mark.parametrize(
    ("demand", "environment", "tier"),
    [
        ({}, Environment.PROD, Tier.GENERAL),
        ({"sample": True}, Environment.PROD, Tier.SAMPLE),
        ({"sample": True, "peak_rps": 100}, Environment.PROD, Tier.SAMPLE),
        ({"peak_rps": 100}, Environment.DEV, Tier.SAMPLE),
        ({"sample": False}, Environment.PROD, Tier.PRODUCTION),
        ({"special": ("production",)}, Environment.PROD, Tier.PRODUCTION),
        ({"special": ("production",)}, Environment.STAGING, Tier.GENERAL),
        ({"special": ("default_install",)}, Environment.PROD, Tier.GENERAL),
        ({"special": ("default_install",), "peak_rps": 9}, Environment.PROD, Tier.PRODUCTION),
        ({"peak_rps": 100}, Environment.PROD, Tier.PRODUCTION),
        ({"availability": 0.999}, Environment.PROD, Tier.PRODUCTION),
        ({"criticality": Criticality.HIGH}, Environment.PROD, Tier.PRODUCTION),
        ({"criticality": Criticality.LOW}, Environment.PROD, Tier.GENERAL),
        ({"zero_downtime": True}, Environment.STAGING, Tier.GENERAL),
    ],
)
def test_the_tier_follows_from_what_is_stated(
    component, context, constants, demand, environment, tier
):
    got = _situation(component, context, constants, demand=demand, environment=environment)
    assert got.tier is tier


def test_without_a_stated_load_there_is_none(component, context, constants):
    assert _situation(component, context, constants).load is None


def test_a_single_api_gets_the_whole_peak(component, context, constants):
    load = _situation(component, context, constants, demand={"peak_rps": 2000}).load
    assert (load.rate.low, load.rate.target, load.rate.high) == (2000, 2000, 2000)
    assert load.unit == "requests"


def test_an_average_is_raised_to_its_peak(component, context, constants):
    load = _situation(component, context, constants, demand={"average_rps": 100}).load
    assert load.rate == constants["load.peak_over_average"].estimate.times(100)


def test_a_stated_peak_wins_over_the_average(component, context, constants):
    demand = {"average_rps": 100, "peak_rps": 120}
    assert _situation(component, context, constants, demand=demand).load.rate.target == 120


def test_users_act_now_and_then(component, context, constants):
    load = _situation(component, context, constants, demand={"concurrent_users": 10_000}).load
    seconds = constants["load.seconds_per_action"].estimate
    assert load.rate.target == pytest.approx(10_000 / seconds.target)
    assert load.rate.low == pytest.approx(10_000 / seconds.high)


def test_many_services_share_the_requests(component, context, constants):
    demand = {"peak_rps": 1000}
    peers = [component(name=f"s{number}", role=Role.GRPC_SERVICE) for number in range(9)]
    load = _situation(component, context, constants, *peers, demand=demand).load
    assert load.rate.target == pytest.approx(1000 * constants["load.fan_out"].value / 10)


def test_a_load_stated_for_the_component_is_not_shared(component, context, constants):
    demand = Demand(peak_rps=300)
    subject = component(demand=demand)
    peers = [component(name=f"s{number}") for number in range(9)]
    reading = DescriptionReading(by_component={"api": demand})
    where = context(subject, *peers, reading=reading)
    load = read_situation(subject, where, Worksheet(constants)).load
    assert load.rate.target == 300


@pytest.mark.parametrize(
    ("role", "unit"),
    [
        (Role.SQL_DATABASE, "queries"),
        (Role.CACHE, "commands"),
        (Role.MESSAGE_BROKER, "messages"),
        (Role.SEARCH_ENGINE, "queries"),
        (Role.WORKER, "jobs"),
        (Role.WEB_FRONTEND, "requests"),
    ],
)
def test_roles_behind_the_api_get_their_share(component, context, constants, role, unit):
    demand = {"peak_rps": 1000}
    load = _situation(
        component, context, constants, component(name="b"), role=role, name="x", demand=demand
    ).load
    assert load.unit == unit
    assert load.rate.target == pytest.approx(1000 * constants[f"load.share.{role.value}"].value)


@pytest.mark.parametrize("role", [Role.WORKER, Role.MESSAGE_BROKER])
def test_stated_messages_go_to_workers_and_brokers_as_they_are(component, context, constants, role):
    load = _situation(component, context, constants, role=role, demand={"messages_per_second": 50})
    assert load.load.rate.target == 50
    assert load.load.unit == "messages"


@pytest.mark.parametrize("role", [Role.CONTROLLER, Role.BATCH, Role.OBSERVABILITY, Role.OTHER])
def test_roles_that_serve_no_requests_get_none(component, context, constants, role):
    assert _situation(component, context, constants, role=role, demand={"peak_rps": 5}).load is None


def test_a_stated_load_of_zero_is_no_load(component, context, constants):
    assert _situation(component, context, constants, demand={"peak_rps": 0}).load is None


def test_only_production_can_be_critical(component, context, constants):
    demand = {"criticality": Criticality.CRITICAL, "traffic": Traffic.SPIKY}
    assert _situation(component, context, constants, demand=demand).critical
    staging = _situation(
        component, context, constants, demand=demand, environment=Environment.STAGING
    )
    assert not staging.critical
    assert staging.spiky


def _statement(key: str, start: int, component: str | None = None) -> Statement:
    return Statement(
        dimension=Dimension.WORKLOAD,
        key=key,
        value=2000,
        quote="2000 QPS",
        start=start,
        end=start + 8,
        component=component,
    )


def test_the_load_cites_the_words_that_state_it(component, context, constants):
    said = (_statement("peak_rps", 10), _statement("peak_rps", 40, "web"), _statement("stack", 60))
    demand = Demand(peak_rps=2000)
    subject = component(demand=demand)
    evidence = tuple(
        Evidence(
            id=statement.evidence_id,
            kind=EvidenceKind.DESCRIPTION,
            grade=EvidenceGrade.STATED,
            statement="stated",
            source="app_description",
        )
        for statement in said
    )
    where = context(
        subject, reading=DescriptionReading(demand=demand, statements=said), evidence=evidence
    )
    sheet = Worksheet(constants, where.evidence_by_id())
    read_situation(subject, where, sheet)
    assert all("description:10-18" in step.evidence for step in sheet.steps)
    assert not any("description:40-48" in step.evidence for step in sheet.steps)
    assert not any("description:60-68" in step.evidence for step in sheet.steps)


def test_evidence_that_the_context_lacks_is_not_cited(component, context, constants):
    demand = Demand(peak_rps=2000)
    subject = component(demand=demand)
    reading = DescriptionReading(demand=demand, statements=(_statement("peak_rps", 10),))
    sheet = Worksheet(constants)
    read_situation(subject, context(subject, reading=reading), sheet)
    assert not any(id_.startswith("description") for step in sheet.steps for id_ in step.evidence)
