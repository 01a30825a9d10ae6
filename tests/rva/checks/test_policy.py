from __future__ import annotations

import pytest

from schemas.context import Criticality, Role
from schemas.quantities import GIB, MIB
from schemas.recommendation import Severity
from schemas.trigger import ClusterFacts, LimitRangeFacts, QuotaFacts


def sized(build, **sizes):
    return build.plan(sizes=build.resources(**sizes))


def test_p01_no_memory_limit_blocks(build, ask):
    assert (
        ask.fails("P01", build.subject(planned=sized(build, memory_limit=None))).value == "not set"
    )


@pytest.mark.parametrize("missing", ["cpu", "memory"])
def test_p02_a_missing_request_blocks(build, ask, missing):
    finding = ask.fails("P02", build.subject(planned=sized(build, **{missing: None})))

    assert finding.path == f"resources.requests.{missing}"


@pytest.mark.parametrize(
    ("tier", "memory", "verdict"),
    [
        (Criticality.CRITICAL, 256, "fails"),
        (Criticality.CRITICAL, 512, "passes"),
    ],
    ids=["different", "equal"],
)
def test_p03_a_critical_component_has_equal_memory(build, ask, tier, memory, verdict):
    getattr(ask, verdict)("P03", build.subject(planned=sized(build, memory=memory), tier=tier))


def test_p03_says_nothing_for_other_tiers(build, ask):
    assert ask("P03", build.subject()) is None


def test_p04_a_critical_database_is_guaranteed(build, ask):
    database = build.component(role=Role.SQL_DATABASE)
    burst = sized(build, cpu=200, memory=512, memory_limit=512)
    equal = sized(build, cpu=200, cpu_limit=200, memory=512, memory_limit=512)

    ask.fails("P04", build.subject(database, burst, tier=Criticality.CRITICAL))
    ask.passes("P04", build.subject(database, equal, tier=Criticality.CRITICAL))
    assert ask("P04", build.subject(tier=Criticality.CRITICAL)) is None


def test_p05_a_pod_without_any_amount_blocks(build, ask):
    nothing = sized(build, cpu=None, memory=None, memory_limit=None)

    ask.fails("P05", build.subject(planned=nothing))
    ask.passes("P05", build.subject())


@pytest.mark.parametrize(
    ("policy", "limit", "verdict"),
    [
        ("forbid", 500, "fails"),
        ("forbid", None, "passes"),
        ("require", None, "fails"),
        ("require", 500, "passes"),
    ],
)
def test_p06_the_policy_on_cpu_limits_is_kept(build, ask, policy, limit, verdict):
    subject = build.subject(planned=sized(build, cpu_limit=limit), limits={"cpu_limits": policy})

    getattr(ask, verdict)("P06", subject)


def test_p06_an_admission_that_needs_a_cpu_limit_is_stronger_than_forbid(build, ask):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_limits_cpu=4000),))

    ask.passes(
        "P06",
        build.subject(
            planned=sized(build, cpu_limit=500), limits={"cpu_limits": "forbid"}, cluster=cluster
        ),
    )


def test_p07_memory_far_above_the_request_is_told(build, ask):
    finding = ask.fails("P07", build.subject(planned=sized(build, memory=100, memory_limit=500)))

    assert finding.severity is Severity.WARN
    assert (finding.value, finding.limit) == ("5.00", "4")


LIMIT_RANGES = {
    "below_minimum": (LimitRangeFacts(min_memory=GIB), "minimum"),
    "above_maximum": (LimitRangeFacts(max_memory=300 * MIB), "maximum"),
    "no_cpu_limit_where_one_is_bounded": (LimitRangeFacts(max_cpu=1000), "not set"),
    "ratio": (LimitRangeFacts(max_memory_limit_request_ratio=1.5), "1.5 times"),
}


@pytest.mark.parametrize(("facts", "word"), LIMIT_RANGES.values(), ids=LIMIT_RANGES)
def test_p08_what_a_limit_range_refuses_blocks(build, ask, facts, word):
    cluster = ClusterFacts(limit_ranges=(facts,))

    finding = ask.fails("P08", build.subject(cluster=cluster))

    assert word in finding.message


def test_p08_a_limit_range_that_admits_all_passes(build, ask):
    facts = LimitRangeFacts(min_cpu=10, max_memory=GIB, max_memory_limit_request_ratio=2)

    ask.passes("P08", build.subject(cluster=ClusterFacts(limit_ranges=(facts,))))


@pytest.mark.parametrize("check", ["P08", "P09"])
def test_admission_is_skipped_with_its_reason_when_no_cluster_is_known(build, ask, check):
    assert "deployment_context" in ask(check, build.subject())


@pytest.mark.parametrize("check", ["P08", "P09"])
def test_admission_without_rules_says_nothing(build, ask, check):
    assert ask(check, build.subject(cluster=ClusterFacts())) is None


def test_p09_the_surge_of_a_rollout_counts(build, ask):
    """Two replicas and one for the rollout need 600m."""
    enough = ClusterFacts(quotas=(QuotaFacts(remaining_requests_cpu=600),))
    short = ClusterFacts(quotas=(QuotaFacts(remaining_requests_cpu=599),))

    ask.passes("P09", build.subject(cluster=enough))
    finding = ask.fails("P09", build.subject(cluster=short))
    assert (finding.value, finding.limit) == ("3", "2")


def test_p09_a_quota_on_cpu_limits_refuses_a_pod_without(build, ask):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_limits_cpu=4000),))

    assert ask.fails("P09", build.subject(cluster=cluster)).limit == "0"


@pytest.mark.parametrize(("namespace", "verdict"), [("default", "fails"), ("shop", "passes")])
def test_p10_the_default_namespace_is_told(build, ask, namespace, verdict):
    doc = build.document()
    doc["metadata"]["namespace"] = namespace

    getattr(ask, verdict)("P10", build.subject(build.component(workload=build.workload(doc))))


def test_p10_says_nothing_when_no_namespace_is_known(build, ask):
    assert ask("P10", build.subject()) is None


@pytest.mark.parametrize(
    ("name", "known", "verdict"),
    [
        (None, None, "fails"),
        ("gold", None, "passes"),
        ("gold", ("silver",), "fails"),
        ("gold", ("gold",), "passes"),
    ],
)
def test_p11_a_critical_component_has_an_existing_priority_class(build, ask, name, known, verdict):
    doc = build.document(pod={"priorityClassName": name} if name else {})
    component = build.component(workload=build.workload(doc))
    cluster = ClusterFacts(priority_classes=known)

    getattr(ask, verdict)(
        "P11", build.subject(component, tier=Criticality.CRITICAL, cluster=cluster)
    )


@pytest.mark.parametrize(
    ("image", "severity"),
    [
        ("example/api:latest", Severity.WARN),
        ("example/api", Severity.INFO),
        ("registry:5000/api", Severity.INFO),
        ("registry:5000/api:1.2", None),
        ("api@sha256:" + "0" * 64, None),
    ],
    ids=["latest", "no_tag", "port_is_no_tag", "tag", "digest"],
)
def test_p12_a_moving_image_is_told(build, ask, image, severity):
    doc = build.document(containers=[{"name": "api", "image": image}])
    subject = build.subject(build.component(workload=build.workload(doc)))

    finding = ask("P12", subject)

    assert finding.passed is (severity is None)
    assert severity is None or finding.severity is severity


def test_p13_required_labels_are_asked_for_by_name(build, ask):
    subject = build.subject(limits={"required_labels": "app, team"})

    assert ask.fails("P13", subject).path == "metadata.labels.team"
    assert ask("P13", build.subject()) is None


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({"ceiling_cpu_millicores": 100}, "resources.limits.cpu"),
        ({"ceiling_memory_mib": 100}, "resources.limits.memory"),
        ({"ceiling_replicas": 1}, "replicas"),
    ],
)
def test_p14_ceilings_of_the_tier_block(build, ask, limits, path):
    assert ask.fails("P14", build.subject(limits=limits)).path == path
