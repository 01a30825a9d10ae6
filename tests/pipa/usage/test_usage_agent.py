"""The agent: history where the route says so, floors where it does not, and never an exception."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipa.agent import PipaAgent
from pipa.usage.settings import UsageSettings
from schemas.context import Component, Role, Route, RouteName
from schemas.plan import ComponentPlan, DraftPlan
from schemas.quantities import GIB
from schemas.telemetry import (
    ContainerHistory,
    Grid,
    Load,
    OomKill,
    Room,
    RunningAutoscaler,
    WorkloadHistory,
)
from schemas.usage import WorkloadKey
from tests.pipa.usage.conftest import said
from tests.pipa.usage.histories import MIB, MONDAY_S, Fake, day, kill, with_container, workload

METRICS = Route(name=RouteName.METRICS, reason="14 days are enough", confidence=1, container="app")
DOCS = Route(name=RouteName.DOCS, reason="1 day is too little", confidence=0.9, container="app")
ODD = st.sampled_from(
    [0.0, -1.0, 1.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf"), 3e8, 0.1]
)


@pytest.fixture
def draft(component, context):
    def run(history: object, route: Route = METRICS, **fields) -> DraftPlan:
        subject: Component = component(language="Go", route=route, **fields)
        where = context(subject, histories={subject.name: history})
        return PipaAgent().draft(where)

    return run


def _only(drafted: DraftPlan) -> ComponentPlan:
    assert drafted.failures == ()
    (plan,) = drafted.components
    cited = {id_ for step in plan.reasoning for id_ in step.evidence}
    assert cited <= {item.id for item in drafted.evidence}
    return plan


def test_the_metrics_route_is_sized_by_its_history(draft):
    plan = _only(draft(workload(Fake())))
    assert "Sized by what Deployment api used" in said(plan, "demand")


def test_a_neighbour_without_history_is_sized_as_before(component, context):
    parts = (component(name="api", language="Go", route=METRICS), component(name="new"))
    where = context(*parts, histories={"api": workload(Fake())})
    plans = PipaAgent().draft(where).components
    assert [plan.component for plan in plans] == ["api", "new"]
    assert plans[1] == PipaAgent().draft(context(parts[1])).components[0]


def test_settings_reach_the_model(component, context):
    subject = component(language="Go", route=METRICS)
    where = context(subject, histories={"api": workload(Fake())})
    usage = UsageSettings(max_decrease_fraction=0.1)
    (plan,) = PipaAgent(usage=usage).draft(where).components
    assert plan.resources.limits.memory >= 0.9 * GIB


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, 1e30])
def test_a_history_without_one_usable_sample_falls_back_with_its_reason(draft, context, value):
    history = with_container(
        workload(Fake()),
        cpu_cores=np.full((2, 4032), value),
        memory_bytes=np.full((2, 4032), value),
    )
    plan = _only(draft(history))
    assert "could not be used (no usable sample of container app" in said(plan, "demand")
    assert plan.resources.requests.cpu
    assert plan.kept == ()


@pytest.mark.parametrize(
    "broken",
    [object(), "text", {"cpu": 1}, replace(workload(Fake()), containers={})],
    ids=["object", "text", "mapping", "no containers"],
)
def test_what_is_no_history_falls_back(draft, broken):
    plan = _only(draft(broken))
    assert "could not be used" in said(plan, "demand")


def test_arrays_of_another_shape_fall_back(draft):
    history = with_container(workload(Fake()), cpu_cores=np.ones((3, 7)))
    assert "could not be used" in said(_only(draft(history)), "demand")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_odd_numbers_everywhere_never_raise(component, context, data):
    pods, count = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 40))

    def array(*shape: int) -> np.ndarray:
        size = int(np.prod(shape))
        drawn = data.draw(st.lists(ODD, min_size=size, max_size=size))
        return np.array(drawn, dtype=float).reshape(shape)

    def maybe(*shape: int) -> np.ndarray | None:
        return array(*shape) if data.draw(st.booleans()) else None

    odd = st.none() | ODD
    container = ContainerHistory(
        name="app",
        pods=tuple(f"p{row}" for row in range(pods)),
        cpu_cores=array(pods, count),
        memory_bytes=array(pods, count),
        rss_bytes=maybe(pods, count),
        throttled=maybe(pods, count),
        peak_bytes=maybe(pods),
        oom_kills=tuple(
            OomKill(data.draw(ODD), "p0", data.draw(odd))
            for _ in range(data.draw(st.integers(0, 4)))
        ),
        restarts=data.draw(st.none() | st.integers(-5, 5)),
        cpu_request_cores=data.draw(odd),
        cpu_limit_cores=data.draw(odd),
        memory_request_bytes=data.draw(odd),
        memory_limit_bytes=data.draw(odd),
        requests_known=data.draw(st.booleans()),
    )
    number = st.none() | st.integers(-3, 10**12)
    kind = data.draw(st.sampled_from(["Deployment", "CronJob", "StatefulSet"]))
    history = WorkloadHistory(
        key=WorkloadKey(namespace="n", kind=kind, name="api"),
        grid=Grid(MONDAY_S, 3600, count),
        containers={"app": container},
        started_s={"p0": data.draw(ODD)},
        replicas=maybe(count),
        replicas_wanted=data.draw(number),
        autoscaler=RunningAutoscaler("h", data.draw(number), data.draw(number), data.draw(odd)),
        load=Load(array(count), "x"),
        room=Room(node_cpu_cores=(data.draw(ODD),), limit_range={"max.cpu": data.draw(ODD)}),
    )
    for route in (METRICS, DOCS):
        subject = component(language="Java", route=route)
        where = context(subject, histories={"api": history})
        plan = _only(PipaAgent().draft(where))
        # A refusal has words; the bare name of an exception would be a defect of the model.
        assert not re.search(r"not used|used \(\w+(Error|Warning)\)", said(plan, "demand"))
        assert DraftPlan.model_validate_json(DraftPlan(components=(plan,)).model_dump_json())


# --- the docs route


def test_a_short_history_raises_the_limit_over_its_peak(draft):
    memory = 3000 * MIB
    plan = _only(draft(workload(Fake(days=0.5, memory=memory)), DOCS))
    assert plan.resources.limits.memory >= 1.15 * memory
    assert plan.resources.requests.memory >= memory * 0.98
    assert plan.intervals.memory_limit.target == plan.resources.limits.memory
    assert "was the peak of what was seen" in said(plan, "memory")


def test_a_short_history_raises_the_request_to_its_use(draft):
    plan = _only(draft(workload(Fake(days=0.5, cpu=1.5)), DOCS))
    assert plan.resources.requests.cpu >= 1500
    assert plan.resources.limits.cpu >= plan.resources.requests.cpu


def test_a_short_history_lowers_nothing(draft, component, context):
    small = Fake(days=0.5, cpu=0.001, memory=5 * MIB)
    plan = _only(draft(workload(small), DOCS))
    (without,) = PipaAgent().draft(context(component(language="Go", route=DOCS))).components
    assert plan == without


def test_a_kill_in_a_short_history_raises_the_limit_above_it(draft):
    plan = _only(draft(workload(Fake(days=0.5, oom_kills=(kill(4 * GIB),))), DOCS))
    assert plan.resources.limits.memory > 4 * GIB
    assert "OOM-killed at 4096 MiB" in said(plan, "memory")


def test_a_single_sample_is_a_floor_too(draft):
    plan = _only(draft(workload(Fake(days=300 / 86400, memory=2 * GIB)), DOCS))
    assert plan.resources.limits.memory > 2 * GIB


def test_the_start_does_not_set_the_request(draft):
    fake = Fake(days=0.5, cpu=0.05, startup_cpu=40, lives=(replace(Fake().lives[0], begin=0.1),))
    plan = _only(draft(workload(fake), DOCS))
    assert plan.resources.requests.cpu < 500


def test_a_metrics_route_that_fails_still_gets_the_floors(draft, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("pipa.usage.plan.size_from_usage", broken)
    plan = _only(draft(workload(Fake(days=2, memory=3 * GIB))))
    assert "could not be used (ZeroDivisionError)" in said(plan, "demand")
    assert plan.resources.limits.memory >= 3 * GIB


def test_the_docs_route_brings_no_numpy():
    code = (
        "import sys; import pipa.agent; from pipa.constants import load_constants;"
        "load_constants(); bad = [m for m in ('numpy', 'pandas', 'pipa.usage.plan') if m in"
        " sys.modules]; sys.exit(' '.join(bad) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_a_database_of_the_metrics_route_keeps_its_storage_and_members(draft):
    history = workload(Fake(), kind="StatefulSet", replicas_wanted=1)
    plan = _only(draft(history, role=Role.SQL_DATABASE, third_party="postgresql"))
    assert plan.replicas == 1
    assert plan.storage
    assert plan.autoscaling is None


def test_two_weeks_of_ten_pods_take_little_time(draft):
    fake = Fake(lives=(Fake().lives[0],) * 10, cpu_shape=day(), throttled=0.1, resident=200 * MIB)
    history = workload(fake, replicas_wanted=10, load=lambda since: 100 * day()(since))
    started = time.process_time()
    _only(draft(history))
    assert time.process_time() - started < 2.0
