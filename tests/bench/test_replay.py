from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.replay import CPU_PRICES, _cells, _cpu_cell, _least, _memory_cell, _ratio, _window
from bench.replay_recommender import recommend
from pipa.usage.core import APPETITES

T = np.arange(10 * 288, dtype=np.int64) * 300 + 1_400_000_000
CPU = 0.5 + 0.2 * np.sin(np.arange(T.size) / 288 * 2 * np.pi)
MEM = np.full(T.size, 3e8)


@pytest.fixture(scope="module")
def points():
    at = (0, 7 * 288, 8 * 288)
    return pd.DataFrame([_window("made_up", (T, CPU, MEM), at, 86400.0)])


def test_the_frontier_holds_what_the_recommender_recommends(points):
    answer = recommend(T[: 7 * 288], CPU[: 7 * 288], MEM[: 7 * 288])
    for number, prices in enumerate(CPU_PRICES):
        if prices == APPETITES["balanced"].cpu:
            assert points["cpu_requests"][0][number] == answer["cpu_request"]
    assert answer["mem_request"] in points["mem_requests"][0]


def test_at_a_risk_that_nobody_reaches_there_is_no_number(points):
    never = {"cpu_starved": -1.0, "cpu_unmet": 0.0, "cpu_x": 1.0}
    assert _cpu_cell(never, points) == "no/no"
    assert _cpu_cell({**never, "cpu_x": np.nan}, points) == "-"


def test_the_cheapest_point_within_the_risk_is_compared(points):
    theirs = {"cpu_starved": 1.0, "cpu_unmet": 1.0, "cpu_x": 2.0}
    cost = points["cpu_requests"][0].min() * 288 / points["cpu_sum"][0]
    assert _cpu_cell(theirs, points).split("/")[0] == f"{cost / 2 - 1:+.0%}"
    memory = {"oom_windows": 1.0, "mem_over_request": 1.0, "mem_x": 2.0}
    assert _memory_cell(memory, points) == "-50%/-50%"


def test_a_change_is_a_share_with_its_sign():
    allowed = np.array([True, False])
    assert _least(np.array([1.5, 1.0]), allowed, 2.0) == "-25%"
    assert _least(np.array([1.5, 1.0]), ~allowed & False, 2.0) == "no"


def test_a_ratio_is_of_sums_with_an_interval_around_it():
    ours = pd.DataFrame(
        {"series_id": list("aabb"), "n": [1, 1, 1, 1], "cpu_request": [1.0, 1.0, 2.0, 2.0]}
    )
    theirs = ours.assign(cpu_request=[2.0, 2.0, 2.0, 2.0])
    middle, low, high = _ratio(ours, theirs, ("cpu_request", True))
    assert middle == 0.75
    assert low == 0.5
    assert high == 1.0


def test_what_a_source_does_not_have_is_a_dash():
    nothing = dict.fromkeys(
        ("cpu_starved", "cpu_unmet", "cpu_x", "oom_windows", "mem_over_request", "mem_x"), np.nan
    )
    assert {cell.strip() for cell in _cells({**nothing, "limit_x": np.nan})} == {"-"}
