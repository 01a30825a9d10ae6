from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipa.usage.ahead import DRIFT_CPU, DRIFT_MEMORY, fresh_weights, half_life_s
from pipa.usage.appetite import APPETITES
from pipa.usage.core import Risk, usage_sizes
from pipa.usage.cpu import LEAST_CORES
from pipa.usage.memory import AFTER_KILL, LEAST_BYTES, SMALL_BYTES, SURVIVAL, settled
from pipa.usage.peaks import DAY_S, Past, block_peaks, loneliness, priced_limit
from pipa.usage.shortage import Prices, sample_of
from schemas.quantities import GIB, MIB
from schemas.telemetry import ContainerHistory, Grid, OomKill

STEP = 300
WEEK = 7 * 288


def container(cpu=None, memory=None, **fields):
    """One container; an array of one dimension is one pod."""
    given_ = [np.atleast_2d(x) for x in (cpu, memory) if x is not None]
    shape = given_[0].shape
    missing = np.full(shape, np.nan)
    return ContainerHistory(
        name="app",
        pods=tuple(f"pod-{n}" for n in range(shape[0])),
        cpu_cores=missing if cpu is None else np.atleast_2d(cpu),
        memory_bytes=missing if memory is None else np.atleast_2d(memory),
        **fields,
    )


def sized(cpu=None, memory=None, *, risk=Risk.BALANCED, days=1.0, **fields):
    made = container(cpu, memory, **fields)
    grid = Grid(1_700_000_000, STEP, made.cpu_cores.shape[1])
    return usage_sizes(made, grid, risk=risk, horizon_s=days * DAY_S)


def week(level, noise=0.1, seed=1):
    rng = np.random.default_rng(seed)
    day = 1 + 0.5 * np.sin(np.arange(WEEK) / 288 * 2 * np.pi)
    return level * day * np.exp(noise * rng.standard_normal(WEEK))


USE = arrays(
    np.float64, st.integers(2, 400), elements=st.integers(0, 64_000).map(lambda n: n / 1000)
)


@given(USE, st.floats(0, 100), st.floats(0, 100))
def test_the_request_is_the_cheapest_of_all_values(use, share, unmet):
    sample = sample_of(use, np.ones(1))
    request = sample.request(Prices(share, unmet))

    def cost(q):
        return q + share * np.mean(use > q) + unmet * np.mean(np.maximum(use - q, 0))

    assert request in use
    assert cost(request) <= min(cost(q) for q in use) + 1e-6


@given(USE)
def test_a_price_on_unmet_use_alone_is_a_percentile(use):
    sample = sample_of(use, np.ones(1))
    request = sample.request(Prices(0.0, 20.0))
    assert np.mean(use > request) <= 1 / 20 + 1e-9


@given(USE, st.floats(0, 50), st.floats(0, 50))
def test_dearer_shortage_never_buys_less(use, share, unmet):
    sample = sample_of(use, np.ones(1))
    less = sample.request(Prices(share, unmet))
    assert sample.request(Prices(share * 2 + 1, unmet)) >= less
    assert sample.request(Prices(share, unmet * 2 + 1)) >= less


def test_a_sample_of_no_weight_is_no_sample():
    use = np.array([1.0, 2.0, np.nan])
    assert list(sample_of(use, np.array([1.0, 0.0, 1.0])).values) == [1.0]
    assert sample_of(use, np.zeros(1)) is None


@given(USE)
def test_drift_moves_its_share_of_the_weight_and_no_more(use):
    assume(use.max() > 0)
    plain, moved = sample_of(use, np.ones(1)), sample_of(use, np.ones(1), ((2.0, 0.25),))
    top = use.max()
    assert moved.values[-1] == 2 * top
    assert moved.share_above(top) == pytest.approx(0.25 * np.mean(2 * use > top), abs=1e-9)
    assert moved.share_above(2 * top) == 0.0
    mean = moved.excess[0] + moved.values[0]
    assert mean == pytest.approx(1.25 * (plain.excess[0] + plain.values[0]), abs=1e-9)


@given(USE, st.floats(0.5, 0.99))
def test_at_most_what_was_promised_lies_above_a_quantile(use, share):
    sample = sample_of(use, np.ones(1))
    assert np.mean(use > sample.quantile(share)) <= 1 - share + 1e-9
    assert sample.share_above(use.min() - 1) == 1.0


MONDAY = 1_767_571_200
"""5 January 2026, 00:00 UTC."""


def weights_of(days, horizon_days, start=MONDAY):
    grid = Grid(start, 3600, days * 24)
    return fresh_weights(grid, np.ones(grid.count, bool), horizon_days * DAY_S), grid


def test_newer_moments_count_more_but_old_ones_are_not_forgotten():
    weights, _ = weights_of(5, 1)  # Monday to Friday: one kind of day
    assert weights[-1] > 1.9 * weights[-25]
    assert weights[0] > 0.1 / weights.size
    assert half_life_s(3600) == DAY_S
    assert half_life_s(7 * DAY_S) == 7 * DAY_S


def test_the_kind_of_day_that_lies_ahead_counts_more():
    before_saturday, _ = weights_of(5, 1, MONDAY - 2 * 86400)  # Saturday to Wednesday
    assert before_saturday[:24].sum() < before_saturday[48:72].sum() / 2
    weekend_ahead, _ = weights_of(12, 1)  # ends on a Friday night
    last_saturday, last_wednesday = weekend_ahead[5 * 24 : 6 * 24], weekend_ahead[9 * 24 : 10 * 24]
    assert last_saturday.sum() > last_wednesday.sum() / 2


def test_over_whole_weeks_the_kind_of_day_changes_nothing():
    grid = Grid(MONDAY, 3600, 14 * 24)
    weights = fresh_weights(grid, np.ones(grid.count, bool), 7 * DAY_S)
    ages = np.arange(grid.count)[::-1] * 3600 / (7 * DAY_S)
    fresh = 0.9 * np.exp2(-ages) / np.exp2(-ages).sum() + 0.1 / grid.count
    assert weights == pytest.approx(fresh, rel=0.03)


def test_a_moment_without_samples_has_no_weight():
    known = np.zeros(48, bool)
    assert fresh_weights(Grid(MONDAY, 3600, 48), known, DAY_S).sum() == 0
    known[3] = True
    assert np.flatnonzero(fresh_weights(Grid(MONDAY, 3600, 48), known, DAY_S)).tolist() == [3]


def test_nothing_recorded_is_nothing_asked():
    nothing = np.full(100, np.nan)
    sizes = sized(nothing, nothing)
    assert (sizes.cpu_request, sizes.cpu_limit) == (None, None)
    assert (sizes.memory_request, sizes.memory_limit) == (None, None)
    assert sizes.reasons == ()


@pytest.mark.parametrize("count", [1, 2, 20])
@pytest.mark.parametrize("level", [0.0, 1e-6, 0.3, 60.0])
def test_any_number_of_samples_gives_ordered_finite_numbers(count, level):
    sizes = sized(np.full(count, level), np.full(count, level * GIB))
    for estimate in (
        sizes.cpu_request,
        sizes.cpu_limit,
        sizes.memory_request,
        sizes.memory_limit,
    ):
        assert 0 < estimate.low <= estimate.target <= estimate.high < np.inf
    assert sizes.cpu_request.target <= sizes.cpu_limit.target
    assert sizes.memory_request.target <= sizes.memory_limit.target
    assert sizes.cpu_request.target >= LEAST_CORES
    assert sizes.memory_request.target >= LEAST_BYTES


NUMBERS = ("cpu_request", "cpu_limit", "memory_request", "memory_limit")
POOLS = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(2, 60)),
    elements=st.one_of(st.floats(0, 32, width=32), st.just(np.nan)),
)


@settings(deadline=None)
@given(POOLS, st.sampled_from(list(Risk)), st.floats(0.1, 30))
def test_whatever_was_recorded_the_numbers_are_ordered(use, risk, days):
    assume(np.isfinite(use).any())
    sizes = sized(use, use * GIB, risk=risk, days=days)
    pairs = ((sizes.cpu_request, sizes.cpu_limit), (sizes.memory_request, sizes.memory_limit))
    for request, limit in pairs:
        assert 0 < request.low <= request.target <= request.high
        assert 0 < limit.low <= limit.target <= limit.high
        assert request.target <= limit.target
        assert request.low <= limit.low
    assert sizes.memory_limit.target >= np.nanmax(use) * GIB


@settings(deadline=None)
@given(POOLS)
def test_pods_are_alike_to_it(use):
    assume(np.isfinite(use).any())
    one, other = sized(use, use * GIB), sized(use[::-1], use[::-1] * GIB)
    for name in NUMBERS:
        assert getattr(one, name).target == pytest.approx(getattr(other, name).target)


def test_a_pod_that_ran_beside_others_alike_changes_nothing():
    use = week(0.5)
    one, two = sized(use, use * GIB), sized(np.stack([use, use]), np.stack([use, use]) * GIB)
    for name in NUMBERS:
        assert getattr(two, name).target == pytest.approx(getattr(one, name).target)


def test_one_busy_pod_of_few_is_paid_for_and_its_peak_bounds_the_limit():
    quiet, busy = week(0.1), week(2.0, seed=2)
    pods = np.stack([quiet, quiet, busy])
    sizes = sized(pods, pods * GIB)
    assert sizes.cpu_request.target > np.quantile(busy, 0.7)
    assert sizes.memory_request.target > np.quantile(busy, 0.99) * GIB
    assert sizes.memory_limit.target >= busy.max() * GIB


def test_a_pod_that_lived_minutes_counts_minutes_but_its_peak_bounds_the_limits():
    use = week(0.5)
    short = np.full(WEEK, np.nan)
    short[100:103] = 6.0
    with_short = sized(np.stack([use, short]), np.stack([use, short]) * GIB)
    assert with_short.cpu_request.target < 1.2 * sized(use).cpu_request.target
    assert with_short.cpu_limit.target > 6
    assert with_short.memory_limit.target >= 6 * GIB


def test_a_single_absurd_sample_lifts_the_limits_and_hardly_the_request():
    use = week(0.5)
    odd = use.copy()
    odd[1000] = 50.0
    assert sized(odd).cpu_request.target < 1.3 * sized(use).cpu_request.target
    assert sized(odd).cpu_limit.target > 50


@pytest.mark.parametrize("factor", [1.5, 4])
def test_more_use_never_gets_less(factor):
    use = week(0.5)
    less, more = sized(use, use * GIB), sized(use * factor, use * factor * GIB)
    for name in NUMBERS:
        assert getattr(more, name).target > getattr(less, name).target


def test_risk_levels_are_in_order():
    use = week(2.0, noise=0.4)
    thrifty, balanced, careful = (sized(use, use * GIB, risk=risk) for risk in Risk)
    for name in ("cpu_request", "memory_request", "memory_limit"):
        numbers = [getattr(item, name).target for item in (thrifty, balanced, careful)]
        assert numbers == sorted(numbers)
        assert getattr(balanced, name).low == numbers[0]
        assert getattr(balanced, name).high == numbers[2]


def test_a_small_container_has_room_for_everything_and_a_large_one_for_most():
    shape = week(1.0, noise=0.5)
    above = [
        float(np.mean(use > sized(use).cpu_request.target)) for use in (shape * 0.02, shape * 20)
    ]
    assert above[0] < 0.02 < 0.03 < above[1] < 0.1


def test_a_short_history_asks_for_its_peak():
    use = week(1.0)[:288] * GIB
    assert sized(memory=use).memory_request.target == pytest.approx(use.max() * 1.05)
    assert sized(memory=use, risk=Risk.THRIFTY).memory_request.target >= use.max() * 1.05


def test_a_request_is_not_beyond_what_drift_allows():
    use = week(1.0, noise=0.5)
    sizes = sized(use, use * GIB, risk=Risk.CAREFUL)
    assert sizes.cpu_request.target <= use.max() * max(factor for factor, _ in DRIFT_CPU)
    assert sizes.memory_request.target <= use.max() * GIB * DRIFT_MEMORY[-1][0] * 1.0001


def test_new_heights_at_the_end_are_no_settled_history():
    flat = np.full((1, WEEK), 1.0)
    rising = flat * np.linspace(1, 2, WEEK)
    assert settled(flat, STEP)
    assert not settled(rising, STEP)
    assert not settled(flat[:, :288], STEP)
    assert not settled(np.full((1, WEEK), np.nan), STEP)


def test_a_kill_lifts_the_limit_above_what_killed():
    use = np.full(WEEK, 0.2 * GIB)
    kill = OomKill(1_700_000_100, "pod-0", 4 * GIB)
    sizes = sized(memory=use, oom_kills=(kill,))
    assert sizes.memory_limit.target == pytest.approx(4 * GIB * AFTER_KILL)
    assert "killed at 4096 MiB" in sizes.reasons[-1].text


def test_a_small_limit_is_lifted_by_a_hundred_mebibytes():
    use = np.full(WEEK, 20 * MIB)
    kill = OomKill(1_700_000_100, "pod-0", 64 * MIB)
    assert sized(memory=use, oom_kills=(kill,)).memory_limit.target == 164 * MIB


def test_a_kill_at_an_unknown_limit_was_at_the_limit_in_force_or_the_peak():
    use, kill = np.full(WEEK, GIB), OomKill(1_700_000_100, "pod-0")
    in_force = sized(memory=use, oom_kills=(kill,), memory_limit_bytes=4.0 * GIB)
    assert in_force.memory_limit.target == pytest.approx(4 * GIB * AFTER_KILL)
    assert sized(memory=use, oom_kills=(kill,)).memory_limit.target >= GIB * AFTER_KILL


def test_the_raw_peak_counts_where_the_grid_missed_it():
    use = np.full(WEEK, 0.2 * GIB)
    seen = sized(memory=use, peak_bytes=np.array([0.5 * GIB]))
    assert seen.memory_limit.target >= 0.5 * GIB
    assert seen.memory_limit.target > sized(memory=use).memory_limit.target


def test_blocks_are_counted_back_from_the_newest_sample():
    memory = np.full((2, 600), np.nan)
    memory[0, 10] = 5.0
    memory[0, 300:580] = 1.0
    memory[1, 400] = 3.0
    assert list(block_peaks(memory, STEP, DAY_S)) == [5.0, 3.0]
    assert block_peaks(np.full((1, 5), np.nan), STEP, DAY_S).size == 0


@pytest.mark.parametrize(
    ("peaks", "expected"),
    [([], 0.0), ([3.0], 0.0), ([3.0, 3.0], 0.0), ([0.0, 0.0], 0.0), ([1.0, 100.0], 1.0)],
)
def test_loneliness_is_bounded(peaks, expected):
    assert loneliness(np.array(peaks)) == expected


def limit(peak=GIB, lonely=0.0, price=256.0, most=3.0, blocks=1.0, seen=7):
    past = Past(lonely, seen)
    return priced_limit(peak, past, SURVIVAL, kill_price_gib=price, most=most, blocks=blocks)


def test_a_lonely_peak_needs_less_above_it():
    assert limit(8 * GIB, 1.0).ratio < limit(8 * GIB, 0.0).ratio


def test_the_more_was_seen_the_less_is_above_it():
    chances = [limit(8 * GIB, most=1.0, seen=seen).chance for seen in (1, 7, 28)]
    assert chances == sorted(chances, reverse=True)
    assert limit(8 * GIB, seen=28).ratio < limit(8 * GIB, seen=1).ratio


def test_a_longer_hold_needs_more_and_fails_more():
    day, week_ = limit(32 * GIB), limit(32 * GIB, blocks=7)
    assert week_.ratio > day.ratio
    assert week_.chance > 0


def test_a_large_container_gets_a_smaller_share_of_room():
    assert limit(64 * GIB).ratio < limit(GIB).ratio <= 3.0


def test_a_small_container_has_room_that_is_worth_no_thought():
    use = np.full(WEEK, 24 * MIB)
    target = sized(memory=use).memory_limit.target
    assert 100 * MIB < target <= 24 * MIB + SMALL_BYTES + MIB


def test_no_limit_is_beyond_its_cap():
    use = week(1.0) * 4 * GIB
    for risk, appetite in APPETITES.items():
        assert sized(memory=use, risk=risk).memory_limit.target <= use.max() * appetite.most_limit


def test_every_number_says_where_it_comes_from():
    use = week(0.5)
    sizes = sized(use, use * GIB)
    assert [reason.about for reason in sizes.reasons] == [
        "cpu_request",
        "cpu_limit",
        "memory_request",
        "memory_limit",
    ]
    assert f"{sizes.cpu_request.target * 1000:.0f}m" in sizes.reasons[0].text
    assert f"{sizes.memory_limit.target / MIB:.0f} MiB" in sizes.reasons[3].text
    assert "balanced" in sizes.reasons[0].text


def test_the_levels_are_all_there():
    assert set(APPETITES) == set(Risk)
