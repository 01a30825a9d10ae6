"""Recommendations built by hand: what the hand-off has to cope with, without the agents."""

import copy
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from schemas.context import (
    AutoscalerFacts,
    CurrentSizing,
    Note,
    RepositoryFacts,
    Role,
    RouteName,
    WorkloadKind,
)
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import (
    Amounts,
    Autoscaling,
    ContainerPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    ReasoningStep,
    Resources,
)
from schemas.quantities import cpu_millicores as cpu
from schemas.quantities import memory_bytes as mem
from schemas.recommendation import (
    ComponentCost,
    ComponentRecommendation,
    Cost,
    FailedComponent,
    Finding,
    Fix,
    ReActStep,
    Recommendation,
    Refinement,
    RefinementEnd,
    Severity,
    Target,
)
from schemas.run import ReasonerChoice, RunRecord
from schemas.trigger import Trigger

HOSTILE = (
    "{{ lookup('pipe', 'touch owned') }} {% for x in y %} ${file(\"/etc/passwd\")} "
    "%{ if true } [bold red]markup[/] \x1b[31mred\x1b]0;title\x07 \u202egnp.exe `tick` | pipe\nnext"
)
"""Jinja, HCL, rich markup, ANSI, a bidirectional override, Markdown and a line break."""


def _resources(requests: tuple[str, str], limits: tuple[str | None, str]) -> Resources:
    return Resources(
        requests=Amounts(cpu=cpu(requests[0]), memory=mem(requests[1])),
        limits=Amounts(
            cpu=None if limits[0] is None else cpu(limits[0]),
            memory=mem(limits[1]),
        ),
    )


def _intervals(resources: Resources, replicas: int) -> Intervals:
    request, memory = resources.requests.cpu or 1, resources.requests.memory or 1
    limit = resources.limits.memory or memory
    return Intervals(
        replicas=CountInterval(low=min(1, replicas), target=replicas, high=replicas + 3),
        cpu_request=CpuInterval(low=request // 2, target=request, high=request * 2),
        memory_request=MemoryInterval(low=memory // 2, target=memory, high=memory * 2),
        memory_limit=MemoryInterval(low=limit // 2, target=limit, high=limit * 2),
    )


EVIDENCE = (
    Evidence(
        id="description:49-62",
        kind=EvidenceKind.DESCRIPTION,
        grade=EvidenceGrade.STATED,
        statement="The app takes 2000 requests per second at its peak.",
        source="app_description",
        figures={"peak_rps": 2000},
    ),
    Evidence(
        id="file:api/Dockerfile:12",
        kind=EvidenceKind.FILE,
        grade=EvidenceGrade.STATED,
        statement="The image starts one Go process.",
        source="api/Dockerfile",
        line=12,
    ),
)
REASONING = (
    ReasoningStep(
        number=1, about="demand", text="2000 rps at the peak.", evidence=("description:49-62",)
    ),
    ReasoningStep(
        number=2,
        about="memory",
        text="One process holds 64Mi.",
        evidence=("file:api/Dockerfile:12", "constant:lost"),
    ),
    ReasoningStep(number=3, about="cpu", text="250m carry 700 rps.", evidence=()),
    ReasoningStep(number=4, about="licences", text="A topic of its own.", evidence=()),
)


def make_component(name: str = "api", **changes: object) -> ComponentRecommendation:
    """A sized Deployment without a manifest; `changes` replace fields."""
    resources = changes.pop("resources", _resources(("250m", "512Mi"), ("500m", "1Gi")))
    replicas = changes.pop("replicas", 3)
    fields = {
        "name": name,
        "source_path": name,
        "language": "Go",
        "framework": "gin",
        "role": Role.BACKEND_API,
        "kind": WorkloadKind.DEPLOYMENT,
        "route": RouteName.DOCS,
        "route_reason": "no metrics source is configured",
        "replicas": replicas,
        "resources": resources,
        "confidence": 0.72,
        "intervals": _intervals(resources, replicas),
        "reasoning": REASONING,
        "evidence": EVIDENCE,
    }
    return ComponentRecommendation(**{**fields, **changes})


def make_target(name: str = "api", **changes: object) -> Target:
    """The Deployment of a component."""
    fields = {
        "api_version": "apps/v1",
        "kind": "Deployment",
        "name": name,
        "container": name,
        "path": f"deploy/{name}.yaml",
    }
    return Target(**{**fields, **changes})


def make_workload(name: str, kind: str = "Deployment", **changes: object) -> dict:
    """The object as it stands in a repository: no resources anywhere."""
    labels = {"app": name}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": name, "image": f"registry.example/{name}:1"}]},
    }
    if kind == "CronJob":
        pod["spec"]["restartPolicy"] = "Never"
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": pod}}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    metadata = {"name": name, **changes}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def make_patch(item: ComponentRecommendation, target: Target) -> dict:
    """The strategic-merge patch that a recommendation carries."""

    def container(name: str, resources: Resources) -> dict:
        return {
            "name": name,
            "resources": resources.model_dump(mode="json", exclude_none=True),
        }

    containers = [container(target.container, item.resources)]
    if item.runtime_env:
        containers[0]["env"] = [{"name": k, "value": v} for k, v in item.runtime_env.items()]
    containers += [container(x.name, x.resources) for x in item.extra_containers if not x.init]
    inits = [container(x.name, x.resources) for x in item.extra_containers if x.init]
    pod: dict = {"spec": {"containers": containers}}
    if inits:
        pod["spec"]["initContainers"] = inits
    spec: dict = {"template": pod}
    if target.kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    elif target.kind != "DaemonSet" and item.autoscaling is None:
        spec["replicas"] = item.replicas
    metadata = {"name": target.name}
    return {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": metadata,
        "spec": spec,
    }


def make_hpa(name: str, scaling: Autoscaling, kind: str = "Deployment") -> dict:
    """An autoscaling/v2 HorizontalPodAutoscaler on CPU."""
    utilization = {"type": "Utilization", "averageUtilization": scaling.target_cpu_percent}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}],
        },
    }


def make_sized_manifest(item: ComponentRecommendation) -> dict:
    """A full Deployment with the recommended numbers."""
    workload = make_workload(item.name)
    workload["spec"]["replicas"] = item.replicas
    resources = item.resources.model_dump(mode="json", exclude_none=True)
    workload["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    return workload


def make_patched(name: str, target: Target | None = None, **changes: object):
    """A component whose manifest stands in the repository."""
    target = target or make_target(name)
    item = make_component(name, target=target, **changes)
    patch = make_patch(item, target)
    return item.model_copy(update={"patch": patch, "changes": (f"{name}: replicas 1 -> 3",)})


def make_recommendation(*components: ComponentRecommendation, **changes: object) -> Recommendation:
    """A whole answer; `changes` replace fields."""
    fields = {
        "trigger": Trigger(
            git_repo="https://git.example.com/acme/shop",
            app_description="Supermarket inventory service, zero downtime, 2000 QPS peak",
        ),
        "repository": RepositoryFacts(url="https://git.example.com/acme/shop", files=40),
        "components": components,
        "findings": (),
        "checks_passed": 17,
        "cost": Cost(
            currency="USD",
            unit="USD per month of 730 hours",
            source="opencost default prices",
            monthly=61.25,
            monthly_at_max=120.5,
            monthly_delta=-12.0,
            components=(ComponentCost(component="api", unknown="no price for GPUs"),),
        ),
        "run": RunRecord(
            id="run-1",
            version="0.1.0",
            started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            seconds=0.25,
            reasoner=ReasonerChoice(requested="auto", used="none", why="no model is configured"),
        ),
    }
    return Recommendation(**{**fields, **changes})


def shop() -> Recommendation:
    """Every kind of workload, an autoscaler, a sidecar, a new component, a failure."""
    api = make_patched("api", runtime_env={"GOMEMLIMIT": "460MiB"})
    scaling = Autoscaling(min_replicas=3, max_replicas=9, target_cpu_percent=65)
    web = make_patched("web", autoscaling=scaling, role=Role.WEB_FRONTEND)
    web = web.model_copy(update={"manifests": (make_hpa("web", scaling),)})
    postgres = make_patched(
        "postgres",
        make_target("postgres", kind="StatefulSet", namespace="data"),
        kind=WorkloadKind.STATEFUL_SET,
        replicas=1,
        resources=_resources(("1", "2Gi"), (None, "2Gi")),
        role=Role.SQL_DATABASE,
        storage=mem("20Gi"),
    )
    report = make_patched(
        "report",
        make_target("report", api_version="batch/v1", kind="CronJob"),
        kind=WorkloadKind.CRON_JOB,
        replicas=1,
        role=Role.BATCH,
    )
    proxied = make_patched(
        "proxied",
        extra_containers=(
            ContainerPlan(name="envoy", resources=_resources(("100m", "128Mi"), (None, "128Mi"))),
            ContainerPlan(
                name="migrate", init=True, resources=_resources(("50m", "64Mi"), ("100m", "64Mi"))
            ),
        ),
        current=CurrentSizing(replicas=1, autoscaler=AutoscalerFacts(name="other")),
    )
    new = make_component("worker", role=Role.WORKER, source_path="worker", target=None)
    new = new.model_copy(update={"manifests": (make_sized_manifest(new),)})
    findings = (
        Finding(
            id="P01",
            severity=Severity.BLOCK,
            passed=True,
            message="every container has a memory limit",
            component="api",
            fix=Fix(op="set", field="resources.limits.memory", before="", after="1Gi"),
            source="kube-linter unset-memory-requirements",
        ),
        Finding(
            id="R03",
            severity=Severity.INFO,
            passed=False,
            message="no readiness probe",
            component="web",
        ),
        Finding(
            id="A13",
            severity=Severity.BLOCK,
            passed=False,
            message="one replica cannot give zero downtime",
            component="postgres",
            value="1 replica",
            limit="2 replicas",
            path="spec.replicas",
        ),
    )
    refinement = Refinement(
        ended=RefinementEnd.CLEAN,
        cycles=1,
        trace=(
            ReActStep(
                cycle=1,
                component="api",
                thought="The limit is missing.",
                action="set_memory_limit",
                observation="P01 passes now.",
            ),
        ),
    )
    api = api.model_copy(update={"refinement": refinement})
    return make_recommendation(
        api,
        web,
        postgres,
        report,
        proxied,
        new,
        findings=findings,
        failed=(FailedComponent(name="legacy", stage="pipa", failure="no runtime is known"),),
        notes=(Note(code="unknown.language", message="No language was found.", component="api"),),
        checks_skipped={"L02": "no cluster is known"},
    )


def hostile() -> Recommendation:
    """Text of a stranger wherever text can stand, and names that no file system likes."""
    name = "../Etc/{{ name }}"
    evidence = (EVIDENCE[1].model_copy(update={"statement": HOSTILE, "source": HOSTILE}),)
    reasoning = (REASONING[1].model_copy(update={"text": HOSTILE}),)
    item = make_component(
        name,
        source_path=HOSTILE,
        framework=HOSTILE,
        language=HOSTILE,
        route_reason=HOSTILE,
        evidence=evidence,
        reasoning=reasoning,
        runtime_env={"OPTIONS": HOSTILE},
        target=make_target("api", path=HOSTILE),
        changes=(HOSTILE,),
    )
    patch = make_patch(item, item.target)
    patch["metadata"]["annotations"] = {"note": HOSTILE, "{{ key }}": "on", "version": "1e3"}
    item = item.model_copy(update={"patch": patch})
    manifest = make_sized_manifest(make_component("con"))
    manifest["metadata"]["annotations"] = {"note": HOSTILE, "lone": "\ud800"}
    other = make_component("con").model_copy(update={"manifests": (manifest,)})
    finding = Finding(
        id="R03", severity=Severity.WARN, passed=False, message=HOSTILE, component=name
    )
    return make_recommendation(
        item,
        other,
        findings=(finding,),
        failed=(FailedComponent(name="${x}\n- y", stage="dca", failure=HOSTILE),),
        notes=(Note(code="unknown.x", message=HOSTILE),),
        checks_skipped={"L02": HOSTILE},
    )


@pytest.fixture
def build() -> SimpleNamespace:
    """The builders, for tests that need other recommendations."""
    return SimpleNamespace(
        component=make_component,
        hpa=make_hpa,
        patch=make_patch,
        patched=make_patched,
        recommendation=make_recommendation,
        resources=_resources,
        sized_manifest=make_sized_manifest,
        target=make_target,
        workload=make_workload,
    )


@pytest.fixture(name="shop")
def shop_fixture() -> Recommendation:
    """See `shop`."""
    return copy.deepcopy(shop())


@pytest.fixture(name="hostile")
def hostile_fixture() -> Recommendation:
    """See `hostile`."""
    return copy.deepcopy(hostile())


@pytest.fixture
def hostile_text() -> str:
    """See `HOSTILE`."""
    return HOSTILE


@pytest.fixture
def tool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a real tool and fails with its words; skips where it is not installed."""

    def run(
        *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        if shutil.which(str(command[0])) is None:
            pytest.skip(f"{command[0]} is not installed")
        result = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result

    return run
