"""How much each recorded moment says of the time that lies ahead.

Three things make a moment count:

* *Freshness*: half as much after a half-life, which is the time that the answer holds (a day at
  least). A tenth of the weight is spread evenly over the history all the same: what happened once
  may happen again.
* *Kind of day*: if only workdays lie ahead, workdays of the history count more than weekends, and
  the other way round. Each kind is weighted by its share of the time ahead over its share of the
  history (importance weighting), trusted to three fifths: not every workload rests at weekends, and
  not everybody's weekend is on Saturday and Sunday, UTC. Over a whole week it changes next to
  nothing.
* Nothing else: all pods count alike.

Beyond what was recorded, one sample in a hundred is taken to be larger than it was (`DRIFT_CPU`,
`DRIFT_MEMORY`): a history is finite, and what comes next is at times above all of it.

Sources: recency by holding time and the kinds of days were chosen by replay (docs/usage-model.md);
importance weighting: Shimodaira, J. Statistical Planning and Inference 90 (2000).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipa.usage.peaks import DAY_S
from schemas.telemetry import Floats, Grid

HALF_LIVES = 1.0
"""Half-life of a CPU sample over the time that the answer holds."""
LEAST_HALF_LIFE_S = 1.0 * DAY_S
"""Shorter would forget the night by noon."""
EVEN = 0.1
"""Share of the weight that does not fade."""
TRUST = 0.6
"""In the kind of day; the rest of the weight does not know it."""
MOST_RATIO = 3.5
"""A weekend ahead over its share of a full week: 7 / 2. Less than a week of history can show more,
but then few samples would stand for everything."""
Drift = tuple[tuple[float, float], ...]
"""Factors, and the share of the weight that each has."""
DRIFT_CPU: Drift = ((1.25, 0.008), (1.6, 0.002))
DRIFT_MEMORY: Drift = ((1.05, 0.01),)
_WEEKEND = (2, 3)
"""Days since the epoch, modulo 7: 1 January 1970 was a Thursday."""
_PARTS = 56
"""Moments at which the time ahead is looked at; eight a day for a week."""


def half_life_s(horizon_s: float) -> float:
    """Age at which a CPU sample counts half, in seconds.

    >>> half_life_s(7 * 86400) / 86400
    7.0
    """
    return max(HALF_LIVES * horizon_s, LEAST_HALF_LIFE_S)


def fresh_weights(grid: Grid, known: NDArray[np.bool_], horizon_s: float) -> Floats:
    """Weights of the moments for what lies ahead; shape (grid.count,).

    Args:
        grid: The moments of the history; the time ahead begins with its end.
        known: Which of them have a sample, shape (grid.count,).
        horizon_s: How long the answer holds, in seconds, > 0.
    """
    weights = np.zeros(grid.count)
    moments = np.flatnonzero(known)
    if moments.size == 0:
        return weights
    ages = (moments[-1] - moments) * float(grid.step_s)
    fresh = np.exp2(-ages / half_life_s(horizon_s))
    found = (1 - EVEN) * fresh / fresh.sum() + EVEN / moments.size
    times = grid.times()[moments].astype(np.float64)
    weights[moments] = found * _alike(times, grid.end_s, horizon_s)
    return weights


def _alike(times: Floats, now_s: float, horizon_s: float) -> Floats:
    """Factor of each moment for its kind of day."""
    weekend = _is_weekend(times)
    seen = float(weekend.mean())
    if not 0 < seen < 1:
        return np.ones(times.size)
    ahead = float(_is_weekend(now_s + horizon_s * (np.arange(_PARTS) + 0.5) / _PARTS).mean())
    for_weekend = min(ahead / seen, MOST_RATIO)
    for_workday = min((1 - ahead) / (1 - seen), MOST_RATIO)
    return (1 - TRUST) + TRUST * np.where(weekend, for_weekend, for_workday)


def _is_weekend(times: Floats) -> NDArray[np.bool_]:
    return np.isin((times // DAY_S).astype(np.int64) % 7, _WEEKEND)
