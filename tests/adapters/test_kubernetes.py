from __future__ import annotations

import copy

import pytest

from adapters.kubernetes import KubernetesSchemas

VALID = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "api"}},
        "template": {
            "metadata": {"labels": {"app": "api"}},
            "spec": {
                "containers": [
                    {
                        "name": "api",
                        "image": "a:1",
                        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
                    }
                ]
            },
        },
    },
}


def errors(document, version=None):
    return KubernetesSchemas().errors(document, version)


def changed(**spec):
    document = copy.deepcopy(VALID)
    document["spec"] |= spec
    return document


@pytest.mark.parametrize("version", [None, "1.25", "v1.31.4", "1.33.2-gke.100", "1.99", "1.9"])
def test_a_valid_document_has_no_errors_in_any_version(version):
    assert errors(VALID, version) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (changed(replicas="two"), "spec.replicas"),
        (changed(replica=2), "spec"),
        ({**VALID, "spec": {}}, "spec"),
    ],
    ids=["type", "unknown_field", "missing"],
)
def test_what_the_api_server_refuses_is_named_with_its_place(document, place):
    found = errors(document)

    assert found
    assert all(item.startswith(place) for item in found)


@pytest.mark.parametrize(
    ("api", "kind", "word"),
    [
        ("extensions/v1beta1", "Deployment", "apps/v1"),
        ("batch/v1beta1", "CronJob", "batch/v1"),
        ("policy/v1beta1", "PodDisruptionBudget", "policy/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2"),
    ],
)
def test_an_api_that_is_no_longer_served_says_what_to_use(api, kind, word):
    (found,) = errors({"apiVersion": api, "kind": kind, "metadata": {"name": "x"}})

    assert "was removed in" in found
    assert found.endswith(f"use {word}")


def test_an_api_that_the_target_still_serves_is_accepted():
    hpa = {
        "apiVersion": "autoscaling/v2beta2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "x"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "x"}},
    }

    assert errors(hpa, "1.25") == []
    assert "removed in 1.26" in errors(hpa, "1.26")[0]


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("argoproj.io/v1alpha1", "Rollout"),
        ("apps/v1", "../../../etc/passwd"),
        ("apps/v1", "Deployment\x00"),
        ("apps/v7", "Deployment"),
        ("../apps/v1", "Deployment"),
    ],
)
def test_a_kind_without_a_schema_is_reported_as_unknown(api, kind):
    (found,) = errors({"apiVersion": api, "kind": kind})

    assert found.startswith("unknown kind")


@pytest.mark.parametrize("document", [{}, {"kind": "Pod"}, {"apiVersion": 1, "kind": ["x"]}])
def test_what_is_no_object_says_so(document):
    assert errors(document) == ["apiVersion and kind are missing"]


def test_a_document_that_is_wrong_everywhere_has_a_bounded_report():
    containers = [{"name": str(i), "image": 1, "unknown": 1} for i in range(100)]
    document = changed(template={"metadata": {"labels": {}}, "spec": {"containers": containers}})

    assert len(errors(document)) == 20
