from __future__ import annotations

import pytest

from rva.agent import _skipped
from rva.checks import CHECKS
from rva.react import refine_component
from rva.repairs import REMEDIES
from rva.subject import make_subject
from schemas.ports import PolicySet
from schemas.quantities import MIB
from schemas.recommendation import RefinementEnd, Severity
from schemas.usage import Spread, UsageSummary, WorkloadKey

METERED = ["M01", "M02", "M03", "M04", "M05", "M07", "M08", "$04"]


def spread(p50, p95, maximum):
    return Spread(mean=p50, p50=p50, p95=p95, p99=maximum, maximum=maximum)


def used(*, memory=(200, 220, 240), cpu=(0.05, 0.1, 0.3), **fields):
    """Usage with memory in MiB and CPU in cores: median, 95th percentile, maximum."""
    return UsageSummary(
        **{
            "workload": WorkloadKey(namespace="shop", kind="Deployment", name="api"),
            "container": "api",
            "origin": "https://prometheus.example",
            "end_s": 1_700_000_000,
            "days": 14.0,
            "coverage": 1.0,
            "samples": 12_000,
            "pods": 3,
            "memory_bytes": spread(*(value * MIB for value in memory)) if memory else None,
            "cpu_cores": spread(*cpu) if cpu else None,
            "throttled_share": 0.0,
            "oom_kills": 0,
            "startup_memory_ratio": 1.0,
            "memory_limit_bytes": 512 * MIB,
            **fields,
        }
    )


def of(build, usage, *, component=None, **sizes):
    component = component or {}
    return build.subject(
        build.component(usage=usage, **component), build.plan(sizes=build.resources(**sizes))
    )


@pytest.mark.parametrize("check", [*METERED, "M06"])
def test_without_history_the_check_says_that_it_did_not_run(ask, build, check):
    assert "usage history" in ask(check, of(build, None))


@pytest.mark.parametrize("check", METERED)
def test_a_plan_that_fits_what_was_used_passes(ask, build, check):
    ask.passes(check, of(build, used(), cpu=200, memory=240))


@pytest.mark.parametrize(
    ("limit", "severity"), [(200, Severity.BLOCK), (245, Severity.WARN)], ids=["below", "no_margin"]
)
def test_a_limit_below_the_peak_blocks_and_one_without_margin_warns(ask, build, limit, severity):
    finding = ask.fails("M01", of(build, used(), memory=128, memory_limit=limit))
    assert finding.severity is severity
    assert "240Mi" in finding.message


def test_the_limit_it_was_killed_at_is_not_recommended_again(ask, build):
    usage = used(oom_kills=3, oom_limit_bytes=512.0 * MIB)
    finding = ask.fails("M02", of(build, usage, memory_limit=512))
    assert finding.severity is Severity.BLOCK
    ask.passes("M02", of(build, usage, memory_limit=640))


def test_kills_that_could_not_be_read_are_no_pass(ask, build):
    assert "could not be read" in ask("M02", of(build, used(oom_kills=None)))


def test_a_request_below_the_95th_percentile_is_told(ask, build):
    finding = ask.fails("M03", of(build, used(), cpu=90))
    assert finding.limit == "100m"


@pytest.mark.parametrize(
    ("limit", "fails"), [(500, True), (800, False), (None, False)], ids=["same", "raised", "none"]
)
def test_a_limit_that_throttled_has_to_go_up_or_away(ask, build, limit, fails):
    subject = of(build, used(throttled_share=0.2, cpu_limit_cores=0.5), cpu_limit=limit)
    if fails:
        assert "20%" in ask.fails("M04", subject).message
    else:
        ask.passes("M04", subject)


@pytest.mark.parametrize(
    "short", [{"days": 1.0}, {"samples": 20}], ids=["one_day", "twenty_samples"]
)
def test_a_short_history_lowers_nothing(ask, build, short):
    usage = used(memory_request_bytes=400.0 * MIB, **short)
    finding = ask.fails("M05", of(build, usage, memory=256))
    assert finding.severity is Severity.BLOCK
    ask.passes("M05", of(build, usage, memory=448))


def test_a_jvm_whose_start_was_not_seen_needs_room(ask, build):
    usage = used(startup_memory_ratio=None)
    java = {"language": "Java"}
    finding = ask.fails("M06", of(build, usage, component=java, memory_limit=256))
    assert finding.fix is not None
    ask.passes("M06", of(build, usage, component=java, memory_limit=512))
    assert ask("M06", of(build, usage, component={"language": "Go"}, memory_limit=256)) is None


def test_half_is_the_largest_step_down(ask, build):
    usage = used(cpu_request_cores=1.0)
    assert "60%" in ask.fails("M07", of(build, usage, cpu=400)).message
    ask.passes("M07", of(build, usage, cpu=500))


def test_more_memory_than_the_limit_allows_was_counted_twice(ask, build):
    usage = used(memory=(700, 720, 740), memory_limit_bytes=512.0 * MIB)
    assert "more than once" in ask.fails("M08", of(build, usage, memory_limit=1024)).message
    assert "no limit" in ask("M08", of(build, used(memory_limit_bytes=None)))


def test_a_request_that_is_mostly_idle_is_told_as_information(ask, build):
    finding = ask.fails("$04", of(build, used(), cpu=1000))
    assert finding.severity is Severity.INFO
    assert "90%" in finding.message


WRONG = {
    "peak": (used(), {"memory": 128, "memory_limit": 200}, "M01"),
    "killed": (used(oom_kills=2, oom_limit_bytes=512.0 * MIB), {"memory_limit": 512}, "M02"),
    "percentile": (used(), {"cpu": 60}, "M03"),
    "throttled": (used(throttled_share=0.3, cpu_limit_cores=0.5), {"cpu_limit": 500}, "M04"),
    "short": (used(days=0.5, cpu_request_cores=0.4), {"cpu": 200}, "M05"),
    "step": (used(cpu_request_cores=1.0), {"cpu": 300}, "M07"),
}


@pytest.mark.parametrize(("usage", "sizes", "check"), WRONG.values(), ids=WRONG)
def test_the_repair_answers_its_check(ask, build, usage, sizes, check):
    subject = of(build, usage, **sizes)
    ask.fails(check, subject)
    repaired = REMEDIES[check].apply(subject)
    assert repaired is not None
    ask.passes(check, build.subject(subject.component, repaired))


@pytest.mark.parametrize(("usage", "sizes", "check"), WRONG.values(), ids=WRONG)
def test_the_loop_ends_clean_on_what_can_be_repaired(build, usage, sizes, check):
    subject = of(build, usage, **sizes)
    refined = refine_component(subject.world, subject.plan, CHECKS, None)
    assert refined.refinement.ended is RefinementEnd.CLEAN
    assert check not in {finding.id for finding in refined.failed}


def test_a_limit_is_dropped_where_the_policy_forbids_it(build):
    component = build.component(usage=used(throttled_share=0.3, cpu_limit_cores=0.5))
    planned = build.plan(sizes=build.resources(cpu_limit=500))
    world = build.world(component, limits={"cpu_limits": "forbid"})
    repaired = REMEDIES["M04"].apply(make_subject(world, planned))
    assert repaired.resources.limits.cpu is None


def test_a_check_that_ran_for_some_components_says_for_how_many_it_did_not(build):
    with_history, without = of(build, used()), of(build, None)
    refined = [refine_component(s.world, s.plan, CHECKS, None) for s in (with_history, without)]
    policies = PolicySet(name="none")
    assert _skipped(policies, refined, validated=False)["M01"].endswith("(1 of 2 components)")
    assert _skipped(policies, refined[1:], validated=False)["M01"].endswith("there is none")
