"""The whole model: any component has a valid, explained, reproducible plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipa.capacity import size_component
from pipa.constants import load_constants
from schemas.context import (
    AppContext,
    Component,
    ContainerFacts,
    Criticality,
    CurrentSizing,
    Demand,
    DescriptionReading,
    FoundIn,
    RepositoryFacts,
    Role,
    RuntimeSettings,
    Traffic,
    WorkloadKind,
    WorkloadRef,
)
from schemas.plan import ComponentPlan
from schemas.quantities import GIB, MIB, format_memory
from schemas.trigger import Environment, Trigger

MAYBE_RATE = st.none() | st.floats(min_value=0, max_value=1e7)
DEMANDS = st.builds(
    Demand,
    peak_rps=MAYBE_RATE,
    average_rps=MAYBE_RATE,
    concurrent_users=st.none() | st.integers(0, 10**8),
    connections=st.none() | st.integers(0, 10**7),
    messages_per_second=MAYBE_RATE,
    ingest_bytes_per_second=st.none() | st.floats(min_value=0, max_value=1e10),
    latency_ms=st.none() | st.floats(min_value=0.1, max_value=1e5),
    availability=st.none() | st.floats(min_value=0.5, max_value=1),
    zero_downtime=st.none() | st.booleans(),
    criticality=st.none() | st.sampled_from(Criticality),
    sample=st.none() | st.booleans(),
    traffic=st.none() | st.sampled_from(Traffic),
    persistence=st.none() | st.booleans(),
    data_bytes=st.none() | st.integers(0, 10**14),
)
RUNTIMES = st.builds(
    RuntimeSettings,
    server=st.sampled_from([None, "gunicorn", "celery", "nginx", "puma"]),
    workers=st.none() | st.integers(0, 4096),
    threads=st.none() | st.integers(0, 65536),
    concurrency=st.none() | st.integers(0, 65536),
    heap_max_bytes=st.none() | st.integers(0, 10**12),
    heap_max_fraction=st.none() | st.floats(min_value=0.01, max_value=1),
)
COMPONENTS = st.builds(
    Component,
    name=st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
    source_path=st.sampled_from([None, ".", "src"]),
    found_in=st.sampled_from([(FoundIn.DOCKERFILE,), (FoundIn.DESCRIPTION,), (FoundIn.CHART,)]),
    language=st.sampled_from(
        [None, "Go", "Rust", "Python", "Java", "TypeScript", "C#", "Ruby", "PHP", "Elixir", "?"]
    ),
    language_version=st.sampled_from([None, "1.22", "1.25", "21", "x"]),
    framework=st.sampled_from([None, "Gin", "Django", "Spring Boot", "Next.js", "Rails", "React"]),
    role=st.sampled_from(Role),
    kind=st.sampled_from(WorkloadKind),
    third_party=st.none() | st.sampled_from(sorted(load_constants().products)) | st.just("unheard"),
    libraries=st.lists(st.sampled_from(["torch", "pandas", "spacy", "kafkajs", "x"])).map(tuple),
    runtime=RUNTIMES,
    has_volume=st.booleans(),
    volume_bytes=st.none() | st.integers(1, 10**13),
    demand=DEMANDS,
)


def _context(*components: Component, environment=Environment.PROD, **fields) -> AppContext:
    return AppContext(
        trigger=Trigger(git_repo=".", app_description="an app", environment=environment),
        repository=RepositoryFacts(url=".", files=fields.pop("files", 3)),
        reading=DescriptionReading(),
        components=components,
        **fields,
    )


def _assert_sound(plan: ComponentPlan) -> None:
    requests, limits, bounds = plan.resources.requests, plan.resources.limits, plan.intervals
    assert 0 < requests.cpu <= limits.cpu
    assert 0 < requests.memory <= limits.memory
    assert bounds.replicas.target == plan.replicas >= 1
    assert bounds.cpu_request.target == requests.cpu
    assert bounds.memory_request.target == requests.memory
    assert bounds.cpu_limit.target == limits.cpu
    assert bounds.memory_limit.target == limits.memory
    assert requests.memory % MIB == limits.memory % MIB == 0
    if plan.autoscaling:
        assert plan.autoscaling.min_replicas <= plan.replicas <= plan.autoscaling.max_replicas
        assert plan.storage is None
    assert [step.number for step in plan.reasoning] == list(range(1, len(plan.reasoning) + 1))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(COMPONENTS, st.sampled_from(Environment))
def test_any_component_has_a_sound_plan_whose_citations_resolve(component, environment):
    plan, evidence = size_component(
        component, _context(component, environment=environment), load_constants()
    )
    _assert_sound(plan)
    known = {item.id for item in evidence}
    cited = {id_ for step in plan.reasoning for id_ in step.evidence}
    assert cited == known
    assert ComponentPlan.model_validate_json(plan.model_dump_json()) == plan


@settings(max_examples=60, deadline=None)
@given(COMPONENTS)
def test_the_same_question_has_the_same_answer(component):
    context = _context(component)
    first = size_component(component, context, load_constants())
    assert size_component(component, context, load_constants()) == first


@settings(max_examples=100, deadline=None)
@given(COMPONENTS)
def test_present_numbers_are_no_evidence_unless_the_user_says_so(component):
    current = CurrentSizing(
        replicas=7, cpu_request=777, memory_request=777 * MIB, memory_limit=GIB, source="k8s/a.yaml"
    )
    shown = component.model_copy(update={"current": current})
    plain = size_component(component, _context(component), load_constants())
    assert size_component(shown, _context(shown), load_constants()) == plain


def test_trusted_numbers_become_the_targets_inside_widened_intervals(component, constants):
    current = CurrentSizing(
        replicas=3,
        cpu_request=700,
        cpu_limit=3000,
        memory_request=3 * GIB,
        memory_limit=4 * GIB,
        source="k8s/api.yaml",
    )
    subject = component(language="Go", current=current)
    plain, _ = size_component(subject, _context(subject), constants)
    trusted, _ = size_component(subject, _context(subject, trust_current=True), constants)
    _assert_sound(trusted)
    assert trusted.replicas == 3
    assert trusted.resources.requests.cpu == 700
    assert trusted.resources.requests.memory == 3 * GIB
    assert trusted.resources.limits.memory == 4 * GIB
    assert trusted.confidence > plain.confidence


def test_trust_does_not_multiply_a_single_writer(component, constants):
    subject = component(
        third_party="postgresql",
        role=Role.SQL_DATABASE,
        kind=WorkloadKind.STATEFUL_SET,
        current=CurrentSizing(replicas=3),
    )
    plan, _ = size_component(subject, _context(subject, trust_current=True), constants)
    assert plan.replicas == 1


# --- confidence


def test_the_more_is_known_the_higher_the_confidence(size):
    nothing = size(source_path=None, base_image=None, role=Role.OTHER, found_in=(FoundIn.MANIFEST,))
    language = size(language="Go")
    framework = size(language="Go", framework="Gin")
    load = size(language="Go", framework="Gin", demand={"peak_rps": 100})
    workers = size(
        language="Go", framework="Gin", demand={"peak_rps": 100}, runtime=RuntimeSettings(workers=2)
    )
    ladder = [plan.confidence for plan in (nothing, language, framework, load, workers)]
    assert ladder == sorted(ladder)
    assert len(set(ladder)) == len(ladder)


def test_an_empty_repository_is_said_to_be_uncertain(component, constants):
    demand = Demand(peak_rps=100)
    for fields in ({"language": "Go", "framework": "Gin"}, {"third_party": "redis"}):
        subject = component(found_in=(FoundIn.DESCRIPTION,), demand=demand, **fields)
        plan, _ = size_component(subject, _context(subject, files=0), constants)
        assert plan.confidence <= 0.3


def test_nothing_unmeasured_is_certain(size):
    plan = size(
        language="Go",
        framework="Gin",
        runtime=RuntimeSettings(workers=2),
        demand={"peak_rps": 10},
    )
    assert plan.confidence <= 0.85


# --- containers beside the main one


def _workload(*containers: ContainerFacts) -> WorkloadRef:
    return WorkloadRef(
        api_version="apps/v1",
        kind="Deployment",
        name="api",
        container="api",
        containers=(ContainerFacts(name="api"), *containers),
        path="k8s/api.yaml",
        document={},
    )


def test_unsized_containers_beside_the_main_one_get_small_requests(size, constants):
    workload = _workload(
        ContainerFacts(name="helper", image="acme/helper:1"),
        ContainerFacts(name="mesh", image="envoyproxy/envoy:v1.31"),
        ContainerFacts(name="migrate", init=True),
        ContainerFacts(name="proxy", sidecar=True),
        ContainerFacts(name="sized", sized=True),
    )
    plan = size(language="Go", workload=workload)
    extra = {item.name: item for item in plan.extra_containers}
    assert set(extra) == {"helper", "mesh", "migrate", "proxy"}
    assert extra["helper"].resources.requests.cpu == constants["side.cpu"].value
    assert extra["mesh"].resources.requests.memory == (
        constants.products["envoy"].memory_request * MIB
    )
    assert extra["migrate"].init
    assert extra["proxy"].init
    assert not extra["helper"].init


def test_without_a_workload_there_are_no_other_containers(size):
    assert size(language="Go").extra_containers == ()


# --- reasoning


def test_the_demo_api_is_reasoned_from_load_to_limit(size):
    plan = size(
        language="Go",
        language_version="1.25",
        framework="Gin",
        demand={"peak_rps": 2000, "zero_downtime": True},
    )
    assert [step.about for step in plan.reasoning] == (
        ["demand", "demand", "replicas", "cpu", "replicas", "cpu", "cpu"]
        + ["memory"] * 4
        + ["cpu", "memory", "autoscaling", "runtime", "confidence"]
    )
    assert plan.replicas == 4


@pytest.mark.parametrize("language", ["Go", "Python", "Java", "TypeScript"])
def test_the_last_memory_step_ends_on_the_limit(size, language):
    plan = size(language=language, framework="x", demand={"peak_rps": 100})
    limit, rounded = [step.text for step in plan.reasoning if step.about == "memory"][-2:]
    stated = float(re.findall(r"written as ([\d.]+) MiB", limit)[-1])
    assert plan.resources.limits.memory / MIB == pytest.approx(stated, rel=0.25)
    assert plan.resources.limits.memory / MIB >= stated - 0.1
    assert f"limit {format_memory(plan.resources.limits.memory)}." in rounded
