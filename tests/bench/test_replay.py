from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from bench.replay import cells, levels, ratio
from bench.replay_frontier import (
    CPU_PRICES,
    KILL_PRICES,
    MEMORY_PRICES,
    Risks,
    baseline,
    change,
    crossed,
    half_of,
    kill_shares,
    points,
    sums_of,
)
from bench.replay_recommender import recommend
from pipa.usage.appetite import APPETITES, Risk

DAY = 86400
T = np.arange(10 * 288, dtype=np.int64) * 300 + 1_400_000_000
CPU = 0.5 + 0.2 * np.sin(np.arange(T.size) / 288 * 2 * np.pi)
MEM = np.full(T.size, 3e8)
NAMES = ("a", "b", "c", "d")


def plan(t, history, horizon):
    return [(t[0], t[0] + history, t[0] + history + horizon)]


@pytest.fixture(scope="module")
def frontier():
    series = [(name, "made_up", T, CPU * (n + 1), MEM) for n, name in enumerate(NAMES)]
    return points(SimpleNamespace(plan=plan), series, (7.0 * DAY, 1.0 * DAY))


def replayed(request_cores):
    """Rows as the harness writes them, for a rule that asks for so many cores."""
    rows = []
    for n, name in enumerate(NAMES):
        ahead = CPU[7 * 288 : 8 * 288] * (n + 1)
        rows.append(
            {
                "series_id": name,
                "source": "made_up",
                "n": ahead.size,
                "cpu_request": request_cores,
                "cpu_sum": ahead.sum(),
                "cpu_starved": float(np.mean(ahead > request_cores)),
                "cpu_unmet": np.maximum(ahead - request_cores, 0).sum(),
                "mem_request": 6e8,
                "mem_sum": MEM[:288].sum(),
                "mem_over_request": 0.0,
                "oom": 0.0,
            }
        )
    return pd.DataFrame(rows)


def test_the_default_is_one_of_the_prices():
    balanced = APPETITES[Risk.BALANCED]
    assert balanced.cpu in CPU_PRICES
    assert balanced.memory in MEMORY_PRICES
    assert balanced.kill_price_gib in KILL_PRICES


def test_the_frontier_holds_what_the_recommender_recommends(frontier):
    answer = recommend(T[: 7 * 288], CPU[: 7 * 288], MEM[: 7 * 288])
    price = CPU_PRICES.index(APPETITES[Risk.BALANCED].cpu)
    assert frontier["cpu_asked"][0][price] / 288 == pytest.approx(answer["cpu_request"])
    price = MEMORY_PRICES.index(APPETITES[Risk.BALANCED].memory)
    assert frontier["memory_asked"][0][price] / 288 == pytest.approx(answer["mem_request"])


def test_who_knows_what_comes_pays_no_more_at_any_price(frontier):
    costs = {}
    for name in ("oracle", "cpu"):
        sums = sums_of(frontier, name)
        short = [item.share for item in CPU_PRICES] * sums.above
        costs[name] = sums.asked + short + [item.unmet for item in CPU_PRICES] * sums.excess
    assert (costs["oracle"] <= costs["cpu"] + 1e-6).all()


def test_the_cheapest_price_is_within_both_risks():
    ours = Risks(np.array([0.3, 0.1, 0.0]), np.array([0.0, 0.2, 0.0]), np.array([1.0, 2.0, 4.0]))
    theirs = Risks(np.array([0.1]), np.array([0.1]), np.array([5.0]))
    assert ours.cheapest(theirs, starved=True, unmet=False) == 1
    assert ours.cheapest(theirs, starved=False, unmet=True) == 0
    both = ours.cheapest(theirs, starved=True, unmet=True)
    assert both == 2
    assert change(ours, theirs, both) == "-20%"


def test_at_a_risk_that_nobody_reaches_there_is_no_number():
    ours = Risks(np.array([0.3]), np.array([0.3]), np.array([1.0]))
    theirs = Risks(np.array([0.1]), np.array([0.3]), np.array([1.0]))
    price = ours.cheapest(theirs, starved=True, unmet=True)
    assert price is None
    assert change(ours, theirs, price) == "no"


def test_prices_are_judged_on_series_that_did_not_choose_them(frontier):
    assert len({half_of(name) for name in NAMES}) == 2
    found = crossed(sums_of(frontier, "cpu"), baseline(replayed(0.6), "cpu"))
    assert 0 < found["asked"] < 2
    assert found["starved"] >= 0


def test_where_the_baseline_starves_nobody_there_is_no_ratio(frontier):
    found = crossed(sums_of(frontier, "cpu"), baseline(replayed(9.9), "cpu"))
    assert np.isnan(found["starved"])


def test_steady_memory_is_never_killed(frontier):
    assert kill_shares(frontier, "all").max() == 0
    assert kill_shares(frontier, "made_up").shape == (len(KILL_PRICES),)


def test_windows_of_one_series_are_summed():
    rows = pd.concat([replayed(1.0), replayed(1.0)], ignore_index=True)
    twice, once = baseline(rows, "cpu"), baseline(replayed(1.0), "cpu")
    assert twice.used == pytest.approx(2 * once.used)
    assert twice.risks(twice.of("all")).cost == pytest.approx(once.risks(once.of("all")).cost)
    assert once.of("elsewhere").size == 0


def test_a_ratio_is_of_sums_with_an_interval_around_it():
    ours = pd.DataFrame(
        {"series_id": list("aabb"), "n": [1, 1, 1, 1], "cpu_request": [1.0, 1.0, 2.0, 2.0]}
    )
    theirs = ours.assign(cpu_request=[2.0, 2.0, 2.0, 2.0])
    middle, low, high = ratio(ours, theirs, ("cpu_request", True))
    assert middle == 0.75
    assert low == 0.5
    assert high == 1.0


def test_what_a_source_does_not_have_is_a_dash():
    assert set(cells({}).split()) == {"-"}
    assert cells({"cpu_starved": 0.5, "cpu_x": 2.0}).split()[:3] == ["50.00%", "-", "2.00x"]


def test_every_source_has_a_table_of_its_own(monkeypatch):
    monkeypatch.setattr("bench.replay._SHARED", [SimpleNamespace(summary=lambda _: {})])
    table = levels({"rule": replayed(1.0)})
    assert "all" in table
    assert "made_up" in table
    assert table.count("rule") == 2
