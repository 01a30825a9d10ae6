"""Similar services move a number inside its interval, by rules that a reader can follow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipa.capacity import size_component
from pipa.siblings import read_siblings
from schemas.context import Criticality, Demand, Role, WorkloadKind
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.quantities import GIB, MIB
from tests.pipa.facts import decision, documented, fact

GO = {"language": "Go"}


def sibling(name: str = "orders", **figures: Any) -> Evidence:
    """A service wholly like it in the same repository, seen for two weeks."""
    given: dict[str, Any] = {
        "cpu_p50_cores": 0.02,
        "cpu_p95_cores": 0.06,
        "cpu_max_cores": 0.3,
        "memory_p50_mib": 150,
        "memory_max_mib": 160,
        "replicas_count": 2,
        "similarity": 1.0,
        "same_repository": True,
        "days": 14.0,
        **figures,
    }
    return Evidence(
        id=f"metrics:shop/Deployment/{name}/app",
        kind=EvidenceKind.METRICS,
        grade=EvidenceGrade.MEASURED,
        statement="A similar service.",
        source="http://prometheus:9090",
        figures={key: value for key, value in given.items() if value is not None},
    )


def three(**figures: Any) -> list[Evidence]:
    return [sibling(name, **figures) for name in ("orders", "carts", "users")]


@pytest.fixture
def among(component, context, constants):
    """The plan of a component among some siblings."""

    def run(*evidence, **fields):
        given = dict(fields or GO)
        subject = documented(component(**given), *evidence)
        return size_component(subject, context(subject, evidence=evidence), constants)[0]

    return run


def test_three_services_that_use_more_raise_request_and_limit(among):
    plain, plan = among(), among(*three(memory_max_mib=400))
    assert plan.resources.requests.memory > plain.resources.requests.memory
    assert plan.resources.limits.memory > plain.resources.limits.memory
    moved = {item.number for item in plan.influences}
    assert {"memory_request", "memory_limit"} <= moved
    assert all(item.evidence.startswith("metrics:shop/Deployment/") for item in plan.influences)


def test_three_services_that_use_less_lower_the_requests(among):
    plain = among()
    plan = among(*three(memory_max_mib=24, cpu_p95_cores=0.002))
    assert plan.resources.requests.memory < plain.resources.requests.memory
    assert plan.resources.requests.cpu < plain.resources.requests.cpu
    assert plan.resources.requests.memory >= plain.intervals.memory_request.low
    assert plan.resources.requests.cpu >= plain.intervals.cpu_request.low


def test_the_sentence_says_how_many_and_how_much(among):
    used = (300, 350, 400)
    plan = among(*(sibling(f"s{n}", memory_max_mib=n) for n in used))
    step = next(s for s in plan.reasoning if s.text.startswith("3 services like it use"))
    assert step.text.startswith(
        "3 services like it use at most 400 MiB per pod, 3 of them in this repository; "
    )
    assert "similar service" in step.text
    assert "api.memory_request" in step.text
    assert step.evidence
    assert set(step.evidence) <= {f"metrics:shop/Deployment/s{n}/app" for n in used}


def test_one_service_elsewhere_is_named_so(among):
    plan = among(sibling(memory_max_mib=500, same_repository=False))
    step = next(s for s in plan.reasoning if "like it" in s.text and s.about == "memory")
    assert step.text.startswith("1 service like it uses at most 500 MiB per pod; 1 similar service")


def grown(among, **figures):
    """How far one sibling carries the memory request."""
    plan = among(sibling(memory_max_mib=500, **figures))
    return plan.resources.requests.memory / among().resources.requests.memory


@pytest.mark.parametrize(
    "less",
    [{"similarity": 0.6}, {"days": 0.3}, {"days": None}, {"same_repository": False}],
    ids=["less alike", "seen for hours", "days not stated", "elsewhere"],
)
def test_what_says_less_moves_less(among, less):
    assert 1 <= grown(among, **less) < grown(among)


def test_what_is_not_alike_or_not_known_moves_nothing(among):
    plain = among()
    for figures in (
        {"similarity": 0.5},
        {"similarity": 7},
        {"similarity": None},
        {"similarity": True},
        {"memory_max_mib": None, "cpu_p95_cores": None},
        {"memory_max_mib": "much", "cpu_p95_cores": -1},
        {"memory_max_mib": 1e300, "cpu_p95_cores": 1e300},
    ):
        assert among(sibling(**figures)).resources == plain.resources, figures


def test_own_usage_is_not_a_sibling(component, context):
    own = sibling(similarity=None)
    subject = documented(component(**GO), own)
    assert read_siblings(subject, context(subject, evidence=(own,))) == ()


def test_an_unknown_id_among_the_documents_is_nothing(component, context):
    subject = documented(component(**GO), sibling())
    assert read_siblings(subject, context(subject)) == ()


LOADED = {**GO, "demand": Demand(peak_rps=200)}


def test_cpu_follows_the_load_of_one_pod(among):
    pods = among(**LOADED).replicas
    requests = [
        among(
            *three(cpu_p95_cores=0.08, requests_per_second_p95=pods * rate, replicas_count=pods),
            **LOADED,
        ).resources.requests.cpu
        for rate in (50, 100, 300)
    ]
    # The same CPU for more requests is less CPU for each.
    assert requests[0] > requests[1] > requests[2]


def test_cpu_of_an_unknown_or_far_away_load_is_not_compared(among):
    plain = among(**LOADED)
    for rate in (None, 0.001, 1e8):
        plan = among(*three(cpu_p95_cores=3.0, requests_per_second_p95=rate), **LOADED)
        assert plan.resources.requests.cpu == plain.resources.requests.cpu


def test_a_service_that_was_killed_only_raises(among):
    plain = among()
    assert among(*three(memory_max_mib=20, cpu_p95_cores=None, oom_kills=3)) == plain.model_copy(
        update={
            "confidence": among(*three(memory_max_mib=20, cpu_p95_cores=None)).confidence,
            "reasoning": among(
                *three(memory_max_mib=20, cpu_p95_cores=None, oom_kills=3)
            ).reasoning,
        }
    )
    raised = among(*three(memory_max_mib=400, oom_kills=3))
    assert raised.resources.requests.memory > plain.resources.requests.memory


SUBJECTS = {
    "go api": GO,
    "loaded": LOADED,
    "java": {"language": "Java", "framework": "Spring Boot"},
    "critical": {**GO, "demand": Demand(criticality=Criticality.CRITICAL)},
    "database": {
        "name": "db",
        "third_party": "postgresql",
        "role": Role.SQL_DATABASE,
        "kind": WorkloadKind.STATEFUL_SET,
    },
    "nothing known": {"role": Role.OTHER, "base_image": None},
}
_AMOUNT = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 1e-9, 1e9, 1e18, True, "64Gi"]),
)


@pytest.mark.parametrize("fields", SUBJECTS.values(), ids=SUBJECTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cpu=_AMOUNT, memory=_AMOUNT, rate=_AMOUNT, days=_AMOUNT, pods=_AMOUNT)
def test_absurd_siblings_never_leave_the_interval(among, fields, cpu, memory, rate, days, pods):
    plain = among(**fields)
    plan = among(
        *three(
            cpu_p95_cores=cpu,
            memory_max_mib=memory,
            requests_per_second_p95=rate,
            days=days,
            replicas_count=pods,
        ),
        **fields,
    )
    was, now = plain.intervals, plan.intervals
    requests, limits = plan.resources.requests, plan.resources.limits
    assert was.cpu_request.low <= requests.cpu <= was.cpu_request.high
    assert was.memory_request.low <= requests.memory <= was.memory_request.high
    assert was.memory_limit.low <= limits.memory <= was.memory_limit.high
    assert (now.cpu_request.low, now.cpu_request.high) == (
        was.cpu_request.low,
        was.cpu_request.high,
    )
    assert (now.memory_request.low, now.memory_request.high) == (
        was.memory_request.low,
        was.memory_request.high,
    )
    assert limits.memory >= requests.memory
    assert limits.cpu >= requests.cpu


def test_a_crowd_of_tiny_siblings_does_not_starve_a_runtime(among, constants):
    java = SUBJECTS["java"]
    plan = among(*three(memory_max_mib=1, cpu_p95_cores=1e-6), **java)
    assert plan.resources.requests.memory >= constants["memory.floor.jvm"].value * MIB


def test_a_fixed_heap_still_fits(component, context, constants, among):
    runtime = component().runtime.model_copy(update={"heap_max_bytes": 2 * GIB})
    fields = {"language": "Java", "runtime": runtime}
    plan = among(*three(memory_max_mib=100), **fields)
    assert plan.resources.limits.memory >= 2 * GIB


def test_request_and_limit_stay_alike_where_an_outage_is_expensive(among):
    for fields in (SUBJECTS["critical"],):
        for used in (20, 400):
            plan = among(*three(memory_max_mib=used, cpu_p95_cores=0.001), **fields)
            assert plan.resources.requests.memory == plan.resources.limits.memory


def test_own_experience_outweighs_siblings(among):
    past = decision("r1", outcome="oom_killed", memory_request_mib=512, memory_limit_mib=1024)
    plan = among(past, *three(memory_max_mib=20))
    assert plan.resources.requests.memory == 768 * MIB


def test_siblings_that_agree_add_confidence_and_others_do_not(among):
    plain = among()
    assert among(*three()).confidence > plain.confidence
    apart = [sibling("a", memory_max_mib=50), sibling("b", memory_max_mib=500)]
    assert among(*apart).confidence == plain.confidence
    assert among(sibling()).confidence == plain.confidence


def test_siblings_leave_the_agreement_of_facts_as_it_is(among):
    facts = [
        fact(name, memory_request_mib=256, cpu_request_millicores=250) for name in ("one", "two")
    ]
    fields = SUBJECTS["database"]
    alone = among(*facts, **fields).confidence
    assert among(*facts, sibling(), **fields).confidence == alone
