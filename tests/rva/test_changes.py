from __future__ import annotations

from rva.changes import between, from_current
from schemas.context import AutoscalerFacts, CurrentSizing
from schemas.plan import Autoscaling, ContainerPlan
from schemas.quantities import MIB

SCALING = Autoscaling(min_replicas=2, max_replicas=6, target_cpu_percent=70)


def existing(build, resources=None, current=None, **spec):
    container = {"name": "api", "image": "a:1", "resources": resources or {}}
    doc = build.document(containers=[container], spec=spec)
    return build.component(workload=build.workload(doc), current=current)


def plain(build, **fields):
    return build.plan(**{"disruption_budget": False, **fields})


def test_each_field_that_differs_is_one_line(build):
    resources = {"requests": {"memory": "128Mi"}, "limits": {"cpu": "1"}}

    assert from_current(existing(build, resources), plain(build)) == [
        "replicas: not set → 2",
        "resources.limits.cpu: 1 → not set",
        "resources.limits.memory: not set → 512Mi",
        "resources.requests.cpu: not set → 200m",
        "resources.requests.memory: 128Mi → 256Mi",
    ]


def test_a_manifest_that_agrees_has_no_changes(build):
    resources = {"requests": {"cpu": "0.2", "memory": "0.25Gi"}, "limits": {"memory": "512Mi"}}

    assert from_current(existing(build, resources, replicas=2), plain(build)) == []


def test_what_dca_read_counts_before_the_document(build):
    current = CurrentSizing(replicas=2, memory_request=256 * MIB, cpu_request=200)
    resources = {"requests": {"cpu": "1"}, "limits": {"memory": "512Mi"}}

    assert from_current(existing(build, resources, current), plain(build)) == []


def test_an_amount_that_is_none_is_shown_as_it_was_written(build):
    lines = from_current(existing(build, {"limits": {"memory": "512MB"}}), plain(build))

    assert "resources.limits.memory: 512MB (not a quantity) → 512Mi" in lines


def test_replicas_of_an_autoscaled_workload_are_no_difference(build):
    current = CurrentSizing(autoscaler=AutoscalerFacts(min_replicas=2, max_replicas=4))
    component = existing(build, current=current, replicas=9)

    lines = from_current(component, plain(build, autoscaling=SCALING))

    assert "autoscaling.max_replicas: 4 → 6" in lines
    assert not any(line.startswith("replicas") for line in lines)
    assert not any("min_replicas" in line for line in lines)


def test_variables_strategy_budget_and_sidecars_are_compared(build):
    doc = build.document(
        containers=[
            {"name": "api", "image": "a:1", "env": [{"name": "GOMEMLIMIT", "value": "1GiB"}]},
            {"name": "side", "image": "s:1"},
        ]
    )
    extra = ContainerPlan(name="side", resources=build.resources(cpu=50, memory=64))
    planned = build.plan(
        runtime_env={"GOMEMLIMIT": "460MiB"}, recreate=True, extra_containers=(extra,)
    )

    lines = from_current(build.component(workload=build.workload(doc)), planned)

    assert "env.GOMEMLIMIT: 1GiB → 460MiB" in lines
    assert "recreate: not set → yes" in lines
    assert "disruption_budget: not set → yes" in lines
    assert "side.resources.requests.cpu: not set → 50m" in lines


def test_without_a_workload_there_is_nothing_to_differ(build):
    assert from_current(build.component(), build.plan()) == []


def test_two_plans_are_compared_field_by_field(build):
    old, new = plain(build), plain(build, replicas=3, runtime_env={"A": "1"})

    assert [str(item) for item in between(old, new)] == ["replicas: 2 → 3", "env.A: not set → 1"]
