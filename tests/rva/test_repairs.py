"""Each repair: what it changes, what it leaves, and that its check then holds."""

from __future__ import annotations

import pytest

from rva.checks import BY_ID
from rva.checks.base import Skipped
from rva.repairs import REMEDIES
from rva.subject import make_subject
from schemas.context import (
    Criticality,
    CurrentSizing,
    Demand,
    Role,
    RuntimeSettings,
    WorkloadKind,
)
from schemas.plan import Autoscaling, CountInterval, MemoryInterval, ReasoningStep
from schemas.quantities import GIB, MIB
from schemas.trigger import ClusterFacts, LimitRangeFacts, NodeFacts, QuotaFacts


def repaired(check_id, subject):
    """The plan after the check's repair, or None; the check must have failed before."""
    before = BY_ID[check_id].run(subject)
    assert before is not None
    assert not before.passed
    return REMEDIES[check_id].apply(subject)


def holds(check_id, subject, plan):
    verdict = BY_ID[check_id].run(make_subject(subject.world, plan))
    return verdict is None or (not isinstance(verdict, Skipped) and verdict.passed)


def scaling(low, high):
    return Autoscaling(min_replicas=low, max_replicas=high, target_cpu_percent=70)


def java(build, **fields):
    return build.component(language="Java", **fields)


def case(component=None, sizes=None, cluster=None, limits=None, tier=None, **plan):
    """One situation, for the table below."""
    return locals()


NODE = NodeFacts(name="n", allocatable_cpu=150, allocatable_memory=8 * GIB)

CASES = {
    "P01": case(sizes={"memory_limit": None}),
    "P02": case(sizes={"cpu": None, "memory": None}),
    "T02": case(sizes={"memory": 1}),
    "T03": case(sizes={"cpu": 0}),
    "T04": case(sizes={"cpu": 500, "cpu_limit": 100, "memory": 600}),
    "P03": case(tier=Criticality.CRITICAL),
    "P04": case(component={"role": Role.SQL_DATABASE}, tier=Criticality.CRITICAL),
    "P06": case(limits={"cpu_limits": "require"}),
    "P07": case(sizes={"memory": 200, "memory_limit": 512}, tier=Criticality.HIGH),
    "P08": case(
        cluster=ClusterFacts(limit_ranges=(LimitRangeFacts(max_cpu=100, max_memory=128 * MIB),))
    ),
    "P09": case(cluster=ClusterFacts(quotas=(QuotaFacts(remaining_pods=2),))),
    "P14": case(limits={"ceiling_memory_mib": 128, "ceiling_cpu_millicores": 100}),
    "C01": case(cluster=ClusterFacts(nodes=(NODE,))),
    "C02": case(cluster=ClusterFacts(nodes=(NODE.model_copy(update={"allocatable_cpu": 400}),))),
    "A01": case(replicas=1),
    "A05": case(replicas=5, autoscaling=scaling(4, 3)),
    "A08": case(disruption_budget=False),
    "A12": case(component={"third_party": "etcd", "role": Role.NOSQL_DATABASE}, replicas=4),
    "A13": case(component={"has_volume": True}, replicas=3),
    "A14": case(component={"start_command": ("celery", "beat")}, replicas=3),
    "A16": case(component={"language": "Java"}, sizes={"cpu": 50, "cpu_limit": 100}),
    "R01": case(component={"language": "Java", "start_command": ("java", "-Xmx900m")}),
    "R03": case(component={"language": "Go"}),
    "R05": case(component={"language": "Python", "runtime": RuntimeSettings(workers=40)}),
    "R06": case(component={"language": "C#"}, runtime_env={"DOTNET_GCHeapHardLimitPercent": "5A"}),
    "R07": case(component={"language": "PHP", "runtime": RuntimeSettings(workers=90)}),
    "R08": case(
        component={"third_party": "postgresql", "start_command": ("-c", "shared_buffers=2GB")}
    ),
    "R09": case(component={"third_party": "redis", "start_command": ("--maxmemory", "600mb")}),
    "R10": case(component={"third_party": "kafka"}, runtime_env={"KAFKA_HEAP_OPTS": "-Xmx500m"}),
    "R11": case(component={"third_party": "elasticsearch"}),
    "R12": case(
        component={"language": "Python", "libraries": ("torch",)}, sizes={"cpu_limit": 1500}
    ),
}


def make(build, given):
    given = dict(given)
    component = build.component(**(given.pop("component") or {}))
    sizes = build.resources(**(given.pop("sizes") or {}))
    fields = {key: given.pop(key) for key in ("cluster", "limits", "tier")}
    planned = build.plan(sizes=sizes, **given.pop("plan", {}), **given)
    return build.subject(
        component, planned, **{key: value for key, value in fields.items() if value is not None}
    )


@pytest.mark.parametrize(("check_id", "given"), CASES.items(), ids=CASES)
def test_the_repair_of_a_check_makes_it_hold(build, check_id, given):
    subject = make(build, given)

    plan = repaired(check_id, subject)

    assert plan is not None
    assert holds(check_id, subject, plan)


@pytest.mark.parametrize(("check_id", "given"), CASES.items(), ids=CASES)
def test_a_repair_keeps_targets_on_their_numbers(build, check_id, given):
    plan = repaired(check_id, make(build, given))

    ranges, sizes = plan.intervals, plan.resources
    pairs = (
        (ranges.replicas, plan.replicas),
        (ranges.cpu_request, sizes.requests.cpu),
        (ranges.memory_request, sizes.requests.memory),
        (ranges.memory_limit, sizes.limits.memory),
    )
    for interval, number in pairs:
        assert number is None or interval.target == number


@pytest.mark.parametrize(("check_id", "given"), CASES.items(), ids=CASES)
def test_a_repair_changes_no_reasoning_and_no_confidence(build, check_id, given):
    subject = make(build, given)

    plan = repaired(check_id, subject)

    assert plan.reasoning == subject.plan.reasoning
    assert plan.confidence == subject.plan.confidence


def test_a_number_goes_to_the_nearest_bound_of_its_interval(build):
    sizes = build.resources(memory=1024, memory_limit=2048)
    ranges = build.intervals(2, build.resources(memory=256, memory_limit=2048))
    subject = build.subject(planned=build.plan(sizes=sizes, intervals=ranges, replicas=9))

    plan = repaired("L02", subject)

    assert plan.resources.requests.memory == 512 * MIB
    assert plan.replicas == 4
    assert plan.intervals.memory_request == MemoryInterval(
        low=128 * MIB, target=512 * MIB, high=512 * MIB
    )


def test_a_step_with_a_secret_is_withheld_as_a_whole(build):
    step = ReasoningStep(number=1, about="memory", text="Uses ghp_0123456789abcdefghij today.")
    env = {"GOMEMLIMIT": "https://evil.example", "GOMAXPROCS": "2"}
    subject = build.subject(planned=build.plan(reasoning=(step,), runtime_env=env))

    plan = repaired("L04", subject)

    assert plan.reasoning[0].text == "Withheld: the text held a secret."
    assert plan.runtime_env == {"GOMAXPROCS": "2"}


def test_equal_memory_lies_in_both_intervals_where_they_meet(build):
    """Request 128 to 512, limit 256 to 1024 around 512: 512 serves both."""
    subject = build.subject(tier=Criticality.CRITICAL)

    plan = repaired("P03", subject)

    assert plan.resources.requests.memory == plan.resources.limits.memory == 512 * MIB


def test_a_warning_moves_no_number_out_of_its_interval(build):
    """500 / 4 is 125, and the interval of the request ends at 100."""
    sizes = build.resources(memory=50, memory_limit=500)

    assert repaired("P07", build.subject(planned=build.plan(sizes=sizes))) is None


def test_a_warning_adds_no_replica_beyond_the_interval(build):
    ranges = build.intervals(1, build.resources()).model_copy(
        update={"replicas": CountInterval(low=1, target=1, high=1)}
    )
    planned = build.plan(replicas=1, intervals=ranges)

    assert repaired("A01", build.subject(planned=planned)) is None
    strict = build.subject(planned=planned, tier=Criticality.HIGH)
    assert repaired("A01", strict).replicas == 2


def test_a_raise_stops_at_what_the_limit_range_admits(build):
    cluster = ClusterFacts(limit_ranges=(LimitRangeFacts(max_memory=600 * MIB),))
    component = build.component(third_party="elasticsearch")

    plan = repaired("R11", build.subject(component, cluster=cluster))

    assert plan.resources.limits.memory == 600 * MIB


def test_requests_below_what_is_defensible_are_for_a_person(build):
    """A node of 99m would need less than the interval's 100m."""
    node = NODE.model_copy(update={"allocatable_cpu": 99})

    assert repaired("C01", build.subject(cluster=ClusterFacts(nodes=(node,)))) is None


def test_no_room_at_all_is_for_a_person(build):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_pods=0),))

    assert repaired("P09", build.subject(cluster=cluster)) is None


def test_a_quota_on_limits_first_gets_the_limit_it_asks_for(build):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_limits_cpu=64000),))

    plan = repaired("P09", build.subject(cluster=cluster))

    assert plan.resources.limits.cpu == 400, "the upper bound of the request's interval"
    assert plan.replicas == 2


def test_cpu_limits_go_where_the_policy_forbids_them(build):
    sizes = build.resources(cpu_limit=500)

    plan = repaired(
        "P06", build.subject(planned=build.plan(sizes=sizes), limits={"cpu_limits": "forbid"})
    )

    assert plan.resources.limits.cpu is None
    assert plan.resources.requests.cpu == 200


@pytest.mark.parametrize("check_id", ["T12", "T01"])
def test_a_container_that_the_manifest_leaves_unsized_gets_the_policys_amounts(build, check_id):
    broken = {"requests": {"memory": "64MB"}} if check_id == "T01" else {}
    side = {"name": "side", "image": "s:1", "resources": broken}
    doc = build.document(containers=[{"name": "api", "image": "a:1"}, side])
    subject = build.subject(build.component(workload=build.workload(doc)))

    plan = repaired(check_id, subject)

    (extra,) = plan.extra_containers
    assert extra.name == "side"
    assert (extra.resources.requests.cpu, extra.resources.requests.memory) == (50, 64 * MIB)
    assert holds(check_id, subject, plan)


def test_a_sidecar_keeps_what_its_manifest_says(build):
    side = {"name": "side", "image": "s:1", "resources": {"limits": {"memory": "300Mi"}}}
    doc = build.document(containers=[{"name": "api", "image": "a:1"}, side])

    plan = repaired("T12", build.subject(build.component(workload=build.workload(doc))))

    (extra,) = plan.extra_containers
    assert extra.resources.limits.memory == extra.resources.requests.memory == 300 * MIB


def test_an_unset_heap_gets_the_share_that_is_left(build):
    """1024 MiB less 224 beside the heap leave 78 %, of which three quarters are taken."""
    sizes = build.resources(memory=512, memory_limit=1024)

    plan = repaired("R01", build.subject(java(build), build.plan(sizes=sizes)))

    assert plan.runtime_env == {"JAVA_TOOL_OPTIONS": "-XX:MaxRAMPercentage=75.0"}
    assert plan.resources == sizes


def test_a_heap_that_leaves_too_little_is_lowered(build):
    """600 MiB less 224 leave 62 %."""
    sizes = build.resources(memory=256, memory_limit=600)
    env = {"JAVA_TOOL_OPTIONS": "-Dx=y -XX:MaxRAMPercentage=80"}

    plan = repaired("R01", build.subject(java(build), build.plan(sizes=sizes, runtime_env=env)))

    assert plan.runtime_env == {"JAVA_TOOL_OPTIONS": "-Dx=y -XX:MaxRAMPercentage=62.0"}


def test_a_limit_too_small_for_any_heap_is_raised(build):
    sizes = build.resources(memory=64, memory_limit=256)

    plan = repaired("R01", build.subject(java(build), build.plan(sizes=sizes)))

    assert plan.resources.limits.memory >= 224 * MIB / 0.75


def test_options_of_the_repository_are_kept_beside_the_heap(build):
    component = java(build, runtime=RuntimeSettings(environment={"JAVA_TOOL_OPTIONS": "-Xss512k"}))
    sizes = build.resources(memory=512, memory_limit=1024)

    plan = repaired("R01", build.subject(component, build.plan(sizes=sizes)))

    assert plan.runtime_env["JAVA_TOOL_OPTIONS"] == "-Xss512k -XX:MaxRAMPercentage=75.0"


def test_old_space_is_lowered_where_the_plan_sets_it_and_memory_raised_where_not(build):
    node = build.component(language="JavaScript")
    ours = build.plan(runtime_env={"NODE_OPTIONS": "--x --max-old-space-size=4096"})
    theirs = node.model_copy(update={"runtime": RuntimeSettings(heap_max_bytes=600 * MIB)})

    lowered = repaired("R04", build.subject(node, ours))
    raised = repaired("R04", build.subject(theirs))

    assert lowered.runtime_env == {"NODE_OPTIONS": "--x --max-old-space-size=384"}
    assert raised.resources.limits.memory == 800 * MIB


def test_a_heap_of_the_plan_becomes_half_of_the_limit(build):
    engine = build.component(third_party="elasticsearch")
    planned = build.plan(runtime_env={"ES_JAVA_OPTS": "-Xms2g -Xmx2g"})

    plan = repaired("R10", build.subject(engine, planned))

    assert plan.runtime_env == {"ES_JAVA_OPTS": "-Xms256m -Xmx256m"}


def test_a_heap_of_the_repository_gets_twice_its_memory(build):
    engine = build.component(
        third_party="elasticsearch", runtime=RuntimeSettings(heap_max_bytes=GIB)
    )

    assert repaired("R10", build.subject(engine)).resources.limits.memory == 2 * GIB


def test_a_single_writer_loses_autoscaler_and_budget(build):
    component = build.component(has_volume=True)
    planned = build.plan(replicas=3, autoscaling=scaling(2, 6))

    plan = repaired("A13", build.subject(component, planned))

    assert (plan.replicas, plan.autoscaling, plan.recreate) == (1, None, True)
    assert not plan.disruption_budget


def test_a_member_is_dropped_where_there_is_no_room_for_one_more(build):
    component = build.component(
        third_party="etcd", role=Role.NOSQL_DATABASE, kind=WorkloadKind.STATEFUL_SET
    )
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_pods=4),))

    plan = repaired("A12", build.subject(component, build.plan(replicas=4), cluster=cluster))

    assert plan.replicas == 3


def test_bounds_of_the_autoscaler_hold_the_plan_and_the_room(build):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_pods=5),))
    planned = build.plan(replicas=9, autoscaling=scaling(1, 20))

    plan = repaired("A05", build.subject(planned=planned, cluster=cluster))

    assert (plan.autoscaling.min_replicas, plan.autoscaling.max_replicas) == (2, 4)
    assert plan.replicas == 4


def test_a_new_autoscaler_that_could_not_move_is_left_out(build):
    planned = build.plan(replicas=2, autoscaling=scaling(2, 9))
    quota = QuotaFacts(name="q", remaining_pods=3)

    plan = repaired("A05", build.subject(planned=planned, cluster=ClusterFacts(quotas=(quota,))))

    assert plan.autoscaling is None
    assert plan.replicas == 2


def test_a_second_replica_keeps_one_available(build):
    doc = build.document(spec={"strategy": {"rollingUpdate": {"maxUnavailable": 1}}})
    component = build.component(workload=build.workload(doc), demand=Demand(zero_downtime=True))

    assert repaired("A11", build.subject(component, build.plan(replicas=1))).replicas == 2


def test_a_second_replica_that_would_go_too_is_not_added(build):
    doc = build.document(spec={"strategy": {"type": "Recreate"}})
    component = build.component(workload=build.workload(doc), demand=Demand(zero_downtime=True))

    assert repaired("A11", build.subject(component, build.plan(replicas=1))) is None


def test_no_replica_is_added_where_nobody_asks_for_zero_downtime(build):
    doc = build.document(spec={"strategy": {"rollingUpdate": {"maxUnavailable": 1}}})
    component = build.component(workload=build.workload(doc))

    assert repaired("A11", build.subject(component, build.plan(replicas=1))) is None


def test_memory_is_raised_to_what_people_write(build):
    """A need of 1240 MiB is met by 1280."""
    words = ("-c", "shared_buffers=928MB", "-c", "max_connections=0")
    component = build.component(third_party="postgresql", start_command=words)

    plan = repaired("R08", build.subject(component))

    assert plan.resources.limits.memory == 1280 * MIB


def test_an_autoscaler_that_the_plan_does_not_touch_is_not_overruled(build):
    hpa = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "api"},
            "minReplicas": 1,
            "maxReplicas": 9,
        },
    }
    component = build.component(
        workload=build.workload(related=(hpa,)), current=CurrentSizing(replicas=1)
    )

    assert repaired("A01", build.subject(component, tier=Criticality.HIGH)) is None
