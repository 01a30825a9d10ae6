"""OOM kills and restarts from counters that were seen once per step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.prometheus.events import Life, Witness, increments, kills, oom_kills
from schemas.telemetry import Grid

N = np.nan
INSIDE, BEFORE = Life(0, True), Life(0, False)


def line(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("counter", "life", "expected"),
    [
        (line(N, 1, 1, 3), INSIDE, [0, 1, 0, 2]),
        (line(2, 2, 2, 2), INSIDE, [2, 0, 0, 0]),
        (line(2, 2, 3, 3), BEFORE, [0, 0, 1, 0]),
        (line(N, N, 2, 2), BEFORE, [0, 0, 2, 0]),
        (line(N, N, 2, 2), Life(2, False), [0, 0, 0, 0]),
        (line(1, N, N, 2), INSIDE, [1, 0, 0, 1]),
        (line(5, 1, 2, 2), BEFORE, [0, 1, 1, 0]),
        (line(N, 999, 999, 999), INSIDE, [0, 10, 0, 0]),
        (line(N, N, N, N), INSIDE, [0, 0, 0, 0]),
        (None, INSIDE, [0, 0, 0, 0]),
    ],
    ids=str,
)
def test_increments(counter, life, expected):
    assert increments(counter, life, 4).tolist() == expected


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_a_counter_of_a_new_pod_adds_up(steps):
    counter = np.cumsum(steps).astype(float)
    seen = np.where(counter > 0, counter, np.nan)
    assert increments(seen, INSIDE, len(steps)).tolist() == steps


@pytest.mark.parametrize(
    ("witness", "life", "expected"),
    [
        (Witness(restarts=line(N, 1, 1, 2), killed=line(N, 1, 1, 1)), INSIDE, [0, 1, 0, 1]),
        (Witness(restarts=line(N, 1, 1, 2), killed=line(N, N, N, 1)), INSIDE, [0, 0, 0, 1]),
        (Witness(restarts=line(N, 1, 1, 1)), INSIDE, [0, 0, 0, 0]),
        (Witness(killed=line(N, N, 1, 1)), BEFORE, [0, 0, 1, 0]),
        (Witness(killed=line(1, 1, 1, 1)), BEFORE, [0, 0, 0, 0]),
        (Witness(killed=line(1, 1, 1, 1)), INSIDE, [1, 0, 0, 0]),
        (Witness(killed=line(N, 1, N, 1)), INSIDE, [0, 1, 0, 0]),
        (Witness(ooms=line(N, 1, 2, 2)), INSIDE, [0, 1, 1, 0]),
        (
            Witness(ooms=line(N, 1, 1, 1), restarts=line(N, 1, 2, 3), killed=line(N, 1, 1, 1)),
            INSIDE,
            [0, 1, 1, 1],
        ),
        (
            Witness(ooms=line(N, 1, 2, 3), restarts=line(N, 1, 1, 1), killed=line(N, 1, 1, 1)),
            INSIDE,
            [0, 1, 1, 1],
        ),
    ],
    ids=lambda given: "-".join(map(str, given)) if isinstance(given, list) else "",
)
def test_kills_are_counted_once(witness, life, expected):
    assert kills(witness, life, Grid(0, 300, 4)).tolist() == expected


def test_the_last_kill_has_its_exact_time_where_that_fits():
    grid = Grid(0, 300, 4)
    witness = Witness(restarts=line(N, 1, 1, 2), killed=line(N, 1, 1, 1), last_end_s=777.0)
    found = oom_kills("p", witness, INSIDE, grid, 64.0)
    assert [(kill.at_s, kill.limit_bytes) for kill in found] == [(300.0, 64.0), (777.0, 64.0)]
    other = Witness(restarts=witness.restarts, killed=witness.killed, last_end_s=5000.0)
    assert oom_kills("p", other, INSIDE, grid, None)[-1].at_s == 900.0


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 1),
        ({"exit_code": 1}, 0),
        ({"near_limit": False}, 0),
        ({"last_end_s": 5000.0}, 0),
        ({"last_end_s": None}, 0),
        ({"killed": line(N, N, N, N)}, 0),
    ],
    ids=["killed", "other-code", "far-from-limit", "before-window", "no-time", "reason-known"],
)
def test_an_end_by_sigkill_near_the_limit_is_taken_for_an_oom_kill(more, expected):
    given = {"exit_code": 137, "near_limit": True, "last_end_s": 600.0} | more
    found = oom_kills("p", Witness(**given), INSIDE, Grid(0, 300, 4), 64.0)
    assert [kill.at_s for kill in found] == [600.0] * expected
