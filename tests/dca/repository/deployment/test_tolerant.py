"""A chart that needs values of its owner still shows its workloads."""

from __future__ import annotations

import pytest

from adapters.helm import HelmRenderer, UnavailableRenderer, find_helm
from dca.repository.assemble import read_repository
from dca.repository.deployment.tolerant import TolerantRenderer, dependency_runs, template_runs
from schemas.context import Role, WorkloadKind
from schemas.errors import ToolError
from schemas.ports import RenderedChart

CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
APP = {
    "Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["gunicorn", "shop:app"]\n',
    "requirements.txt": "flask==3.0\ncelery==5.4\n",
    "shop.py": "from flask import Flask\napp = Flask(__name__)\n@app.get('/items')\ndef x(): ...\n",
}


def workload(name, command, guard=""):
    return (
        f"{guard}apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
        f"  name: {{{{ .Release.Name }}}}-{name}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - name: main\n"
        "          image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'\n"
        f"          command: {command}\n"
    )


TEMPLATES = {
    "chart/Chart.yaml": CHART,
    "chart/templates/deployment-web.yaml": workload("web", "[gunicorn, 'shop:app']"),
    "chart/templates/deployment-mailer.yaml": workload("mailer", "[celery, -A, shop, worker]"),
}
VALUES = {"chart/values.yaml": "image: {repository: acme/shop, tag: v1}\n"}

needs_helm = pytest.mark.skipif(find_helm() is None, reason="helm is not installed")


def read(tree, renderer):
    return read_repository(tree, renderer)


class FakeRenderer:
    """Renders when none of `broken` is left in the chart; fails naming it otherwise."""

    available = True

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.calls = 0

    def render(self, files, values=None):
        self.calls += 1
        for name in self.broken:
            if files.get(name):
                raise ToolError(f"template: shop/{name}:3:1: it does not work")
        return RenderedChart((), ())


@needs_helm
@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(
            VALUES
            | {
                "chart/templates/secret.yaml": "apiVersion: v1\nkind: Secret\n"
                "metadata: {name: x}\ndata:\n  k: {{ required \"set it\" .Values.password }}\n"
            },
            id="a secret that only the owner has",
        ),
        pytest.param(
            VALUES
            | {
                "chart/templates/_helpers.tpl": '{{ define "check" }}{{ fail "no host" }}{{ end }}',
                "chart/templates/service.yaml": '{{ include "check" . }}apiVersion: v1\n'
                "kind: Service\nmetadata: {name: x}\n",
            },
            id="a guard that refuses",
        ),
        pytest.param({}, id="no values at all"),
        pytest.param(
            {"chart/values-production.yaml": VALUES["chart/values.yaml"]},
            id="values only for an environment",
        ),
        pytest.param(
            VALUES
            | {
                "chart/templates/config.yaml": 'apiVersion: v1\nkind: ConfigMap\n'
                "metadata: {name: x}\ndata:\n"
                '{{ include "library.settings" . | indent 2 }}\n'
            },
            id="a library chart from elsewhere",
        ),
    ],
)  # fmt: skip
def test_workloads_are_seen_behind_what_does_not_render(checkout, extra):
    reading = read(checkout(APP | TEMPLATES | extra), HelmRenderer())
    roles = {component.name: component.role for component in reading.components}
    assert roles == {"shop-web": Role.BACKEND_API, "shop-mailer": Role.WORKER}
    assert all(component.workload for component in reading.components)
    assert "partial.chart" in {note.code for note in reading.notes}


@needs_helm
def test_a_workload_that_cannot_be_rendered_is_read_as_text(checkout):
    broken = TEMPLATES | {
        "chart/templates/deployment-mailer.yaml": workload(
            "mailer", "[celery, -A, shop, worker]", "{{- index .Values.hosts 3 }}\n"
        )
    }
    reading = read(checkout(APP | broken | VALUES), HelmRenderer())
    found = {component.name: component for component in reading.components}
    assert found["mailer"].role is Role.WORKER
    # What the chart would call it is not known, so nothing claims to patch it.
    assert found["mailer"].workload is None
    assert found["shop-web"].workload is not None


def test_without_a_part_that_fails_the_rest_is_rendered():
    name = "templates/broken.yaml"
    fake = FakeRenderer(name)
    tolerant = TolerantRenderer(fake)
    tolerant.render({"Chart.yaml": b"name: shop", name: b"kind: Deployment\nspec: {}"})
    assert tolerant.unread == {b"name: shop": (name,)}


def test_a_chart_that_renders_is_rendered_once():
    fake = FakeRenderer()
    TolerantRenderer(fake).render({"Chart.yaml": b"", "templates/a.yaml": b"kind: Service"})
    assert fake.calls == 1


def test_a_chart_that_fails_everywhere_is_given_up_soon():
    names = [f"templates/t{number}.yaml" for number in range(50)]
    fake = FakeRenderer(*names)
    with pytest.raises(ToolError):
        TolerantRenderer(fake).render(
            {"Chart.yaml": b""} | dict.fromkeys(names, b"kind: Deployment")
        )
    assert fake.calls < 15


def test_an_error_that_names_nothing_is_handed_on():
    class FakeMute(FakeRenderer):
        def render(self, files, values=None):
            self.calls += 1
            raise ToolError("the chart is too large")

    fake = FakeMute()
    with pytest.raises(ToolError, match="too large"):
        TolerantRenderer(fake).render({"Chart.yaml": b""})
    assert fake.calls == 2


def test_availability_is_that_of_the_renderer():
    assert not TolerantRenderer(UnavailableRenderer()).available


def test_text_with_holes_gives_names_images_kinds_and_commands(checkout):
    tree = checkout(
        VALUES
        | TEMPLATES
        | {
            "chart/templates/cronjob.yaml": "apiVersion: batch/v1\nkind: CronJob\n"
            "metadata:\n  name: {{ .Release.Name }}\nspec:\n  schedule: '@daily'\n"
            "  jobTemplate:\n    spec:\n      template:\n        spec:\n"
            "          containers: [{name: x, image: busybox}]\n"
        }
    )
    names = ("templates/deployment-web.yaml", "templates/cronjob.yaml")
    web, cron = template_runs(tree, "chart", names)
    assert (web.name, web.image, web.kind) == ("web", "acme/shop:v1", WorkloadKind.DEPLOYMENT)
    assert web.entrypoint == ("gunicorn", "shop:app")
    assert (cron.name, cron.image, cron.kind) == ("cronjob", "busybox", WorkloadKind.CRON_JOB)
    assert web.workload is None


LIBRARY_CHART = (
    CHART + "dependencies:\n  - {name: generic, version: 1.0.0, repository: 'https://x.example'}\n"
)
LIBRARY_VALUES = {
    "chart/values.yaml": "generic:\n  replicaCount: 3\n  nameOverride: shop-web\n"
    "  image: {repository: acme/shop, tag: v1}\nother: {replicaCount: 1}\n"
}


def test_a_service_that_a_library_chart_makes_is_read_from_the_values(checkout):
    tree = checkout(LIBRARY_VALUES | {"chart/Chart.yaml": LIBRARY_CHART})
    (run,) = dependency_runs(tree, "chart")
    assert (run.name, run.image, run.current.replicas) == ("shop-web", "acme/shop", 3)


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"chart/Chart.yaml": CHART}, id="no dependencies"),
        pytest.param(
            {"chart/Chart.yaml": LIBRARY_CHART, "chart/charts/generic/Chart.yaml": CHART},
            id="the dependency is there and is rendered",
        ),
        pytest.param(
            {"chart/Chart.yaml": LIBRARY_CHART, "chart/values.yaml": "generic: {x: 1}\n"},
            id="no image",
        ),
    ],
)
def test_values_of_no_missing_library_chart_are_no_service(checkout, extra):
    assert dependency_runs(checkout(LIBRARY_VALUES | extra), "chart") == []


@needs_helm
def test_own_templates_do_not_hide_what_the_library_chart_makes(checkout):
    files = APP | LIBRARY_VALUES | {
        "chart/Chart.yaml": LIBRARY_CHART,
        "chart/templates/mailer.yaml": workload("mailer", "[celery, -A, shop, worker]").replace(
            "Values.image", "Values.generic.image"
        ),
    }  # fmt: skip
    found = read(checkout(files), HelmRenderer()).components
    assert {item.name: item.role for item in found} == {
        "shop-web": Role.BACKEND_API, "shop-mailer": Role.WORKER,
    }  # fmt: skip
