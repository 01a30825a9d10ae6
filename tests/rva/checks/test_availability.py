from __future__ import annotations

import pytest

from rva.repairs import REMEDIES
from schemas.context import (
    AutoscalerFacts,
    Criticality,
    CurrentSizing,
    Demand,
    Role,
    Use,
    WorkloadKind,
)
from schemas.plan import Autoscaling
from schemas.recommendation import Severity
from schemas.trigger import ClusterFacts, NodeFacts, QuotaFacts


def scaling(low=2, high=6, percent=70):
    return Autoscaling(min_replicas=low, max_replicas=high, target_cpu_percent=percent)


def hpa(name="api", target="api", low=2, high=6):
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": target},
            "minReplicas": low,
            "maxReplicas": high,
        },
    }


def pdb(**spec):
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "api"},
        "spec": spec,
    }


def existing(build, *related, doc=None, **fields):
    return build.component(workload=build.workload(doc, related=related), **fields)


@pytest.mark.parametrize(
    ("replicas", "tier", "severity"),
    [
        (1, Criticality.NORMAL, Severity.WARN),
        (1, Criticality.HIGH, Severity.BLOCK),
        (2, Criticality.CRITICAL, Severity.BLOCK),
        (0, Criticality.LOW, Severity.BLOCK),
        (1, Criticality.LOW, None),
        (3, Criticality.CRITICAL, None),
    ],
)
def test_a01_a_serving_component_has_the_replicas_of_its_tier(build, ask, replicas, tier, severity):
    finding = ask("A01", build.subject(planned=build.plan(replicas=replicas), tier=tier))

    assert finding.passed is (severity is None)
    assert severity is None or finding.severity is severity


@pytest.mark.parametrize("role", [Role.WORKER, Role.CONTROLLER, Role.CACHE])
def test_a01_other_roles_may_have_one(build, ask, role):
    ask.passes("A01", build.subject(build.component(role=role), build.plan(replicas=1)))


def test_a02_a_manifest_with_replicas_and_an_autoscaler_is_told(build, ask):
    doc = build.document(spec={"replicas": 3})

    finding = ask.fails("A02", build.subject(existing(build, hpa(), doc=doc)))

    assert finding.severity is Severity.WARN
    ask.passes("A02", build.subject(existing(build, hpa())))


def test_a03_a_sidecar_without_a_cpu_request_blinds_the_autoscaler(build, ask):
    doc = build.document(
        containers=[{"name": "api", "image": "a:1"}, {"name": "side", "image": "s:1"}]
    )

    finding = ask.fails(
        "A03", build.subject(existing(build, doc=doc), build.plan(autoscaling=scaling()))
    )

    assert finding.container == "side"


def test_a04_a_new_request_moves_the_threshold_and_says_how_to_keep_it(build, ask):
    """80 % of 1000m was 800m; 70 % of 200m is 140m. To keep 800m would take 400 %."""
    current = CurrentSizing(cpu_request=1000, autoscaler=AutoscalerFacts(target_cpu_percent=80))

    finding = ask.fails(
        "A04",
        build.subject(existing(build, hpa(), current=current), build.plan(autoscaling=scaling())),
    )

    assert (finding.value, finding.limit) == ("140m", "800m")
    assert finding.fix.after == "400"


@pytest.mark.parametrize(
    ("bounds", "path"),
    [
        (scaling(4, 3), "autoscaling.min_replicas"),
        (scaling(1, 3), "autoscaling.min_replicas"),
        (scaling(3, 6), "autoscaling.min_replicas"),
    ],
    ids=["min_above_max", "below_tier", "plan_outside"],
)
def test_a05_bounds_that_make_no_sense_block(build, ask, bounds, path):
    planned = build.plan(replicas=2, autoscaling=bounds)

    assert ask.fails("A05", build.subject(planned=planned)).path == path


def test_a05_a_maximum_beyond_the_quota_blocks(build, ask):
    """Room for 10 pods is room for 8 replicas and a surge of a quarter."""
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_pods=10),))

    ask.passes("A05", build.subject(planned=build.plan(autoscaling=scaling(2, 8)), cluster=cluster))
    finding = ask.fails(
        "A05", build.subject(planned=build.plan(autoscaling=scaling(2, 9)), cluster=cluster)
    )
    assert finding.limit == "8"


def test_a06_two_autoscalers_on_one_workload_are_told(build, ask):
    subject = build.subject(existing(build, hpa("one"), hpa("two")))

    assert ask.fails("A06", subject).value == "2"
    ask.passes("A06", build.subject(existing(build, hpa("one"))))


@pytest.mark.parametrize(
    ("spec", "verdict"),
    [
        ({}, "fails"),
        ({"resourcePolicy": {"containerPolicies": [{"controlledResources": ["cpu"]}]}}, "fails"),
        (
            {"resourcePolicy": {"containerPolicies": [{"controlledResources": ["memory"]}]}},
            "passes",
        ),
    ],
    ids=["all", "cpu", "memory_only"],
)
def test_a07_a_vpa_on_the_same_metric_blocks(build, ask, spec, verdict):
    vpa = {"kind": "VerticalPodAutoscaler", "metadata": {"name": "api"}, "spec": spec}

    getattr(ask, verdict)("A07", build.subject(existing(build, hpa(), vpa)))


def test_a07_a_vpa_that_only_recommends_is_no_second_scaler(build, ask):
    off = {"kind": "VerticalPodAutoscaler", "spec": {"updatePolicy": {"updateMode": "Off"}}}

    assert ask("A07", build.subject(existing(build, hpa(), off))) is None


def test_a08_several_replicas_without_a_budget_are_told(build, ask):
    ask.fails("A08", build.subject(planned=build.plan(disruption_budget=False)))
    ask.passes("A08", build.subject())
    assert ask("A08", build.subject(planned=build.plan(replicas=1))) is None


@pytest.mark.parametrize(
    ("spec", "verdict"),
    [
        ({"minAvailable": 2}, "fails"),
        ({"minAvailable": "51%"}, "fails"),
        ({"maxUnavailable": 0}, "fails"),
        ({"maxUnavailable": "0%"}, "fails"),
        ({"minAvailable": 1}, "passes"),
        ({"minAvailable": "50%"}, "passes"),
        ({"maxUnavailable": "1%"}, "passes"),
        ({}, "passes"),
    ],
    ids=str,
)
def test_a09_a_budget_allows_one_eviction_of_two_replicas(build, ask, spec, verdict):
    """Percentages are rounded up, as the disruption controller does."""
    planned = build.plan(disruption_budget=False)

    getattr(ask, verdict)("A09", build.subject(existing(build, pdb(**spec)), planned))


def test_a10_replicas_that_nothing_spreads_are_told(build, ask):
    spread = {"topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}]}
    component = existing(build, doc=build.document(pod=spread))

    ask.passes("A10", build.subject(component))
    assert ask.fails("A10", build.subject(existing(build))).severity is Severity.INFO
    strict = build.subject(existing(build), tier=Criticality.HIGH)
    assert ask.fails("A10", strict).severity is Severity.WARN


def test_a10_zones_that_do_not_exist_keep_pods_pending(build, ask):
    spread = {
        "topologySpreadConstraints": [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "minDomains": 3,
            }
        ]
    }
    node = NodeFacts(
        name="n",
        allocatable_cpu=4000,
        allocatable_memory=2**33,
        labels={"topology.kubernetes.io/zone": "a"},
    )
    component = existing(build, doc=build.document(pod=spread))

    finding = ask.fails("A10", build.subject(component, cluster=ClusterFacts(nodes=(node,))))

    assert (finding.value, finding.limit) == ("1", "3")


@pytest.mark.parametrize(
    ("strategy", "replicas", "verdict"),
    [
        ({}, 1, "passes"),
        ({}, 3, "passes"),
        ({"type": "Recreate"}, 2, "fails"),
        ({"rollingUpdate": {"maxUnavailable": 1}}, 1, "fails"),
        ({"rollingUpdate": {"maxUnavailable": "100%"}}, 3, "fails"),
        ({"rollingUpdate": {"maxUnavailable": "99%"}}, 3, "passes"),
    ],
    ids=str,
)
def test_a11_a_rollout_keeps_one_replica(build, ask, strategy, replicas, verdict):
    component = existing(build, doc=build.document(spec={"strategy": strategy}))

    getattr(ask, verdict)("A11", build.subject(component, build.plan(replicas=replicas)))


def test_a11_blocks_only_where_zero_downtime_is_asked(build, ask):
    doc = build.document(spec={"strategy": {"type": "Recreate"}})

    told = ask.fails("A11", build.subject(existing(build, doc=doc)))
    asked = existing(build, doc=doc, demand=Demand(zero_downtime=True))

    assert told.severity is Severity.WARN
    assert ask.fails("A11", build.subject(asked)).severity is Severity.BLOCK


@pytest.mark.parametrize(("members", "verdict"), [(2, "fails"), (4, "fails"), (3, "passes")])
def test_a12_a_quorum_is_odd(build, ask, members, verdict):
    component = build.component(
        third_party="etcd", role=Role.NOSQL_DATABASE, kind=WorkloadKind.STATEFUL_SET
    )

    getattr(ask, verdict)("A12", build.subject(component, build.plan(replicas=members)))


WRITERS = {
    "postgresql": {"third_party": "postgresql", "kind": WorkloadKind.STATEFUL_SET},
    "mysql_in_a_deployment": {"third_party": "mysql"},
    "volume_in_a_deployment": {"has_volume": True},
}


@pytest.mark.parametrize("fields", WRITERS.values(), ids=WRITERS)
def test_a13_a_single_writer_is_not_multiplied(build, ask, fields):
    component = build.component(**fields)

    ask.fails("A13", build.subject(component, build.plan(replicas=2, recreate=True)))
    ask.passes("A13", build.subject(component, build.plan(replicas=1, recreate=True)))


def test_a13_a_volume_is_released_before_it_is_taken(build, ask):
    component = build.component(has_volume=True)

    finding = ask.fails("A13", build.subject(component, build.plan(replicas=1)))

    assert finding.limit == "Recreate"


def test_a13_a_database_that_is_replicated_already_is_left_alone(build, ask):
    component = build.component(
        third_party="postgresql",
        kind=WorkloadKind.STATEFUL_SET,
        current=CurrentSizing(replicas=3),
    )

    assert ask("A13", build.subject(component, build.plan(replicas=3))) is None


SINGLETONS = {
    "sqlite": {"uses": (Use(name="sqlite"),)},
    "scheduler": {"start_command": ("celery", "-A", "app", "beat")},
}


@pytest.mark.parametrize("fields", SINGLETONS.values(), ids=SINGLETONS)
def test_a14_a_singleton_is_not_multiplied(build, ask, fields):
    component = build.component(**fields)

    ask.fails("A14", build.subject(component, build.plan(replicas=2)))
    ask.passes("A14", build.subject(component, build.plan(replicas=1)))


def test_a14_a_directory_of_the_node_is_a_sign(build, ask):
    doc = build.document(pod={"volumes": [{"name": "d", "hostPath": {"path": "/var/lib/x"}}]})

    assert "/var/lib/x" in ask.fails("A14", build.subject(existing(build, doc=doc))).message


def test_a13_what_stands_before_a_database_may_be_multiplied(build, ask):
    assert ask("A13", build.subject(build.component(role=Role.SQL_DATABASE))) is None


def test_a14_one_who_only_says_beat_is_no_scheduler(build, ask):
    assert ask("A14", build.subject(build.component(start_command=("./heartbeat",)))) is None


def test_a15_replicas_without_a_readiness_probe_are_told(build, ask):
    ask.fails("A15", build.subject(existing(build)))
    ask.passes("A15", build.subject())


def test_a15_a_probe_of_an_undeclared_port_is_told(build, ask):
    container = {
        "name": "api",
        "image": "a:1",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "readinessProbe": {"httpGet": {"port": 9090}},
    }
    doc = build.document(containers=[container])

    finding = ask.fails("A15", build.subject(existing(build, doc=doc)))

    assert (finding.value, finding.limit) == ("9090", "8080, http")


@pytest.mark.parametrize(("limit", "verdict"), [(100, "fails"), (1000, "passes"), (None, "passes")])
def test_a16_a_jvm_has_cpu_to_start(build, ask, limit, verdict):
    planned = build.plan(sizes=build.resources(cpu=100, cpu_limit=limit))

    getattr(ask, verdict)("A16", build.subject(build.component(language="Java"), planned))


def test_members_that_run_today_are_told_and_not_taken_away(ask, build):
    database = build.component(third_party="postgresql", role="sql_database", kind="StatefulSet")
    planned = build.plan(database.name, replicas=2)
    finding = ask.fails("A13", build.subject(database, planned))
    assert finding.severity is Severity.BLOCK
    running = planned.model_copy(update={"kept": ("replicas",)})
    finding = ask.fails("A13", build.subject(database, running))
    assert finding.severity is Severity.WARN
    assert "as they run today" in finding.message
    assert REMEDIES["A13"].apply(build.subject(database, running)) is None
