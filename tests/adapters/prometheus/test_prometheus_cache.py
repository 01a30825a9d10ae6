"""The cache of finished slices: never a wrong answer, whatever happens to the file."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adapters.prometheus import cache
from adapters.prometheus.cache import SliceCache, identity_of
from adapters.prometheus.decode import Row
from adapters.settings import Settings
from schemas.telemetry import Grid

NOW = 1_700_000_000.0
STEP = 300
END = int(NOW) // STEP * STEP
GRID = Grid(END - 999 * STEP, STEP, 1000)
SETTLED = int((NOW - cache.SETTLED_S - GRID.start_s) // STEP)


def rows(grid=GRID):
    """Two rows, the second empty on most days."""
    first = np.arange(grid.count, dtype=float)
    second = np.full(grid.count, np.nan)
    second[3:5] = 7.5
    return [Row({"pod": "a"}, first), Row({"pod": "b", "x": 'q"é'}, second)]


def kept(path, now=NOW, identity=b"one"):
    return SliceCache(path / "dir" / "metrics.sqlite", identity, lambda: now)


def joined(parts, count):
    """Values by pod, and which places were covered."""
    found, covered = {}, np.zeros(count, dtype=bool)
    for stretch, some in parts:
        covered[stretch.first : stretch.last + 1] = True
        for row in some:
            values = found.setdefault(row.labels["pod"], np.full(count, np.nan))
            values[stretch.first : stretch.last + 1] = row.values
    return found, covered


def test_what_is_kept_comes_back_and_the_last_minutes_are_not_kept(tmp_path):
    kept(tmp_path).put("q", GRID, rows(), NOW)
    found, covered = joined(kept(tmp_path).get("q", GRID), GRID.count)
    assert covered.sum() == SETTLED + 1 == GRID.count - 3
    np.testing.assert_array_equal(found["a"][covered], np.arange(SETTLED + 1))
    assert np.flatnonzero(np.isfinite(found["b"])).tolist() == [3, 4]


@pytest.mark.parametrize("shift", [-700, -1, 0, 1, 400, 2000])
def test_a_window_that_has_moved_gets_what_both_have(tmp_path, shift):
    kept(tmp_path).put("q", GRID, rows(), NOW)
    moved = Grid(GRID.start_s + shift * STEP, STEP, GRID.count)
    found, covered = joined(kept(tmp_path).get("q", moved), moved.count)
    for place in np.flatnonzero(covered).tolist():
        assert found["a"][place] == place + shift
    expected = [place for place in range(moved.count) if 0 <= place + shift <= SETTLED]
    assert np.flatnonzero(covered).tolist() == expected


@pytest.mark.parametrize(
    ("query", "grid", "identity", "now"),
    [
        ("other", GRID, b"one", NOW),
        ("q", Grid(GRID.start_s, 60, 1000), b"one", NOW),
        ("q", GRID, b"two", NOW),
        ("q", GRID, b"one", NOW + cache.KEPT_S + 1),
    ],
    ids=["query", "step", "identity", "age"],
)
def test_nothing_comes_back_for_another(tmp_path, query, grid, identity, now):
    kept(tmp_path).put("q", GRID, rows(), NOW)
    assert kept(tmp_path, now, identity).get(query, grid) == []


def test_nothing_is_kept_of_an_empty_answer_or_of_the_present(tmp_path):
    kept(tmp_path).put("q", GRID, [], NOW)
    kept(tmp_path).put("q", Grid(END, STEP, 1), rows(Grid(END, STEP, 1)), NOW)
    assert not (tmp_path / "dir").exists()


def test_pieces_of_one_day_do_not_replace_each_other(tmp_path):
    for first in range(0, 100, 10):
        part = Grid(GRID.start_s + first * STEP, STEP, 10)
        kept(tmp_path).put("q", part, [Row({"pod": "a"}, np.full(10, float(first)))], NOW)
    found, covered = joined(kept(tmp_path).get("q", GRID), GRID.count)
    assert covered[:100].all()
    assert found["a"][:100:10].tolist() == [float(first) for first in range(0, 100, 10)]


def test_only_the_owner_can_read_the_file(tmp_path):
    old = os.umask(0)
    try:
        kept(tmp_path).put("q", GRID, rows(), NOW)
    finally:
        os.umask(old)
    assert (tmp_path / "dir" / "metrics.sqlite").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "dir").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"not a database" * 99, bytes(4096)], ids=len)
def test_a_damaged_file_is_no_cache_and_no_error(tmp_path, content):
    path = tmp_path / "dir" / "metrics.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    assert kept(tmp_path).get("q", GRID) == []
    for _ in range(2):
        kept(tmp_path).put("q", GRID, rows(), NOW)
    assert kept(tmp_path).get("q", GRID)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE slice SET cells = x'00'",
        "UPDATE slice SET labels = 'nonsense'",
        "UPDATE slice SET first = 'x'",
        "UPDATE slice SET last = last + 5",
        "PRAGMA user_version = 99",
        "DROP TABLE slice",
    ],
)
def test_what_is_wrong_in_the_file_is_asked_for_again(tmp_path, change):
    kept(tmp_path).put("q", GRID, rows(), NOW)
    with sqlite3.connect(tmp_path / "dir" / "metrics.sqlite") as connection:
        connection.execute(change)
    connection.close()
    assert kept(tmp_path).get("q", GRID) == []


def test_a_directory_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "dir").write_text("a file")
    kept(tmp_path).put("q", GRID, rows(), NOW)
    assert kept(tmp_path).get("q", GRID) == []


def test_the_file_stays_within_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 400_000)
    for number in range(60):
        kept(tmp_path, NOW + number).put(f"q{number}", GRID, rows(), NOW)
    size = (tmp_path / "dir" / "metrics.sqlite").stat().st_size
    assert size < 1_000_000
    assert kept(tmp_path, NOW + 60).get("q59", GRID)
    assert not kept(tmp_path, NOW + 60).get("q0", GRID)


WRITER = """
import sys
import numpy as np
from pathlib import Path
from adapters.prometheus.cache import SliceCache
from adapters.prometheus.decode import Row
from schemas.telemetry import Grid

grid = Grid(int(sys.argv[3]), 300, 1000)
for number in range(20):
    cache = SliceCache(Path(sys.argv[1]), b"one", lambda: 1_700_000_000.0)
    cache.put(f"{sys.argv[2]}{number}", grid, [Row({"pod": "a"}, np.arange(1000.0))], 1.7e9)
    assert all(row.values[0] >= 0 for _, rows in cache.get("a1", grid) for row in rows)
"""


def test_two_processes_may_write_at_once(tmp_path):
    path = tmp_path / "dir" / "metrics.sqlite"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, name, str(GRID.start_s)], stderr=subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said.decode()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        queries = connection.execute("SELECT count(DISTINCT query) FROM slice").fetchone()[0]
    connection.close()
    assert queries == 40


def test_the_first_writers_do_not_undo_each_other(tmp_path):
    for attempt in range(20):
        path = tmp_path / str(attempt)
        with ThreadPoolExecutor(4) as pool:
            for done in [
                pool.submit(kept(path).put, f"q{number}", GRID, rows(), NOW) for number in range(4)
            ]:
                done.result()
        assert all(kept(path).get(f"q{number}", GRID) for number in range(4))


def test_whoever_asks_differently_has_another_cache():
    url = {"prometheus_url": "http://h"}
    given = [
        {},
        {"prometheus_tenant": "a"},
        {"prometheus_tenant": "b"},
        {"prometheus_username": "u", "prometheus_password": "p"},
        {"prometheus_username": "u", "prometheus_password": "q"},
        {"prometheus_token": "p"},
        {"prometheus_headers": "X-Scope-OrgID: a"},
    ]
    identities = [identity_of(Settings(**url, **one)) for one in given]
    assert len(set(identities)) == len(given)
    assert identities == [identity_of(Settings(**url, **one)) for one in given]
