"""Whole plans from synthetic histories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipa.usage.plan import size_from_usage
from pipa.usage.settings import UsageSettings
from schemas.context import (
    ContainerFacts,
    CurrentSizing,
    Role,
    Route,
    RouteName,
    WorkloadKind,
    WorkloadRef,
)
from schemas.errors import MetricsError
from schemas.evidence import EvidenceGrade, EvidenceKind
from schemas.plan import ComponentPlan
from schemas.quantities import GIB
from schemas.telemetry import Missing, Room
from tests.pipa.usage.conftest import said
from tests.pipa.usage.histories import (
    MIB,
    Fake,
    FakeWorkload,
    Life,
    bursts,
    day,
    growing,
    kill,
    on_weekday,
    runs,
    times,
    weekend,
    with_container,
    workload,
)

FREE = UsageSettings(min_change_fraction=0.0, max_decrease_fraction=1.0)
"""Every number is proposed as it is wanted."""
NONE_SET = (None, None, None, None)


def _unset(**fields) -> Fake:
    return Fake(requests=NONE_SET, requests_known=False, **fields)


def _daily(days: float) -> Fake:
    return Fake(days=days, cpu=0.1, cpu_shape=day(), memory=150 * MIB, memory_shape=day(1.5))


# --- the four numbers


def test_what_is_used_decides_the_numbers(size_usage):
    plan = size_usage(workload(Fake()), FREE)
    requests, limits = plan.resources.requests, plan.resources.limits
    assert 200 <= requests.cpu <= 300
    assert 270 * MIB <= requests.memory <= 450 * MIB
    assert 310 * MIB <= limits.memory <= 1300 * MIB
    assert requests.memory <= limits.memory


def test_the_shape_of_the_day_is_covered(size_usage):
    history = workload(Fake(cpu=0.3, cpu_shape=day()))
    p90 = np.quantile(history.containers["app"].cpu_cores, 0.9) * 1000
    assert size_usage(history, FREE).resources.requests.cpu >= p90 * 0.95


def test_a_weeks_busy_day_is_covered(size_usage):
    history = workload(_unset(cpu_shape=times(day(), on_weekday(0, 3))))
    plan = size_usage(history, FREE)
    assert "Mondays need 3" in said(plan, "cpu")
    assert plan.resources.requests.cpu >= 0.2 * 3 * 2.5 * 1000


def test_growth_is_projected_to_the_next_review(size_usage):
    flat_plan = size_usage(workload(_unset()), FREE)
    grown = size_usage(workload(_unset(cpu_shape=growing(0.2), memory_shape=growing(0.2))), FREE)
    assert "CPU grows by +20" in said(grown, "cpu")
    assert "Memory grows by" in said(grown, "memory")
    assert grown.resources.requests.cpu > flat_plan.resources.requests.cpu * 1.35
    last_bytes = 300 * MIB * 1.2**2
    assert grown.resources.limits.memory > last_bytes * 1.2


def test_a_leak_is_told_and_not_chased(size_usage):
    fake = Fake(
        per_day=20 * MIB, lives=(Life(0, 6), Life(6, 13)), requests=(0.25, 1, 512 * MIB, 640 * MIB)
    )
    plan = size_usage(workload(fake))
    assert "a leak" in said(plan, "memory")
    assert "grows by" not in said(plan, "memory")
    assert plan.resources.limits.memory < 900 * MIB


def test_a_leak_is_no_reason_for_a_decrease(size_usage):
    fake = Fake(per_day=20 * MIB, requests=(0.25, 1, 4 * GIB, 4 * GIB))
    plan = size_usage(workload(fake))
    assert plan.resources.limits.memory == 4 * GIB
    assert {"memory_request", "memory_limit"} <= set(plan.kept)


def test_page_cache_does_not_raise_the_request(size_usage):
    cached = size_usage(workload(_unset(per_day=40 * MIB, resident=200 * MIB)), FREE)
    assert "page cache" in said(cached, "memory")
    assert cached.resources.requests.memory < 400 * MIB
    assert cached.resources.limits.memory > 840 * MIB


def test_the_limit_goes_above_an_oom_kill(size_usage):
    fake = Fake(memory=900 * MIB, oom_kills=(kill(GIB),))
    plan = size_usage(workload(fake))
    assert plan.resources.limits.memory >= 1.2 * GIB
    assert plan.intervals.memory_limit.low >= GIB
    assert "OOM-killed once" in said(plan, "memory")


def test_a_memory_limit_that_has_held_is_not_raised(size_usage):
    fake = Fake(requests=(0.25, 1.0, 320 * MIB, 560 * MIB))
    plan = size_usage(workload(fake))
    assert plan.resources.limits.memory == 560 * MIB
    assert "memory_limit" in plan.kept
    assert "it has held" in said(plan, "memory")


def test_an_oom_kill_long_ago_forbids_a_decrease(size_usage):
    fake = Fake(oom_kills=(kill(400 * MIB, at_day=1),), requests=(0.5, 1, GIB, 2 * GIB))
    plan = size_usage(workload(fake))
    assert plan.resources.limits.memory == 2 * GIB
    assert "OOM kill hid" in said(plan, "memory")


def test_a_raw_peak_between_the_points_is_covered(size_usage):
    history = workload(_unset(raw_peak=2.0))
    peak = float(np.nanmax(history.containers["app"].peak_bytes))
    assert size_usage(history, FREE).resources.limits.memory >= 1.15 * peak


def test_a_start_gets_room_in_the_limit_not_in_the_request(size_usage):
    lives = (Life(0, 5), Life(5), Life(7))
    quiet = size_usage(workload(Fake(lives=lives)), FREE)
    busy = size_usage(workload(Fake(lives=lives, startup_cpu=12)), FREE)
    assert busy.resources.limits.cpu >= 2000
    assert busy.resources.requests.cpu <= quiet.resources.requests.cpu * 1.1
    assert "A start needs" in said(busy, "cpu")


def test_a_limit_that_throttles_is_raised(size_usage):
    plan = size_usage(workload(Fake(cpu=0.9, throttled=0.3)))
    assert plan.resources.limits.cpu >= 1500
    assert plan.resources.limits.cpu >= plan.resources.requests.cpu * 1.2
    assert plan.resources.requests.cpu >= 900 / 0.7


def test_a_limit_that_throttles_bursts_is_dropped(size_usage):
    plan = size_usage(workload(Fake(cpu=0.1, throttled=0.4)), language="Rust")
    assert plan.resources.limits.cpu is None
    assert plan.intervals.cpu_limit is None
    assert "dropped" in said(plan, "cpu")


@pytest.mark.parametrize(
    ("fields", "room"),
    [({"language": "Java"}, Room()), ({"language": "Rust"}, Room(quota={"limits.cpu": 20.0}))],
    ids=["runtime reads it", "quota demands it"],
)
def test_a_limit_that_something_needs_is_raised_instead(size_usage, fields, room):
    plan = size_usage(workload(Fake(cpu=0.1, throttled=0.4), room=room), **fields)
    assert plan.resources.limits.cpu >= 1500


def test_no_cpu_limit_is_added_to_what_runs_without(size_usage):
    plan = size_usage(workload(Fake(requests=(0.5, None, 512 * MIB, GIB))))
    assert plan.resources.limits.cpu is None


def test_one_hot_pod_of_ten_gets_room_and_is_told(size_usage):
    fake = _unset(lives=(*(Life() for _ in range(9)), Life(cpu=6)))
    plan = size_usage(workload(fake, replicas_wanted=10), FREE)
    assert "busiest of 10 pods" in said(plan, "cpu")
    assert plan.resources.limits.cpu >= 1100


def test_bursts_fit_under_the_limit(size_usage):
    history = workload(_unset(cpu_shape=bursts()))
    plan = size_usage(history, FREE)
    assert plan.resources.limits.cpu >= 0.2 * 8 * 0.95 * 1000


def test_a_guaranteed_pod_stays_guaranteed(size_usage):
    fake = Fake(requests=(1.0, 1.0, GIB, GIB), throttled=0.0)
    plan = size_usage(workload(fake))
    assert plan.resources.requests == plan.resources.limits


# --- what a change is worth


def test_numbers_that_are_right_stay_and_are_listed(size_usage):
    first = size_usage(workload(Fake(throttled=0.0)), FREE)
    now = (
        first.resources.requests.cpu / 1000 * 1.05,
        first.resources.limits.cpu / 1000 * 1.05,
        first.resources.requests.memory * 1.05,
        first.resources.limits.memory * 1.05,
    )
    plan = size_usage(workload(Fake(requests=now, throttled=0.0)))
    assert {"cpu_request", "memory_request", "memory_limit"} <= set(plan.kept)
    assert plan.resources.requests.memory == round(now[2])
    assert plan.intervals.memory_request.target == round(now[2])
    assert "not worth a rollout" in said(plan, "memory")
    assert plan.runtime_env == {}


def test_a_decrease_ends_at_half_of_the_present_number(size_usage):
    plan = size_usage(workload(Fake(requests=(4.0, 8.0, 8 * GIB, 8 * GIB), throttled=0.0)))
    assert plan.resources.requests.cpu == 2000
    assert plan.resources.requests.memory == 4 * GIB
    assert "at most 50%" in said(plan, "memory")


@pytest.mark.parametrize(
    ("fake", "reason"),
    [
        (Fake(days=2), "2 days"),
        (_daily(5), "5 of 7 weekdays"),
        (Fake(step_s=3600, days=4, lives=(Life(),)), "96 samples"),
    ],
    ids=["too short", "shape of the day, no week", "too few"],
)
def test_too_little_history_lowers_nothing(size_usage, fake, reason):
    plan = size_usage(workload(fake))
    assert plan.resources.requests.memory == 512 * MIB
    assert plan.resources.requests.cpu >= 500
    assert "memory_request" in plan.kept
    assert reason in said(plan, "memory")


def test_a_flat_use_needs_no_full_week(size_usage):
    plan = size_usage(workload(Fake(days=4)))
    assert plan.resources.requests.memory < 512 * MIB


def test_gaps_lower_confidence_and_carry_no_decrease(size_usage):
    history = workload(Fake())
    whole = size_usage(history)
    container = history.containers["app"]
    cpu, memory = container.cpu_cores.copy(), container.memory_bytes.copy()
    off = np.arange(cpu.shape[1]) % 2016 > 500
    cpu[:, off], memory[:, off] = np.nan, np.nan
    plan = size_usage(with_container(history, cpu_cores=cpu, memory_bytes=memory))
    assert plan.confidence < whole.confidence
    assert plan.resources.requests.memory == 512 * MIB
    assert "longest gap" in said(plan, "demand")


def test_unreadable_oom_kills_leave_the_memory_limit(size_usage):
    history = workload(Fake(), missing=(Missing("oom_kills", "the query was refused"),))
    plan = size_usage(history)
    assert plan.resources.limits.memory == GIB
    assert "memory_limit" in plan.kept
    assert "the query was refused" in said(plan, "demand")


def test_the_manifests_numbers_count_where_the_source_tells_none(size_usage):
    current = CurrentSizing(cpu_request=4000, memory_request=8 * GIB, memory_limit=8 * GIB)
    plan = size_usage(workload(_unset()), current=current)
    assert plan.resources.requests.memory == 4 * GIB
    assert plan.resources.requests.cpu == 2000


# --- confidence and evidence


def test_more_days_are_surer_and_narrower(size_usage):
    short, long = (size_usage(workload(_unset(days=days)), FREE) for days in (2, 14))
    assert short.confidence < long.confidence
    low, high = short.intervals.cpu_request, long.intervals.cpu_request
    assert low.high / low.target > high.high / high.target


def test_each_number_cites_what_was_measured(component, context, constants):
    subject = component(language="Go")
    plan, evidence = size_from_usage(subject, context(subject), workload(Fake()), constants)
    found = {item.id: item for item in evidence}
    cpu = found["metrics:shop/Deployment/api/app#cpu"]
    assert (cpu.kind, cpu.grade) == (EvidenceKind.METRICS, EvidenceGrade.MEASURED)
    assert cpu.source == "rate(container_cpu_usage_seconds_total[5m])"
    assert 0.2 < cpu.figures["p95_cores"] < 0.25
    assert cpu.figures["days"] == 14
    for words, part in (("CPU request", "#cpu"), ("Memory limit", "#memory")):
        step = next(step for step in plan.reasoning if step.text.startswith(words))
        assert any(id_.endswith(part) for id_ in step.evidence)


def test_the_plan_comes_back_from_its_json(size_usage):
    plan = size_usage(workload(Fake(cpu_shape=day())))
    assert ComponentPlan.model_validate_json(plan.model_dump_json()) == plan


def test_the_same_history_gives_the_same_plan(size_usage):
    history = workload(Fake(cpu_shape=day(), throttled=0.1))
    assert size_usage(history) == size_usage(history)


# --- parts that are missing


def test_without_cpu_series_memory_is_measured_and_cpu_is_not(size_usage):
    history = with_container(
        workload(_unset(), missing=(Missing("cpu", "no such metric"),)),
        cpu_cores=np.full((2, 4032), np.nan),
    )
    whole = size_usage(workload(_unset()))
    plan = size_usage(history)
    assert "CPU was not measured (no such metric)" in said(plan, "cpu")
    assert plan.resources.requests.memory == whole.resources.requests.memory
    assert plan.confidence < whole.confidence * 0.8


def test_without_memory_series_cpu_is_measured(size_usage):
    history = with_container(workload(_unset()), memory_bytes=np.full((2, 4032), np.nan))
    plan = size_usage(history)
    assert "Memory was not measured" in said(plan, "memory")
    assert plan.resources.requests.cpu == size_usage(workload(_unset())).resources.requests.cpu


def test_an_unmeasured_number_in_force_is_never_lowered(size_usage):
    history = with_container(
        workload(Fake(requests=(4.0, 4.0, GIB, GIB))), cpu_cores=np.full((2, 4032), np.nan)
    )
    assert size_usage(history).resources.requests.cpu == 4000


def test_a_single_sample_sizes_without_a_decrease(size_usage):
    plan = size_usage(workload(Fake(days=300 / 86400, lives=(Life(),))))
    assert plan.resources.requests.memory == 512 * MIB
    assert plan.confidence < 0.5


def test_a_history_of_nothing_is_refused(component, context, constants):
    subject = component(language="Go")
    history = with_container(
        workload(Fake()),
        cpu_cores=np.full((2, 4032), np.nan),
        memory_bytes=np.full((2, 4032), np.inf),
    )
    with pytest.raises(MetricsError, match="no usable sample"):
        size_from_usage(subject, context(subject), history, constants)


def test_a_route_to_a_container_without_history_is_refused(component, context, constants):
    route = Route(name=RouteName.METRICS, reason="x", confidence=1, container="other")
    subject = component(language="Go", route=route)
    with pytest.raises(MetricsError, match="container other"):
        size_from_usage(subject, context(subject), workload(Fake()), constants)


# --- kinds


def test_nightly_runs_are_sized_run_by_run(size_usage):
    fake = Fake(lives=runs(14), requests=(1.0, 2.0, GIB, 2 * GIB), throttled=0.0)
    history = workload(fake, kind="CronJob", replicas_wanted=None)
    plan = size_usage(history, role=Role.BATCH, kind=WorkloadKind.CRON_JOB)
    assert plan.replicas == 1
    assert plan.autoscaling is None
    assert plan.resources.requests.memory < GIB
    assert "14 runs in" in said(plan, "confidence")


def test_two_runs_lower_nothing(size_usage):
    fake = Fake(lives=runs(2, minutes=300), requests=(1.0, 2.0, GIB, 2 * GIB))
    plan = size_usage(workload(fake, kind="Job", replicas_wanted=None), kind=WorkloadKind.JOB)
    assert plan.resources.requests.memory == GIB
    assert "2 runs" in said(plan, "memory")


def test_pods_of_minutes_are_sized(size_usage):
    fake = _unset(lives=runs(40, every_days=0.3, minutes=6))
    plan = size_usage(workload(fake, kind="CronJob", replicas_wanted=None), FREE, role=Role.BATCH)
    assert plan.resources.limits.memory >= 300 * MIB


def test_a_daemon_set_is_sized_for_its_busy_nodes(size_usage):
    nodes = tuple(Life(cpu=factor, memory=factor) for factor in (1, 1, 1, 2, 3))
    plan = size_usage(
        workload(_unset(lives=nodes), kind="DaemonSet", replicas_wanted=5),
        FREE,
        kind=WorkloadKind.DAEMON_SET,
        role=Role.OBSERVABILITY,
    )
    assert plan.replicas == 1
    assert plan.resources.limits.memory >= 900 * MIB
    assert plan.resources.limits.cpu >= 600


# --- other containers of the pod


def _with_manifest(*names: str, sized: bool = True) -> WorkloadRef:
    return WorkloadRef(
        api_version="apps/v1",
        kind="Deployment",
        name="api",
        container="app",
        containers=tuple(ContainerFacts(name=name, sized=sized) for name in names),
        path="k8s/api.yaml",
        document={"kind": "Deployment"},
    )


def _pod(**fields) -> FakeWorkload:
    proxy = Fake(name="proxy", cpu=0.02, memory=60 * MIB, requests=(0.1, 0.5, 128 * MIB, 256 * MIB))
    return FakeWorkload(containers=(Fake(), proxy), **fields)


def test_a_sidecar_of_the_manifest_gets_numbers_from_its_own_history(size_usage):
    plan = size_usage(_pod().history(), workload=_with_manifest("app", "proxy"))
    (proxy,) = plan.extra_containers
    assert proxy.name == "proxy"
    assert proxy.resources.requests.cpu == 50
    assert 60 * MIB <= proxy.resources.requests.memory <= 128 * MIB
    assert "Container proxy: CPU request 50m" in said(plan, "cpu")


def test_an_injected_container_is_told_and_not_added(size_usage):
    plan = size_usage(_pod().history(), workload=_with_manifest("app"))
    assert plan.extra_containers == ()
    assert "not in the manifest" in said(plan, "demand")


def test_a_container_without_history_and_requests_gets_the_usual_ones(size_usage):
    plan = size_usage(workload(Fake()), workload=_with_manifest("app", "migrate", sized=False))
    assert [item.name for item in plan.extra_containers] == ["migrate"]


def test_a_strange_container_name_is_not_spoken(size_usage):
    odd = Fake(name="x](http:evil)", cpu=0.02, memory=60 * MIB)
    plan = size_usage(
        FakeWorkload(containers=(Fake(), odd)).history(), workload=_with_manifest("app")
    )
    assert "evil" not in " ".join(step.text for step in plan.reasoning)


# --- runtimes


def test_a_fixed_heap_may_still_fill(size_usage):
    plan = size_usage(workload(_unset()), FREE, language="Java", runtime={"heap_max_bytes": GIB})
    assert plan.resources.limits.memory >= GIB + 200 * MIB
    assert "heap is fixed" in said(plan, "runtime")


def test_what_a_jvm_holds_beside_its_heap_is_measured(size_usage):
    fake = Fake(memory=900 * MIB, requests=(0.25, 1, 1024 * MIB, 1024 * MIB), raw_peak=1.1)
    plan = size_usage(workload(fake), FREE, language="Java")
    assert "were measured beside a heap of at most 256 MiB" in said(plan, "runtime")
    percent = float(plan.runtime_env["JAVA_TOOL_OPTIONS"].rpartition("=")[2])
    limit = plan.resources.limits.memory
    assert limit * (1 - percent / 100) >= 700 * MIB


def test_go_and_node_follow_a_limit_that_changes(size_usage):
    go = size_usage(workload(Fake()), FREE)
    assert go.runtime_env["GOMEMLIMIT"].endswith("MiB")
    tight = Fake(memory=800 * MIB, requests=(0.25, 1, 512 * MIB, 880 * MIB))
    node = size_usage(workload(tight), FREE, language="TypeScript", framework="Express")
    old_space = int(node.runtime_env["NODE_OPTIONS"].rpartition("=")[2])
    assert 700 < old_space < node.resources.limits.memory / MIB - 60


def test_a_limit_with_room_that_has_held_stays(size_usage):
    roomy = size_usage(workload(Fake(memory=200 * MIB, requests=(0.25, 1, 256 * MIB, 400 * MIB))))
    assert roomy.resources.limits.memory == 400 * MIB
    assert "memory_limit" in roomy.kept
    tight = size_usage(workload(Fake(memory=380 * MIB, requests=(0.25, 1, 400 * MIB, 400 * MIB))))
    assert tight.resources.limits.memory > 400 * MIB


def test_a_go_limit_that_use_comes_near_to_keeps_its_room(size_usage):
    runtime = {"environment": {"GOMEMLIMIT": "320MiB"}}
    plan = size_usage(workload(_unset()), FREE, runtime=runtime)
    assert plan.resources.limits.memory >= 355 * MIB


# --- the cluster


def test_limit_range_and_nodes_bound_the_numbers(size_usage):
    room = Room(limit_range={"max.memory": 400.0 * MIB, "min.cpu": 0.4}, node_cpu_cores=(2.0,))
    plan = size_usage(workload(_unset(memory=380 * MIB), room=room), FREE)
    assert plan.resources.limits.memory <= 400 * MIB
    assert plan.resources.requests.cpu == 400
    assert "LimitRange" in said(plan, "memory")


def test_a_weekend_does_not_lower_the_request(size_usage):
    plan = size_usage(workload(_unset(cpu_shape=weekend(0.05))), FREE)
    assert plan.resources.requests.cpu >= 200


# --- which container, and what else is rare


def test_without_any_name_the_heaviest_container_is_the_components(size_usage):
    light = Fake(name="light", memory=20 * MIB)
    heavy = Fake(name="heavy", memory=700 * MIB)
    history = FakeWorkload(containers=(light, heavy), name="other").history()
    plan = size_usage(history, FREE)
    assert plan.resources.requests.memory >= 700 * MIB


@pytest.mark.parametrize("name", ["api", "other"], ids=["the component's", "the workload's"])
def test_a_container_of_the_name_is_preferred_to_the_heaviest(size_usage, name):
    parts = (Fake(name=name, memory=50 * MIB), Fake(name="agent", memory=900 * MIB))
    plan = size_usage(FakeWorkload(containers=parts, name="other").history(), FREE)
    assert plan.resources.requests.memory < 100 * MIB


def test_a_sidecar_that_is_right_is_not_touched(size_usage):
    small = Fake(name="proxy", cpu=0.02, memory=60 * MIB, throttled=0.0)
    first = size_usage(
        FakeWorkload(containers=(Fake(), small)).history(),
        FREE,
        workload=_with_manifest("app", "proxy"),
    ).extra_containers[0]
    four = first.resources
    now = (
        four.requests.cpu / 1000,
        four.limits.cpu / 1000,
        four.requests.memory * 1.04,
        four.limits.memory,
    )
    right = Fake(name="proxy", cpu=0.02, memory=60 * MIB, throttled=0.0, requests=now)
    plan = size_usage(
        FakeWorkload(containers=(Fake(), right)).history(), workload=_with_manifest("app", "proxy")
    )
    assert plan.extra_containers == ()
    assert "proxy.memory_request" in plan.kept


def test_half_measured_sidecars_keep_what_the_manifest_says(size_usage):
    history = _pod().history()
    proxy = history.containers["proxy"]
    unmeasured = replace(proxy, cpu_cores=np.full_like(proxy.cpu_cores, np.nan))
    history = replace(history, containers={**history.containers, "proxy": unmeasured})
    plan = size_usage(history, workload=_with_manifest("app", "proxy"))
    assert plan.extra_containers == ()


def test_a_leak_that_kills_is_told_to_kill_again(size_usage):
    lives = (Life(0, 6), Life(6, 13))
    fake = Fake(per_day=60 * MIB, lives=lives, oom_kills=(kill(640 * MIB, at_day=6),) * 3)
    plan = size_usage(workload(fake))
    assert "killed again, only later" in said(plan, "memory")
    assert plan.resources.limits.memory >= 1.5 * 640 * MIB


def test_a_fall_is_told_and_not_projected(size_usage):
    falling = size_usage(workload(_unset(cpu_shape=growing(-0.3))), FREE)
    assert "a fall is not projected" in said(falling, "cpu")


def test_a_jvm_product_gets_the_heap_of_its_own_variable(size_usage):
    history = workload(Fake(memory=1500 * MIB), kind="StatefulSet", replicas_wanted=3)
    plan = size_usage(
        history,
        FREE,
        language=None,
        third_party="elasticsearch",
        role=Role.SEARCH_ENGINE,
        kind=WorkloadKind.STATEFUL_SET,
    )
    assert "ES_JAVA_OPTS" in plan.runtime_env
    assert plan.replicas == 3


def test_nodes_old_space_covers_what_was_in_use(size_usage):
    fake = Fake(memory=900 * MIB, requests=(0.25, 1.0, 900 * MIB, 1000 * MIB))
    settings = UsageSettings(max_decrease_fraction=1.0)
    history = with_container(workload(fake), oom_kills=(kill(1000 * MIB),))
    plan = size_usage(history, settings, language="TypeScript", framework="Express")
    old_space = int(plan.runtime_env["NODE_OPTIONS"].rpartition("=")[2])
    assert old_space >= 830
