"""A repository becomes components: each deployable thing once, with its evidence."""

from __future__ import annotations

import json

import pytest

from adapters.files import DirectoryTree
from adapters.helm import HelmRenderer, UnavailableRenderer, find_helm
from dca.repository.assemble import read_repository
from dca.repository.deployment.charts import chart_directories
from dca.repository.deployment.runs import image_name, known_image
from dca.repository.linking import link
from dca.repository.naming import label, same_service, unique
from schemas.context import FoundIn, Role, WorkloadKind

GO_API = {
    "api/Dockerfile": "FROM golang:1.24 AS b\nCOPY . .\nRUN go build -o /api\n"
    'FROM alpine:3.20\nCOPY --from=b /api /api\nEXPOSE 8080\nENTRYPOINT ["/api"]\n',
    "api/go.mod": "module acme.example/shop/api\n\ngo 1.24\n\n"
    "require github.com/gin-gonic/gin v1.10.0\n",
    "api/main.go": 'package main\n\nimport "github.com/gin-gonic/gin"\n\n'
    "func main() {\n\tr := gin.Default()\n"
    '\tr.GET("/items", nil)\n\tr.Run()\n}\n',
}
COMPOSE = """\
services:
  backend:
    build: ./api
    environment: {DATABASE_URL: "postgres://shop:hunter2@db/shop", GOMEMLIMIT: 100MiB}
    depends_on: [cache]
  db: {image: "postgres:16", volumes: ["data:/var/lib/postgresql/data"]}
  cache: {image: "redis:7"}
"""


def deployment(name, image, **spec):
    pod = {"containers": [{"name": name, "image": image, **spec}]}
    return json.dumps(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
         "spec": {"replicas": 2, "template": {"spec": pod}}}
    )  # fmt: skip


def read(tree, renderer=None, extra=()):
    return read_repository(tree, renderer or UnavailableRenderer(), extra)


def by_name(reading):
    return {component.name: component for component in reading.components}


def test_an_empty_repository_has_no_components(checkout):
    reading = read(checkout({}))
    assert (reading.components, reading.notes) == ((), ())


def test_code_image_compose_and_products_are_joined(checkout):
    found = by_name(read(checkout(GO_API | {"compose.yaml": COMPOSE})))
    assert set(found) == {"backend", "db", "cache"}
    api = found["backend"]
    assert (api.source_path, api.dockerfile, api.base_image) == (
        "api",
        "api/Dockerfile",
        "alpine:3.20",
    )
    assert (api.language, api.framework, api.role) == ("Go", "Gin", Role.BACKEND_API)
    assert api.found_in == (FoundIn.DOCKERFILE, FoundIn.COMPOSE)
    assert (api.start_command, api.ports) == (("/api",), (8080,))
    assert api.runtime.environment == {"GOMEMLIMIT": "100MiB"}
    assert {(use.name, use.component) for use in api.uses} >= {
        ("postgresql", "db"),
        ("redis", "cache"),
    }
    assert found["db"].kind is WorkloadKind.STATEFUL_SET
    assert (found["db"].third_party, found["db"].has_volume) == ("postgresql", True)


def test_every_evidence_that_is_named_is_handed_on(checkout):
    reading = read(checkout(GO_API | {"compose.yaml": COMPOSE}))
    known = {item.id for item in reading.evidence}
    for component in reading.components:
        assert set(component.evidence) <= known
        assert {item for use in component.uses for item in use.evidence} <= known
        assert set(component.runtime.evidence) <= known
    assert "file:api/Dockerfile:4" in known


def test_secrets_of_the_environment_do_not_survive(checkout):
    env = [{"name": "DATABASE_URL", "value": "postgres://u:hunter2@db/x"}]
    files = GO_API | {
        "compose.yaml": COMPOSE,
        "k8s/a.yaml": deployment("api", "acme/api:1", env=env),
    }
    assert "hunter2" not in repr(read(checkout(files)))


def test_a_workload_and_a_compose_service_of_one_image_are_one_component(checkout):
    files = GO_API | {"compose.yaml": COMPOSE, "k8s/api.yaml": deployment("shop-api", "acme/api:1")}
    found = by_name(read(checkout(files)))
    assert set(found) == {"shop-api", "db", "cache"}
    assert found["shop-api"].workload.path == "k8s/api.yaml"
    assert found["shop-api"].current.replicas == 2


def test_many_manifests_of_one_workload_are_one_component(checkout):
    manifest = deployment("api", "acme/api:1")
    places = ("k8s/prod/api.yaml", "k8s/dev/api.yaml", "release/all.yaml", "examples/api.yaml")
    (component,) = read(checkout(GO_API | dict.fromkeys(places, manifest))).components
    assert component.workload.path == "k8s/prod/api.yaml"


def test_one_image_that_runs_as_several_workloads_is_several_components(checkout):
    files = GO_API | {
        "k8s/web.yaml": deployment("web", "acme/api:1"),
        "k8s/worker.yaml": deployment("worker", "acme/api:1", args=["worker"]),
    }
    found = by_name(read(checkout(files)))
    assert {item.dockerfile for item in found.values()} == {"api/Dockerfile"}
    assert found["worker"].start_command == ("/api", "worker")


def test_documents_of_the_payload_are_workloads(checkout):
    extra = json.loads(deployment("api", "acme/api:1"))
    (component,) = read(checkout(GO_API), extra=[extra]).components
    assert FoundIn.PAYLOAD in component.found_in


def test_a_program_without_deployment_files_is_a_component(checkout):
    files = {
        path.removeprefix("api/"): text for path, text in GO_API.items() if "Docker" not in path
    }
    (component,) = read(checkout(files)).components
    assert (component.source_path, component.found_in) == (".", (FoundIn.DEPENDENCIES,))
    assert component.name == "api"


def test_process_types_are_components_of_their_directory(checkout):
    files = {
        "Procfile": "web: gunicorn -w 3 app:app\nworker: celery -A app worker -c 4\n",
        "requirements.txt": "flask\ncelery\n",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    }
    found = {item.start_command[0]: item for item in read(checkout(files)).components}
    assert found["gunicorn"].runtime.workers == 3
    assert found["celery"].runtime.concurrency == 4
    assert found["celery"].found_in == (FoundIn.PROCFILE,)


def test_a_start_script_is_read_and_not_run(checkout, tmp_path):
    files = GO_API | {
        "api/Dockerfile": 'FROM python:3.12\nCOPY . .\nENTRYPOINT ["/entrypoint.sh"]\n'
        'CMD ["serve"]\n',
        "api/entrypoint.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\nexec gunicorn -w 5 app:app\n",
    }
    (component,) = read(checkout(files)).components
    assert component.runtime.workers == 5
    assert not (tmp_path / "ran").exists()


def test_names_are_unique_labels(checkout):
    files = {
        f"{top}/Order_Service/Dockerfile": f"FROM node:20\nCOPY . .\nCMD node {top}.js\n"
        for top in "ab"
    }
    names = [item.name for item in read(checkout(files)).components]
    assert names == ["order-service", "b-order-service"]


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "chart/values.yaml": "replicaCount: 3\nimage: {repository: acme/api, tag: v1}\n"
    "resources: {requests: {cpu: 250m, memory: lots}}\n",
    "chart/templates/api.yaml": "apiVersion: apps/v1\nkind: Deployment\n"
    "metadata: {name: {{ .Release.Name }}-api}\n"
    "spec:\n  replicas: {{ .Values.replicaCount }}\n  template: {spec: {containers: [{name: api, "
    'image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}]}}\n',
    "chart/templates/tests/check.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: check, "
    "annotations: {helm.sh/hook: test}}\n"
    "spec: {template: {spec: {containers: [{name: c, image: x}]}}}\n",
}


@pytest.mark.tool
@pytest.mark.skipif(find_helm() is None, reason="helm is not installed")
def test_a_chart_is_rendered_and_its_test_hooks_are_ignored(checkout):
    (component,) = read(checkout(GO_API | CHART), HelmRenderer()).components
    assert component.name == "shop-api"
    assert (component.workload.chart, component.workload.path) == ("chart", "templates/api.yaml")
    assert component.current.replicas == 3
    assert component.source_path == "api"


def test_without_helm_the_values_are_read_and_it_is_said(checkout):
    reading = read(checkout(GO_API | CHART))
    (component,) = reading.components
    assert component.current.replicas == 3
    assert (component.current.cpu_request, component.current.invalid) == (250, ("lots",))
    assert component.workload is None
    assert {note.code for note in reading.notes} == {"skipped.chart", "unknown.chart"}


def test_a_link_among_the_templates_of_a_chart_is_not_followed(tmp_path, checkout):
    checkout(GO_API | CHART)
    secret = tmp_path / "secret.yaml"
    secret.write_text(deployment("stolen", "evil"))
    root = tmp_path / "repository"
    (root / "chart/templates/link.yaml").symlink_to(secret)
    reading = read(DirectoryTree(root), HelmRenderer())
    assert "stolen" not in by_name(reading)


def test_charts_in_charts_are_not_read_twice():
    paths = ["a/Chart.yaml", "a/charts/b/Chart.yaml", "c/Chart.yaml", "charts/d/Chart.yaml"]
    assert chart_directories(paths) == ("a", "c", "charts/d")


def test_hostile_files_become_notes_and_the_rest_is_read(checkout):
    bomb = "kind: Deployment\na: &a [x,x]\nb: &b [" + "*a," * 99 + "]\n"
    bomb += "".join(f"c{n}: &c{n} [{'*b,' * 99}]\n" for n in range(99))
    files = GO_API | {
        "k8s/bomb.yaml": bomb + "containers: []\n",
        "k8s/templated.yaml": "kind: Deployment\nimage: {{ if x }}\n  y\n{{ end }}: z: w\n",
        "compose.yaml": "services: [\n",
    }
    reading = read(checkout(files))
    assert [item.name for item in reading.components] == ["api"]
    noted = " ".join(note.message for note in reading.notes)
    assert {note.code for note in reading.notes} == {"skipped.yaml"}
    assert all(name in noted for name in ("bomb.yaml", "templated.yaml", "compose.yaml"))


@pytest.mark.parametrize(
    ("left", "right", "score"),
    [
        ("cart", "Cart", 3),
        ("cart-service", "cartservice", 3),
        ("cart", "cart-svc", 2),
        ("shop-cart", "cart", 1),
        ("cart-staging", "cart", 2),
        ("cart", "cart-db", 0),
        ("service", "app", 0),
        ("", "a", 0),
    ],
)
def test_names_that_mean_the_same_service(left, right, score):
    assert same_service(left, right) == same_service(right, left) == score


def test_labels():
    assert label("Order_Service.API") == "order-service-api"
    assert label("---") == ""
    assert len(label("x" * 100)) == 63
    assert unique("a" * 63, ["a" * 63]) == "a" * 61 + "-2"
    assert unique("", []) == "app"


@pytest.mark.parametrize(
    ("image", "known", "name"),
    [
        ("ghcr.io/acme/api:v1@sha256:00", "ghcr.io/acme/api:v1@sha256:00", "acme/api"),
        ("localhost:5000/api:v1", "localhost:5000/api:v1", "api"),
        ("acme/api:{{ tag }}", "acme/api", "acme/api"),
        ("{{ image }}", None, None),
        ("${REGISTRY}/api:${TAG}", "api", "api"),
        ("<your-image>", None, None),
        ("redis", "redis", "redis"),
    ],
)
def test_image_references(image, known, name):
    assert known_image(image) == known
    assert (image_name(known) if known else None) == name


def test_nothing_to_link_is_nothing():
    assert link([], [], {}, lambda _: False) == []
