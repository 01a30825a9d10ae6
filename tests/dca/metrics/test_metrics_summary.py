"""Histories reduced to summaries: every number is known from how the history was made."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dca.metrics.load import cpu_per_request_ms
from dca.metrics.series import MOST_POINTS
from dca.metrics.shapes import trend_per_week
from dca.metrics.summary import Labels, days_of, summaries
from schemas.telemetry import ContainerHistory, Grid, Load, Missing, WorkloadHistory
from schemas.usage import Slice, UsageSummary, WorkloadKey
from tests.pipa.usage.histories import (
    DAY_S,
    HOUR_S,
    MIB,
    MONDAY_S,
    STEP_S,
    Fake,
    Life,
    day,
    growing,
    kill,
    runs,
    times,
    weekend,
    workload,
)

KEY = WorkloadKey.parse("shop/Deployment/api")


def whole(fake=None, **fields):
    return summaries(workload(fake or Fake(), **fields), "app")[0]


def by_slice(history):
    return {item.slice: item for item in summaries(history, "app")}


def test_the_spreads_are_those_of_single_pods():
    found = whole(Fake(lives=(Life(cpu=1), Life(cpu=3)), cpu=0.1, noise=0))
    assert found.cpu_cores.mean == pytest.approx(0.2)
    assert found.cpu_cores.p50 == pytest.approx(0.2, abs=0.11)
    assert found.cpu_cores.maximum == pytest.approx(0.3)
    assert found.memory_bytes.p50 == pytest.approx(300 * MIB, rel=0.01)
    assert (found.pods, found.replicas.p50) == (2, 2)
    assert found.samples == 2 * 14 * 288


def test_the_highest_raw_sample_counts_as_the_maximum_of_the_whole_window_only():
    found = by_slice(workload(Fake(noise=0, raw_peak=2.0)))
    assert found[Slice.ALL].memory_bytes.maximum == pytest.approx(600 * MIB)
    assert found[Slice.LAST_DAY].memory_bytes.maximum == pytest.approx(300 * MIB)


def test_the_shape_of_the_day_and_of_the_week_is_relative_to_the_mean():
    found = whole(Fake(cpu_shape=times(day(3.0), weekend(0.5)), noise=0))
    assert len(found.cpu_by_hour) == 24
    assert np.mean(found.cpu_by_hour) == pytest.approx(1, abs=0.01)
    assert int(np.argmax(found.cpu_by_hour)) in (15, 16)
    assert int(np.argmin(found.cpu_by_hour)) in (3, 4)
    assert len(found.cpu_by_weekday) == 7
    assert found.cpu_by_weekday[5] == pytest.approx(found.cpu_by_weekday[0] / 2, rel=0.02)


def test_the_shape_of_the_week_needs_a_week():
    assert whole(Fake(days=6)).cpu_by_weekday == ()
    assert len(whole(Fake(days=7.1)).cpu_by_weekday) == 7


def test_growth_from_week_to_week_is_told_and_weekends_are_no_growth():
    grown = whole(Fake(cpu_shape=times(growing(0.1), weekend(0.3)), noise=0))
    # (1.1 - 1) over the mean of the two weeks, as the docstring works it out.
    assert grown.cpu_trend_per_week == pytest.approx(0.1 / 1.05, rel=0.1)
    assert whole(Fake(cpu_shape=weekend(0.3), noise=0)).cpu_trend_per_week == pytest.approx(0)
    assert whole(Fake(days=9)).cpu_trend_per_week is None


def test_the_worked_value_of_the_trend_holds():
    grid = Grid(MONDAY_S + STEP_S, STEP_S, 14 * 288)
    starts = grid.times() - STEP_S
    values = np.where(starts < MONDAY_S + 7 * DAY_S, 100.0, 110.0)
    assert trend_per_week(values, starts) == 0.0952


def test_scaling_out_is_no_growth_of_memory():
    lives = (Life(), Life(begin=7.0), Life(begin=7.0))
    assert abs(whole(Fake(lives=lives, noise=0)).memory_trend_per_week) < 0.01


def test_starts_are_compared_with_what_comes_later():
    found = whole(Fake(lives=(Life(), Life(begin=3), Life(begin=6)), startup_cpu=4.0, noise=0))
    assert found.startup_cpu_ratio == pytest.approx(4.0, rel=0.05)
    assert found.startup_memory_ratio == pytest.approx(1.0, rel=0.05)
    assert whole(Fake()).startup_cpu_ratio is None


def test_the_timelines_have_few_points_and_keep_the_peak():
    found = whole(Fake(cpu_shape=day(3.0), raw_peak=1))
    for line, spread in (
        (found.cpu_timeline, found.cpu_cores),
        (found.memory_timeline, found.memory_bytes),
    ):
        assert len(line.middle) == len(line.high) <= MOST_POINTS
        assert max(line.high) == pytest.approx(spread.maximum)
    assert found.cpu_timeline.step_s == HOUR_S


def test_where_nothing_ran_the_timeline_has_no_value_and_the_coverage_falls():
    found = whole(Fake(lives=(Life(end=5), Life(begin=9))))
    assert None in found.cpu_timeline.middle
    assert found.coverage == pytest.approx(10 / 14, abs=0.02)
    assert found.days == pytest.approx(14, abs=0.1)


def test_each_slice_is_about_its_own_moments():
    history = workload(
        Fake(cpu_shape=times(growing(0.2), weekend(0.3)), oom_kills=(kill(512 * MIB, at_day=9.5),))
    )
    found = by_slice(history)
    assert set(found) == set(Slice)
    assert found[Slice.LAST_DAY].days == pytest.approx(1, abs=0.01)
    assert found[Slice.LAST_WEEK].days == pytest.approx(7, abs=0.01)
    assert found[Slice.INCIDENT].days == pytest.approx(0.25, abs=0.01)
    assert found[Slice.INCIDENT].oom_kills == 1
    assert found[Slice.LAST_DAY].oom_kills == 0
    assert found[Slice.WEEKEND].cpu_cores.p95 < found[Slice.ALL].cpu_cores.p50
    assert found[Slice.BUSIEST_DAY].cpu_cores.mean > found[Slice.LAST_WEEK].cpu_cores.mean
    assert found[Slice.LAST_WEEK].cpu_timeline is None
    assert len({item.id for item in found.values()}) == len(found)


def test_a_short_history_has_no_slices_that_say_the_same():
    assert set(by_slice(workload(Fake(days=1)))) == {Slice.ALL}


def test_oom_kills_that_could_not_be_read_are_unknown_not_zero():
    missing = (Missing("oom_kills", "the metric does not exist"),)
    found = whole(Fake(), missing=missing)
    assert found.oom_kills is None
    assert found.missing == ("oom_kills: the metric does not exist",)
    assert whole(Fake()).oom_kills == 0


def test_what_is_in_force_and_incidents_are_told():
    kills = (kill(256 * MIB), kill(512 * MIB, at_day=6), kill(None, at_day=7))
    found = whole(Fake(oom_kills=kills, throttled=0.25))
    assert (found.oom_kills, found.oom_limit_bytes, found.restarts) == (3, 512 * MIB, 3)
    assert found.throttled_share == 0.25
    assert (found.cpu_request_cores, found.memory_limit_bytes) == (0.5, 1024 * MIB)
    assert found.replicas_now == 2


def test_labels_come_from_the_component():
    labels = Labels("Go", "Gin", "backend_api", None, "https://example.com/a/b")
    found = summaries(workload(), "app", labels)
    assert {item.language for item in found} == {"Go"}
    assert {item.repository for item in found} == {"https://example.com/a/b"}


class TestLoad:
    @staticmethod
    def history(noise=0.02, cost=0.004, bursts=0):
        """One pod whose CPU is 50m and `cost` core seconds per request."""
        grid = Grid(MONDAY_S, STEP_S, 14 * 288)
        since = (grid.times() - MONDAY_S).astype(float)
        rate = 50 * day(4.0)(since)
        random = np.random.default_rng(1)
        cpu = 0.05 + cost * rate * (1 + noise * random.standard_normal(grid.count))
        cpu[random.choice(grid.count, bursts, replace=False)] += 3.0
        pods = ContainerHistory("app", ("a",), cpu[None], np.full((1, grid.count), 1e8))
        return WorkloadHistory(KEY, grid, {"app": pods}, load=Load(rate, "istio_requests_total"))

    def test_the_cost_of_a_request_is_found(self):
        found = summaries(self.history(), "app")[0]
        assert found.cpu_per_request_ms == pytest.approx(4.0, rel=0.02)
        assert found.load_source == "istio_requests_total"
        assert found.requests_per_second.maximum == pytest.approx(200, rel=0.01)

    def test_backups_that_burn_cpu_hardly_move_it(self):
        history = self.history(bursts=200)
        container = history.containers["app"]
        plain = np.polyfit(history.load.requests_per_second, container.cpu_cores[0], 1)[0] * 1000
        robust = cpu_per_request_ms(container, history.load, None)
        assert abs(robust - 4.0) < 0.08
        assert abs(robust - 4.0) <= abs(plain - 4.0)

    def test_a_load_that_does_not_explain_the_cpu_tells_no_cost(self):
        history = self.history(cost=0.0)
        cpu = history.containers["app"].cpu_cores
        cpu[:] = np.random.default_rng(2).random(cpu.shape)
        assert cpu_per_request_ms(history.containers["app"], history.load, None) is None

    def test_a_constant_load_tells_no_cost(self):
        history = self.history()
        flat = Load(np.full(history.grid.count, 10.0), "x")
        assert cpu_per_request_ms(history.containers["app"], flat, None) is None


@pytest.mark.parametrize(
    ("fake", "days"),
    [
        (Fake(days=14), 14),
        (Fake(days=14, lives=(Life(end=1), Life(begin=13))), 2),
        (Fake(days=3), 3),
        (Fake(days=1, lives=(Life(end=0.01),)), 0.01),
    ],
    ids=["two weeks", "two days with a gap", "three days", "minutes"],
)
def test_days_are_days_with_samples(fake, days):
    assert days_of(workload(fake), "app") == pytest.approx(days, abs=0.1)


def test_what_runs_to_its_end_is_as_old_as_its_first_run():
    history = workload(Fake(lives=runs(10)), kind="CronJob", name="backup")
    assert days_of(history, "app") == pytest.approx(9, abs=0.1)
    assert days_of(replace(history, key=KEY), "app") < 1


def test_a_container_without_samples_has_no_summary():
    history = workload(Fake(lives=(Life(begin=20, end=21),)))
    assert summaries(history, "app") == ()
    assert summaries(history, "nope") == ()
    assert days_of(history, "app") == days_of(history, "nope") == 0


_VALUES = st.sampled_from([0.0, -1.0, 0.1, 1e7, 1e300, np.nan, np.inf, -np.inf, 3e8])


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (2, 40), elements=_VALUES),
    arrays(np.float64, (2, 40), elements=_VALUES),
    arrays(np.float64, (40,), elements=_VALUES),
    st.sampled_from([15, 300, 3600]),
)
def test_whatever_the_samples_are_the_summary_is_a_valid_contract(cpu, memory, rate, step):
    container = ContainerHistory("app", ("a", "b"), cpu, memory, throttled=cpu, oom_kills=(kill(),))
    history = WorkloadHistory(
        KEY,
        Grid(MONDAY_S, step, 40),
        {"app": container},
        started_s={"a": float(MONDAY_S), "b": float("nan")},
        replicas=rate,
        load=Load(rate, "x", latency_s=rate),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = summaries(history, "app")
    for item in found:
        assert UsageSummary.model_validate_json(item.model_dump_json()) == item
        assert item.cpu_cores is None or item.cpu_cores.maximum <= 1e4


def test_arrays_of_another_shape_are_unknown():
    history = workload()
    container = replace(history.containers["app"], cpu_cores=np.ones((1, 3)), peak_bytes=np.ones(9))
    found = summaries(replace(history, containers={"app": container}), "app")[0]
    assert found.cpu_cores is None
    assert found.memory_bytes is not None
