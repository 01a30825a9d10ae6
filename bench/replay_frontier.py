"""What the model's rule would have asked for at many prices, and at a baseline's own risk.

For every window of every series and every price: the request, and what use exceeded it by. Summed
by series, so that sources, halves and resamples of series are sums of rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.replay_recommender import history_of
from pipa.usage.appetite import APPETITES, Appetite, Risk
from pipa.usage.cpu import cpu_sample, request_cores
from pipa.usage.memory import block_s, limit_margin, memory_sample, request_bytes, settled
from pipa.usage.peaks import past_of
from pipa.usage.shortage import Prices, Sample, sample_of
from schemas.telemetry import ContainerHistory, Floats, Grid

SHARES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 40.0, 120.0, 600.0, 4000.0)
UNMETS = (0.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 16.0, 22.0, 35.0, 60.0, 150.0, 500.0, 3000.0, 3e4)
CPU_PRICES = tuple(Prices(a, b) for a, b in itertools.product(SHARES, UNMETS) if a or b > 1)
MEMORY_PRICES = tuple(
    Prices(share, 0.0) for share in (60, 125, 250, 500, 1000, 2000, 4000, 8000, 32000, 1e5, 1e9)
)
KILL_PRICES = (16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 8192.0)
EPSILON = 1e-9
Recorded = tuple[str, str, NDArray[np.int64], Floats | None, Floats | None]
"""Id, source, times in Unix seconds, cores, bytes."""


class Harness(Protocol):
    """What is used of the harness beside its table."""

    def plan(
        self, t: NDArray[np.int64], history: float, horizon: float
    ) -> list[tuple[float, float, float]]:
        """Begin of the history, its end, and end of the horizon, of each window."""


@dataclass(frozen=True, slots=True)
class Risks:
    """What is held against a baseline's, and what it costs; of some series together."""

    starved: Floats
    """Share of CPU samples above the request."""
    unmet: Floats
    """CPU above the request over all CPU."""
    cost: Floats
    """Requested over used."""

    def cheapest(self, theirs: Risks, *, starved: bool, unmet: bool) -> int | None:
        """The cheapest price that is within the baseline's risks; None when there is none."""
        allowed = np.ones(self.cost.size, dtype=bool)
        if starved:
            allowed &= self.starved <= theirs.starved + EPSILON
        if unmet:
            allowed &= self.unmet <= theirs.unmet + EPSILON
        return int(np.argmin(np.where(allowed, self.cost, np.inf))) if allowed.any() else None


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums by series; each figure has the shape (series, prices)."""

    source: NDArray[np.str_]
    half: NDArray[np.bool_]
    """By a hash of the series' name."""
    samples: Floats
    used: Floats
    asked: Floats
    above: Floats
    """Samples above the request."""
    excess: Floats
    """Use above the request."""

    def risks(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Risks:
        """Of some series together (a series that is named twice counts twice)."""
        used, samples = self.used[rows].sum(), self.samples[rows].sum()
        return Risks(
            self.above[rows].sum(axis=0) / samples,
            self.excess[rows].sum(axis=0) / used,
            self.asked[rows].sum(axis=0) / used,
        )

    def of(self, source: str) -> NDArray[np.int64]:
        """Rows of a source; of all for ``all``."""
        return np.flatnonzero((self.source == source) | (source == "all"))


def half_of(series: str) -> bool:
    """Which half of the series a name belongs to, for cross-validation."""
    return bool(sha1(series.encode(), usedforsecurity=False).digest()[1] & 1)


def points(harness: Harness, series: Sequence[Recorded], hold: tuple[float, float]) -> pd.DataFrame:
    """One row per window: what would be requested at each price, and what that falls short by.

    Args:
        harness: The module that plans windows.
        series: Id, source, times, CPU, memory; from the harness's ``load``.
        hold: Seconds of history and of horizon.
    """
    found = []
    for name, source, t, cpu, memory in series:
        for begin, now, end in harness.plan(t, *hold):
            i, j, e = np.searchsorted(t, [begin, now, end])
            if j - i < 12 or e - j < 3:
                continue
            row = {"series_id": name, "source": source, "n": e - j}
            found.append(row | _window((t, cpu, memory), (i, j, e), end - now))
    return pd.DataFrame(found)


def _window(
    data: tuple[NDArray[np.int64], Floats | None, Floats | None],
    at: tuple[int, int, int],
    horizon_s: float,
) -> dict[str, Any]:
    t, cpu, memory = data
    i, j, e = at
    history, grid = history_of(
        t[i:j], None if cpu is None else cpu[i:j], None if memory is None else memory[i:j]
    )
    row: dict[str, Any] = {}
    if cpu is not None:
        sample = cpu_sample(history.cpu_cores, grid, horizon_s)
        truth = sample_of(cpu[j:e], np.ones(1))
        row |= _cpu_points(sample, cpu[j:e], "cpu") | _cpu_points(truth, cpu[j:e], "oracle")
    if memory is not None:
        row |= _memory_points(history, grid, memory[j:e], horizon_s)
    return row


def _cpu_points(sample: Sample | None, ahead: Floats, name: str) -> dict[str, Any]:
    if sample is None:
        return {}
    requests = np.array([request_cores(sample, prices) for prices in CPU_PRICES])
    over = ahead[:, None] - requests[None, :]
    return {
        f"{name}_used": ahead.sum(),
        f"{name}_asked": requests * ahead.size,
        f"{name}_above": (over > EPSILON).sum(axis=0),
        f"{name}_excess": np.maximum(over, 0).sum(axis=0),
    }


def _memory_points(
    history: ContainerHistory, grid: Grid, ahead: Floats, horizon_s: float
) -> dict[str, Any]:
    memory = history.memory_bytes
    sample, peak = memory_sample(memory), float(np.nanmax(memory))
    if sample is None:
        return {}
    unsettled = not settled(memory, grid.step_s)
    requests = np.array(
        [
            request_bytes(sample, prices, unsettled=unsettled, peak_bytes=peak)
            for prices in MEMORY_PRICES
        ]
    )
    past = past_of(memory, grid.step_s, block_s(horizon_s))
    limits = np.array(
        [limit_margin(past, peak, _appetite(x), horizon_s).limit_bytes for x in KILL_PRICES]
    )
    return {
        "memory_used": ahead.sum(),
        "memory_asked": requests * ahead.size,
        "memory_above": (ahead[:, None] > requests[None, :]).sum(axis=0),
        "memory_excess": np.maximum(ahead[:, None] - requests[None, :], 0).sum(axis=0),
        "kills": (ahead.max() > limits).astype(float),
    }


def _appetite(price: float) -> Appetite:
    balanced = APPETITES[Risk.BALANCED]
    return Appetite(balanced.cpu, balanced.memory, price, balanced.most_limit)


def sums_of(rows: pd.DataFrame, name: str) -> Sums:
    """Sum windows by series.

    Args:
        rows: From `points`, or with one price from `baseline`.
        name: ``cpu``, ``oracle`` or ``memory``.
    """
    known = rows[rows[f"{name}_used"].notna()]
    codes, names = pd.factorize(known["series_id"])
    first = known.groupby(codes)["source"].first().to_numpy(str)

    def total(column: str) -> Floats:
        values = np.stack([np.atleast_1d(value) for value in known[column]]).astype(float)
        out = np.zeros((len(names), values.shape[1]))
        np.add.at(out, codes, values)
        return out

    half = np.array([half_of(series) for series in names])
    parts = (total(f"{name}_{part}") for part in ("asked", "above", "excess"))
    return Sums(first, half, total("n")[:, 0], total(f"{name}_used")[:, 0], *parts)


def kill_shares(rows: pd.DataFrame, source: str) -> Floats:
    """Share of windows with a kill at each kill price."""
    known = rows[rows["memory_used"].notna()]
    chosen = known if source == "all" else known[known["source"] == source]
    shares: Floats = np.stack(list(chosen["kills"])).mean(axis=0)
    return shares


def baseline(rows: pd.DataFrame, name: str) -> Sums:
    """The harness's rows of one recommender as sums with one price; name is ``cpu``/``memory``."""
    cpu = name == "cpu"
    request = rows["cpu_request" if cpu else "mem_request"]
    used = rows["cpu_sum" if cpu else "mem_sum"]
    known = request.notna() & used.notna()
    above = rows["cpu_starved" if cpu else "mem_over_request"] * rows["n"]
    made = {
        "series_id": rows["series_id"],
        "source": rows["source"],
        "n": rows["n"],
        f"{name}_used": used,
        f"{name}_asked": request * rows["n"],
        f"{name}_above": above,
        f"{name}_excess": rows["cpu_unmet"] if cpu else above * 0.0,
    }
    return sums_of(pd.DataFrame(made)[known], name)


def change(ours: Risks, theirs: Risks, price: int | None) -> str:
    """Requested against the baseline, as a signed share; ``no``: no price is within its risk."""
    return "no" if price is None else f"{ours.cost[price] / theirs.cost[0] - 1:+.0%}"


def crossed(ours: Sums, theirs: Sums) -> Mapping[str, float]:
    """Prices chosen at the baseline's two risks on one half of the series, judged on the other.

    Returns:
        Ratios to the baseline (``asked``, ``starved``, ``unmet``), both directions together; NaN
        where no price reaches its risk, or that is nothing.
    """
    total = np.zeros((3, 2))
    for half in (False, True):
        seen, kept = (ours.risks(np.flatnonzero(ours.half == side)) for side in (half, not half))
        base, held = (theirs.risks(np.flatnonzero(theirs.half == x)) for x in (half, not half))
        price = seen.cheapest(base, starved=True, unmet=True)
        if price is None:
            return dict.fromkeys(("asked", "starved", "unmet"), float("nan"))
        total[:, 0] += (kept.cost[price], kept.starved[price], kept.unmet[price])
        total[:, 1] += (held.cost[0], held.starved[0], held.unmet[0])
    ratios = np.full(3, np.nan)
    np.divide(total[:, 0], total[:, 1], out=ratios, where=total[:, 1] > 0)
    return dict(zip(("asked", "starved", "unmet"), map(float, ratios), strict=True))
