"""What a history says beside its percentiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipa.usage.growth import GrowthKind
from pipa.usage.limits_hit import OomRules, killed, throttled
from pipa.usage.load import load_model
from pipa.usage.shapes import Trend, busy_weekday, day_shape, trend_of
from pipa.usage.signals import hot_pod, read_signals
from pipa.usage.startup import start_up
from schemas.telemetry import Load
from tests.pipa.usage.histories import (
    MIB,
    Fake,
    Life,
    day,
    growing,
    kill,
    on_weekday,
    runs,
    times,
    weekend,
    with_container,
    workload,
)

RULES = OomRules(1.2, 100 * MIB, 1.5)
LOOK = {"least": 0.03, "agreement": 0.85}


def _signals(fake: Fake, constants, **fields):
    history = workload(fake, **fields)
    return read_signals(history.containers["app"], history, constants)


# --- trend


@pytest.mark.parametrize("per_week", [0.1, 0.3, -0.2], ids=["grows", "grows fast", "falls"])
@pytest.mark.parametrize("shape", [day(), times(day(), weekend())], ids=["day", "day and week"])
def test_growth_is_told_under_the_shapes_of_day_and_week(per_week, shape):
    fake = Fake(cpu_shape=times(shape, growing(per_week)))
    found = trend_of(fake.container().cpu_cores, fake.grid(), 0.9, **LOOK)
    assert found is not None
    assert found.per_week == pytest.approx(per_week, abs=0.04)


@pytest.mark.parametrize("days", [2, 6, 7, 9, 12, 14, 28])
@pytest.mark.parametrize(
    "shape", [day(), weekend(0.1), times(day(), weekend())], ids=["day", "weekend", "both"]
)
def test_a_weekend_is_no_trend(days, shape):
    fake = Fake(days=days, cpu_shape=shape)
    assert trend_of(fake.container().cpu_cores, fake.grid(), 0.9, **LOOK) is None


def test_noise_is_rarely_taken_for_a_trend():
    found = 0
    for seed in range(40):
        fake = Fake(noise=0.3, seed=seed, lives=(Life(),))
        values = fake.container().cpu_cores * np.random.default_rng(seed).lognormal(
            0, 0.2, (1, 14)
        ).repeat(288, axis=1)
        found += trend_of(values, fake.grid(), 0.9, **LOOK) is not None
    assert found <= 6


def test_a_fall_is_never_projected():
    assert Trend(-0.5, "").factor(7 * 86400, 1.5) == 1.0


def test_a_projection_ends_at_its_most():
    assert Trend(3.0, "").factor(30 * 86400, 1.5) == 1.5


# --- the week and the day


def test_a_busy_weekday_is_told_when_it_comes_every_week():
    fake = Fake(cpu_shape=times(day(), on_weekday(0, 2.5)))
    found = busy_weekday(fake.container().cpu_cores, fake.grid(), 1.25)
    assert found is not None
    assert (found.weekday, found.weeks) == (0, 2)
    assert found.ratio == pytest.approx(2.5, rel=0.05)


def test_one_busy_day_in_two_weeks_is_an_incident():
    def once(since):
        return np.where(since // 86400 == 2, 3.0, 1.0)

    fake = Fake(cpu_shape=once)
    assert busy_weekday(fake.container().cpu_cores, fake.grid(), 1.25) is None


def test_the_day_has_a_shape_and_a_flat_one_has_none():
    busy, quiet = Fake(cpu_shape=day(4)), Fake()
    assert day_shape(busy.container().cpu_cores, busy.grid()).ratio == pytest.approx(4, rel=0.1)
    assert day_shape(quiet.container().cpu_cores, quiet.grid()).ratio < 1.05


def test_half_a_day_has_no_shape():
    fake = Fake(days=0.4)
    assert day_shape(fake.container().cpu_cores, fake.grid()) is None


# --- growth of memory


@pytest.mark.parametrize(
    ("fake", "kind"),
    [
        (Fake(per_day=20 * MIB, lives=(Life(0, 6), Life(6, 13))), GrowthKind.LEAK),
        (Fake(per_day=20 * MIB), GrowthKind.UNTOLD),
        (Fake(memory_shape=growing(0.4), lives=(Life(0, 6), Life(6, 14))), GrowthKind.DATA),
        (Fake(fills=200 * MIB), GrowthKind.FILLED),
        (Fake(per_day=20 * MIB, resident=200 * MIB), GrowthKind.PAGE_CACHE),
        (Fake(), None),
        (Fake(memory_shape=day(2.0)), None),
        (Fake(memory_shape=weekend(0.6)), None),
        (Fake(per_day=20 * MIB, days=0.9), None),
    ],
    ids=[
        "leak",
        "no restart seen",
        "data",
        "cache filled",
        "page cache",
        "flat",
        "day's shape",
        "weekend",
        "too short",
    ],
)
def test_memory_that_never_comes_down_is_told_apart(fake, kind, constants):
    found = _signals(fake, constants).growth
    assert (found.kind if found else None) is kind


def test_a_leaks_rate_is_told(constants):
    fake = Fake(per_day=24 * MIB, lives=(Life(0, 6), Life(6, 13)))
    found = _signals(fake, constants).growth
    assert found.per_day_bytes == pytest.approx(24 * MIB, rel=0.15)


def test_one_leaking_pod_of_three_is_not_the_workloads_growth(constants):
    steady = Fake(lives=(Life(), Life(), Life()))
    history = workload(steady)
    memory = history.containers["app"].memory_bytes.copy()
    memory[0] += np.linspace(0, 400 * MIB, memory.shape[1])
    history = with_container(history, memory_bytes=memory)
    assert read_signals(history.containers["app"], history, constants).growth is None


# --- limits that hid the demand


@pytest.mark.parametrize(
    ("kills", "above"),
    [
        ((kill(1000 * MIB),), 1200 * MIB),
        ((kill(200 * MIB),), 300 * MIB),
        ((kill(500 * MIB), kill(1000 * MIB)), 1200 * MIB),
        ((kill(1000 * MIB),) * 3, 1500 * MIB),
        ((kill(),), 1024 * 1.2 * MIB),
    ],
    ids=["factor", "at least 100 MiB", "largest limit", "again and again", "limit in force"],
)
def test_the_limit_goes_above_what_it_died_at(kills, above):
    found = killed(Fake(oom_kills=kills).container(), RULES)
    assert found.above_bytes == pytest.approx(above)


def test_a_kill_at_an_unknown_limit_counts_from_the_peak():
    fake = Fake(oom_kills=(kill(),), requests=(None, None, None, None), raw_peak=1.5)
    found = killed(fake.container(), RULES)
    assert not found.limit_known
    assert found.at_bytes > 440 * MIB


def test_throttling_counts_only_above_its_threshold_and_under_a_limit():
    assert throttled(Fake(throttled=0.02).container(), 0.05) is None
    assert (
        throttled(Fake(throttled=0.2, requests=(0.1, None, None, None)).container(), 0.05) is None
    )
    found = throttled(Fake(throttled=0.2, cpu=0.9).container(), 0.05)
    assert found.share == pytest.approx(0.2)
    assert not found.bursts
    assert found.unhidden_cores() == pytest.approx(found.p95_cores / 0.8)


def test_throttling_far_below_the_limit_comes_from_bursts():
    assert throttled(Fake(throttled=0.2, cpu=0.1).container(), 0.05).bursts


# --- start-up and pods


def test_a_start_that_needs_more_cpu_is_seen():
    fake = Fake(lives=(Life(0, 5), Life(5), Life(7)), startup_cpu=6)
    history = workload(fake)
    found = start_up(history.containers["app"], history, 600)
    assert found.starts == 2
    assert found.ratio == pytest.approx(5.5, rel=0.15)


def test_pods_that_ran_before_the_window_have_no_start_in_it():
    history = workload(Fake())
    assert start_up(history.containers["app"], history, 600) is None


@pytest.mark.parametrize("off_s", [-7 * 86400, 9 * 86400, 1e12], ids=["past", "later", "absurd"])
def test_a_clock_that_is_off_does_not_move_the_start(off_s):
    fake = Fake(lives=(Life(0, 5), Life(5)), startup_cpu=6)
    history = workload(fake)
    skewed = replace(history, started_s={pod: at + off_s for pod, at in history.started_s.items()})
    found = start_up(history.containers["app"], skewed, 600)
    assert found.starts == 1
    assert found.ratio > 4


def test_one_hot_pod_of_ten_is_told():
    fake = Fake(lives=(*(Life() for _ in range(9)), Life(cpu=5)))
    found = hot_pod(fake.container().cpu_cores, 1.5)
    assert (round(found.ratio), found.pods) == (5, 10)


def test_even_pods_have_no_hot_one():
    assert hot_pod(Fake(lives=(Life(),) * 4).container().cpu_cores, 1.5) is None


def test_pods_of_minutes_have_no_percentiles_to_compare():
    assert hot_pod(Fake(lives=runs(10)).container().cpu_cores, 1.5) is None


# --- load


def test_the_cost_of_a_request_is_found():
    fake = Fake(cpu=0.05, lives=(Life(),) * 4)
    history = workload(fake, load=lambda since: 100 * day()(since))
    rate = history.load.requests_per_second
    cpu = np.tile(0.05 + 0.003 * rate / 4, (4, 1))
    history = with_container(history, cpu_cores=cpu)
    found = load_model(history, history.containers["app"], 0.5)
    assert found.idle_cores == pytest.approx(0.05, rel=0.01)
    assert found.cost_core_s == pytest.approx(0.003, rel=0.01)
    assert found.peak_rps == pytest.approx(300, rel=0.02)
    assert found.rps_per_pod == pytest.approx(74, rel=0.05)


@pytest.mark.parametrize(
    ("fake", "load"),
    [
        (Fake(cpu_shape=day()), lambda since: 100 + 0 * since),
        (Fake(cpu_shape=weekend()), lambda since: 100 * day(30)(since)),
        (Fake(days=0.1), lambda since: 100 * day()(since)),
    ],
    ids=["constant load", "another shape", "too short"],
)
def test_a_load_that_does_not_explain_the_cpu_is_not_used(fake, load):
    history = workload(fake, load=load)
    assert load_model(history, history.containers["app"], 0.5) is None


def test_a_negative_coefficient_is_no_cost():
    history = workload(Fake(cpu_shape=day()), load=lambda since: 400 - 100 * day()(since))
    assert load_model(history, history.containers["app"], 0.0) is None


def test_half_of_the_load_missing_still_gives_its_cost():
    history = workload(Fake(cpu=0.2, cpu_shape=day()), load=lambda since: 100 * day()(since))
    rate = history.load.requests_per_second.copy()
    rate[::2] = np.nan
    history = replace(history, load=Load(rate, "x"))
    assert load_model(history, history.containers["app"], 0.5).cost_core_s > 0
