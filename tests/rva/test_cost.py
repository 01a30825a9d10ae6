from __future__ import annotations

import pytest

from rva.cost import component_cost, cost_findings, total_cost
from rva.limits import Limits
from schemas.context import CurrentSizing, WorkloadKind
from schemas.plan import Autoscaling
from schemas.ports import Prices
from schemas.quantities import GIB
from schemas.recommendation import ComponentCost
from schemas.trigger import ClusterFacts, Environment, NodeFacts

PRICES = Prices(
    name="test",
    source="a test",
    currency="USD",
    hours_per_month=100,
    cpu_core_hour=0.1,
    memory_gib_hour=0.01,
    storage_gib_hour=0.001,
)


def half_core(build, **fields):
    """Per replica 500m and 2 GiB: 100 x (0.05 + 0.02) = 7 a month."""
    sizes = build.resources(cpu=500, memory=2048, memory_limit=4096)
    return build.plan(**({"replicas": 3, "sizes": sizes} | fields))


def test_requests_times_replicas_times_hours(build):
    cost = component_cost(build.subject(planned=half_core(build)), PRICES)

    assert cost.monthly == pytest.approx(21)
    assert cost.monthly_at_max == pytest.approx(21)
    assert cost.monthly_current is None
    assert cost.unknown == ""


def test_an_autoscaler_costs_its_minimum_and_at_most_its_maximum(build):
    scaling = Autoscaling(min_replicas=2, max_replicas=10, target_cpu_percent=70)

    cost = component_cost(build.subject(planned=half_core(build, autoscaling=scaling)), PRICES)

    assert (cost.monthly, cost.monthly_at_max) == (14, 70)


@pytest.mark.parametrize(
    ("kind", "monthly"),
    [(WorkloadKind.STATEFUL_SET, 21 + 3), (WorkloadKind.DEPLOYMENT, 21 + 1)],
    ids=["a_volume_each", "one_volume"],
)
def test_storage_is_paid_per_volume(build, kind, monthly):
    planned = half_core(build, storage=10 * GIB)

    cost = component_cost(build.subject(build.component(kind=kind), planned), PRICES)

    assert cost.monthly == pytest.approx(monthly)


def test_the_manifest_as_it_is_costs_what_it_requests(build):
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}}
    container = {"name": "api", "image": "a:1", "resources": resources}
    doc = build.document(containers=[container], spec={"replicas": 2})
    component = build.component(
        workload=build.workload(doc), current=CurrentSizing(replicas=2, cpu_request=1000)
    )

    cost = component_cost(build.subject(component, half_core(build)), PRICES)

    assert cost.monthly_current == pytest.approx(2 * 100 * (0.1 + 0.01))


def test_a_manifest_without_requests_has_no_known_cost(build):
    component = build.component(workload=build.workload())

    assert component_cost(build.subject(component), PRICES).monthly_current is None


@pytest.mark.parametrize("kind", [WorkloadKind.JOB, WorkloadKind.CRON_JOB, WorkloadKind.DAEMON_SET])
def test_what_cannot_be_counted_is_unknown_with_its_reason(build, kind):
    cost = component_cost(build.subject(build.component(kind=kind)), PRICES)

    assert cost.monthly is None
    assert "not known" in cost.unknown


def test_a_daemon_set_costs_once_per_known_node(build):
    node = NodeFacts(name="n", count=4, allocatable_cpu=4000, allocatable_memory=8 * GIB)
    subject = build.subject(
        build.component(kind=WorkloadKind.DAEMON_SET),
        half_core(build),
        cluster=ClusterFacts(nodes=(node,)),
    )

    assert component_cost(subject, PRICES).monthly == pytest.approx(28)


def test_a_resource_without_a_price_makes_the_cost_unknown(build):
    container = {"name": "api", "image": "a:1", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    component = build.component(workload=build.workload(build.document(containers=[container])))

    cost = component_cost(build.subject(component), PRICES)

    assert cost.monthly is None
    assert cost.unknown == "test has no price for GPUs"


def test_without_a_price_list_nothing_is_zero(build):
    cost = total_cost((component_cost(build.subject(), None),), None)

    assert cost.monthly is None
    assert cost.unknown == "no price list was given"


def test_the_sum_names_what_is_not_in_it():
    known = ComponentCost(component="a", monthly=10, monthly_at_max=20, monthly_current=4)
    new = ComponentCost(component="b", monthly=5, monthly_at_max=5)
    unknown = ComponentCost(component="c", unknown="why")

    cost = total_cost((known, new, unknown), PRICES)

    assert (cost.monthly, cost.monthly_at_max) == (15, 25)
    assert cost.monthly_delta == 6, "only where both are known"
    assert cost.unknown == "not in the sum: c"
    assert cost.unit == "USD per month of 100 hours"
    assert cost.source == "test: a test"


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        ({}, []),
        ({"monthly_increase_ceiling": 0, "monthly_budget.prod": 0}, []),
        ({"monthly_increase_ceiling": 5}, ["$01"]),
        ({"monthly_increase_ceiling": 6}, []),
        ({"monthly_budget.prod": 9}, ["$02"]),
        ({"monthly_budget.dev": 9}, []),
    ],
    ids=["unset", "zero_is_none", "increase", "equal", "budget", "other_environment"],
)
def test_ceilings_hold_the_whole_app(limits, failed):
    known = ComponentCost(component="a", monthly=10, monthly_at_max=20, monthly_current=4)

    findings, skipped = cost_findings(
        total_cost((known,), PRICES), Limits(limits), Environment.PROD
    )

    assert [item.id for item in findings if not item.passed] == failed
    assert all(item.component is None for item in findings)
    assert skipped == {}


def test_a_ceiling_on_an_unknown_cost_is_skipped_with_the_reason():
    cost = total_cost((ComponentCost(component="a", unknown="no price list"),), None)

    findings, skipped = cost_findings(
        cost, Limits({"monthly_increase_ceiling": 5}), Environment.PROD
    )

    assert findings == []
    assert set(skipped) == {"$01", "$03"}
