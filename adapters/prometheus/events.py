"""OOM kills and restarts of one container of one pod, from counters seen once per step.

Two witnesses: cAdvisor's ``container_oom_events_total``, which is lost with the container in many
runtimes, and kube-state-metrics' count of restarts together with the reason of the last end. Where
they disagree the one that saw more is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.telemetry import Floats, Grid, OomKill

MAX_KILLS_PER_STEP: Final = 10
"""A crash loop waits 10, 20, 40 … seconds (kubelet): more within one step is a fault."""

KILLED_CODE: Final = 137
"""128 + SIGKILL."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Witness:
    """What was seen of one container of one pod; shape (grid.count,), NaN for zero or unseen."""

    ooms: Floats | None = None
    """``container_oom_events_total``."""
    restarts: Floats | None = None
    """``kube_pod_container_status_restarts_total``."""
    killed: Floats | None = None
    """1 where the last end was an OOM kill."""
    last_end_s: float | None = None
    """When it ended the last time, Unix seconds."""
    exit_code: int | None = None
    """Of that end."""
    near_limit: bool = False
    """Whether its memory came within a tenth of its limit."""


@dataclass(frozen=True, slots=True)
class Life:
    """When a pod ran."""

    first: int
    """Place on the grid at which it was first seen."""
    began_inside: bool
    """Whether it started within the window, so that its counters began at zero there."""


def increments(counter: Floats | None, life: Life, count: int) -> Counts:
    """How often something happened within each step.

    Args:
        counter: Its value at the end of each step; NaN for zero or unseen.
        life: Of the pod.
        count: Steps of the grid.

    >>> increments(np.array([np.nan, 1.0, 1.0, 3.0]), Life(0, True), 4).tolist()
    [0, 1, 0, 2]
    """
    steps = np.zeros(count, dtype=np.int64)
    if counter is None:
        return steps
    places = np.flatnonzero(np.isfinite(counter))
    if not places.size:
        return steps
    values = np.rint(counter[places])
    # A counter that was above zero when first seen tells of the time before, unless the pod is
    # known to have been there with a zero, or to have started within the window.
    known = life.began_inside or places[0] > life.first
    change = np.diff(values, prepend=0.0 if known else values[0])
    change = np.where(change < 0, values, change)  # the counter was set back to zero
    steps[places] = np.clip(change, 0, MAX_KILLS_PER_STEP).astype(np.int64)
    return steps


def kills(witness: Witness, life: Life, grid: Grid) -> Counts:
    """OOM kills within each step."""
    by_cadvisor = increments(witness.ooms, life, grid.count)
    by_state = _by_state(witness, life, grid.count)
    return by_state if by_state.sum() >= by_cadvisor.sum() else by_cadvisor


def oom_kills(
    pod: str, witness: Witness, life: Life, grid: Grid, limit_bytes: float | None
) -> tuple[OomKill, ...]:
    """The kills of one container of one pod, oldest first.

    Each is dated at the end of its step, the last one exactly where kube-state-metrics tells when.
    """
    counts = kills(witness, life, grid)
    if not counts.any() and _was_probably_killed(witness, grid):
        return (OomKill(float(witness.last_end_s or 0), pod, limit_bytes),)
    times = np.repeat(grid.times(), counts).astype(float).tolist()
    last = witness.last_end_s
    if times and last is not None and -2 * grid.step_s <= last - times[-1] <= grid.step_s:
        times[-1] = last
    return tuple(OomKill(at, pod, limit_bytes) for at in times)


def _was_probably_killed(witness: Witness, grid: Grid) -> bool:
    """Ended by SIGKILL near its limit, with no reason told: some runtimes report OOM so.

    The code alone says little: a container that does not stop in time is killed in the same way.
    """
    return (
        witness.exit_code == KILLED_CODE
        and witness.near_limit
        and witness.killed is None
        and witness.last_end_s is not None
        and grid.start_s <= witness.last_end_s <= grid.end_s
    )


def _by_state(witness: Witness, life: Life, count: int) -> Counts:
    if witness.killed is None:
        return np.zeros(count, dtype=np.int64)
    restarts = increments(witness.restarts, life, count)
    on = np.isfinite(witness.killed) & (witness.killed > 0)
    found = np.where(on, restarts, 0)
    # The reason turned on without a restart being counted: it was not started again, restarts are
    # not scraped, or it happened before the pod was first seen.
    begins = np.flatnonzero(on & ~np.concatenate(([False], on[:-1])))
    for place in begins.tolist():
        near = restarts[max(0, place - 1) : place + 2].sum()
        if near == 0 and (life.began_inside or place > life.first) and not found[:place].sum():
            found[place] = 1
    return found
