"""The usage model beside published rules, replayed over recorded usage.

    python -m bench.replay --harness DIR --traces DIR [--processes N]

`--harness` holds a module ``replay`` (``load``, ``plan``, ``walk``, ``summary``) and a module
``baselines`` (``ALL``: recommenders); `--traces` the recorded series it loads. Three tables:

1. the three risk levels beside all baselines, with the harness's own columns;
2. at each baseline's own risk the least that the model's rule can request: once with the share of
   CPU samples above the request as the risk, once with the unmet CPU no higher either; for memory
   with no more OOM windows, and with no more samples above the request either;
3. how sure the default is: ratios to baselines with intervals of 95 % from resampled series.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Pool
from multiprocessing.pool import Pool as WorkerPool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench import replay_recommender
from bench.replay_recommender import history_of
from pipa.usage.core import (
    APPETITES,
    HALF_LIVES,
    LEAST_HALF_LIFE_S,
    Appetite,
    Risk,
    cpu_request_cores,
    limit_margin,
    memory_request_bytes,
    settled,
)
from pipa.usage.shortage import Prices, Sample, sample_of
from schemas.telemetry import ContainerHistory, Floats

HISTORY_S, HORIZON_S = 7 * 86400.0, 86400.0
SHARES = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 40.0)
UNMETS = (0.0, 3.0, 5.0, 7.0, 9.0, 12.0, 16.0, 22.0, 30.0, 60.0, 150.0, 500.0)
CPU_PRICES = tuple(Prices(a, b) for a, b in itertools.product(SHARES, UNMETS) if a or b > 1)
MEMORY_PRICES = tuple(Prices(a, 0.0) for a in (50, 100, 200, 400, 800, 2000, 8000, 1e5, 1e9))
KILL_PRICES = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0)
RESAMPLES = 1000
OURS = {"thrifty": "thrifty", "balanced (default)": "recommend", "careful": "careful"}
COLUMNS = ("cpu>req", "unmet", "cpu x", "OOM win", "mem>req", "mem x", "limit x")
_SHARED: list[Any] = []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--harness", required=True, type=Path)
    parser.add_argument("--traces", required=True, type=Path)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.harness))
    harness, baselines = importlib.import_module("replay"), importlib.import_module("baselines")
    _SHARED[:] = [harness, harness.load(str(arguments.traces))]
    with Pool(arguments.processes) as pool:
        rows = {rule.__name__: _replayed(pool, rule) for rule in baselines.ALL}
        ours = {
            name: _replayed(pool, getattr(replay_recommender, function))
            for name, function in OURS.items()
        }
        frontier = pd.concat(pool.map(_points, _parts()), ignore_index=True)
    print(_levels({**rows, **ours}))
    print(_at_their_risk(rows, frontier))
    print(_sureness(ours["balanced (default)"], rows))
    return 0


def _replayed(pool: WorkerPool, rule: Callable[..., Any]) -> pd.DataFrame:
    jobs = [(rule, low, high) for low, high in _parts()]
    return pd.concat(pool.starmap(_walk, jobs), ignore_index=True)


def _parts(size: int = 40) -> list[tuple[int, int]]:
    count = len(_SHARED[1])
    return [(low, min(low + size, count)) for low in range(0, count, size)]


def _walk(rule: Callable[..., Any], low: int, high: int) -> pd.DataFrame:
    harness, series = _SHARED
    walked = (harness.walk(rule, item, HISTORY_S, HORIZON_S)[0] for item in series[low:high])
    return pd.DataFrame([row for rows in walked for row in rows], columns=harness.FIELDS)


def _points(part: tuple[int, int]) -> pd.DataFrame:
    """For each window and each price what would be requested, and what that falls short by."""
    harness, series = _SHARED
    found = []
    for _, source, t, cpu, memory in series[part[0] : part[1]]:
        for begin, now, end in harness.plan(t, HISTORY_S, HORIZON_S):
            i, j, e = np.searchsorted(t, [begin, now, end])
            if j - i < 12 or e - j < 3:
                continue
            found.append(_window(source, (t, cpu, memory), (i, j, e), end - now))
    return pd.DataFrame(found)


def _window(
    source: str, data: tuple[Any, Any, Any], at: tuple[int, int, int], horizon_s: float
) -> dict[str, Any]:
    t, cpu, memory = data
    i, j, e = at
    history, grid = history_of(
        t[i:j], None if cpu is None else cpu[i:j], None if memory is None else memory[i:j]
    )
    row: dict[str, Any] = {"source": source, "n": e - j}
    ages = np.arange(grid.count - 1, -1, -1, dtype=np.float64) * grid.step_s
    if cpu is not None:
        half_life = max(HALF_LIVES * horizon_s, LEAST_HALF_LIFE_S)
        sample = sample_of(history.cpu_cores, ages, half_life)
        row |= _cpu_points(sample, cpu[j:e])
    if memory is not None:
        row |= _memory_points(history, grid.step_s, memory[j:e], horizon_s)
    return row


def _cpu_points(sample: Sample | None, ahead: Floats) -> dict[str, Any]:
    if sample is None:
        return {}
    requests = np.array([cpu_request_cores(sample, prices) for prices in CPU_PRICES])
    over = ahead[:, None] - requests[None, :]
    return {
        "cpu_sum": ahead.sum(),
        "cpu_requests": requests,
        "cpu_starved": (over > 1e-9).sum(axis=0),
        "cpu_unmet": np.maximum(over, 0).sum(axis=0),
    }


def _memory_points(
    history: ContainerHistory, step_s: float, ahead: Floats, horizon_s: float
) -> dict[str, Any]:
    memory = history.memory_bytes
    sample = sample_of(memory, np.zeros(memory.shape[1]), None)
    peak, unsettled = float(np.nanmax(memory)), not settled(memory, step_s)
    if sample is None:
        return {}
    requests = np.array(
        [
            memory_request_bytes(sample, prices, unsettled=unsettled, peak_bytes=peak)
            for prices in MEMORY_PRICES
        ]
    )
    limits = np.array(
        [
            limit_margin(memory, step_s, peak, _appetite(price), horizon_s).limit_bytes
            for price in KILL_PRICES
        ]
    )
    return {
        "mem_sum": ahead.sum(),
        "mem_requests": requests,
        "mem_over": (ahead[:, None] > requests[None, :]).sum(axis=0),
        "kills": (ahead.max() > limits).astype(float),
    }


def _appetite(price: float) -> Appetite:
    balanced = APPETITES[Risk.BALANCED]
    return Appetite(balanced.cpu, balanced.memory, price, balanced.most_limit)


def _risks(rows: pd.DataFrame) -> dict[str, float]:
    summary = _SHARED[0].summary(rows)
    names = ("cpu_starved", "cpu_unmet", "cpu_x", "oom_windows", "mem_over_request", "mem_x")
    found = {name: float(summary.get(name, np.nan)) for name in names}
    return {**found, "limit_x": float(summary.get("mem_limit_x", np.nan))}


def _levels(rows: Mapping[str, pd.DataFrame]) -> str:
    """Table 1, for all sources together and for each."""
    lines = []
    for source in ("all", *_sources(rows)):
        lines += ["", f"{source:<24}" + "".join(f"{name:>9}" for name in COLUMNS)]
        for name, of in rows.items():
            part = of if source == "all" else of[of["source"] == source]
            lines.append(f"{name:<24}" + "".join(_cells(_risks(part))))
    return "\n".join(lines)


def _cells(risks: Mapping[str, float]) -> list[str]:
    shares = ("cpu_starved", "cpu_unmet", "oom_windows", "mem_over_request")
    order = ("cpu_starved", "cpu_unmet", "cpu_x", "oom_windows", "mem_over_request", "mem_x")
    texts = [
        "-"
        if np.isnan(risks[name])
        else f"{risks[name]:.2%}"
        if name in shares
        else f"{risks[name]:.2f}x"
        for name in (*order, "limit_x")
    ]
    return [f"{text:>9}" for text in texts]


def _at_their_risk(rows: Mapping[str, pd.DataFrame], frontier: pd.DataFrame) -> str:
    """Table 2: change of what is requested, at no more than the baseline's risk."""
    sources = ("all", *_sources(rows))
    lines = ["", "change of requests at the baseline's own risk: CPU by starved share / by starved"]
    lines += ["share and unmet; memory by OOM windows / by OOM windows and samples above request"]
    lines.append(f"{'':<24}" + "".join(f"{source[:15]:>32}" for source in sources))
    for name, of in rows.items():
        cells = []
        for source in sources:
            theirs = _risks(of if source == "all" else of[of["source"] == source])
            points = frontier if source == "all" else frontier[frontier["source"] == source]
            cells.append(f"{_cpu_cell(theirs, points)} | {_memory_cell(theirs, points)}")
        lines.append(f"{name:<24}" + "".join(f"{cell:>32}" for cell in cells))
    return "\n".join(lines)


def _cpu_cell(theirs: Mapping[str, float], points: pd.DataFrame) -> str:
    if "cpu_requests" not in points or np.isnan(theirs["cpu_x"]):
        return "-"
    known = points[points["cpu_sum"].notna()]
    n, used = known["n"].to_numpy(float), known["cpu_sum"].sum()
    cost = (np.stack(known["cpu_requests"]) * n[:, None]).sum(axis=0) / used
    starved = np.stack(known["cpu_starved"]).sum(axis=0) / n.sum()
    unmet = np.stack(known["cpu_unmet"]).sum(axis=0) / used
    one = starved <= theirs["cpu_starved"] + 1e-9
    both = one & (unmet <= theirs["cpu_unmet"] + 1e-9)
    return f"{_least(cost, one, theirs['cpu_x'])}/{_least(cost, both, theirs['cpu_x'])}"


def _memory_cell(theirs: Mapping[str, float], points: pd.DataFrame) -> str:
    if "mem_requests" not in points or np.isnan(theirs["mem_x"]):
        return "-"
    known = points[points["mem_sum"].notna()]
    n, used = known["n"].to_numpy(float), known["mem_sum"].sum()
    cost = (np.stack(known["mem_requests"]) * n[:, None]).sum(axis=0) / used
    over = np.stack(known["mem_over"]).sum(axis=0) / n.sum()
    if np.stack(known["kills"]).mean(axis=0).min() > theirs["oom_windows"] + 1e-9:
        return "no/no"
    default = [prices.share for prices in MEMORY_PRICES].index(
        APPETITES[Risk.BALANCED].memory.share
    )
    at_default = np.arange(cost.size) == default
    within = over <= theirs["mem_over_request"] + 1e-9
    return f"{_least(cost, at_default, theirs['mem_x'])}/{_least(cost, within, theirs['mem_x'])}"


def _least(cost: Floats, allowed: NDArray[np.bool_], theirs: float) -> str:
    return f"{cost[allowed].min() / theirs - 1:+.0%}" if allowed.any() else "no"


def _sureness(default: pd.DataFrame, rows: Mapping[str, pd.DataFrame]) -> str:
    """Table 3: the default over baselines."""
    lines = ["", "the default over …          what        ratio  95 % (series resampled)"]
    for name in ("krr_simple", "vpa_target_ub", "castai"):
        for what, columns in RATIOS.items():
            middle, low, high = _ratio(default, rows[name], columns)
            lines.append(f"{name:<27} {what:<12}{middle:>5.2f}  [{low:.2f}, {high:.2f}]")
    return "\n".join(lines)


RATIOS: dict[str, tuple[str, bool]] = {
    "CPU asked": ("cpu_request", True),
    "CPU starved": ("cpu_starved", True),
    "CPU unmet": ("cpu_unmet", False),
    "memory asked": ("mem_request", True),
    "OOM windows": ("oom", False),
}
"""Column of the harness, and whether it is per sample."""


def _ratio(
    ours: pd.DataFrame, theirs: pd.DataFrame, column: tuple[str, bool]
) -> tuple[float, float, float]:
    name, per_sample = column
    sums = [_by_series(rows, name, per_sample) for rows in (ours, theirs)]
    joined = pd.concat(sums, axis=1, keys=["ours", "theirs"]).dropna()
    values = joined.to_numpy()
    rng = np.random.default_rng(1)
    picks = rng.integers(0, len(values), (RESAMPLES, len(values)))
    totals = values[picks].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    whole = values.sum(axis=0)
    return float(whole[0] / whole[1]), float(low), float(high)


def _by_series(rows: pd.DataFrame, name: str, per_sample: bool) -> pd.Series:
    weights = rows["n"] if per_sample else 1.0
    known = rows[name].notna()
    return (rows[name] * weights)[known].groupby(rows["series_id"][known]).sum()


def _sources(rows: Mapping[str, pd.DataFrame]) -> Sequence[str]:
    return sorted(next(iter(rows.values()))["source"].unique())


if __name__ == "__main__":
    sys.exit(main())
