"""The usage model beside published rules, replayed over recorded usage.

    python -m bench.replay --harness DIR --traces DIR [--history D --horizon D --min-days D]

`--harness` holds a module ``replay`` (``load``, ``plan``, ``walk``, ``summary``) and a module
``baselines`` (``ALL``: recommenders); `--traces` the recorded series it loads. Four tables:

1. the three risk levels beside all baselines, with the harness's own columns;
2. at each baseline's own risk the least that the model's rule requests at any price: for CPU within
   its starved share, within its unmet CPU, within both, and what both would allow a rule that knew
   the samples to come; for memory within its OOM windows, and with its share of samples above the
   request besides;
3. the same with the prices chosen on one half of the series and judged on the other;
4. how sure the default is: ratios to baselines with intervals of 95 % from resampled series.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Pool
from multiprocessing.pool import Pool as WorkerPool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import replay_recommender
from bench.replay_frontier import (
    EPSILON,
    MEMORY_PRICES,
    Risks,
    Sums,
    baseline,
    change,
    crossed,
    kill_shares,
    points,
    sums_of,
)
from pipa.usage.appetite import APPETITES, Risk

DAY_S = 86400.0
RESAMPLES = 1000
OURS = {"thrifty": "thrifty", "balanced (default)": "recommend", "careful": "careful"}
SHARES = ("cpu_starved", "cpu_unmet", "oom_windows", "mem_over_request")
COLUMNS = {
    "cpu_starved": "cpu>req",
    "cpu_unmet": "unmet",
    "cpu_x": "cpu x",
    "oom_windows": "OOM win",
    "mem_over_request": "mem>req",
    "mem_x": "mem x",
    "mem_limit_x": "limit x",
}
CPU_RISKS = ((True, False), (False, True), (True, True))
RATIOS: dict[str, tuple[str, bool]] = {
    "CPU asked": ("cpu_request", True),
    "CPU starved": ("cpu_starved", True),
    "CPU unmet": ("cpu_unmet", False),
    "memory asked": ("mem_request", True),
    "OOM windows": ("oom", False),
}
"""Column of the harness, and whether it is per sample."""
COMPARED = ("krr_simple", "vpa_target_ub", "castai")
Rows = Mapping[str, pd.DataFrame]
_SHARED: list[Any] = []


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = _options().parse_args(arguments)
    sys.path.insert(0, str(options.harness))
    harness, baselines = importlib.import_module("replay"), importlib.import_module("baselines")
    series = [
        item
        for item in harness.load(str(options.traces))
        if item[2][-1] - item[2][0] >= options.min_days * DAY_S
    ]
    _SHARED[:] = [harness, series, (options.history * DAY_S, options.horizon * DAY_S)]
    with Pool(options.processes) as pool:
        theirs = {rule.__name__: _replayed(pool, rule) for rule in baselines.ALL}
        ours = {
            name: _replayed(pool, getattr(replay_recommender, function))
            for name, function in OURS.items()
        }
        print(levels({**theirs, **ours}), flush=True)
        frontier = pd.concat(pool.map(_points, _parts()), ignore_index=True)
    print(at_their_risk(theirs, frontier))
    print(on_the_other_half(theirs, frontier))
    print(sureness(ours["balanced (default)"], theirs))
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--harness", required=True, type=Path)
    parser.add_argument("--traces", required=True, type=Path)
    parser.add_argument("--history", default=7.0, type=float, help="days")
    parser.add_argument("--horizon", default=1.0, type=float, help="days")
    parser.add_argument("--min-days", default=0.0, type=float, help="shorter series are left out")
    parser.add_argument("--processes", type=int, default=2)
    return parser


def _replayed(pool: WorkerPool, rule: Callable[..., Any]) -> pd.DataFrame:
    jobs = [(rule, low, high) for low, high in _parts()]
    return pd.concat(pool.starmap(_walk, jobs), ignore_index=True)


def _parts(size: int = 40) -> list[tuple[int, int]]:
    count = len(_SHARED[1])
    return [(low, min(low + size, count)) for low in range(0, count, size)]


def _walk(rule: Callable[..., Any], low: int, high: int) -> pd.DataFrame:
    harness, series, hold = _SHARED
    walked = (harness.walk(rule, item, *hold)[0] for item in series[low:high])
    return pd.DataFrame([row for rows in walked for row in rows], columns=harness.FIELDS)


def _points(part: tuple[int, int]) -> pd.DataFrame:
    harness, series, hold = _SHARED
    return points(harness, series[part[0] : part[1]], hold)


def levels(rows: Rows) -> str:
    """Table 1, for all sources together and for each."""
    lines = []
    for source in sources_of(rows):
        lines += ["", f"{source:<24}" + "".join(f"{name:>9}" for name in COLUMNS.values())]
        for name, of in rows.items():
            part = of if source == "all" else of[of["source"] == source]
            lines.append(f"{name:<24}" + cells(_SHARED[0].summary(part)))
    return "\n".join(lines)


def cells(summary: Mapping[str, float]) -> str:
    """One line of table 1; a dash for what a source does not have."""
    line = ""
    for name in COLUMNS:
        value = summary.get(name, np.nan)
        text = f"{value:.2%}" if name in SHARES else f"{value:.2f}x"
        line += f"{'-' if np.isnan(value) else text:>9}"
    return line


def at_their_risk(rows: Rows, frontier: pd.DataFrame) -> str:
    """Table 2: change of what is requested, at no more than the baseline's risk."""
    lines = ["", "change of requests at the baseline's own risk"]
    for source in sources_of(rows):
        lines += ["", f"{source:<24}{'starved':>9}{'unmet':>9}{'both':>9}{'foresight':>11}"]
        lines[-1] += f"{'OOM':>9}{'OOM, >req':>11}"
        for name, of in rows.items():
            part = of if source == "all" else of[of["source"] == source]
            lines.append(f"{name:<24}" + _cpu(part, frontier, source) + _memory(part, frontier))
    return "\n".join(lines)


def _cpu(part: pd.DataFrame, frontier: pd.DataFrame, source: str) -> str:
    if not part["cpu_sum"].notna().any():
        return f"{'-':>9}" * 3 + f"{'-':>11}"
    theirs, ours = _risks(baseline(part, "cpu"), "all"), _risks(sums_of(frontier, "cpu"), source)
    found = [
        change(ours, theirs, ours.cheapest(theirs, starved=starved, unmet=unmet))
        for starved, unmet in CPU_RISKS
    ]
    oracle = _risks(sums_of(frontier, "oracle"), source)
    best = change(oracle, theirs, oracle.cheapest(theirs, starved=True, unmet=True))
    return "".join(f"{text:>9}" for text in found) + f"{best:>11}"


def _memory(part: pd.DataFrame, frontier: pd.DataFrame) -> str:
    if not part["mem_sum"].notna().any():
        return f"{'-':>9}{'-':>11}"
    names = part["source"].unique()
    points_ = frontier[frontier["source"].isin(names)]
    theirs, ours = (
        _risks(baseline(part, "memory"), "all"),
        _risks(sums_of(points_, "memory"), "all"),
    )
    killed = float(part.loc[part["mem_request"].notna() & part["mem_sum"].notna(), "oom"].mean())
    if kill_shares(points_, "all").min() > killed + EPSILON:
        return f"{'no':>9}{'no':>11}"
    default = MEMORY_PRICES.index(APPETITES[Risk.BALANCED].memory)
    both = ours.cheapest(theirs, starved=True, unmet=False)
    return f"{change(ours, theirs, default):>9}{change(ours, theirs, both):>11}"


def _risks(sums: Sums, source: str) -> Risks:
    return sums.risks(sums.of(source))


def on_the_other_half(rows: Rows, frontier: pd.DataFrame) -> str:
    """Table 3: CPU prices chosen on one half of the series, judged on the other, both ways."""
    lines = ["", "CPU at both risks, prices chosen on one half and judged on the other"]
    lines += [f"{'ratio to the baseline':<24}{'asked':>9}{'starved':>9}{'unmet':>9}"]
    ours = sums_of(frontier, "cpu")
    for name, of in rows.items():
        found = crossed(ours, baseline(of, "cpu"))
        texts = ("no" if np.isnan(value) else f"{value:.2f}" for value in found.values())
        lines.append(f"{name:<24}" + "".join(f"{text:>9}" for text in texts))
    return "\n".join(lines)


def sureness(default: pd.DataFrame, rows: Rows) -> str:
    """Table 4: the default over baselines."""
    lines = ["", "the default over …          what        ratio  95 % (series resampled)"]
    for name in COMPARED:
        for what, columns in RATIOS.items():
            middle, low, high = ratio(default, rows[name], columns)
            lines.append(f"{name:<27} {what:<12}{middle:>5.2f}  [{low:.2f}, {high:.2f}]")
    return "\n".join(lines)


def ratio(
    ours: pd.DataFrame, theirs: pd.DataFrame, column: tuple[str, bool]
) -> tuple[float, float, float]:
    """Ratio of two sums over the same series, and its interval when series are resampled."""
    sums = [_by_series(rows, *column) for rows in (ours, theirs)]
    values = pd.concat(sums, axis=1, keys=["ours", "theirs"]).dropna().to_numpy()
    picks = np.random.default_rng(1).integers(0, len(values), (RESAMPLES, len(values)))
    totals = values[picks].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    whole = values.sum(axis=0)
    return float(whole[0] / whole[1]), float(low), float(high)


def _by_series(rows: pd.DataFrame, name: str, per_sample: bool) -> pd.Series:
    weights = rows["n"] if per_sample else 1.0
    known = rows[name].notna()
    return (rows[name] * weights)[known].groupby(rows["series_id"][known]).sum()


def sources_of(rows: Rows) -> Sequence[str]:
    """``all``, and each source by name."""
    return ["all", *sorted(next(iter(rows.values()))["source"].unique())]


if __name__ == "__main__":
    sys.exit(main())
