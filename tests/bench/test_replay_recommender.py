from __future__ import annotations

import numpy as np
import pytest

from bench import replay_matched
from bench.replay_matched import at_prices
from bench.replay_recommender import careful, history_of, recommend, thrifty
from pipa.usage.appetite import APPETITES, Risk

T = np.arange(2016, dtype=np.int64) * 300 + 1_400_000_000
CPU = 0.5 + 0.2 * np.sin(np.arange(2016) / 288 * 2 * np.pi)
MEM = np.full(2016, 3e8)


@pytest.mark.parametrize("recommender", [recommend, thrifty, careful])
def test_a_recommender_answers_in_the_units_of_the_harness(recommender):
    answer = recommender(T, CPU, MEM, ooms=[], horizon=86400.0)
    assert 0.3 < answer["cpu_request"] <= answer["cpu_limit"] < 2
    assert 2e8 < answer["mem_request"] <= answer["mem_limit"] < 2e9


def test_what_was_not_recorded_is_not_recommended():
    assert recommend(T, None, MEM)["cpu_request"] is None
    assert recommend(T, CPU, None)["mem_limit"] is None


def test_a_kill_is_heard():
    before = recommend(T, None, MEM)["mem_limit"]
    after = recommend(T, None, MEM, ooms=[(1_400_000_300.0, before, 1.0)])["mem_limit"]
    assert after == pytest.approx(max(before * 1.2, before + 100 * 2**20))


def test_at_the_prices_of_a_level_the_answer_is_that_of_the_level():
    kills = [(1_400_000_300.0, 9e8, 1.0)]
    balanced = at_prices(APPETITES[Risk.BALANCED])(T, CPU, MEM, kills)
    assert balanced == pytest.approx(recommend(T, CPU, MEM, kills))
    assert at_prices(APPETITES[Risk.CAREFUL])(T, None, None) == {}


@pytest.mark.parametrize("name", ["krr_simple", "vpa_target_ub", "castai", "kubecost_max"])
def test_a_matched_recommender_has_the_name_of_its_baseline(name):
    answer = getattr(replay_matched, name)(T, CPU, MEM, ooms=[], horizon=86400.0)
    assert answer["cpu_request"] <= answer["cpu_limit"]
    assert answer["mem_request"] <= answer["mem_limit"]


def test_gaps_and_doubled_moments_are_put_on_an_even_grid():
    times = np.array([0, 60, 61, 240], dtype=np.int64) + 1_400_000_000
    history, grid = history_of(times, np.array([1.0, 2.0, 3.0, 4.0]), None)
    assert grid.step_s == 60
    assert history.cpu_cores.shape == (1, 5)
    assert history.cpu_cores[0, [0, 1, 4]].tolist() == [1.0, 3.0, 4.0]
    assert np.isnan(history.cpu_cores[0, 2:4]).all()
    assert np.isnan(history.memory_bytes).all()
