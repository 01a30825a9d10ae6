from __future__ import annotations

import numpy as np
import pytest

from bench.replay_recommender import careful, recommend, thrifty

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
