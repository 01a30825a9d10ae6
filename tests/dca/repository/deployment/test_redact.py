"""Kubernetes documents are shown without secrets, and are still what they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.deployment.redact import REMOVED, redacted

SECRET = "hunter2"  # noqa: S105 - what must not survive


def in_container(**fields):
    container = {"name": "api", "image": "acme/api:1", **fields}
    spec = {"template": {"spec": {"containers": [container]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def in_spec(**fields):
    return {"apiVersion": "acme.example/v1", "kind": "Application", "spec": fields}


DOCUMENTS = {
    "env": in_container(env=[{"name": "PLAIN", "value": SECRET}]),
    "env mapping": in_spec(env={"PLAIN": SECRET}),
    "env of text": in_container(env=[SECRET]),
    "args": in_container(args=["--password", SECRET]),
    "command": in_container(command=["sh", "-c", f"PASSWORD={SECRET} ./run"]),
    "header": in_container(
        livenessProbe={"httpGet": {"httpHeaders": [{"name": "X", "value": SECRET}]}}
    ),
    "header of text": in_container(livenessProbe={"httpGet": {"httpHeaders": [SECRET]}}),
    "probe path": in_container(livenessProbe={"httpGet": {"path": f"/x?token={SECRET}"}}),
    "probe command": in_container(
        readinessProbe={"exec": {"command": ["redis-cli", "-a", SECRET]}}
    ),
    "hook": in_container(lifecycle={"preStop": {"exec": {"command": ["--token", SECRET]}}}),
    "image": in_container(image=f"user:{SECRET}@registry.example/api:1"),
    "volume": in_spec(csi={"volumeAttributes": {"any": SECRET}}),
    "flex volume": in_spec(flexVolume={"options": {"any": SECRET}}),
    "storage parameters": in_spec(parameters={"any": SECRET}),
    "annotation": {"metadata": {"annotations": {"x.example/y": SECRET}}},
    "last applied": {
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}}
    },
    "pod annotation": {"spec": {"template": {"metadata": {"annotations": {"x": SECRET}}}}},
    "managed fields": {"metadata": {"managedFields": [{"x": SECRET}]}},
    "data": {"data": {"x": SECRET}},
    "string data": {"stringData": {"x": SECRET}},
    "status": {"status": {"x": SECRET}},
    "password key": in_spec(auth={"password": SECRET}),
    "secret list": in_spec(secretValues=[SECRET]),
    "secret mapping": in_spec(credentials={"user": "a", "deep": [{"x": SECRET}]}),
    "address": in_spec(url=f"postgres://a:{SECRET}@db"),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_no_place_of_a_document_keeps_a_secret(document):
    assert SECRET in json.dumps(document)
    assert SECRET not in json.dumps(redacted(document))


KEPT = {
    "secret reference": {"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}},
    "field reference": {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    "runtime": {"name": "GOMEMLIMIT", "value": "400MiB"},
}


@pytest.mark.parametrize("variable", KEPT.values(), ids=KEPT.keys())
def test_references_and_the_variables_of_the_runtime_are_kept(variable):
    document = in_container(env=[variable])
    assert redacted(document) == document


@pytest.mark.parametrize(
    "spec",
    [
        {
            "volumes": [
                {"name": "v", "secret": {"secretName": "a", "items": [{"key": "k", "path": "p"}]}}
            ]
        },
        {"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]},
        {"imagePullSecrets": [{"name": "registry"}]},
        {"automountServiceAccountToken": False},
        {"tolerations": [{"key": "node", "operator": "Exists"}]},
        {"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1}]},
        {"containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
        {"containers": [{"envFrom": [{"secretRef": {"name": "shop"}}]}]},
        {"containers": [{"securityContext": {"runAsNonRoot": True}}]},
    ],
    ids=lambda spec: next(iter(spec)),
)
def test_what_kubernetes_needs_is_kept_word_for_word(spec):
    document = {"spec": {"template": {"spec": spec}}}
    assert redacted(document) == document


def test_annotations_that_steer_well_known_tools_are_kept():
    annotations = {"prometheus.io/scrape": "true", "prometheus.io.evil/x": SECRET}
    cleaned = redacted({"metadata": {"annotations": annotations}})
    assert cleaned["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}


def test_java_options_keep_only_what_sets_a_size():
    value = f"-Xmx512m -Djavax.net.ssl.trustStorePassword={SECRET} -XX:MaxRAMPercentage=75"
    document = in_container(env=[{"name": "JAVA_OPTS", "value": value}])
    (variable,) = redacted(document)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable == {"name": "JAVA_OPTS", "value": "-Xmx512m -XX:MaxRAMPercentage=75"}


def test_other_values_are_named_as_removed_and_the_document_is_not_changed():
    document = in_container(env=[{"name": "A", "value": SECRET}])
    before = json.dumps(document)
    (variable,) = redacted(document)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable == {"name": "A", "value": REMOVED}
    assert json.dumps(document) == before


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["env", "args", "name", "value", "metadata", "annotations", "secret",
                         "password", "httpHeaders", "options"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_any_document_is_cleaned_into_json(document):
    cleaned = redacted(document)
    json.dumps(cleaned)
    assert set(cleaned) <= set(document)
