"""Is it enough, is it too much: the rules, one by one."""

from dataclasses import replace

import pytest

from ci.report.component import make_component
from ci.report.resource import Pair, Range, Resource, ResourceView, Used, cpu_view, memory_view
from ci.report.verdict import Judgement, Verdict, judge, worst
from schemas.quantities import MIB
from tests.ci.report import fabricate

CPU = ResourceView(
    resource=Resource.CPU,
    used=Used(p50=100, p95=200, p99=250, maximum=300),
    now=Pair(250, 500),
    new=Pair(250, 500),
    request_range=Range(200, 250, 300),
    limit_range=Range(400, 500, 800),
    timeline=None,
    timeline_factor=1000,
    throttled_share=0.0,
)
MEMORY = ResourceView(
    resource=Resource.MEMORY,
    used=Used(p50=100 * MIB, p95=150 * MIB, p99=180 * MIB, maximum=200 * MIB),
    now=Pair(256 * MIB, 256 * MIB),
    new=Pair(256 * MIB, 256 * MIB),
    request_range=Range(200 * MIB, 256 * MIB, 300 * MIB),
    limit_range=Range(220 * MIB, 256 * MIB, 400 * MIB),
    timeline=None,
    timeline_factor=1,
)


@pytest.mark.parametrize(
    ("view", "verdict", "why"),
    [
        pytest.param(CPU, Verdict.ENOUGH, "p95 uses 80 % of the request", id="cpu-fits"),
        pytest.param(MEMORY, Verdict.ENOUGH, "its peak uses 78 % of the request", id="memory-fits"),
        pytest.param(
            replace(CPU, throttled_share=0.06),
            Verdict.LITTLE,
            "throttled 6 % of the time",
            id="slow",
        ),
        pytest.param(
            replace(CPU, throttled_share=0.05), Verdict.ENOUGH, "p95 uses 80 %", id="hardly-slow"
        ),
        pytest.param(
            replace(CPU, throttled_share=0.4, now=Pair(250, None)),
            Verdict.ENOUGH,
            "p95 uses 80 %",
            id="no-limit-throttles-nothing",
        ),
        pytest.param(
            replace(MEMORY, oom_kills=2, oom_limit=256.0 * MIB),
            Verdict.LITTLE,
            "2 OOM kills at 256Mi",
            id="killed",
        ),
        pytest.param(
            replace(MEMORY, oom_kills=2, oom_limit=128.0 * MIB),
            Verdict.ENOUGH,
            "its peak uses",
            id="killed-at-a-limit-raised-since",
        ),
        pytest.param(
            replace(CPU, now=Pair(199, 500)), Verdict.LITTLE, "p95 200m is above", id="starved"
        ),
        pytest.param(
            replace(CPU, now=Pair(210, 500)), Verdict.LITTLE, "p95 uses 95 % of it", id="tight"
        ),
        pytest.param(
            replace(CPU, now=Pair(250, 300), new=Pair(250, 500)),
            Verdict.LITTLE,
            "limit below 400m",
            id="limit-below-its-bounds",
        ),
        pytest.param(
            replace(CPU, now=Pair(None, 500)), Verdict.UNSET, "no request", id="no-request"
        ),
        pytest.param(
            replace(CPU, now=Pair(3000, 4000)), Verdict.MUCH, "peak uses only 10 %", id="wasted"
        ),
        pytest.param(
            replace(CPU, now=Pair(280, 500)), Verdict.MUCH, "p95 uses only 71 %", id="lowered"
        ),
        pytest.param(replace(CPU, now=None), Verdict.UNKNOWN, "nothing to compare", id="new"),
        pytest.param(
            replace(CPU, used=None, now=Pair(199, 500)),
            Verdict.LITTLE,
            "request below 200m",
            id="estimate-is-higher",
        ),
        pytest.param(
            replace(CPU, used=None, now=Pair(301, 500)),
            Verdict.MUCH,
            "request above 300m",
            id="estimate-is-lower",
        ),
        pytest.param(
            replace(CPU, used=None, now=Pair(290, 500)),
            Verdict.ENOUGH,
            "within the estimate",
            id="estimate-agrees",
        ),
    ],
)
def test_each_rule_by_its_own_case(view, verdict, why):
    found = judge(view)
    assert found.verdict is verdict
    assert why in found.why


def test_a_number_that_stays_is_not_called_too_much():
    view = replace(CPU, now=Pair(400, 500), new=Pair(400, 500))
    assert judge(view).verdict is Verdict.ENOUGH


def test_the_worst_of_both_is_the_components():
    judgements = tuple(Judgement(verdict, "") for verdict in reversed(Verdict))
    assert worst(judgements).verdict is Verdict.LITTLE


def test_each_verdict_has_a_sign_of_its_own():
    assert len({verdict.icon for verdict in Verdict}) == len(Verdict)


def test_today_is_what_runs_before_what_is_written():
    item = fabricate.estimated()
    assert cpu_view(item).now == Pair(1000, None)
    running = item.model_copy(update={"usage": fabricate.starved().usage})
    assert cpu_view(running).now == Pair(100, 800)
    assert memory_view(running).now == Pair(128 * MIB, 256 * MIB)


def test_a_cluster_that_tells_nothing_leaves_the_manifest_to_speak():
    item = fabricate.estimated()
    silent = fabricate.starved().usage.model_copy(
        update=dict.fromkeys(
            ("cpu_request_cores", "cpu_limit_cores", "memory_request_bytes", "memory_limit_bytes")
        )
    )
    assert cpu_view(item.model_copy(update={"usage": silent})).now == Pair(1000, None)


def test_a_manifest_without_numbers_is_not_set_rather_than_unknown():
    target = {
        "api_version": "apps/v1", "kind": "Deployment", "name": "api", "container": "api",
        "path": "deploy/api.yaml",
    }  # fmt: skip
    item = fabricate.fresh()
    with_manifest = type(item).model_validate({**item.model_dump(), "target": target})
    assert make_component(item, "c1", (), None).verdict is Verdict.UNKNOWN
    assert make_component(with_manifest, "c1", (), None).verdict is Verdict.UNSET
