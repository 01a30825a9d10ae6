from __future__ import annotations

import pytest

from rva.bounds import Span, admits, eligible_nodes, largest_count, pod_amounts, replica_ceiling
from schemas.context import WorkloadKind
from schemas.quantities import GIB, MIB
from schemas.recommendation import Severity
from schemas.trigger import ClusterFacts, Environment, NodeFacts, QuotaFacts


def node(name="n", **fields):
    values = {"allocatable_cpu": 4000, "allocatable_memory": 8 * GIB}
    return NodeFacts(name=name, **(values | fields))


def cluster(*nodes, **fields):
    return ClusterFacts(nodes=nodes, **fields)


def existing(build, doc=None, **pod):
    return build.component(workload=build.workload(doc or build.document(pod=pod)))


@pytest.mark.parametrize("check", ["C01", "C02", "C03", "C04", "C05", "C06", "C09", "C10", "C13"])
@pytest.mark.parametrize("facts", [None, ClusterFacts()], ids=["no_cluster", "no_nodes"])
def test_without_nodes_the_reason_is_said(build, ask, check, facts):
    assert "no nodes" in ask(check, build.subject(cluster=facts))


def test_a_pod_is_the_larger_of_its_start_and_its_run(build):
    """Init 1000m beside 200m + 100m + a sidecar of 50m: the start decides the CPU."""
    doc = build.document(
        containers=[
            {"name": "api", "image": "a:1"},
            {"name": "side", "image": "s:1", "resources": {"requests": {"cpu": "100m"}}},
        ],
        pod={
            "initContainers": [
                {"name": "i", "image": "i:1", "resources": {"requests": {"cpu": "1"}}},
                {
                    "name": "native",
                    "image": "n:1",
                    "restartPolicy": "Always",
                    "resources": {"requests": {"cpu": "50m", "memory": "16Mi"}},
                },
            ]
        },
    )

    pod = pod_amounts(build.subject(existing(build, doc)))

    assert pod.cpu_request == 1000
    assert pod.memory_request == (256 + 16) * MIB
    assert pod.cpu_limit is None


def test_a_span_prefers_its_upper_bound():
    assert [Span(10, 20).clamp(x) for x in (5, 15, 25)] == [10, 15, 20]
    assert Span(30, 20).clamp(25) == 20


def test_c01_a_pod_that_fits_no_node_blocks(build, ask):
    """4000m less 3900m of DaemonSets leave 100m."""
    facts = cluster(node(), daemonset_requests_cpu=3900)

    finding = ask.fails("C01", build.subject(cluster=facts))

    assert finding.value.startswith("200m")
    assert finding.limit.startswith("100m")
    ask.passes("C01", build.subject(cluster=cluster(node())))


def test_c02_pods_are_counted_per_node_and_not_by_the_sum(build, ask):
    """Three nodes with 150m free have 450m together, and room for no pod of 200m."""
    facts = cluster(node(count=3, free_cpu=150))

    assert ask.fails("C02", build.subject(cluster=facts)).limit == "0"
    ask.passes("C02", build.subject(cluster=cluster(node(count=3, free_cpu=200))))


def test_c03_what_a_lost_node_ran_must_fit_elsewhere(build, ask):
    ask.fails("C03", build.subject(cluster=cluster(node())))
    ask.passes("C03", build.subject(cluster=cluster(node(count=2))))
    dev = build.subject(cluster=cluster(node()), environment=Environment.DEV)
    assert ask("C03", dev) is None


def test_c04_a_pod_above_half_a_node_is_told(build, ask):
    large = build.plan(sizes=build.resources(cpu=2001))

    finding = ask.fails("C04", build.subject(planned=large, cluster=cluster(node())))

    assert finding.severity is Severity.WARN
    ask.passes("C04", build.subject(cluster=cluster(node())))


AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"


def affinity(operator, *values):
    expression = {"key": "disk", "operator": operator, "values": list(values)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"affinity": {"nodeAffinity": {AFFINITY: terms}}}


ADMISSIONS = {
    "selector_matches": ({"nodeSelector": {"disk": "4"}}, (), True),
    "selector_differs": ({"nodeSelector": {"disk": "hdd"}}, (), False),
    "in": (affinity("In", "4", "5"), (), True),
    "not_in": (affinity("NotIn", "4"), (), False),
    "exists": (affinity("Exists"), (), True),
    "does_not_exist": (affinity("DoesNotExist"), (), False),
    "greater": (affinity("Gt", "3"), (), True),
    "less": (affinity("Lt", "3"), (), False),
    "not_a_number": (affinity("Gt", "x"), (), False),
    "unknown_operator": (affinity("Near", "4"), (), False),
    "taint": ({}, ("a=b:NoSchedule",), False),
    "soft_taint": ({}, ("a=b:PreferNoSchedule",), True),
    "tolerated": ({"tolerations": [{"key": "a", "value": "b"}]}, ("a=b:NoSchedule",), True),
    "other_value": ({"tolerations": [{"key": "a", "value": "c"}]}, ("a=b:NoSchedule",), False),
    "tolerated_by_key": (
        {"tolerations": [{"key": "a", "operator": "Exists"}]},
        ("a=b:NoExecute",),
        True,
    ),
    "other_effect": (
        {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}]},
        ("a:NoExecute",),
        False,
    ),
    "all_tolerated": ({"tolerations": [{"operator": "Exists"}]}, ("a:NoSchedule",), True),
    "garbage": ({"tolerations": "x", "affinity": 7, "nodeSelector": []}, (), True),
}


@pytest.mark.parametrize(("pod", "taints", "admitted"), ADMISSIONS.values(), ids=ADMISSIONS)
def test_c05_nodes_are_chosen_as_the_scheduler_does(pod, taints, admitted):
    assert admits(node(labels={"disk": "4"}, taints=taints), pod) is admitted


def test_c05_a_pod_that_no_node_admits_blocks(build, ask):
    component = existing(build, nodeSelector={"gpu": "yes"})

    assert ask.fails("C05", build.subject(component, cluster=cluster(node()))).value == "gpu=yes"


def test_c06_a_device_that_no_node_has_blocks(build, ask):
    container = {"name": "api", "image": "a:1", "resources": {"limits": {"nvidia.com/gpu": 2}}}
    component = existing(build, build.document(containers=[container]))
    one = cluster(node(extended_resources={"nvidia.com/gpu": 1}))
    two = cluster(node(extended_resources={"nvidia.com/gpu": 2}))

    assert ask.fails("C06", build.subject(component, cluster=one)).limit == "1"
    ask.passes("C06", build.subject(component, cluster=two))


@pytest.mark.parametrize(
    ("scratch", "severity"),
    [
        ({}, Severity.INFO),
        ({"medium": "Memory"}, Severity.WARN),
        ({"medium": "Memory", "sizeLimit": "600Mi"}, Severity.WARN),
        ({"medium": "Memory", "sizeLimit": "64Mi"}, None),
        ({"sizeLimit": "1Gi"}, None),
        ({"sizeLimit": "20Gi"}, Severity.WARN),
    ],
    ids=["unbounded", "memory", "memory_above_limit", "memory_bounded", "bounded", "above_node"],
)
def test_c07_scratch_volumes_are_bounded(build, ask, scratch, severity):
    component = existing(build, volumes=[{"name": "tmp", "emptyDir": scratch}])
    facts = cluster(node(allocatable_ephemeral_storage=10 * GIB))

    finding = ask("C07", build.subject(component, cluster=facts))

    assert finding.passed is (severity is None)
    assert severity is None or finding.severity is severity


def test_c08_a_storage_class_must_exist(build, ask):
    claim = {"metadata": {"name": "d"}, "spec": {"storageClassName": "fast"}}
    doc = build.document("StatefulSet", spec={"volumeClaimTemplates": [claim]})
    component = build.component(kind=WorkloadKind.STATEFUL_SET, workload=build.workload(doc))

    known = ClusterFacts(storage_classes=("slow",))
    assert ask.fails("C08", build.subject(component, cluster=known)).limit == "slow"
    ask.passes("C08", build.subject(component, cluster=ClusterFacts(storage_classes=("fast",))))
    assert "not known" in ask("C08", build.subject(component))


def test_c09_small_pods_are_bounded_by_their_number(build, ask):
    planned = build.plan(replicas=111, sizes=build.resources(cpu=1, memory=4))

    assert ask.fails("C09", build.subject(planned=planned, cluster=cluster(node()))).limit == "110"


def test_c10_capacity_in_place_of_allocatable_is_found(build, ask):
    ask.fails("C10", build.subject(cluster=cluster(node(free_cpu=4001))))
    ask.passes("C10", build.subject(cluster=cluster(node(free_cpu=4000))))


def test_c13_a_node_that_is_not_ready_counts_nowhere(build, ask):
    facts = cluster(node("up"), node("down", ready=False))
    subject = build.subject(cluster=facts)

    assert "down" in ask.fails("C13", subject).message
    assert [item.name for item in eligible_nodes(subject)] == ["up"]


@pytest.mark.parametrize(("pods", "count"), [(0, 0), (1, 0), (2, 1), (5, 4), (10, 8), (100, 80)])
def test_the_surge_of_a_quarter_is_left_free(build, pods, count):
    """Four replicas and one for the rollout are five pods."""
    assert largest_count(build.subject(), pods) == count


def test_the_tightest_of_ceiling_quota_and_nodes_bounds_the_replicas(build):
    facts = cluster(node(free_cpu=2000), quotas=(QuotaFacts(remaining_pods=5),))

    assert replica_ceiling(build.subject(cluster=facts)) == 4
    assert replica_ceiling(build.subject(cluster=facts, limits={"ceiling_replicas": 3})) == 3
