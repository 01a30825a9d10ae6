"""How many pods, and the autoscaler."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipa.usage.autoscaling import turns_per_day
from pipa.usage.settings import UsageSettings
from schemas.context import AutoscalerFacts, CurrentSizing, Role, WorkloadKind
from schemas.quantities import GIB
from schemas.telemetry import RunningAutoscaler
from tests.pipa.usage.conftest import said
from tests.pipa.usage.histories import (
    MIB,
    Fake,
    Life,
    day,
    growing,
    with_container,
    workload,
)

FREE = UsageSettings(min_change_fraction=0.0, max_decrease_fraction=1.0)
ZERO_DOWNTIME = {"zero_downtime": True}


def _pods(count: int, **fields) -> Fake:
    return Fake(lives=(Life(),) * count, **fields)


def _loaded(count: int = 10, cost: float = 0.003, idle: float = 0.01, **fields):
    """Pods whose CPU follows a load with the shape of the day, 100 to 300 requests per second."""
    fake = _pods(count, **fields)
    history = workload(fake, replicas_wanted=count, load=lambda since: 100 * day()(since))
    rate = history.load.requests_per_second
    return with_container(history, cpu_cores=np.tile(idle + cost * rate / count, (count, 1)))


# --- the count


def test_what_runs_stays_without_a_reason(size_usage):
    plan = size_usage(workload(_pods(4), replicas_wanted=4))
    assert plan.replicas == 4
    assert "4 pods run and stay" in said(plan, "replicas")


def test_cpu_alone_takes_no_pod_away_but_says_how_few_would_do(size_usage):
    plan = size_usage(workload(_pods(10, cpu=0.02), replicas_wanted=10))
    assert plan.replicas == 10
    assert plan.intervals.replicas.low == 2
    assert "no load is known" in said(plan, "replicas")


def test_zero_downtime_raises_the_count(size_usage):
    plan = size_usage(workload(_pods(1), replicas_wanted=1), demand=ZERO_DOWNTIME)
    assert plan.replicas == 3
    assert plan.disruption_budget


def test_one_pod_of_a_service_gets_a_second(size_usage):
    assert size_usage(workload(_pods(1), replicas_wanted=1)).replicas == 2


def test_the_others_carry_the_peak_when_one_is_gone(size_usage):
    history = workload(_pods(3, cpu=0.9), replicas_wanted=3)
    plan = size_usage(history, demand=ZERO_DOWNTIME, language="TypeScript", framework="Express")
    assert plan.replicas >= 4
    assert "are needed" in said(plan, "replicas")


def test_a_process_of_one_core_needs_more_pods_not_larger_ones(size_usage):
    history = workload(_pods(2, cpu=0.95), replicas_wanted=2)
    plan = size_usage(history, language="TypeScript", framework="Express")
    assert plan.replicas >= 4


def test_growth_until_the_review_counts(size_usage):
    fields = {"language": "TypeScript", "framework": "Express"}
    steady = size_usage(workload(_pods(3, cpu=0.55), replicas_wanted=3), **fields)
    grown = _pods(3, cpu=0.45, cpu_shape=growing(0.25))
    assert size_usage(workload(grown, replicas_wanted=3), **fields).replicas > steady.replicas


def test_the_load_says_how_many_pods_carry_it(size_usage):
    plan = size_usage(_loaded(), FREE)
    assert plan.replicas < 10
    assert "3 ms per request" in said(plan, "replicas")
    used_by_all = (0.01 * 10 + 0.003 * 300) * 1000
    assert plan.replicas * plan.resources.requests.cpu >= used_by_all * 0.8


def test_fewer_pods_keep_their_memory(size_usage):
    plan = size_usage(_loaded(), FREE)
    assert plan.resources.requests.memory >= 512 * MIB
    assert "fewer pods will carry more" in said(plan, "memory")


def test_at_most_half_of_the_pods_go_in_one_change(size_usage):
    assert size_usage(_loaded(20)).replicas == 10


def test_a_load_seen_for_two_days_takes_no_pod_away(size_usage):
    plan = size_usage(_loaded(days=2))
    assert plan.replicas == 10
    assert "replicas" in plan.kept


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("StatefulSet", {"kind": WorkloadKind.STATEFUL_SET}),
        ("Deployment", {"role": Role.SQL_DATABASE, "third_party": "postgresql"}),
        ("Deployment", {"has_volume": True}),
        ("Deployment", {"name": "beat", "role": Role.WORKER}),
    ],
    ids=["stateful set", "database", "volume", "scheduler"],
)
@pytest.mark.parametrize("count", [1, 3])
def test_members_are_not_multiplied(size_usage, kind, fields, count):
    history = workload(_pods(count), kind=kind, replicas_wanted=count)
    plan = size_usage(history, demand=ZERO_DOWNTIME, **fields)
    assert plan.replicas == count
    assert plan.autoscaling is None


def test_without_a_wanted_count_the_pods_that_ran_count(size_usage):
    history = workload(_pods(4), replicas_wanted=None)
    assert size_usage(history).replicas == 4


def test_half_of_the_series_missing_does_not_halve_the_need(size_usage):
    fields = {"language": "TypeScript", "framework": "Express"}
    history = workload(_pods(4, cpu=0.65), replicas_wanted=4, replicas=lambda since: 4 + 0 * since)
    container = history.containers["app"]
    cpu = container.cpu_cores.copy()
    cpu[2:] = np.nan
    half = with_container(history, cpu_cores=cpu)
    assert size_usage(half, **fields).replicas == size_usage(history, **fields).replicas


# --- an autoscaler that runs


def _scaled(least: int = 2, most: int = 10, percent: float | None = 60.0) -> RunningAutoscaler:
    return RunningAutoscaler("api", least, most, percent)


def _follows_the_day(since):
    return np.round(day(2.5)(since) * 2)


def test_the_scale_point_stays_when_the_request_changes(size_usage):
    fake = _pods(5, cpu_shape=day(1.3), requests=(0.5, 1.0, 512 * MIB, GIB))
    history = workload(fake, autoscaler=_scaled(), replicas=_follows_the_day)
    plan = size_usage(history, FREE)
    point = 0.6 * 500
    assert plan.autoscaling.target_cpu_percent == pytest.approx(
        min(90, max(50, 100 * point / plan.resources.requests.cpu)), abs=1
    )
    assert plan.resources.requests.cpu != 500


def test_an_autoscaler_that_is_right_is_kept(size_usage):
    fake = _pods(5, requests=(0.25, 0.5, 352 * MIB, 640 * MIB))
    history = workload(fake, autoscaler=_scaled(), replicas=_follows_the_day)
    settings = UsageSettings(min_change_fraction=1.0)
    plan = size_usage(history, settings)
    assert (plan.autoscaling.min_replicas, plan.autoscaling.max_replicas) == (2, 10)
    assert plan.autoscaling.target_cpu_percent == 60
    assert "autoscaling" in plan.kept


def test_a_maximum_that_was_reached_is_raised(size_usage):
    history = workload(_pods(5), autoscaler=_scaled(most=4), replicas=lambda s: 4 + 0 * s)
    plan = size_usage(history)
    assert plan.autoscaling.max_replicas == 6
    assert "was reached" in said(plan, "autoscaling")


def test_swinging_raises_the_minimum(size_usage):
    def swinging(since):
        return 4 + 2 * np.sign(np.sin(since / 1800 * np.pi + 0.1))

    history = workload(_pods(6), autoscaler=_scaled(), replicas=swinging)
    plan = size_usage(history)
    assert plan.autoscaling.min_replicas > 2
    assert "swinging" in said(plan, "autoscaling")


def test_following_the_day_is_not_swinging(size_usage):
    history = workload(_pods(5), autoscaler=_scaled(), replicas=_follows_the_day)
    assert size_usage(history).autoscaling.min_replicas == 2


def test_an_autoscaler_by_another_metric_is_left_alone(size_usage):
    history = workload(_pods(4), autoscaler=_scaled(percent=None), replicas=lambda s: 4 + 0 * s)
    plan = size_usage(history)
    assert plan.autoscaling is None
    assert "autoscaling" in plan.kept


def test_zero_downtime_raises_an_autoscalers_minimum(size_usage):
    history = workload(_pods(4), autoscaler=_scaled(1, 10), replicas=lambda s: 4 + 0 * s)
    plan = size_usage(history, demand=ZERO_DOWNTIME)
    assert plan.autoscaling.min_replicas == 3


def test_an_autoscaler_of_the_repository_counts_when_the_cluster_tells_none(size_usage):
    facts = AutoscalerFacts(name="api", min_replicas=3, max_replicas=9, target_cpu_percent=70)
    plan = size_usage(
        workload(_pods(4), replicas_wanted=4), current=CurrentSizing(autoscaler=facts)
    )
    assert (plan.autoscaling.min_replicas, plan.autoscaling.max_replicas) == (3, 9)


@pytest.mark.parametrize(
    "scaler",
    [RunningAutoscaler("x"), RunningAutoscaler("x", 5, 2, 80.0), RunningAutoscaler("x", 0, 0, 1e5)],
    ids=["nothing", "turned", "absurd"],
)
def test_a_strange_autoscaler_ends_in_a_valid_plan(size_usage, scaler):
    plan = size_usage(workload(_pods(3), autoscaler=scaler, replicas=lambda s: 3 + 0 * s))
    if plan.autoscaling:
        assert plan.autoscaling.min_replicas <= plan.replicas <= plan.autoscaling.max_replicas


# --- a new autoscaler


def test_the_shape_of_the_day_proposes_an_autoscaler(size_usage):
    history = workload(_pods(6, cpu=0.2, cpu_shape=day(4)), replicas_wanted=6)
    plan = size_usage(history)
    scaling = plan.autoscaling
    assert scaling is not None
    assert 2 <= scaling.min_replicas < plan.replicas <= scaling.max_replicas
    assert 50 <= scaling.target_cpu_percent <= 90
    assert "busiest hour" in said(plan, "autoscaling")


def test_the_load_sets_the_target_where_it_is_known(size_usage):
    plan = size_usage(_loaded(6, cost=0.012, idle=0.02))
    assert plan.autoscaling is not None
    assert "requests per second (p95)" in said(plan, "autoscaling")


@pytest.mark.parametrize(
    ("history", "fields"),
    [
        (workload(_pods(6), replicas_wanted=6), {}),
        (workload(_pods(2, cpu_shape=day(4)), replicas_wanted=2), {}),
        (workload(_pods(6, cpu_shape=day(4), days=1), replicas_wanted=6), {}),
        (workload(_pods(6, cpu_shape=day(4)), replicas_wanted=6), {"role": Role.WORKER}),
        (workload(_pods(6, cpu_shape=day(4)), replicas_wanted=6), {"has_volume": True}),
        (workload(_pods(6, cpu_shape=day(4)), replicas_wanted=6), {"demand": {"sample": True}}),
    ],
    ids=["flat", "availability alone", "one day", "worker", "volume", "sample"],
)
def test_where_it_would_not_help_no_autoscaler_is_proposed(size_usage, history, fields):
    assert size_usage(history, **fields).autoscaling is None


def test_turns_are_counted_per_day():
    steady = np.full(288, 3.0)
    assert turns_per_day(steady, 300) == 0
    swinging = np.tile([2.0, 4.0], 144)
    assert turns_per_day(swinging, 300) == pytest.approx(286)
    assert turns_per_day(np.array([np.nan, 1.0]), 300) == 0


def test_replicas_stay_inside_their_interval_and_the_autoscaler(size_usage):
    for count in (1, 2, 5, 40):
        history = workload(_pods(count, cpu_shape=day()), replicas_wanted=count)
        plan = size_usage(replace(history, load=None))
        assert plan.intervals.replicas.target == plan.replicas
