"""What fits component by component may not fit together."""

from __future__ import annotations

import pytest

from rva.checks import together as module
from rva.checks.together import together
from schemas.quantities import GIB, MIB
from schemas.trigger import ClusterFacts, NodeFacts, QuotaFacts


def node(cpu=2000, memory=4 * GIB, **fields):
    values = {"name": "n", "allocatable_cpu": cpu, "allocatable_memory": memory}
    return NodeFacts(**(values | fields))


def app(build, cluster, *sizes, replicas=2):
    """One component for each (millicores, MiB)."""
    return [
        build.subject(
            build.component(f"c{index}"),
            build.plan(
                f"c{index}",
                replicas=replicas,
                sizes=build.resources(
                    cpu=cpu, memory=memory, cpu_limit=2 * cpu, memory_limit=2 * memory
                ),
            ),
            cluster=cluster,
        )
        for index, (cpu, memory) in enumerate(sizes)
    ]


def verdicts(subjects):
    return {finding.id: finding for finding in together(subjects)}


def test_one_component_or_no_cluster_is_not_judged_again(build):
    facts = ClusterFacts(nodes=(node(),))
    assert together(app(build, facts, (100, 64))) == ()
    assert together(app(build, None, (100, 64), (100, 64))) == ()
    assert together([]) == ()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ({"remaining_requests_cpu": 1999}, "need 2 of cpu requests; q leaves 1999m"),
        ({"remaining_requests_memory": 1023 * MIB}, "need 1Gi of memory requests"),
        ({"remaining_limits_cpu": 3999}, "need 4 of cpu limits"),
        ({"remaining_limits_memory": 2047 * MIB}, "need 2Gi of memory limits"),
        ({"remaining_pods": 3}, "are 4 pods; q leaves room for 3"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_quota_that_admits_each_but_not_all_blocks(build, left, words):
    facts = ClusterFacts(quotas=(QuotaFacts(name="q", **left),))
    finding = verdicts(app(build, facts, (500, 256), (500, 256)))["P09"]
    assert finding.blocks
    assert words in finding.message
    assert finding.component is None
    assert finding.fix.op == "raise_quota"


def test_a_quota_that_admits_exactly_all_passes(build):
    quota = QuotaFacts(
        name="q",
        remaining_requests_cpu=2000,
        remaining_requests_memory=GIB,
        remaining_limits_cpu=4000,
        remaining_limits_memory=2 * GIB,
        remaining_pods=4,
    )
    subjects = app(build, ClusterFacts(quotas=(quota,)), (500, 256), (500, 256))
    assert verdicts(subjects)["P09"].passed


def test_pods_that_find_no_node_are_named(build):
    facts = ClusterFacts(nodes=(node(count=2),))
    finding = verdicts(app(build, facts, (1500, 256), (600, 256)))["C02"]
    assert finding.blocks
    assert "2 of 4 pods find no room (c1)" in finding.message or "(c0" in finding.message


def test_small_pods_fill_what_large_ones_leave(build):
    facts = ClusterFacts(nodes=(node(count=2),))
    assert verdicts(app(build, facts, (1500, 512), (500, 256)))["C02"].passed


def test_a_node_that_is_not_ready_holds_nothing(build):
    facts = ClusterFacts(nodes=(node(), node(name="down", ready=False)))
    assert verdicts(app(build, facts, (900, 256), (900, 256)))["C02"].blocks


def test_a_huge_cluster_is_compared_by_its_sums(build, monkeypatch):
    monkeypatch.setattr(module, "MAX_PLACEMENTS", 3)
    small = ClusterFacts(nodes=(node(count=3),))
    assert verdicts(app(build, small, (900, 256), (900, 256)))["C02"].passed
    finding = verdicts(app(build, small, (1900, 256), (1900, 256)))["C02"]
    assert "together request 7600m of cpu; the nodes have 6" in finding.message
