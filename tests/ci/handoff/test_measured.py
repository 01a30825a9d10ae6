"""What was measured, in the outputs for people."""

import pytest

from ci.handoff.amounts import cpu_text, memory_text, share_text, three_digits
from ci.handoff.explain import explain
from ci.handoff.measured import kept_text, measured_text
from ci.handoff.readme import readme_text
from ci.handoff.table import table_text
from schemas.usage import Spread, UsageSummary, WorkloadKey

MIB = 2**20


def spread(p95, maximum):
    return Spread(mean=p95 / 3, p50=p95 / 2, p95=p95, p99=maximum, maximum=maximum)


def usage(**changes):
    fields = {
        "workload": WorkloadKey(namespace="shop", kind="Deployment", name="api"),
        "container": "api",
        "origin": "http://prometheus.example:9090",
        "end_s": 1_770_000_000,
        "days": 14.0,
        "coverage": 0.98,
        "samples": 12_000,
        "pods": 3,
        "cpu_cores": spread(0.12, 0.3),
        "memory_bytes": spread(180.0 * MIB, 210.0 * MIB),
        "throttled_share": 0.021,
        "oom_kills": 1,
        "oom_limit_bytes": 256.0 * MIB,
    }
    return UsageSummary(**{**fields, **changes})


LINE = (
    "14.0 days, 3 pods, CPU p95 120m, max 300m; memory max 210Mi; throttled 2 %; "
    "1 OOM kill at 256Mi"
)


def test_one_line_says_what_was_used(build):
    assert measured_text(build.component(usage=usage())) == LINE


def test_without_history_nothing_is_said(build):
    item = build.component()
    assert measured_text(item) == ""
    assert "measured:" not in explain(build.recommendation(item))
    assert "Measured" not in table_text(build.recommendation(item))


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"cpu_cores": None}, "CPU"),
        ({"memory_bytes": None}, "memory max"),
        ({"throttled_share": None}, "throttled"),
        ({"oom_kills": None}, "OOM"),
        ({"oom_kills": 0}, "OOM"),
        ({"oom_limit_bytes": None}, "256Mi"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_was_not_read_is_left_out(build, changes, absent):
    assert absent not in measured_text(build.component(usage=usage(**changes)))


def test_load_is_told_where_it_is_known(build):
    item = build.component(usage=usage(requests_per_second=spread(240.0, 410.0)))
    assert measured_text(item).endswith("load p95 240 requests/s")


def test_table_explain_and_readme_show_it(build):
    item = build.component("api", usage=usage(missing=("latency: no metric",)), kept=("replicas",))
    recommendation = build.recommendation(item)
    table = " ".join(table_text(recommendation, width=200).split())
    assert f"Measured api {LINE}; kept: replicas" in table
    told = " ".join(explain(recommendation).split())
    assert f"measured: {LINE}" in told
    assert "by http://prometheus.example:9090: shop/Deployment/api, container api; 98 %" in told
    assert "not read: latency: no metric" in told
    assert "kept as it is: replicas" in told
    readme = readme_text(recommendation, (), {"api": "api"}, ())
    assert f"- `api`: {LINE}" in readme


def test_kept_numbers_have_the_names_that_people_use(build):
    item = build.component(kept=("cpu_request", "memory_limit", "storage\x1b[1m"))
    assert kept_text(item) == "CPU request, memory limit, storage"


def test_hostile_names_in_the_history_are_harmless(build, hostile_text):
    item = build.component(
        usage=usage(container=hostile_text, origin=hostile_text, missing=(hostile_text,))
    )
    assert "\x1b" not in explain(build.recommendation(item))


@pytest.mark.parametrize(
    ("cores", "text"),
    [(0, "0m"), (0.0031, "3.1m"), (0.00996, "10m"), (0.1204, "120m"), (0.9996, "1"),
     (2.346, "2.35"), (128.0, "128")],
)  # fmt: skip
def test_measured_cpu_has_three_digits(cores, text):
    assert cpu_text(cores) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0Mi"), (MIB / 2, "0.5Mi"), (210.4 * MIB, "210Mi"), (1023.9 * MIB, "1Gi"),
     (1536 * MIB, "1.5Gi"), (2**40, "1Ti")],
)  # fmt: skip
def test_measured_memory_has_three_digits(amount, text):
    assert memory_text(amount) == text


def test_small_shares_keep_a_digit():
    assert [share_text(s) for s in (0, 0.004, 0.021, 1.55)] == ["0 %", "0.4 %", "2 %", "155 %"]
    assert three_digits(0.05) == "0.05"
