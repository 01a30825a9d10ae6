from __future__ import annotations

import pytest

from schemas.context import CurrentSizing
from schemas.plan import ContainerPlan
from schemas.quantities import MIB
from schemas.recommendation import Severity


def of_manifest(build, *containers, planned=None, **fields):
    doc = build.document(containers=[{"name": "api", "image": "a:1"}, *containers], **fields)
    return build.subject(build.component(workload=build.workload(doc)), planned)


def test_t01_a_wrong_amount_that_stays_in_the_manifest_blocks(build, ask):
    side = {"name": "side", "image": "s:1", "resources": {"limits": {"memory": "512MB"}}}

    finding = ask.fails("T01", of_manifest(build, side))

    assert finding.severity is Severity.BLOCK
    assert finding.container == "side"
    assert "512MB" in finding.value


def test_t01_a_wrong_amount_that_the_patch_replaces_is_only_told(build, ask):
    current = CurrentSizing(invalid=("512MB",))
    component = build.component(workload=build.workload(), current=current)

    finding = ask.fails("T01", build.subject(component))

    assert finding.severity is Severity.INFO
    assert finding.value == "512MB"


@pytest.mark.parametrize(
    ("memory", "shown"), [(2, "2Mi"), (1 / MIB, "1")], ids=["tiny", "one_byte"]
)
def test_t02_memory_in_which_nothing_runs_blocks(build, ask, memory, shown):
    finding = ask.fails(
        "T02", build.subject(planned=build.plan(sizes=build.resources(memory=memory)))
    )

    assert finding.value == shown
    assert finding.limit == "4Mi"


def test_t02_half_a_byte_in_a_manifest_blocks(build, ask):
    side = {"name": "side", "image": "s:1", "resources": {"limits": {"memory": "512m"}}}

    assert ask.fails("T02", of_manifest(build, side)).container == "side"


def test_t03_no_cpu_at_all_blocks(build, ask):
    planned = build.plan(sizes=build.resources(cpu=0))

    assert ask.fails("T03", build.subject(planned=planned)).limit == "1m"


@pytest.mark.parametrize(
    ("sizes", "path"),
    [
        ({"cpu": 300, "cpu_limit": 200}, "resources.limits.cpu"),
        ({"memory": 513, "memory_limit": 512}, "resources.limits.memory"),
    ],
    ids=["cpu", "memory"],
)
def test_t04_a_limit_below_its_request_blocks(build, ask, sizes, path):
    finding = ask.fails("T04", build.subject(planned=build.plan(sizes=build.resources(**sizes))))

    assert finding.path == path
    assert finding.value in finding.message
    assert finding.limit in finding.message


def test_t04_looks_at_containers_that_the_plan_does_not_name(build, ask):
    side = {
        "name": "side",
        "image": "s:1",
        "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}},
    }

    assert ask.fails("T04", of_manifest(build, side)).container == "side"


@pytest.mark.parametrize(
    ("resources", "holds"),
    [
        ({"limits": {"nvidia.com/gpu": 1}}, True),
        ({"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": 1}}, True),
        ({"limits": {"hugepages-2Mi": "128Mi"}}, True),
        ({"requests": {"nvidia.com/gpu": 1}}, False),
        ({"limits": {"nvidia.com/gpu": 2}, "requests": {"nvidia.com/gpu": 1}}, False),
        ({"limits": {"nvidia.com/gpu": "0.5"}}, False),
    ],
    ids=["limit", "equal", "hugepages", "request_only", "overcommit", "half"],
)
def test_t05_devices_are_whole_and_not_shared(build, ask, resources, holds):
    subject = of_manifest(build, {"name": "gpu", "image": "g:1", "resources": resources})

    (ask.passes if holds else ask.fails)("T05", subject)


def test_t05_says_nothing_without_devices(build, ask):
    assert ask("T05", build.subject()) is None


def test_t07_a_selector_that_misses_its_pods_is_told(build, ask):
    doc = build.document(spec={"selector": {"matchLabels": {"app": "other"}}})
    component = build.component(workload=build.workload(doc))

    finding = ask.fails("T07", build.subject(component))

    assert finding.value == "api"
    assert finding.limit == "other"
    assert finding.fix.op == "match_selector"
    assert finding.severity is Severity.WARN, "the manifest is the repository's own"


def test_t08_a_wrong_container_name_would_add_a_container(build, ask):
    component = build.component(workload=build.workload(container="typo"))

    assert ask.fails("T08", build.subject(component)).value == "typo"


def test_t08_t09_t10_hold_for_a_usual_patch(build, ask):
    subject = build.subject(build.component(workload=build.workload()))

    for check in ("T08", "T09", "T10"):
        ask.passes(check, subject)


@pytest.mark.parametrize("check", ["T08", "T09", "T10"])
def test_checks_of_the_patch_say_nothing_without_one(build, ask, check):
    assert ask(check, build.subject()) is None


@pytest.mark.parametrize(
    ("name", "labels"),
    [("Api", {}), ("api_1", {}), ("a" * 64, {}), ("api", {"app": "spaces are wrong"})],
    ids=["capital", "underscore", "long", "label"],
)
def test_t11_names_that_the_api_refuses_are_told(build, ask, name, labels):
    doc = build.document(name=name)
    doc["metadata"]["labels"] = labels
    component = build.component(workload=build.workload(doc))

    assert ask.fails("T11", build.subject(component)).fix.op == "rename"


def test_t11_a_wrong_name_in_a_document_of_our_own_blocks(build, ask):
    assert ask.fails("T11", build.subject(build.component("Api"))).severity is Severity.BLOCK


@pytest.mark.parametrize("group", ["initContainers", "containers"])
def test_t12_every_container_beside_the_main_one_is_sized(build, ask, group):
    other = {"name": "other", "image": "o:1"}
    doc = build.document()
    doc["spec"]["template"]["spec"].setdefault(group, []).append(other)
    component = build.component(workload=build.workload(doc))

    assert ask.fails("T12", build.subject(component)).container == "other"
    extra = ContainerPlan(name="other", init=group == "initContainers", resources=build.resources())
    ask.passes("T12", build.subject(component, build.plan(extra_containers=(extra,))))


def test_t13_a_variable_set_twice_is_told(build, ask):
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    doc = build.document(containers=[{"name": "api", "image": "a:1", "env": twice}])

    finding = ask.fails("T13", build.subject(build.component(workload=build.workload(doc))))

    assert finding.severity is Severity.WARN
    assert finding.value == "A"


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\u2028b", "a\x1b[31mb"])
def test_t14_texts_that_could_break_out_of_their_place_block(build, ask, text):
    component = build.component(workload=build.workload())
    planned = build.plan(runtime_env={"GOMEMLIMIT": text})

    assert "control character" in ask.fails("T14", build.subject(component, planned)).message


def test_t14_what_json_cannot_say_blocks(build, ask):
    hpa = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api", "annotations": {1: "number as a key"}},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}},
    }
    from schemas.plan import Autoscaling

    scaling = Autoscaling(min_replicas=2, max_replicas=4, target_cpu_percent=70)
    component = build.component(workload=build.workload(related=(hpa,)))

    finding = ask.fails("T14", build.subject(component, build.plan(autoscaling=scaling)))

    assert "read back" in finding.message


def test_a_clean_plan_passes_all_technical_checks_that_apply(build, ask):
    subject = build.subject()

    for check in ("T01", "T02", "T03", "T04", "T07", "T11", "T13", "T14"):
        ask.passes(check, subject)
