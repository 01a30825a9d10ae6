"""CPU of one pod, the number of pods, and the autoscaler."""

from __future__ import annotations

import math

import pytest

from pipa.replicas import Bounds, for_load
from schemas.context import Criticality, Role, RuntimeSettings, Traffic, Use, WorkloadKind
from schemas.trigger import Environment


def _steps(plan, about: str) -> str:
    return " ".join(step.text for step in plan.reasoning if step.about == about)


def test_without_a_load_the_habit_is_the_request(size, constants):
    plan = size(language="Go")
    assert plan.resources.requests.cpu == constants["cpu.habit"].value
    assert "No load is stated" in _steps(plan, "cpu")


@pytest.mark.parametrize(
    ("fields", "figure"),
    [
        ({"language": "Java", "framework": "Spring Boot"}, "cpu.habit.jvm"),
        ({"language": "Python", "framework": "Flask"}, "cpu.habit.python"),
        ({"language": "Python", "role": Role.ML_INFERENCE}, "cpu.role.ml_inference"),
        ({"language": "Java", "role": Role.BATCH}, "cpu.role.batch"),
        ({"language": "Python", "role": Role.WORKER}, "cpu.role.worker_python"),
        ({"language": "Python", "libraries": ("torch",)}, "cpu.model_library"),
    ],
)
def test_runtime_role_and_libraries_have_their_own_habit(size, constants, fields, figure):
    assert size(**fields).resources.requests.cpu == constants[figure].value


def test_two_thousand_requests_to_go_are_worked_out_in_the_open(size):
    """2000 x 0.5 ms = 1000m; / 0.6 = 1667m; at 500m a pod that is 4 pods of 417m."""
    plan = size(language="Go", framework="Gin", demand={"peak_rps": 2000})
    assert plan.replicas == 4
    assert plan.resources.requests.cpu == 450
    text = _steps(plan, "cpu")
    assert "2000 requests per second x 0.5 ms of CPU = 1000m" in text
    assert "at 60 % utilisation that needs 1666.7m" in text


@pytest.mark.parametrize("rps", [1, 10, 100, 1000, 5000, 20_000])
def test_the_planned_pods_carry_the_load_at_the_stated_utilisation(size, constants, rps):
    plan = size(language="Java", framework="Spring Boot", demand={"peak_rps": rps})
    needed = rps * constants["cpu.request.jvm_spring"].value
    utilisation = constants["cpu.utilisation"].value
    assert plan.replicas * plan.resources.requests.cpu * utilisation >= needed - 1e-6


def test_more_load_never_asks_for_less(size):
    totals = []
    for rps in (10, 50, 200, 1000, 4000, 16000):
        plan = size(language="TypeScript", framework="Express", demand={"peak_rps": rps})
        totals.append(plan.replicas * plan.resources.requests.cpu)
    assert totals == sorted(totals)


def test_a_slower_runtime_needs_more_for_the_same_load(size):
    def total(**fields):
        plan = size(demand={"peak_rps": 1000}, **fields)
        return plan.replicas * plan.resources.requests.cpu

    assert total(language="Ruby", framework="Ruby on Rails") > total(language="Python")
    assert total(language="Python") > total(language="TypeScript", framework="Express")
    assert total(language="TypeScript", framework="Express") > total(language="Go")


@pytest.mark.parametrize("language", ["Python", "TypeScript", "Ruby"])
def test_one_process_with_one_thread_gets_more_pods_instead_of_more_cores(size, language):
    plan = size(language=language, demand={"peak_rps": 5000})
    assert plan.resources.requests.cpu <= 1000
    assert plan.replicas > 5


def test_a_singleton_that_cannot_carry_the_load_says_so(size):
    plan = size(
        language="Python", demand={"peak_rps": 5000}, has_volume=True, kind=WorkloadKind.DEPLOYMENT
    )
    assert plan.replicas == 1
    assert plan.resources.requests.cpu == 1000
    assert "One pod cannot carry its share" in _steps(plan, "cpu")


@pytest.mark.parametrize(
    ("environment", "demand"),
    [
        (Environment.PROD, {}),
        (Environment.PROD, {"sample": True}),
        (Environment.PROD, {"peak_rps": 3000}),
        (Environment.DEV, {}),
    ],
)
def test_the_cpu_limit_is_never_under_the_request(size, environment, demand):
    plan = size(environment, language="Go", demand=demand)
    assert plan.resources.limits.cpu >= plan.resources.requests.cpu


def test_production_gets_at_least_a_core_to_burst_into(size):
    assert size(language="Go", demand={"sample": False}).resources.limits.cpu == 1000
    assert size(language="Go", demand={"sample": True}).resources.limits.cpu == 250


# --- replicas


@pytest.mark.parametrize(
    ("environment", "demand", "expected"),
    [
        (Environment.PROD, {}, 2),
        (Environment.STAGING, {}, 1),
        (Environment.DEV, {}, 1),
        (Environment.PROD, {"sample": True}, 1),
        (Environment.PROD, {"zero_downtime": True}, 3),
        (Environment.PROD, {"criticality": Criticality.CRITICAL}, 3),
        (Environment.PROD, {"availability": 0.9995}, 3),
        (Environment.PROD, {"availability": 0.999}, 2),
        (Environment.STAGING, {"zero_downtime": True}, 1),
        (Environment.DEV, {"zero_downtime": True}, 1),
    ],
)
def test_availability_decides_the_pods_of_a_stateless_service(size, environment, demand, expected):
    assert size(environment, language="Go", demand=demand).replicas == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": WorkloadKind.CRON_JOB, "role": Role.BATCH}, "per run"),
        ({"kind": WorkloadKind.JOB, "role": Role.BATCH}, "per run"),
        ({"kind": WorkloadKind.DAEMON_SET, "role": Role.OBSERVABILITY}, "per node"),
        ({"uses": (Use(name="sqlite"),)}, "file store"),
        ({"has_volume": True}, "volume"),
        ({"role": Role.WORKER, "start_command": ("celery", "-A", "app", "beat")}, "twice"),
        ({"role": Role.WORKER, "name": "mail-scheduler"}, "twice"),
        ({"role": Role.SQL_DATABASE, "kind": WorkloadKind.STATEFUL_SET}, "holds data"),
    ],
)
def test_some_roles_are_one_pod_whatever_is_asked(size, fields, reason):
    demand = {"zero_downtime": True, "peak_rps": 5000}
    plan = size(language="Python", demand=demand, **fields)
    assert plan.replicas == 1
    assert plan.autoscaling is None
    assert reason in _steps(plan, "replicas")


def test_a_single_writer_in_a_deployment_is_recreated(size):
    assert size(language="Go", has_volume=True).recreate
    assert not size(language="Go").recreate


def test_a_controller_is_led_by_one(size):
    assert size(language="Go", role=Role.CONTROLLER).replicas == 1
    critical = {"criticality": Criticality.HIGH}
    assert size(language="Go", role=Role.CONTROLLER, demand=critical).replicas == 2


def test_workers_follow_their_messages(size, constants):
    few = size(language="Go", role=Role.WORKER, demand={"messages_per_second": 1})
    many = size(language="Go", role=Role.WORKER, demand={"messages_per_second": 5000})
    assert few.replicas == 2
    cost = constants["cpu.request.go"].value * constants["cpu.message"].value
    needed = 5000 * cost / constants["cpu.utilisation"].value
    assert many.replicas == math.ceil(needed / constants["cpu.pod_preferred"].value)


def test_pods_have_a_ceiling(size, constants):
    plan = size(language="Ruby", framework="Rails", demand={"peak_rps": 1_000_000})
    assert plan.replicas == constants["replicas.most"].value


@pytest.mark.parametrize(
    ("bounds", "wanted", "fitted"),
    [
        (Bounds(1, 5), 3, 3),
        (Bounds(2, 5), 1, 2),
        (Bounds(1, 5), 9, 5),
        (Bounds(1, 5, odd=True), 2, 3),
        (Bounds(1, 5, odd=True), 4, 5),
        (Bounds(1, 4, odd=True), 4, 3),
        (Bounds(0, 5), 0, 1),
    ],
)
def test_counts_are_fitted_between_floor_and_ceiling(bounds, wanted, fitted):
    assert bounds.fit(wanted) == fitted


def test_whole_pods_carry_a_load():
    assert for_load(3300, 500) == 7
    assert for_load(1000, 500) == 2
    assert for_load(0, 500) == 1


def test_two_pods_and_more_have_a_disruption_budget(size):
    assert size(language="Go").disruption_budget
    assert not size(Environment.DEV, language="Go").disruption_budget


# --- autoscaling


def test_a_stated_load_on_a_stateless_service_is_scaled(size, constants):
    plan = size(language="Go", demand={"peak_rps": 2000})
    scaling = plan.autoscaling
    assert scaling.min_replicas == plan.replicas == 4
    assert scaling.max_replicas >= plan.replicas * constants["autoscaling.growth"].value
    assert scaling.target_cpu_percent == constants["autoscaling.target"].value


def test_a_spiky_load_may_shrink_to_what_availability_asks_for(size):
    demand = {"peak_rps": 20_000, "traffic": Traffic.SPIKY}
    plan = size(language="Go", demand=demand)
    assert 2 <= plan.autoscaling.min_replicas < plan.replicas
    assert plan.autoscaling.max_replicas > plan.replicas


@pytest.mark.parametrize(
    "fields",
    [
        {"demand": {}},
        {"demand": {"peak_rps": 100, "sample": True}},
        {"demand": {"peak_rps": 100}, "role": Role.WORKER},
        {"demand": {"peak_rps": 100}, "role": Role.SQL_DATABASE},
        {"demand": {"peak_rps": 100}, "kind": WorkloadKind.STATEFUL_SET},
        {"demand": {"traffic": Traffic.SPIKY}, "has_volume": True},
    ],
    ids=["no-load", "sample", "worker", "database", "stateful-set", "volume"],
)
def test_other_components_are_not_scaled(size, fields):
    assert size(language="Go", **fields).autoscaling is None


def test_stated_workers_let_one_pod_use_more_cores(size):
    runtime = RuntimeSettings(server="gunicorn", workers=8)
    alone = size(language="Python", demand={"peak_rps": 400}, has_volume=True)
    eight = size(language="Python", demand={"peak_rps": 400}, has_volume=True, runtime=runtime)
    assert alone.resources.requests.cpu == 1000
    assert eight.resources.requests.cpu > 3000


@pytest.mark.parametrize(
    ("word", "figure"),
    [
        ("public", "cpu.users.public"),
        ("internal", "cpu.users.internal"),
        ("small", "cpu.small"),
    ],
)
def test_who_uses_it_scales_the_habit_in_production(size, constants, word, figure):
    plain = size(language="Go", demand={"special": ("production",)})
    plan = size(language="Go", demand={"special": ("production", word)})
    factor = constants[figure].value
    assert plan.resources.requests.cpu == plain.resources.requests.cpu * factor
    assert f"{factor:g} x for" in _steps(plan, "cpu")


def test_a_sample_is_a_sample_whoever_uses_it(size):
    words = ("internal", "public", "small")
    plan = size(language="Go", demand={"sample": True, "special": words})
    assert plan.resources == size(language="Go", demand={"sample": True}).resources


def test_a_small_service_has_no_room_for_bursts_beyond_its_request(size, constants):
    plan = size(language="Go", demand={"special": ("small",)})
    factor = constants["cpu.limit_factor.general"].value
    assert plan.resources.limits.cpu == plan.resources.requests.cpu * factor
    assert plan.resources.limits.cpu < constants["cpu.limit_floor.general"].value


def test_a_product_ships_one_replica_unless_it_must_stay_up(size):
    installed = {"special": ("default_install",)}
    assert size(demand=installed).replicas == 1
    assert size(demand={**installed, "zero_downtime": True}).replicas == 3
    assert size(demand={**installed, "peak_rps": 50}).replicas == 2


@pytest.mark.parametrize("stated", [True, False])
def test_what_is_scaled_with_its_load_begins_with_several(component, context, constants, stated):
    from pipa.capacity import size_component
    from schemas.context import Demand, DescriptionReading, Dimension, Statement

    said = Statement(
        dimension=Dimension.SPECIAL,
        key="autoscaling",
        value=stated,
        quote="autoscaled",
        start=0,
        end=10,
    )
    demand = Demand(special=("production",))
    worker = component(role=Role.WORKER, demand=demand)
    reading = DescriptionReading(demand=demand, statements=(said,))
    plan, _ = size_component(worker, context(worker, reading=reading), constants)
    assert plan.replicas == (3 if stated else 2)
