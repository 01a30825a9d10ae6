"""Whatever the draft, the loop ends, says what is left, and a second refinement changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rva.checks import CHECKS
from rva.documents import containers
from rva.react import MAX_CYCLES, RefinementEnd, refine_component, same_numbers
from schemas.context import (
    AutoscalerFacts,
    Criticality,
    CurrentSizing,
    Demand,
    Role,
    RuntimeSettings,
    WorkloadKind,
)
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
from schemas.quantities import GIB, KIB, MIB
from schemas.trigger import (
    ClusterFacts,
    Environment,
    LimitRangeFacts,
    NodeFacts,
    QuotaFacts,
)

CPU = st.one_of(st.sampled_from([0, 1, 10, 100, 250, 1000, 64000, 10**9]), st.integers(0, 20000))
MEMORY = st.one_of(
    st.sampled_from([0, 1, KIB, 4 * MIB, 64 * MIB, 512 * MIB, GIB, 300 * GIB, 2**60]),
    st.integers(0, 64 * GIB),
)
COUNT = st.one_of(st.sampled_from([0, 1, 2, 3, 4, 500, 10**6]), st.integers(0, 60))


def optional(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def amounts(draw):
    return Amounts(cpu=draw(optional(CPU)), memory=draw(optional(MEMORY)))


@st.composite
def some_resources(draw):
    return Resources(requests=draw(amounts()), limits=draw(amounts()))


@st.composite
def interval(draw, kind, values):
    low, target, high = sorted(draw(st.tuples(values, values, values)))
    return kind(low=low, target=target, high=high)


@st.composite
def plans(draw, build):
    ranges = Intervals(
        replicas=draw(interval(CountInterval, COUNT)),
        cpu_request=draw(interval(CpuInterval, CPU)),
        memory_request=draw(interval(MemoryInterval, MEMORY)),
        cpu_limit=draw(optional(interval(CpuInterval, CPU))),
        memory_limit=draw(interval(MemoryInterval, MEMORY)),
    )
    scaling = optional(
        st.builds(
            Autoscaling,
            min_replicas=st.integers(1, 50),
            max_replicas=st.integers(1, 500),
            target_cpu_percent=st.integers(1, 100),
        )
    )
    texts = st.sampled_from(["Fine.", "See https://evil.example/x", "<img src=x>", "@someone now"])
    names = st.sampled_from(["sidecar", "init", "unknown"])
    variables = st.sampled_from(
        ["GOMEMLIMIT", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "KAFKA_HEAP_OPTS", "OMP_NUM_THREADS"]
    )
    values = st.sampled_from(
        ["1GiB", "-Xmx2g", "-XX:MaxRAMPercentage=90.0", "--max-old-space-size=4096", "off", ""]
    )
    return build.plan(
        replicas=draw(COUNT),
        sizes=draw(some_resources()),
        intervals=ranges,
        autoscaling=draw(scaling),
        recreate=draw(st.booleans()),
        disruption_budget=draw(st.booleans()),
        storage=draw(optional(MEMORY)),
        runtime_env=draw(st.dictionaries(variables, values, max_size=3)),
        extra_containers=tuple(
            draw(
                st.lists(
                    st.builds(ContainerPlan, name=names, resources=some_resources()),
                    max_size=2,
                    unique_by=lambda item: item.name,
                )
            )
        ),
        reasoning=(ReasoningStep(number=1, about="memory", text=draw(texts)),),
    )


@st.composite
def clusters(draw):
    node = st.builds(
        NodeFacts,
        name=st.just("node"),
        count=st.integers(1, 4),
        allocatable_cpu=st.sampled_from([500, 2000, 8000, 64000]),
        allocatable_memory=st.sampled_from([256 * MIB, 4 * GIB, 64 * GIB]),
        free_cpu=optional(st.sampled_from([0, 500, 2000])),
        free_memory=optional(st.sampled_from([0, 128 * MIB, 2 * GIB])),
        ready=st.booleans(),
        taints=st.sampled_from([(), ("dedicated=db:NoSchedule",)]),
    )
    limit_range = st.builds(
        LimitRangeFacts,
        min_cpu=optional(st.sampled_from([1, 100, 2000])),
        max_cpu=optional(st.sampled_from([50, 500, 4000])),
        min_memory=optional(st.sampled_from([MIB, 128 * MIB])),
        max_memory=optional(st.sampled_from([64 * MIB, GIB])),
        max_cpu_limit_request_ratio=optional(st.sampled_from([1.0, 2.0, 4.0])),
        max_memory_limit_request_ratio=optional(st.sampled_from([1.0, 1.5])),
    )
    quota = st.builds(
        QuotaFacts,
        remaining_requests_cpu=optional(CPU),
        remaining_requests_memory=optional(MEMORY),
        remaining_limits_cpu=optional(CPU),
        remaining_limits_memory=optional(MEMORY),
        remaining_pods=optional(st.integers(0, 10)),
    )
    return ClusterFacts(
        nodes=tuple(draw(st.lists(node, max_size=2))),
        limit_ranges=tuple(draw(st.lists(limit_range, max_size=2))),
        quotas=tuple(draw(st.lists(quota, max_size=1))),
    )


@st.composite
def components(draw, build):
    kind = draw(st.sampled_from(list(WorkloadKind)))
    fields = {
        "kind": kind,
        "role": draw(st.sampled_from([Role.BACKEND_API, Role.SQL_DATABASE, Role.WORKER])),
        "language": draw(optional(st.sampled_from(["Java", "Go", "Python", "JavaScript", "C#"]))),
        "language_version": draw(optional(st.sampled_from(["1.21", "1.25", "17"]))),
        "third_party": draw(
            optional(st.sampled_from(["postgresql", "kafka", "redis", "elasticsearch", "etcd"]))
        ),
        "has_volume": draw(st.booleans()),
        "libraries": draw(st.sampled_from([(), ("torch",)])),
        "demand": Demand(zero_downtime=draw(optional(st.booleans()))),
        "runtime": RuntimeSettings(
            workers=draw(optional(st.integers(0, 64))),
            heap_max_bytes=draw(optional(MEMORY)),
        ),
        "start_command": draw(
            st.sampled_from(
                [
                    (),
                    ("postgres", "-c", "shared_buffers=4GB"),
                    ("redis-server", "--maxmemory", "3gb"),
                    ("java", "-Xmx6g", "-jar", "app.jar"),
                ]
            )
        ),
    }
    if draw(st.booleans()):
        fields["workload"] = draw(workloads(build, kind.value))
        fields["current"] = draw(
            optional(
                st.builds(
                    CurrentSizing,
                    replicas=optional(st.integers(0, 9)),
                    autoscaler=optional(st.just(AutoscalerFacts(min_replicas=1, max_replicas=5))),
                )
            )
        )
    return build.component(**fields)


@st.composite
def workloads(draw, build, kind):
    quantity = st.sampled_from(["100m", "1", "64Mi", "512m", "2GB", "abc", 1, 0.5, "-1"])
    amount = st.dictionaries(st.sampled_from(["cpu", "memory"]), quantity)
    sized = st.fixed_dictionaries({"requests": amount, "limits": amount})
    containers_ = [{"name": "api", "image": "example/api", "resources": draw(sized)}]
    pod = {}
    if draw(st.booleans()):
        containers_.append({"name": "sidecar", "image": "example/side:1", "resources": draw(sized)})
    if draw(st.booleans()):
        pod["initContainers"] = [{"name": "init", "image": "example/init:1"}]
    strategy = st.sampled_from(
        [
            {},
            {"strategy": {"type": "Recreate"}},
            {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}},
            {"strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}}},
        ]
    )
    doc = build.document(kind, containers=containers_, pod=pod, spec=draw(strategy))
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "pdb"},
        "spec": {"minAvailable": draw(st.sampled_from([0, 1, 3, "50%", "100%"]))},
    }
    return build.workload(doc, related=draw(st.sampled_from([(), (budget,)])))


@pytest.fixture(scope="session")
def enough(builders):
    return builders


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_draft_ends_clean_or_says_what_blocks_and_stays_so(data, builders):
    component = data.draw(components(builders))
    world = builders.world(
        component,
        tier=data.draw(st.sampled_from(list(Criticality))),
        environment=data.draw(st.sampled_from(list(Environment))),
        cluster=data.draw(st.one_of(st.none(), clusters())),
        limits={"cpu_limits": data.draw(st.sampled_from(["forbid", "optional", "require"]))},
    )
    refined = refine_component(world, data.draw(plans(builders)), CHECKS)

    assert refined.refinement.cycles <= MAX_CYCLES
    blocking = [item for item in refined.failed if item.blocks]
    assert (refined.refinement.ended is RefinementEnd.CLEAN) == (
        not [item for item in blocking if item.id in IN_LOOP]
    )
    for item in blocking:
        assert item.message
        assert item.fix is not None
    again = refine_component(world, refined.plan, CHECKS)
    assert same_numbers(again.plan, refined.plan)
    assert again.plan.reasoning == refined.plan.reasoning
    assert {item.id for item in again.failed} == {item.id for item in refined.failed}


IN_LOOP = frozenset(check.id for check in CHECKS if not check.final)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_without_outer_bounds_every_repairable_block_is_repaired(data, builders):
    """No cluster, no other container's constraint: what the plan alone decides, it gets right."""
    component = builders.component(language=data.draw(st.sampled_from(["Go", "Java", "Python"])))
    draft = data.draw(plans(builders)).model_copy(update={"extra_containers": ()})
    refined = refine_component(builders.world(component), draft, CHECKS)

    assert [item.id for item in refined.failed if item.blocks] == []
    assert refined.refinement.ended is RefinementEnd.CLEAN
    ranges, sizes = refined.plan.intervals, refined.plan.resources
    assert sizes.limits.memory >= sizes.requests.memory >= 4 * MIB
    assert ranges.memory_limit.target == sizes.limits.memory
    assert ranges.replicas.target == refined.plan.replicas >= 1


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_documents_carry_the_numbers_of_the_plan(data, builders):
    component = builders.component(workload=builders.workload())
    refined = refine_component(builders.world(component), data.draw(plans(builders)), CHECKS)

    (view,) = containers(refined.subject.workload)
    sizes = refined.plan.resources
    assert view.memory_request_bytes == sizes.requests.memory
    assert view.memory_limit_bytes == sizes.limits.memory
    assert view.cpu_request_millicores == sizes.requests.cpu
    assert view.cpu_limit_millicores == sizes.limits.cpu
