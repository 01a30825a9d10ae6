"""Past decisions: raised after a failure, kept to when right, hearsay when of others."""

from __future__ import annotations

import pytest

from pipa.capacity import size_component
from schemas.context import Criticality, Demand, Role, WorkloadKind
from schemas.quantities import GIB, MIB
from tests.pipa.facts import decision, documented

GO = {"language": "Go"}


@pytest.fixture
def after(component, context, constants):
    """The plan of a component after some decisions."""

    def run(*evidence, **fields):
        subject = documented(component(**(fields or GO)), *evidence)
        where = context(subject, evidence=evidence)
        return size_component(subject, where, constants)[0]

    return run


@pytest.mark.parametrize("outcome", ["oom_killed", "too_small"])
def test_what_was_too_small_is_not_recommended_again(after, outcome):
    past = decision(
        "r1", outcome=outcome, memory_request_mib=512, memory_limit_mib=1024, replicas_count=2
    )
    plan = after(past)
    assert plan.resources.requests.memory == 768 * MIB
    assert plan.resources.limits.memory == 1536 * MIB
    assert plan.resources.requests.cpu == after().resources.requests.cpu
    assert {i.number for i in plan.influences} == {"memory_request", "memory_limit"}
    assert all(i.evidence == past.id for i in plan.influences)
    (step,) = [s for s in plan.reasoning if s.text.startswith("With a memory request of 512 MiB")]
    assert past.id in step.evidence


def test_what_was_throttled_gets_more_cpu(after):
    plan = after(
        decision("r1", outcome="throttled", cpu_request_millicores=400, cpu_limit_millicores=800)
    )
    assert plan.resources.requests.cpu == 600
    assert plan.resources.limits.cpu >= 1200
    assert plan.resources.requests.memory == after().resources.requests.memory


def test_a_size_that_is_above_the_failed_one_already_stays(after):
    past = decision("r1", outcome="oom_killed", memory_request_mib=16, memory_limit_mib=32)
    assert after(past).influences == ()


def test_experience_carries_a_number_only_so_far(after, constants):
    past = decision("r1", outcome="oom_killed", memory_request_mib=1e8, memory_limit_mib=1e8)
    plain, plan = after(), after(past)
    most = constants["influence.decision.most"].value
    assert plan.resources.limits.memory <= 1.1 * most * plain.intervals.memory_limit.high


def test_what_was_right_is_kept_to(after):
    plain = after()
    right = plain.intervals.memory_request.high / MIB
    plan = after(
        decision("r1", outcome="good", memory_request_mib=right, cpu_request_millicores=150)
    )
    assert plan.resources.requests.memory > plain.resources.requests.memory
    assert plan.resources.requests.memory <= plain.intervals.memory_request.high
    assert plan.confidence > plain.confidence
    assert any(
        step.text.startswith("1 earlier decision (decision:r1/api)") for step in plan.reasoning
    )


def test_the_number_of_pods_that_was_right_is_kept_to(after):
    plain = after()
    plan = after(decision("r1", outcome="good", replicas_count=3))
    assert (plain.replicas, plan.replicas) == (2, 3)
    assert plan.influences[-1].unit == "pods"


def test_measured_usage_pulls_down_what_was_too_large(after):
    past = decision(
        "r1",
        outcome="too_large",
        memory_request_mib=4096,
        cpu_request_millicores=2000,
        measured_memory_request_mib=20,
        measured_cpu_request_millicores=5,
    )
    plain, plan = after(), after(past)
    assert plan.resources.requests.memory < plain.resources.requests.memory
    assert plan.resources.requests.cpu < plain.resources.requests.cpu
    assert plan.resources.requests.memory >= plain.intervals.memory_request.low


def test_an_outcome_that_nobody_reported_teaches_nothing(after):
    plan = after(decision("r1", memory_request_mib=4096, cpu_request_millicores=9000))
    assert plan.influences == ()
    assert plan.confidence == after().confidence


def test_usage_that_was_measured_counts_without_an_outcome(after):
    plan = after(decision("r1", memory_request_mib=64, measured_memory_request_mib=200))
    assert [i.number for i in plan.influences][0] == "memory_request"
    assert plan.resources.requests.memory > after().resources.requests.memory


@pytest.mark.parametrize("outcome", ["good", "oom_killed", "too_large"])
def test_another_component_is_hearsay_inside_the_interval(after, outcome):
    plain = after()
    past = decision("r1", same=False, outcome=outcome, memory_request_mib=1e6, memory_limit_mib=1e6)
    plan = after(past)
    grown = plan.resources.requests.memory / plain.resources.requests.memory
    assert grown <= 1.3
    assert plan.intervals.memory_request.high == plain.intervals.memory_request.high


@pytest.mark.parametrize(
    "figures",
    [
        {"memory_request_mib": "much", "outcome": "oom_killed"},
        {"memory_request_mib": -4, "outcome": "good"},
        {"memory_request_mib": True, "outcome": "good"},
        {"memory_request_mib": 512, "outcome": "splendid"},
    ],
    ids=["text", "negative", "flag", "unknown outcome"],
)
def test_a_damaged_decision_changes_nothing(after, figures):
    assert after(decision("r1", **figures)).resources == after().resources


def test_failures_outweigh_praise(after):
    praise = decision("r2", outcome="good", memory_request_mib=128, memory_limit_mib=256)
    failure = decision("r1", outcome="oom_killed", memory_request_mib=400, memory_limit_mib=800)
    for order in ((praise, failure), (failure, praise)):
        assert after(*order).resources.limits.memory >= 1200 * MIB


def test_a_store_that_must_stay_up_keeps_limit_and_request_alike(after):
    plan = after(
        decision("r1", outcome="oom_killed", memory_request_mib=1024, memory_limit_mib=2048),
        name="db",
        third_party="postgresql",
        role=Role.SQL_DATABASE,
        kind=WorkloadKind.STATEFUL_SET,
        demand=Demand(criticality=Criticality.CRITICAL),
    )
    assert plan.resources.requests == plan.resources.limits
    assert plan.resources.limits.memory == 3 * GIB
