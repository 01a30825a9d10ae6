"""The community's section: its own text where it can be found, else made from the row."""

import pytest
import yaml

from pipeline.evaluation.manifests import community_section, predicted_section
from pipeline.evaluation.scoring import FIELDS, Prediction
from schemas.quantities import MIB
from tests.pipeline.evaluation.test_truth import row

STATED = {
    "limits": {"memory": "256Mi"},
    "requests": {"memory": "128Mi", "cpu": 0.1, "ephemeral-storage": "1Gi"},
}
DEPLOYMENT = {
    "kind": "Deployment",
    "metadata": {"name": "api"},
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {"name": "proxy", "resources": {}},
                    {"name": "server", "resources": STATED},
                ]
            }
        }
    },
}
K8S = {"type": "k8s", "kind": "Deployment", "name": "api", "container": "server"}
CANONICAL = (
    "replicas: 2\nresources:\n  requests:\n    cpu: 100m\n    memory: 128Mi\n"
    "  limits:\n    memory: 256Mi\n"
)


def stands_in(tmp_path, text, path="deploy/api.yaml"):
    file = tmp_path / "Acme+shop" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)


def section_of(tmp_path, locator, **changes):
    return community_section(
        row(locator=locator, **{"manifest_path": "deploy/api.yaml", **changes}), [tmp_path]
    )


@pytest.mark.parametrize(
    ("document", "locator"),
    [
        (DEPLOYMENT, K8S),
        (
            {
                "kind": "CronJob",
                "metadata": {"name": "api"},
                "spec": {"jobTemplate": {"spec": DEPLOYMENT["spec"]}},
            },
            {**K8S, "kind": "CronJob"},
        ),
        ({"api": {"main": {"res": STATED}}}, {"type": "values", "path": "api.main", "key": "res"}),
        ({"resources": STATED}, {"type": "values", "path": ""}),
        ({"kind": "Application", "spec": {"resources": STATED}}, {"type": "nais"}),
    ],
    ids=["deployment", "cron job", "values", "values at the top", "nais"],
)
def test_the_text_of_the_manifest_is_the_section(tmp_path, document, locator):
    stands_in(tmp_path, "a: 1\n---\n" + yaml.safe_dump(document))
    text, own = section_of(tmp_path, locator)
    assert own
    found = yaml.safe_load(text)
    assert found == {"replicas": 2, "resources": STATED}


@pytest.mark.parametrize(
    ("text", "locator", "changes"),
    [
        (yaml.safe_dump(DEPLOYMENT), {**K8S, "container": "gone"}, {}),
        (yaml.safe_dump(DEPLOYMENT), None, {}),
        (yaml.safe_dump(DEPLOYMENT), {"type": "flat"}, {}),
        (yaml.safe_dump(DEPLOYMENT), K8S, {"requests": {"cpu": "100m", "memory": "129Mi"}}),
        (yaml.safe_dump(DEPLOYMENT), K8S, {"manifest_path": "gone.yaml"}),
        (yaml.safe_dump(DEPLOYMENT), K8S, {"manifest_path": None}),
        (yaml.safe_dump(DEPLOYMENT), K8S, {"manifest_path": "../../secret.yaml"}),
        ("{{ if }}\n\t- broken: [", K8S, {}),
        ("resources: text", {"type": "values", "path": ""}, {}),
        ("resources: {limits: []}", {"type": "values", "path": ""}, {}),
        ("resources: {limits: {cpu: many}}", {"type": "values", "path": ""}, {}),
        ("a: &a [1]\nb: [" + "*a," * 200_000 + "]", {"type": "values", "path": "b"}, {}),
        ("#" * (3 << 20), K8S, {}),
    ],
    ids=[
        *("no container", "no locator", "unknown locator", "other numbers", "no file", "no path"),
        *("outside", "not YAML", "no mapping", "no mapping of limits", "no amount", "bomb", "huge"),
    ],
)
def test_without_it_the_section_is_made_from_the_row(tmp_path, text, locator, changes):
    (tmp_path / "secret.yaml").write_text(yaml.safe_dump(DEPLOYMENT))
    stands_in(tmp_path, text)
    found, own = section_of(tmp_path, locator, **changes)
    assert not own
    assert found == CANONICAL.replace("128Mi", changes.get("requests", {}).get("memory", "128Mi"))


def test_without_checkouts_too():
    assert community_section(row(), []) == (CANONICAL, False)


def test_a_prediction_is_written_whole_but_for_replicas_that_nobody_states():
    made = Prediction(dict(zip(FIELDS, (250, 256 * MIB, None, 2**30), strict=True)), replicas=3)
    whole = predicted_section(row(), made)
    assert yaml.safe_load(whole) == {
        "replicas": 3,
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
    }
    assert "replicas" not in predicted_section(row(replicas=None), made)
