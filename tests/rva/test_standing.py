"""The checks on manifests as they are written."""

import pytest
import yaml

from adapters.settings import Settings
from ci.mcp.worker import NoFiles
from pipeline.standing import standing_findings
from schemas.ports import Checkout
from schemas.trigger import Trigger

HPA = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "api"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
        "minReplicas": 2,
        "maxReplicas": 4,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 70},
                },
            }
        ],
    },
}
GOOD = "{requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}"


def deployment(resources, replicas=2):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {
                    "containers": [
                        {
                            "name": "api",
                            "image": "acme/api:1.2",
                            "resources": yaml.safe_load(resources),
                        }
                    ]
                },
            },
        },
    }


def found(*documents):
    trigger = Trigger(
        git_repo="given", app_description="Kubernetes manifests.", service_manifest=documents
    )
    findings = standing_findings(Settings(), trigger, Checkout(NoFiles(), "given"))
    return {finding.id: finding for finding in findings}


def test_a_sound_manifest_has_nothing_that_blocks():
    assert not any(finding.blocks for finding in found(deployment(GOOD)).values())


@pytest.mark.parametrize(
    ("resources", "check"),
    [
        ("{requests: {cpu: 2, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}", "T04"),
        ("{requests: {cpu: 250m, memory: 512Mi}}", "P01"),
        ("{limits: {memory: 512Mi}}", "P02"),
        ("{}", "P05"),
        ("{requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 8Gi}}", "P07"),
        ("{requests: {cpu: 250m, memory: 2Mi}, limits: {memory: 2Mi}}", "T02"),
    ],
)
def test_what_is_wrong_with_the_given_numbers_is_found(resources, check):
    assert check in found(deployment(resources))


def test_too_few_replicas_are_found():
    assert "A01" in found(deployment(GOOD, replicas=1))


def test_an_autoscaler_without_a_request_to_scale_on_is_found():
    assert "A03" in found(deployment("{limits: {memory: 512Mi}}"), HPA)
    assert "A03" not in found(deployment(GOOD), HPA)


def test_estimates_and_prices_are_no_part_of_it():
    huge = deployment("{requests: {cpu: 60, memory: 200Gi}, limits: {memory: 200Gi}}")
    assert not any(id_.startswith(("L", "$", "M")) for id_ in found(huge))


def test_a_service_alone_has_no_findings():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": {}}
    assert found(service) == {}
