from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from adapters.kubernetes import KubernetesSchemas
from adapters.policies import load_policies
from adapters.prices import load_prices
from rva.agent import RvaAgent
from rva.policies import DEFAULT_POLICY
from schemas.context import AppContext, DescriptionReading, RepositoryFacts, Role, WorkloadKind
from schemas.errors import SettingsError
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import Autoscaling, ComponentFailure, DraftPlan, ReasoningStep
from schemas.ports import Policy, PolicySet
from schemas.recommendation import RefinementEnd, Severity
from schemas.trigger import ClusterFacts, NodeFacts, Trigger

KNOWN = Evidence(
    id="constant:go.base",
    kind=EvidenceKind.CONSTANT,
    grade=EvidenceGrade.HEURISTIC,
    statement="Go starts in little memory.",
    source="constants",
)
UNUSED = KNOWN.model_copy(update={"id": "constant:unused"})


class FakeBrokenGenerator:
    """Fails for one component."""

    def __init__(self, generator, broken):
        self._generator = generator
        self._broken = broken

    def __call__(self, component, plan):
        if component.name == self._broken:
            raise KeyError("out of luck")
        return self._generator(component, plan)


def context(*components, cluster=None, evidence=(KNOWN, UNUSED)):
    return AppContext(
        trigger=Trigger(
            git_repo="https://example.com/a/b", app_description="A shop", cluster=cluster
        ),
        repository=RepositoryFacts(url="https://example.com/a/b"),
        reading=DescriptionReading(),
        components=components,
        evidence=evidence,
    )


def policies(**changes):
    base = load_policies(DEFAULT_POLICY)
    fields = {"name": base.name, "limits": base.limits, "rules": base.rules}
    return PolicySet(**(fields | {"disabled": base.disabled} | changes))


@pytest.fixture
def agent(build):
    def make(*, generator=None, validator=None, prices=None, **changes):
        return RvaAgent(
            generator or build.generator,
            validator or build.validator(),
            policies(**changes),
            prices,
        )

    return make


def test_a_component_without_manifests_gets_documents_and_no_patch(build, agent):
    refined = agent().refine(context(build.component()), DraftPlan(components=(build.plan(),)))

    (answer,) = refined.components
    assert answer.patch is None
    assert answer.target is None
    assert answer.changes == ()
    assert [item["kind"] for item in answer.manifests] == ["Deployment", "PodDisruptionBudget"]


def test_a_component_with_a_workload_gets_a_patch_a_target_and_changes(build, agent):
    component = build.component(workload=build.workload())

    refined = agent().refine(context(component), DraftPlan(components=(build.plan(),)))

    (answer,) = refined.components
    assert answer.target.path == "k8s/api.yaml"
    assert answer.patch["spec"]["replicas"] == 2
    assert "replicas: not set → 2" in answer.changes
    assert [item["kind"] for item in answer.manifests] == ["PodDisruptionBudget"]


def test_a_document_that_the_repository_has_already_is_named_as_replaced(build, agent):
    theirs = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "theirs"},
        "spec": {"selector": {"matchLabels": {"app": "api"}}, "minAvailable": 2},
    }
    component = build.component(workload=build.workload(related=(theirs,)))

    refined = agent().refine(context(component), DraftPlan(components=(build.plan(),)))

    (answer,) = refined.components
    assert answer.replaces == ("PodDisruptionBudget/theirs",)


def test_a_new_document_replaces_nothing(build, agent):
    component = build.component(workload=build.workload())
    refined = agent().refine(context(component), DraftPlan(components=(build.plan(),)))
    (answer,) = refined.components
    assert answer.manifests
    assert answer.replaces == ()


def test_one_component_that_fails_stands_beside_the_others(build, agent):
    good, bad = build.component("good"), build.component("bad")
    draft = DraftPlan(
        components=(build.plan("good"), build.plan("bad"), build.plan("stranger")),
        failures=(ComponentFailure(component="early", stage="pipa", message="no constants"),),
    )

    refined = agent(generator=FakeBrokenGenerator(build.generator, "bad")).refine(
        context(good, bad), draft
    )

    assert [item.name for item in refined.components] == ["good"]
    failures = {item.name: (item.stage, item.failure) for item in refined.failed}
    assert failures["early"] == ("pipa", "no constants")
    assert failures["bad"] == ("rva", "KeyError: 'out of luck'")
    assert failures["stranger"][0] == "rva"


def test_the_evidence_is_exactly_what_the_reasoning_cites(build, agent):
    step = ReasoningStep(number=1, about="demand", text="By default.", evidence=(KNOWN.id,))
    sizes = build.resources(cpu=500, cpu_limit=100)
    planned = build.plan(sizes=sizes, reasoning=(step,))

    refined = agent().refine(context(build.component()), DraftPlan(components=(planned,)))

    (answer,) = refined.components
    assert [item.id for item in answer.evidence] == [KNOWN.id, "policy:T04"]
    assert "T04" in answer.evidence[1].statement


def test_findings_are_those_left_and_those_answered(build, agent):
    sizes = build.resources(cpu=500, cpu_limit=100)

    refined = agent().refine(
        context(build.component(language="Java")),
        DraftPlan(components=(build.plan(sizes=sizes),)),
    )

    found = {item.id: item for item in refined.findings}
    assert found["T04"].passed
    assert found["T04"].fix.op == "raise_limit_to_request"
    assert found["R02"].severity is Severity.INFO
    assert not any(item.blocks for item in refined.findings)
    assert refined.checks_passed > 20


def test_checks_that_could_not_run_are_named_with_the_reason(build, agent):
    refined = agent(disabled={"P10": "the platform decides"}).refine(
        context(build.component()), DraftPlan(components=(build.plan(),))
    )

    assert "history" in refined.checks_skipped["M01"]
    assert "no nodes" in refined.checks_skipped["C01"]
    assert "dry run" in refined.checks_skipped["T10 (server-side)"]
    assert refined.checks_skipped["P10"] == "switched off by policy default: the platform decides"
    assert "no price list" in refined.checks_skipped["$03"]


def test_a_check_that_is_switched_off_finds_nothing(build, agent):
    doc = build.document()
    doc["metadata"]["namespace"] = "default"
    component = build.component(workload=build.workload(doc))
    draft = DraftPlan(components=(build.plan(),))

    on = agent().refine(context(component), draft)
    off = agent(disabled={"P10": "why"}).refine(context(component), draft)

    assert "P10" in {item.id for item in on.findings}
    assert "P10" not in {item.id for item in off.findings}


def test_switching_off_what_does_not_exist_is_refused(agent):
    with pytest.raises(SettingsError, match="P99"):
        agent(disabled={"P99": "typo"})


def test_a_rule_of_the_organisation_is_checked_and_cited(build, agent):
    rule = Policy(
        id="org.three",
        severity="block",
        message="Three replicas.",
        condition="plan.replicas >= 3",
        source="acme.yaml",
    )

    refined = agent(rules=(rule,)).refine(
        context(build.component()), DraftPlan(components=(build.plan(),))
    )

    (finding,) = [item for item in refined.findings if item.blocks]
    assert finding.id == "org.three"
    assert refined.components[0].refinement.ended is RefinementEnd.NO_PROGRESS


def test_a_rule_that_does_not_compile_stops_the_start(agent):
    with pytest.raises(SettingsError, match="org.x"):
        agent(rules=(Policy(id="org.x", severity="warn", message="m", condition="(("),))


def test_a_document_that_the_schema_refuses_blocks(build, agent):
    refined = agent(validator=build.validator("spec.replicas: 'x' is no number")).refine(
        context(build.component()), DraftPlan(components=(build.plan(),))
    )

    (finding,) = [item for item in refined.findings if item.blocks]
    assert finding.id == "T06"
    assert "spec.replicas" in finding.message


def test_what_was_wrong_before_the_patch_is_only_a_warning(build, agent):
    doc = build.document()
    doc["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": "PORT"}]
    component = build.component(workload=build.workload(doc))

    refined = agent(validator=KubernetesSchemas()).refine(
        context(component), DraftPlan(components=(build.plan(),))
    )

    (finding,) = [item for item in refined.findings if item.id == "T06"]
    assert finding.severity is Severity.WARN
    assert "containerPort" in finding.message


def test_confidence_falls_with_what_is_left_and_with_what_was_forced(build, agent):
    draft = DraftPlan(components=(build.plan(),))
    quiet = agent().refine(context(build.component()), draft)
    blocked = agent(validator=build.validator("wrong")).refine(context(build.component()), draft)
    search = build.component(third_party="elasticsearch", role=Role.SEARCH_ENGINE)
    small = build.plan(sizes=build.resources(memory_limit=400))
    forced = agent().refine(context(search), DraftPlan(components=(small,)))

    assert quiet.components[0].confidence == 0.6
    assert blocked.components[0].confidence == 0.3
    assert forced.components[0].confidence <= 0.48


def test_hostile_words_of_a_repository_are_not_shown(build, agent):
    doc = build.document(containers=[{"name": "api", "image": "https://evil.example/x:latest"}])
    component = build.component(workload=build.workload(doc))

    refined = agent().refine(context(component), DraftPlan(components=(build.plan(),)))

    (finding,) = [item for item in refined.findings if item.id == "P12"]
    assert finding.value == "withheld"
    assert "evil" not in json.dumps([item.model_dump(mode="json") for item in refined.findings])


@pytest.mark.parametrize(
    "hostile", ["<img src=x>", "https://evil.example", "@everyone", "ghp_0123456789abcdefghij"]
)
def test_no_hostile_word_reaches_any_text_that_is_shown(build, agent, hostile):
    side = {
        "name": hostile,
        "image": f"{hostile}:latest",
        "resources": {"limits": {"cpu": hostile}},
    }
    env = [{"name": "GOMEMLIMIT", "value": hostile}, {"name": "X"}, {"name": "X"}]
    main = {"name": "api", "image": "a:1", "env": env}
    doc = build.document(containers=[main, side], pod={"nodeSelector": {hostile: hostile}})
    component = build.component(language="Go", workload=build.workload(doc))
    node = NodeFacts(name="n", allocatable_cpu=4000, allocatable_memory=2**33)

    refined = agent().refine(
        context(component, cluster=ClusterFacts(nodes=(node,))),
        DraftPlan(components=(build.plan(),)),
    )

    (answer,) = refined.components
    texts = [step.text for step in answer.reasoning]
    texts += [*answer.changes, answer.refinement.model_dump_json()]
    texts += [finding.model_dump_json() for finding in refined.findings]
    assert not [text for text in texts if hostile in text]
    assert {"P12", "T11", "C05"} <= {finding.id for finding in refined.findings}


def test_a_custom_resource_gets_numbers_and_a_note(build, agent):
    reference = build.workload().model_copy(update={"kind": "Rollout"})

    refined = agent().refine(
        context(build.component(workload=reference)), DraftPlan(components=(build.plan(),))
    )

    (answer,) = refined.components
    assert answer.patch is None
    assert answer.replicas == 2
    assert [note.code for note in refined.notes] == ["unknown.kind"]


def test_costs_are_those_of_the_price_list(build, agent):
    refined = agent(prices=load_prices()).refine(
        context(build.component()), DraftPlan(components=(build.plan(),))
    )

    expected = 2 * 730 * (0.2 * 0.031611 + 0.25 * 0.004237)
    assert refined.cost.monthly == pytest.approx(expected, abs=0.01)
    assert refined.cost.currency == "USD"


@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_every_document_is_valid_for_kubernetes_itself(build, agent, kind):
    doc = build.document(kind.value)
    component = build.component(kind=kind, workload=build.workload(doc))
    scaling = Autoscaling(min_replicas=2, max_replicas=4, target_cpu_percent=70)
    planned = build.plan(autoscaling=scaling if kind == "Deployment" else None)
    facts = ClusterFacts(kubernetes_version="v1.29.3")

    refined = agent(validator=KubernetesSchemas()).refine(
        context(component, cluster=facts), DraftPlan(components=(planned,))
    )

    assert [item.message for item in refined.findings if item.id == "T06"] == []


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is absent")
def test_kubectl_applies_the_patch_of_the_answer(build, agent, tmp_path):
    component = build.component(language="Go", workload=build.workload())
    refined = agent().refine(context(component), DraftPlan(components=(build.plan(),)))
    document, patch = tmp_path / "d.json", tmp_path / "p.json"
    document.write_text(json.dumps(component.workload.document))
    patch.write_text(json.dumps(refined.components[0].patch))
    command = ["kubectl", "patch", "--local", "--type=strategic", "-o", "json"]

    result = subprocess.run(
        [*command, "-f", str(document), "--patch-file", str(patch)],
        check=True,
        capture_output=True,
        text=True,
    )

    (container,) = json.loads(result.stdout)["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "GOMEMLIMIT", "value": "460MiB"}]
    assert container["resources"]["limits"] == {"memory": "512Mi"}
