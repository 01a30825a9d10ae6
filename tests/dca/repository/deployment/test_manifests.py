"""Workloads are read from manifests with what belongs to them, and without secrets."""

from __future__ import annotations

import json

import pytest

from dca.repository.deployment import kustomize, manifests
from dca.repository.deployment.documents import parse, parse_documents
from dca.repository.deployment.redact import clean_words, redacted
from schemas.context import WorkloadKind
from schemas.quantities import GIB, MIB

API = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"password": "hunter2"}'
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api, tier: web}}
    spec:
      initContainers:
      - {name: migrate, image: acme/api:1}
      containers:
      - {name: istio-proxy, image: istio/proxyv2}
      - name: api
        image: acme/api:1
        args: ["--workers=2", "--api-token", "abc123", "--db-password=hunter2"]
        ports: [{containerPort: 8080}]
        env:
        - {name: DB_PASSWORD, value: hunter2}
        - {name: GOMEMLIMIT, value: 400MiB}
        - {name: DATABASE_URL, value: "postgres://shop:hunter2@db/shop"}
        - name: FROM_SECRET
          valueFrom: {secretKeyRef: {name: shop, key: token}}
        resources:
          requests: {cpu: 100m, memory: 64Mi}
          limits: {cpu: 200m, memory: 128 Mi}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api-hpa}
spec:
  scaleTargetRef: {kind: Deployment, name: api}
  minReplicas: 2
  maxReplicas: 9
  metrics:
  - {type: Resource, resource: {name: cpu, target: {averageUtilization: 70}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: other}}
"""


def read(*texts, **named):
    cluster = manifests.Cluster()
    files = {f"k8s/{number}.yaml": text for number, text in enumerate(texts)} | named
    for path, text in files.items():
        for document in parse_documents(path, text)[0]:
            cluster.add(document)
    return manifests.runs(cluster), cluster


def test_a_workload_has_its_sizing_its_main_container_and_what_belongs_to_it():
    (run,), _ = read(API)
    assert (run.name, run.image, run.ports) == ("api", "acme/api:1", (8080,))
    assert run.workload.container == "api"
    assert [item.name for item in run.workload.containers] == ["istio-proxy", "api", "migrate"]
    kinds = sorted(item["kind"] for item in run.workload.related)
    assert kinds == ["HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"]
    current = run.current
    assert (current.replicas, current.cpu_request, current.memory_request) == (2, 100, 64 * MIB)
    assert (current.cpu_limit, current.memory_limit, current.invalid) == (200, None, ("128 Mi",))
    assert current.source == "k8s/0.yaml:8"
    scaler = current.autoscaler
    assert (scaler.min_replicas, scaler.max_replicas, scaler.target_cpu_percent) == (2, 9, 70)


def test_secrets_do_not_survive_into_the_document():
    (run,), _ = read(API)
    text = json.dumps(run.workload.model_dump(mode="json"))
    assert "hunter2" not in text
    assert "abc123" not in text
    assert "400MiB" in text
    env = run.workload.document["spec"]["template"]["spec"]["containers"][1]["env"]
    assert env[3]["valueFrom"] == {"secretKeyRef": {"name": "shop", "key": "token"}}


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (("--password", "hunter2"), "hunter2"),
        (("--password=hunter2",), "hunter2"),
        (("postgres://u:hunter2@db",), "hunter2"),
        (("ghp_abcdefghijklmnopqrstuvwx",), "ghp_abcdefghijklmnopqrstuvwx"),
        (("API_KEY=hunter2", "run"), "hunter2"),
    ],
)
def test_words_that_look_like_credentials_are_masked(words, gone):
    assert gone not in " ".join(clean_words(words))


def test_plain_words_stay():
    words = ("java", "-Xmx1g", "-jar", "/app/orders-service-1.0.0.jar", "--port", "8080")
    assert clean_words(words) == words


def test_an_environment_written_as_a_mapping_is_masked_too():
    document = {"kind": "X", "spec": {"env": {"TOKEN": "hunter2", "GOGC": "50"}}}
    assert redacted(document)["spec"]["env"] == {"TOKEN": "(removed)", "GOGC": "50"}


PODS = {"spec": {"containers": [{"name": "c", "image": "x"}]}}


def manifest(kind, spec, api="apps/v1"):
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": spec})


@pytest.mark.parametrize(
    ("kind", "api", "spec"),
    [
        ("Rollout", "argoproj.io/v1alpha1", {"template": PODS}),
        ("Service", "serving.knative.dev/v1", {"template": PODS}),
        ("Application", "nais.io/v1alpha1", {"image": "{{image}}", "replicas": {"min": 2}}),
    ],
)
def test_custom_resources_that_run_pods_are_workloads(kind, api, spec):
    (run,), _ = read(manifest(kind, spec, api))
    assert (run.workload.kind, run.name, run.kind) == (kind, "a", WorkloadKind.DEPLOYMENT)


def test_an_image_that_a_template_fills_in_is_unknown():
    head = "apiVersion: nais.io/v1\nkind: Application\nmetadata: {name: c}\n"
    (run,), _ = read(head + "spec: {image: {{image}}, port: 80, replicas: {min: 2, max: 4}}")
    assert (run.image, run.ports, run.current.autoscaler.max_replicas) == (None, (80,), 4)


def test_a_cron_job_has_its_schedule_and_a_stateful_set_its_volume():
    claim = {"spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    cron = {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"template": PODS}}}
    stateful = {"template": PODS, "volumeClaimTemplates": [claim]}
    (first, second), _ = read(manifest("CronJob", cron), manifest("StatefulSet", stateful))
    assert (first.kind, first.schedule) == (WorkloadKind.CRON_JOB, "0 2 * * *")
    assert (second.has_volume, second.volume_bytes) == (True, 10 * GIB)


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x}]}",
        "apiVersion: x/v1\nkind: CustomResourceDefinition\nspec: {image: x, port: 1}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 3}",
        "apiVersion: apps/v1\nkind: Deployment\nspec: [1, 2]",
        "kind: [a]\nspec: {template: {spec: {containers: 5}}}",
    ],
    ids=["pod", "crd", "patch", "list", "odd"],
)
def test_what_is_no_workload_makes_no_run(text):
    assert read(text)[0] == []


def test_a_list_is_unpacked():
    (run,), _ = read(json.dumps({"kind": "List", "items": [parse(API.partition("---")[0])]}))
    assert run.name == "api"


def test_the_production_overlay_is_laid_over_the_base():
    resources = {"requests": {"cpu": "500m"}}
    containers = {"containers": [{"name": "api", "resources": resources}]}
    patch = manifest("Deployment", {"template": {"spec": containers}}).replace('"a"', '"api"')
    runs, cluster = read(**{"base/api.yaml": API, "overlays/prod/patch.yaml": patch})
    found = [
        kustomize.kustomization("base/kustomization.yaml", {"resources": ["api.yaml"]}),
        kustomize.kustomization(
            "overlays/prod/kustomization.yaml",
            {"resources": ["../../base"], "patches": [{"path": "patch.yaml"}],
             "replicas": [{"name": "api", "count": 5}]},
        ),
    ]  # fmt: skip
    (run,) = kustomize.apply(runs, found, cluster.patches)
    assert (run.current.replicas, run.current.cpu_request) == (5, 500)
    assert run.current.memory_request == 64 * MIB
    assert run.workload.kustomization == "base"


def test_kustomizations_that_name_each_other_end():
    first = kustomize.kustomization("a/kustomization.yaml", {"resources": ["../b", "../../out"]})
    second = kustomize.kustomization("b/kustomization.yaml", {"resources": ["../a", "x.yaml"]})
    runs, cluster = read(**{"b/x.yaml": API})
    assert kustomize.apply(runs, [first, second], cluster.patches)[0].workload.kustomization == "b"


def labelled(kind, name, spec, api="v1"):
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec})


def workload(name, labels, kind="Deployment"):
    pod = {"metadata": {"labels": labels}, **PODS}
    return labelled(kind, name, {"template": pod}, "apps/v1")


def related(run):
    return sorted((item["kind"], item["metadata"]["name"]) for item in run.workload.related)


def test_a_service_belongs_to_a_workload_that_has_all_its_labels():
    service = labelled("Service", "s", {"selector": {"app": "a", "tier": "web"}})
    (whole,), _ = read(workload("a", {"app": "a", "tier": "web"}), service)
    (part,), _ = read(workload("a", {"app": "a"}), service)
    assert related(whole) == [("Service", "s")]
    assert related(part) == []


def test_a_service_that_selects_nothing_belongs_to_nobody():
    (run,), _ = read(workload("a", {"app": "a"}), labelled("Service", "s", {"selector": {}}))
    assert related(run) == []


def test_an_autoscaler_belongs_to_the_kind_and_name_that_it_targets():
    scaler = labelled(
        "HorizontalPodAutoscaler",
        "h",
        {"scaleTargetRef": {"kind": "StatefulSet", "name": "a"}, "maxReplicas": 3},
        "autoscaling/v2",
    )
    runs, _ = read(workload("a", {}), workload("a", {}, "StatefulSet"), scaler)
    assert [related(run) for run in runs] == [[], [("HorizontalPodAutoscaler", "h")]]


def test_at_most_eight_related_objects_are_kept_and_each_name_once():
    services = [labelled("Service", f"s{n % 12}", {"selector": {"app": "a"}}) for n in range(40)]
    (run,), _ = read(workload("a", {"app": "a"}), *services)
    assert len(run.workload.related) == len(set(related(run))) == 8


def test_a_volume_is_as_large_as_the_claims_it_names():
    claim = labelled(
        "PersistentVolumeClaim", "data", {"resources": {"requests": {"storage": "5Gi"}}}
    )
    pod = {"spec": {**PODS["spec"], "volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}}
    (run,), _ = read(manifest("Deployment", {"template": pod}), claim)
    (without,), _ = read(manifest("Deployment", {"template": pod}))
    assert (run.has_volume, run.volume_bytes) == (True, 5 * GIB)
    assert (without.has_volume, without.volume_bytes) == (True, None)


def test_production_counts_before_stages_and_stages_before_bundles():
    paths = ["k8s/prod/a.yaml", "k8s/a.yaml", "k8s/staging/a.yaml", "release/install.yaml",
             "examples/a.yaml"]  # fmt: skip
    runs, _ = read(**dict.fromkeys(paths, workload("a", {})))
    ranks = {run.path: run.rank for run in runs}
    assert sorted(paths, key=ranks.__getitem__) == paths
    assert len(set(ranks.values())) == len(paths)


def test_a_hook_that_tests_a_chart_is_no_workload():
    document = json.loads(workload("a", {}))
    document["metadata"]["annotations"] = {"helm.sh/hook": "test"}
    assert read(json.dumps(document))[0] == []


def test_workloads_beyond_the_bound_are_counted_and_not_read():
    cluster = manifests.Cluster()
    (document,) = parse_documents("a.yaml", workload("a", {}))[0]
    for _ in range(manifests.MAX_WORKLOADS + 5):
        cluster.add(document)
    assert (len(cluster.workloads), cluster.left_out) == (manifests.MAX_WORKLOADS, 5)


def test_a_schedule_of_any_length_is_cut():
    cron = {"schedule": "* " * 5_000, "jobTemplate": {"spec": {"template": PODS}}}
    (run,), _ = read(manifest("CronJob", cron))
    assert len(run.schedule) == 100


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("kind: Deployment", True),
        ('{"kind": "StatefulSet"}', True),
        ("kind: Rollout\nspec: {template: {spec: {containers: []}}}", True),
        ("kind: Kafka", True),
        ("kind: CustomResourceDefinition\nimage: x", False),
        ("kind: Role", False),
        ("name: x", False),
        ("", False),
    ],
)
def test_only_texts_that_may_hold_a_workload_are_parsed(text, wanted):
    assert manifests.is_wanted(text) is wanted
