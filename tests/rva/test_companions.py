from __future__ import annotations

import pytest

from adapters.kubernetes import KubernetesSchemas
from rva.companions import allowed_evictions, companion_documents
from schemas.plan import Autoscaling

SCALING = Autoscaling(min_replicas=2, max_replicas=6, target_cpu_percent=70)
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
MEMORY = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}},
}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}


def hpa(api="autoscaling/v2", **spec):
    return {
        "apiVersion": api,
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "theirs", "namespace": "shop"},
        "spec": {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 3, **spec},
    }


def pdb(**spec):
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "theirs"},
        "spec": {"selector": {"matchLabels": {"app": "api"}}, **spec},
    }


def companions(build, *related, **plan):
    component = build.component(workload=build.workload(related=related))
    return companion_documents(component, build.plan(**{"disruption_budget": False, **plan}))


def test_a_new_autoscaler_targets_the_workload(build):
    (document,) = companions(build, autoscaling=SCALING)

    assert document["metadata"] == {"name": "api", "namespace": "shop"}
    assert document["spec"]["scaleTargetRef"] == TARGET
    assert KubernetesSchemas().errors(document) == []


def test_an_existing_autoscaler_keeps_its_name_and_its_other_metrics(build):
    (document,) = companions(build, hpa(metrics=[MEMORY, CPU]), autoscaling=SCALING)

    assert document["metadata"]["name"] == "theirs"
    assert (document["spec"]["minReplicas"], document["spec"]["maxReplicas"]) == (2, 6)
    memory, cpu = document["spec"]["metrics"]
    assert memory == MEMORY
    assert cpu["resource"]["target"]["averageUtilization"] == 70
    assert KubernetesSchemas().errors(document) == []


@pytest.mark.parametrize(
    ("api", "written"),
    [
        ("autoscaling/v1", "autoscaling/v1"),
        ("autoscaling/v2beta2", "autoscaling/v2"),
        ("autoscaling/v2beta1", "autoscaling/v2"),
    ],
)
def test_an_old_autoscaler_becomes_one_that_is_served(build, api, written):
    metrics = {} if api.endswith("v1") and "beta" not in api else {"metrics": [CPU]}

    (document,) = companions(build, hpa(api, **metrics), autoscaling=SCALING)

    assert document["apiVersion"] == written
    assert KubernetesSchemas().errors(document) == []


def test_an_autoscaler_of_another_workload_is_left_alone(build):
    other = hpa()
    other["spec"]["scaleTargetRef"] = TARGET | {"name": "web"}

    (document,) = companions(build, other, autoscaling=SCALING)

    assert document["metadata"]["name"] == "api"


def test_a_new_budget_selects_the_pods_of_the_workload(build):
    (document,) = companions(build, disruption_budget=True)

    assert document["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "api"}}}
    assert KubernetesSchemas().errors(document) == []


def test_a_budget_that_allows_nothing_is_loosened(build):
    (document,) = companions(build, pdb(minAvailable=2), disruption_budget=True)

    assert document["metadata"]["name"] == "theirs"
    assert document["spec"]["maxUnavailable"] == 1
    assert "minAvailable" not in document["spec"]


@pytest.mark.parametrize("spec", [{"maxUnavailable": 1}, {"minAvailable": 2}])
def test_a_budget_in_a_version_that_is_not_served_any_more_is_renewed(build, spec):
    old = pdb(**spec) | {"apiVersion": "policy/v1beta1"}

    (document,) = companions(build, old, disruption_budget=True)

    assert document["apiVersion"] == "policy/v1"
    assert document["spec"]["maxUnavailable"] == 1
    assert KubernetesSchemas().errors(document) == []


def test_an_old_budget_for_no_pods_does_not_become_one_for_all(build):
    old = pdb(maxUnavailable=1, selector={}) | {"apiVersion": "policy/v1beta1"}
    assert companions(build, old, disruption_budget=True) == ()


def test_a_budget_that_is_fine_is_not_written_again(build):
    assert companions(build, pdb(minAvailable=1), disruption_budget=True) == ()


def test_what_agrees_already_is_not_written_again(build):
    (document,) = companions(build, hpa(), autoscaling=SCALING)

    assert companions(build, document, autoscaling=SCALING) == ()


def test_a_new_component_has_its_documents_from_the_generator(build):
    assert companion_documents(build.component(), build.plan(autoscaling=SCALING)) == ()


@pytest.mark.parametrize(
    ("spec", "replicas", "allowed"),
    [
        ({"maxUnavailable": 1}, 3, 1),
        ({"maxUnavailable": "30%"}, 3, 1),
        ({"minAvailable": "34%"}, 3, 1),
        ({"minAvailable": 5}, 3, -2),
        ({"minAvailable": "garbage"}, 3, 3),
        ({"minAvailable": True}, 3, 3),
    ],
    ids=str,
)
def test_percentages_round_up_and_garbage_bounds_nothing(spec, replicas, allowed):
    assert allowed_evictions({"spec": spec}, replicas) == allowed
