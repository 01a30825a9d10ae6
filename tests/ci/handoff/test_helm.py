"""Helm values, proven with the real helm: the numbers are in the output, or it is said."""

import textwrap

import pytest
import yaml

from adapters.helm import HelmRenderer
from ci.handoff import helm_probe
from ci.handoff.helm_chart import chart_values
from ci.handoff.helm_fields import rendered_fields, wanted_fields
from ci.handoff.helm_values import helm_files
from ci.handoff.write import write_all
from schemas.errors import ToolError
from schemas.plan import Amounts, Autoscaling, ContainerPlan, Resources
from schemas.ports import RenderedChart
from schemas.quantities import memory_bytes

pytestmark = pytest.mark.tool

SCALING = Autoscaling(min_replicas=3, max_replicas=9, target_cpu_percent=65)


@pytest.fixture
def helm():
    """The real renderer."""
    renderer = HelmRenderer()
    if not renderer.available:
        pytest.skip("helm is not installed")
    return renderer


def text(body: str) -> bytes:
    return textwrap.dedent(body).encode()


def chart(values: str, templates: dict[str, str], name: str = "shop", **files: bytes):
    meta = f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n".encode()
    made = {"Chart.yaml": meta, "values.yaml": text(values), **files}
    return made | {f"templates/{path}": text(body) for path, body in templates.items()}


def deployment(name: str, replicas: str, resources: str, kind: str = "Deployment") -> str:
    """A template whose replicas and resources are the given template text."""
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  {replicas}\n"
        f"  selector: {{matchLabels: {{app: x}}}}\n  template:\n"
        "    metadata: {labels: {app: x}}\n    spec:\n      containers:\n"
        f"        - name: {name}\n          image: x\n          {resources}\n"
    )


def autoscaler(name: str, scaling: str, kind: str = "Deployment") -> str:
    return (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        f"metadata: {{name: {name}}}\nspec:\n"
        f"  scaleTargetRef: {{apiVersion: apps/v1, kind: {kind}, name: {name}}}\n"
        f"  minReplicas: {{{{ {scaling}.minReplicas }}}}\n"
        f"  maxReplicas: {{{{ {scaling}.maxReplicas }}}}\n"
        "  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n"
        "        target:\n          type: Utilization\n"
        f"          averageUtilization: {{{{ {scaling}.targetCPUUtilizationPercentage }}}}\n"
    )


def charted(build, name="api", **changes):
    kind = changes.pop("kind", "Deployment")
    target = build.target(name, kind=kind, chart="charts/shop", path=f"templates/{name}.yaml")
    return build.patched(name, target, **changes)


def proven(helm, files, *items):
    """The values found, after a render with them has shown every number of every item."""
    found = chart_values(files, items, helm)
    assert found.unplaced == ()
    documents = helm.render(files, found.values).documents
    for item in items:
        shown = rendered_fields(documents, item.target)
        wanted = {k: v for k, v in wanted_fields(item, item.target).items() if v is not None}
        if item.autoscaling:
            wanted.pop(("replicas",))
            shown.pop(("replicas",), None)
        assert shown == wanted
    return found.values


TO_YAML = "resources: {{- toYaml .Values.resources | nindent 12 }}"
RESOURCES = {
    "requests": {"cpu": "250m", "memory": "512Mi"},
    "limits": {"cpu": "500m", "memory": "1Gi"},
}


def test_flat_values(build, helm):
    files = chart(
        "replicaCount: 1\nresources: {}\n",
        {"a.yaml": deployment("api", "replicas: {{ .Values.replicaCount }}", TO_YAML)},
    )
    values = proven(helm, files, charted(build))
    assert values == {"replicaCount": 3, "resources": RESOURCES}


def test_values_nested_by_component(build, helm):
    values = """
        api:
          replicas: 1
          resources: {requests: {cpu: 1m}}
        web:
          replicas: 1
          resources: {requests: {cpu: 1m}}
        resources: {requests: {cpu: 7m}}
        """
    templates = {
        f"{name}.yaml": deployment(
            name,
            f"replicas: {{{{ .Values.{name}.replicas }}}}",
            f"resources: {{{{- toYaml .Values.{name}.resources | nindent 12 }}}}",
        )
        for name in ("api", "web")
    }
    smaller = build.resources(("100m", "128Mi"), ("200m", "128Mi"))
    web = charted(build, "web", replicas=5, resources=smaller)
    found = proven(helm, chart(values, templates), charted(build), web)
    assert found["web"]["replicas"] == 5
    assert found["api"]["resources"] == RESOURCES
    assert "resources" not in found


def test_values_that_no_file_mentions(build, helm):
    files = chart(
        "image: x\n",
        {
            "a.yaml": deployment(
                "api",
                "replicas: {{ (.Values.scale).replicas | default 1 }}",
                "resources: {{- toYaml (.Values.pod).resources | nindent 12 }}",
            )
        },
    )
    values = proven(helm, files, charted(build))
    assert values == {"scale": {"replicas": 3}, "pod": {"resources": RESOURCES}}


def test_values_read_through_a_loop_over_components(build, helm):
    body = deployment(
        "{{ $name }}", "replicas: {{ $c.replicas | default 1 }}", "{{- $x }}"
    ).replace(
        "{{- $x }}",
        "{{- with $c.resources }}\n          resources: {{- toYaml . | nindent 12 }}{{- end }}",
    )
    loop = "{{- range $name, $c := .Values.services }}\n---\n" + body + "{{- end }}\n"
    files = chart("services: {api: {image: x}, web: {image: y}}\n", {"a.yaml": loop})
    values = proven(helm, files, charted(build), charted(build, "web", replicas=2))
    assert values["services"]["api"] == {"replicas": 3, "resources": RESOURCES}


def test_single_amounts_under_their_own_names(build, helm):
    values = "cpuRequest: 1m\nmemoryRequest: 1Mi\ncpuLimit: 1\nmemLimit: 1Gi\ninstances: 1\n"
    amounts = (
        "resources: {requests: {cpu: {{ .Values.cpuRequest }}, "
        "memory: {{ .Values.memoryRequest }}}, "
        "limits: {cpu: {{ .Values.cpuLimit }}, memory: {{ .Values.memLimit }}}}"
    )
    body = deployment("api", "replicas: {{ .Values.instances }}", amounts)
    values = proven(helm, chart(values, {"a.yaml": body}), charted(build))
    assert values == {
        "cpuRequest": "250m",
        "memoryRequest": "512Mi",
        "cpuLimit": "500m",
        "memLimit": "1Gi",
        "instances": 3,
    }


GATED = (
    "{{- if not .Values.autoscaling.enabled }}\n"
    "  replicas: {{ .Values.replicaCount }}\n  {{- end }}"
)


def gated_chart(enabled: bool):
    values = f"""
        replicaCount: 1
        resources: {{}}
        autoscaling:
          enabled: {str(enabled).lower()}
          minReplicas: 1
          maxReplicas: 100
          targetCPUUtilizationPercentage: 80
        """
    gate = "{{- if .Values.autoscaling.enabled }}\n" + autoscaler("api", ".Values.autoscaling")
    templates = {"a.yaml": deployment("api", GATED, TO_YAML), "h.yaml": gate + "{{- end }}\n"}
    return chart(values, templates)


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("wanted", [SCALING, None], ids=["scaled", "fixed"])
def test_a_switch_decides_between_replicas_and_autoscaler(build, helm, default, wanted):
    values = proven(helm, gated_chart(default), charted(build, autoscaling=wanted))
    assert values["autoscaling"]["enabled"] is (wanted is not None)
    if wanted:
        assert values["autoscaling"]["targetCPUUtilizationPercentage"] == 65


def test_each_component_has_its_own_switch(build, helm):
    scaling = "enabled: false, minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 50"
    block = f"{{replicaCount: 1, resources: {{}}, autoscaling: {{{scaling}}}}}"
    templates = {}
    for name in ("api", "web"):
        at = f".Values.{name}"
        gated = GATED.replace(".Values", at)
        resources = TO_YAML.replace(".Values", at)
        templates[f"{name}.yaml"] = deployment(name, gated, resources)
        hpa = autoscaler(name, f"{at}.autoscaling")
        templates[f"{name}-hpa.yaml"] = (
            f"{{{{- if {at}.autoscaling.enabled }}}}\n{hpa}{{{{- end }}}}\n"
        )
    files = chart(f"api: {block}\nweb: {block}\n", templates)
    values = proven(helm, files, charted(build, autoscaling=SCALING), charted(build, "web"))
    assert values["api"]["autoscaling"]["enabled"] is True
    assert values["web"]["autoscaling"]["enabled"] is False


def umbrella(**values: str):
    """Two aliases of one vendored subchart."""
    sub = chart(
        "replicaCount: 1\nresources: {}\n",
        {
            "d.yaml": deployment(
                "{{ .Chart.Name }}", "replicas: {{ .Values.replicaCount }}", TO_YAML
            )
        },
        name="service",
    )
    meta = (
        "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n"
        "  - {name: service, version: 0.1.0, alias: api, repository: 'file://../service'}\n"
        "  - {name: service, version: 0.1.0, alias: web, repository: 'file://../service'}\n"
    )
    files = {"Chart.yaml": meta.encode(), "values.yaml": b"web: {replicaCount: 2}\n"}
    return files | {f"charts/service/{path}": content for path, content in sub.items()}


def test_an_umbrella_chart_with_aliases(build, helm):
    values = proven(helm, umbrella(), charted(build, replicas=4), charted(build, "web", replicas=5))
    assert values["api"] == {"replicaCount": 4, "resources": RESOURCES}
    assert values["web"]["replicaCount"] == 5


def test_a_default_that_is_not_wanted_is_taken_away(build, helm):
    files = chart(
        "replicaCount: 1\nresources: {limits: {cpu: 1, memory: 1Gi}}\n",
        {"a.yaml": deployment("api", "replicas: {{ .Values.replicaCount }}", TO_YAML)},
    )
    no_limit = build.resources(("250m", "512Mi"), (None, "1Gi"))
    values = proven(helm, files, charted(build, resources=no_limit))
    assert values["resources"]["limits"] == {"cpu": None, "memory": "1Gi"}


def test_sidecars_and_init_containers_have_their_own_values(build, helm):
    body = deployment("api", "replicas: {{ .Values.replicaCount }}", TO_YAML) + (
        "        - name: proxy\n          image: y\n"
        "          resources: {{- toYaml .Values.proxy.resources | nindent 12 }}\n"
        "      initContainers:\n        - name: migrate\n          image: z\n"
        "          resources: {{- toYaml .Values.migrations.resources | nindent 12 }}\n"
    )
    files = chart(
        "replicaCount: 1\nproxy: {resources: {}}\nmigrations: {image: z}\n", {"a.yaml": body}
    )
    small = Resources(
        requests=Amounts(cpu=50, memory=memory_bytes("64Mi")),
        limits=Amounts(memory=memory_bytes("64Mi")),
    )
    extra = (
        ContainerPlan(name="proxy", resources=small),
        ContainerPlan(name="migrate", init=True, resources=small),
    )
    values = proven(helm, files, charted(build, extra_containers=extra))
    assert values["proxy"]["resources"]["requests"] == {"cpu": "50m", "memory": "64Mi"}
    assert values["migrations"]["resources"]["limits"] == {"memory": "64Mi"}


def test_values_that_break_the_chart_are_passed_over(build, helm):
    """`fail` on some keys, as charts with a schema or own checks do."""
    check = (
        '{{- if .Values.replicas }}{{ fail "use replicaCount" }}{{- end }}\n'
        '{{- if (.Values.worker).resources }}{{ fail "worker has none" }}{{- end }}\n'
    )
    schema = b'{"properties": {"replicaCount": {"type": "integer", "maximum": 50}}}'
    files = chart(
        "replicaCount: 1\nresources: {}\nworker: {image: x}\n",
        {"a.yaml": check + deployment("api", "replicas: {{ .Values.replicaCount }}", TO_YAML)},
        **{"values.schema.json": schema},
    )
    values = proven(helm, files, charted(build))
    assert values == {"replicaCount": 3, "resources": RESOURCES}


def test_a_stateful_set_and_a_cron_job(build, helm):
    cron = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n"
        "  schedule: '0 3 * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n"
        "          containers:\n            - name: report\n              image: x\n"
        "              resources: {{- toYaml .Values.report.resources | nindent 16 }}\n"
    )
    db = deployment(
        "db",
        "replicas: {{ .Values.db.replicas }}",
        TO_YAML.replace(".Values", ".Values.db"),
        "StatefulSet",
    )
    files = chart(
        "report: {resources: {}}\ndb: {replicas: 1, resources: {}}\n",
        {"c.yaml": cron, "d.yaml": db},
    )
    values = proven(
        helm,
        files,
        charted(build, "report", kind="CronJob"),
        charted(build, "db", kind="StatefulSet"),
    )
    assert values["report"] == {"resources": RESOURCES}
    assert values["db"]["replicas"] == 3


def test_a_fixed_number_is_said_to_have_no_value(build, helm):
    body = deployment("api", "replicas: 1", "resources: {requests: {cpu: 1m}}")
    found = chart_values(chart("image: x\n", {"a.yaml": body}), [charted(build)], helm)
    assert found.values == {}
    assert "api: replicas 3: no value of the chart moves it" in found.unplaced
    assert "api: api.limits.memory 1Gi: no value of the chart moves it" in found.unplaced
    assert len(found.unplaced) == 5


def test_a_value_that_the_template_reworks_is_not_claimed(build, helm):
    body = deployment("api", "replicas: {{ add .Values.replicaCount 1 }}", TO_YAML)
    files = chart("replicaCount: 1\nresources: {}\n", {"a.yaml": body})
    found = chart_values(files, [charted(build)], helm)
    assert found.values == {"resources": RESOURCES}
    assert [line.split(":")[1].strip() for line in found.unplaced] == ["replicas 3"]


def test_one_value_for_two_components_is_only_used_where_they_agree(build, helm):
    templates = {
        f"{name}.yaml": deployment(name, "replicas: {{ .Values.replicaCount }}", TO_YAML)
        for name in ("api", "web")
    }
    files = chart("replicaCount: 1\nresources: {}\n", templates)
    other = build.resources(("250m", "512Mi"), ("500m", "2Gi"))
    found = chart_values(files, [charted(build), charted(build, "web", resources=other)], helm)
    assert found.values == {
        "replicaCount": 3,
        "resources": {"requests": RESOURCES["requests"], "limits": {"cpu": "500m"}},
    }
    reason = "resources.limits.memory is one value for api, web, which need different ones"
    assert found.unplaced == (
        f"api: api.limits.memory 1Gi: {reason}",
        f"web: web.limits.memory 2Gi: {reason}",
    )


def test_an_autoscaler_without_bounds_of_ours_stays_off(build, helm):
    hpa = autoscaler("api", ".Values.x").replace("{{ .Values.x.maxReplicas }}", "50")
    hpa = hpa.replace("{{ .Values.x.minReplicas }}", "1")
    hpa = hpa.replace("{{ .Values.x.targetCPUUtilizationPercentage }}", "50")
    templates = {
        "a.yaml": deployment("api", GATED, TO_YAML),
        "h.yaml": "{{- if .Values.autoscaling.enabled }}\n" + hpa + "{{- end }}\n",
    }
    files = chart("replicaCount: 1\nresources: {}\nautoscaling: {enabled: false}\n", templates)
    found = chart_values(files, [charted(build, autoscaling=SCALING)], helm)
    assert found.values == {"replicaCount": 3, "resources": RESOURCES}
    assert any("maxReplicas 9" in line for line in found.unplaced)


def test_environment_and_volume_are_said_to_be_left_out(build, helm):
    files = chart(
        "replicaCount: 1\nresources: {}\n",
        {"a.yaml": deployment("api", "replicas: {{ .Values.replicaCount }}", TO_YAML)},
    )
    item = charted(build, runtime_env={"GOMEMLIMIT": "460MiB"}, storage=memory_bytes("5Gi"))
    found = chart_values(files, [item], helm)
    assert "GOMEMLIMIT=460MiB" in found.unplaced[0]
    assert "volume size" in found.unplaced[1]


def test_a_workload_that_is_off_by_default_is_said_to_be_so(build, helm):
    body = deployment("api", "replicas: 1", TO_YAML)
    files = chart(
        "on: false\nresources: {}\n", {"a.yaml": "{{- if .Values.on }}\n" + body + "{{- end }}"}
    )
    found = chart_values(files, [charted(build)], helm)
    assert found.values == {}
    assert all("does not render this workload" in line for line in found.unplaced)


def test_the_written_file_works_with_helm_template(build, helm, tool, tmp_path):
    files = gated_chart(False)
    item = charted(build, autoscaling=SCALING)
    rec = build.recommendation(item)
    write_all(rec, tmp_path / "out", charts={"charts/shop": files}, renderer=helm)
    for path, content in files.items():
        (tmp_path / "chart" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "chart" / path).write_bytes(content)
    values = tmp_path / "out" / "helm" / "values-shop.yaml"
    shown = tool(helm._binary, "template", "shop", tmp_path / "chart", "-f", values).stdout
    fields = rendered_fields(yaml.safe_load_all(shown), item.target)
    assert fields["api", "requests", "cpu"] == "250m"
    assert fields["autoscaling", "maxReplicas"] == 9
    assert "autoscaling.maxReplicas <- autoscaling.maxReplicas" in values.read_text()


class FakeUnavailable:
    """A fake renderer that is not there."""

    available = False

    def render(self, files, values=None):
        raise ToolError("not there")


class FakeBroken:
    """A fake renderer that no chart pleases."""

    available = True

    def render(self, files, values=None):
        raise ToolError("parse error in templates/{{ x }}.yaml")


class FakeCounting:
    """A fake renderer that fails on every value and counts."""

    available = True

    def __init__(self) -> None:
        self.renders = 0

    def render(self, files, values=None):
        self.renders += 1
        if values:
            raise ToolError("no")
        return RenderedChart(documents=(), sources=())


@pytest.mark.parametrize(
    ("charts", "renderer", "why"),
    [
        pytest.param({}, FakeBroken(), "its files are not at hand", id="no files"),
        pytest.param({"charts/shop": {}}, None, "there is no helm", id="no renderer"),
        pytest.param({"charts/shop": {}}, FakeUnavailable(), "there is no helm", id="no helm"),
        pytest.param({"charts/shop": {}}, FakeBroken(), "parse error", id="broken chart"),
    ],
)
def test_without_a_render_the_usual_names_are_used_and_said_to_be_unproven(
    build, charts, renderer, why
):
    rec = build.recommendation(charted(build, autoscaling=SCALING))
    found = helm_files(rec, charts, renderer)
    ((file, remark),) = found.remarks
    assert file == "values-shop.yaml"
    assert "not proven" in remark
    assert why in remark
    text = found.texts[file]
    assert why in text
    values = yaml.safe_load(text)
    assert values["replicaCount"] == 3
    assert values["resources"] == RESOURCES
    assert values["autoscaling"] == {
        "enabled": True,
        "minReplicas": 3,
        "maxReplicas": 9,
        "targetCPUUtilizationPercentage": 65,
    }


def test_several_components_of_an_unproven_chart_are_told_apart(build):
    rec = build.recommendation(charted(build), charted(build, "web"))
    text = helm_files(rec, {}, None).texts["values-shop.yaml"]
    assert yaml.safe_load(text).keys() == {"api", "web"}


def test_a_component_without_a_chart_gets_the_usual_names(shop):
    found = helm_files(shop, {}, None)
    assert yaml.safe_load(found.texts["values-api.yaml"])["resources"] == RESOURCES
    assert len(found.texts) == len(shop.components)


def test_charts_of_the_same_name_do_not_share_a_file(build):
    items = [
        build.patched("shop"),
        build.patched("a", build.target("a", chart="one/shop")),
        build.patched("b", build.target("b", chart="two/shop")),
        build.patched("c", build.target("c", chart="c")),
        build.patched("d", build.target("d", chart="other/shop-x")),
    ]
    assert len(helm_files(build.recommendation(*items), {}, None).texts) == 5


def test_a_chart_that_refuses_everything_costs_a_bounded_number_of_renders(build):
    values = "".join(f"c{number}: {{image: x}}\n" for number in range(200))
    renderer = FakeCounting()
    found = chart_values(chart(values, {}), [charted(build)], renderer)
    assert renderer.renders <= helm_probe.MAX_RENDERS
    assert found.values == {}
