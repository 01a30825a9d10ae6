"""Recommenders with the model's rule at other prices: one for each baseline, tuned to its risk.

Each stands where the rule asks for least CPU within the baseline's starved share and unmet CPU, and
for least memory within its OOM windows and its share of samples above the request; where no price
reaches a risk, the dearest one stands. Names are those of the baselines. The prices were chosen on
recorded series (`bench.replay`, table 2; table 3 has what that is worth on series not seen).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.replay_recommender import Answer, Series, history_of
from pipa.usage.appetite import Appetite
from pipa.usage.cpu import LIMIT_ROOM, cpu_sample, request_cores
from pipa.usage.memory import (
    LEAST_BYTES,
    above_kills,
    block_s,
    largest,
    limit_margin,
    memory_sample,
    request_bytes,
    settled,
)
from pipa.usage.peaks import past_of
from pipa.usage.shortage import Prices
from schemas.telemetry import ContainerHistory, Grid

Kills = Sequence[tuple[float, float, float]]


class Recommender(Protocol):
    """What the harness calls."""

    def __call__(
        self,
        t: NDArray[np.int64],
        cpu: Series,
        mem: Series,
        ooms: Kills = (),
        horizon: float = 86400.0,
    ) -> Answer:
        """Requests and limits in cores and bytes."""


def at_prices(appetite: Appetite) -> Recommender:
    """A recommender with the rule's numbers at some prices."""

    def recommend(
        t: NDArray[np.int64],
        cpu: Series,
        mem: Series,
        ooms: Kills = (),
        horizon: float = 86400.0,
    ) -> Answer:
        history, grid = history_of(t, cpu, mem, ooms)
        return _cpu(history, grid, appetite, horizon) | _memory(history, grid, appetite, horizon)

    return recommend


def _cpu(history: ContainerHistory, grid: Grid, appetite: Appetite, horizon: float) -> Answer:
    sample = cpu_sample(history.cpu_cores, grid, horizon)
    if sample is None:
        return {}
    request = request_cores(sample, appetite.cpu)
    limit = max(request, LIMIT_ROOM * float(np.nanmax(history.cpu_cores)))
    return {"cpu_request": request, "cpu_limit": limit}


def _memory(history: ContainerHistory, grid: Grid, appetite: Appetite, horizon: float) -> Answer:
    memory, peak = history.memory_bytes, largest(history)
    sample = memory_sample(memory)
    if sample is None:
        return {}
    unsettled = not settled(memory, grid.step_s)
    request = request_bytes(sample, appetite.memory, unsettled=unsettled, peak_bytes=peak)
    past = past_of(memory, grid.step_s, block_s(horizon))
    margin = limit_margin(past, peak, appetite, horizon)
    limit = max(request, margin.limit_bytes, above_kills(history)[1], LEAST_BYTES)
    return {"mem_request": request, "mem_limit": limit}


def _matched(share: float, unmet: float, memory: float, kill: float) -> Recommender:
    return at_prices(Appetite(Prices(share, unmet), Prices(memory, 0.0), kill, 3.0))


_DEAREST = 1e9

krr_simple = _matched(0.25, 16, _DEAREST, 16)
krr_simple_limit = _matched(0, 3, _DEAREST, 16)
vpa_target_ub = _matched(2, 9, 4000, 32)
goldilocks_guaranteed = _matched(2, 9, 4000, 16)
goldilocks_burstable = _matched(0.5, 2, 125, 32)
peak_plus_20 = _matched(600, 3e4, _DEAREST, 16)
static_default = _matched(1.5, 0, 60, 16)
crane = _matched(600, 3e4, _DEAREST, 16)
autopilot_window = _matched(0, 150, 500, 16)
kubecost_max = _matched(600, 3e4, _DEAREST, 128)
castai = _matched(1, 4, 4000, 128)
zesty_default = _matched(1.5, 7, 60, 16)
kruize_cost = _matched(3, 2, _DEAREST, 16)
kruize_performance = _matched(5, 150, _DEAREST, 16)
