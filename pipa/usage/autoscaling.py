"""The autoscaler: the one that runs keeps its scale point, a new one follows the day's shape.

* An existing HPA adds pods at target x request. When the request changes, the target changes the
  other way, so that pods are added at the same CPU as before, within 50 to 90 % (StormForge's
  rule). Its maximum rises where it was reached; its minimum rises where it swings.
* A new one is proposed where the busiest hour of the day needs several times the quietest (Crane
  refuses an HPA below such a threshold) and more pods than availability asks for. Its target is the
  CPU that a pod used at the load that it carried (p95 of requests per pod), else in the day's
  busiest hour, over the request, within the usual range of targets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipa.demand import SERVING
from pipa.tier import Tier
from pipa.usage.case import Subject
from pipa.usage.load import LoadModel, running_pods
from pipa.usage.replicas import Count, whole_cpu
from pipa.usage.seen import DAY_S, pooled, quantile
from pipa.usage.shapes import DayShape, day_shape
from pipa.words import millicores, number
from schemas.context import Role
from schemas.plan import Autoscaling
from schemas.telemetry import Floats

_PER_CORE = 1000
_SCALED = SERVING - {Role.ML_INFERENCE}
_LEAST_DAYS = 3
"""Days from which the hours of the day have a shape."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """The autoscaler as it is proposed; None: none is."""

    autoscaling: Autoscaling | None
    kept: bool = False
    """There is one, and it stays as it is."""


@dataclass(frozen=True, slots=True)
class _Present:
    least: int
    most: int
    percent: float | None
    """Target of the CPU request; None when it scales by something else."""


def scale(
    subject: Subject, count: Count, request_millicores: int, load: LoadModel | None
) -> Scaling:
    """The autoscaler for a CPU request as it is proposed, with steps that say why."""
    present = _present(subject, count)
    if present is not None:
        return _adapted(subject, count, present, request_millicores)
    return Scaling(_new(subject, count, request_millicores, load))


def _present(subject: Subject, count: Count) -> _Present | None:
    running, current = subject.case.history.autoscaler, subject.case.component.current
    planned = current.autoscaler if current else None
    if running is not None:
        least, most, percent = (
            running.min_replicas,
            running.max_replicas,
            running.target_cpu_percent,
        )
    elif planned is not None:
        least, most = planned.min_replicas, planned.max_replicas
        percent = planned.target_cpu_percent
    else:
        return None
    least = least or 1
    return _Present(least, max(most or count.replicas.high, least), percent)


def _adapted(subject: Subject, count: Count, present: _Present, request: int) -> Scaling:
    if present.percent is None or not count.stateless:
        text = (
            f"An autoscaler between {present.least} and {present.most} pods runs and is left as it"
            " is: it does not scale by CPU utilisation."
        )
        subject.step("autoscaling", text, ("replicas",))
        return Scaling(None, kept=True)
    percent = _same_point(subject, present.percent, request)
    least = max(_least(subject, present), min(count.floor, present.most))
    most = max(_most(subject, count, present), least)
    found = Autoscaling(min_replicas=least, max_replicas=most, target_cpu_percent=percent)
    before = (present.least, present.most, round(present.percent))
    kept = (least, most, percent) == before
    if kept:
        text = f"The autoscaler stays: {least} to {most} pods at {percent} % of the CPU request."
    else:
        text = (
            f"Autoscaler: {least} to {most} pods at {percent} % of the CPU request (now"
            f" {before[0]} to {before[1]} at {before[2]} %)."
        )
    subject.step("autoscaling", text, ("replicas",))
    return Scaling(found, kept)


def _same_point(subject: Subject, percent: float, request: int) -> int:
    """The target at which pods are added at the same CPU as before."""
    old = (subject.container.cpu_request_cores or 0.0) * _PER_CORE
    if not old or old == request:
        return min(100, max(1, round(percent)))
    point = old * percent / 100
    low, high = subject.value("hpa_target_least"), subject.value("hpa_target_most")
    found = round(min(high, max(low, 100 * point / request)))
    text = (
        f"Pods are added at {number(percent)} % of {millicores(old)} = {millicores(point)}; of the"
        f" new request that is {number(100 * point / request)} %, between {number(low)} and"
        f" {number(high)} %: {found} %."
    )
    subject.step("autoscaling", text, ("requests",))
    return found


def _least(subject: Subject, present: _Present) -> int:
    """The minimum; raised to the usual count where the autoscaler swings."""
    counts = running_pods(subject.case.history, subject.container)
    turns = turns_per_day(counts, subject.case.history.grid.step_s)
    if turns <= subject.figure("hpa_swings"):
        return present.least
    usual = math.ceil(quantile(counts, 0.5))
    if not present.least < usual <= present.most:
        return present.least
    most = subject.value("hpa_swings")
    text = (
        f"The count turns {number(turns)} times a day (more than {number(most)} is swinging, not"
        f" following the day): the minimum is raised to the usual {usual} pods."
    )
    subject.step("autoscaling", text, ("replicas",))
    return usual


def _most(subject: Subject, count: Count, present: _Present) -> int:
    """The maximum; raised where it was reached for too long."""
    counts = pooled(running_pods(subject.case.history, subject.container))
    if not counts.size or present.most <= present.least:
        return present.most
    share = float((counts >= present.most).mean())
    if share <= subject.figure("hpa_saturated"):
        return present.most
    growth = subject.case.sheet.use("autoscaling.growth").low
    subject.value("hpa_saturated")
    most = min(max(count.ceiling, present.most), math.ceil(present.most * growth))
    text = (
        f"The maximum of {present.most} pods was reached in {share:.0%} of the time: more were"
        f" wanted, so {most}."
    )
    subject.step("autoscaling", text, ("replicas",))
    return most


def turns_per_day(counts: Floats, step_s: int) -> float:
    """How often a number of pods changes its direction, per day.

    >>> turns_per_day(np.array([2.0, 3, 4, 4, 3, 2, 2, 3]), 10800)
    2.0
    """
    known = counts[np.isfinite(counts)]
    moves = np.sign(np.diff(known))
    moves = moves[moves != 0]
    if moves.size < 2:
        return 0.0
    return float((moves[1:] != moves[:-1]).sum()) / (known.size * step_s / DAY_S)


def _new(
    subject: Subject, count: Count, request: int, load: LoadModel | None
) -> Autoscaling | None:
    case = subject.case
    fits = count.stateless and case.component.role in _SCALED and count.ceiling >= 2
    if not fits or case.situation.tier is Tier.SAMPLE or subject.seen.days < _LEAST_DAYS:
        return None
    whole = whole_cpu(subject)
    shape = day_shape(whole, case.history.grid)
    if shape is None or shape.ratio < subject.figure("hpa_fluctuation"):
        return None
    percent, why = _target(subject, request, load, shape, count)
    pod = request * percent / 100 / _PER_CORE
    by_peak = math.ceil(round(count.peak_cores / pod, 6))
    least = max(count.floor, math.ceil(round(shape.quietest / pod, 6)), 1)
    if by_peak <= max(least, count.floor) or count.replicas.target <= count.floor:
        return None
    growth = case.sheet.use("autoscaling.growth")
    most = min(count.ceiling, max(by_peak, math.ceil(count.replicas.target * growth.target)))
    most = max(most, count.replicas.target)
    least = min(least, count.replicas.target)
    subject.value("hpa_fluctuation")
    text = (
        f"The busiest hour of the day needs {number(shape.ratio)} x the quietest"
        f" ({millicores(shape.busiest * _PER_CORE)} against"
        f" {millicores(shape.quietest * _PER_CORE)} for all pods): {least} to {most} pods at"
        f" {percent} % of the CPU request, {why}."
    )
    subject.step("autoscaling", text, ("replicas", "cpu", "load"))
    return Autoscaling(min_replicas=least, max_replicas=most, target_cpu_percent=percent)


def _target(
    subject: Subject, request: int, load: LoadModel | None, shape: DayShape, count: Count
) -> tuple[int, str]:
    """Target utilisation, and what it follows from."""
    usual = subject.case.sheet.use("autoscaling.target")
    if load is not None:
        cores = load.cores(load.rps_per_pod, 1)
        why = (
            f"what a pod uses at the {number(load.rps_per_pod)} requests per second (p95) that each"
            " has carried"
        )
    else:
        cores = shape.busiest / max(1, count.now or count.replicas.target)
        why = "what a pod uses in the busiest hour"
    percent = 100 * cores * _PER_CORE / max(request, 1)
    return round(
        min(usual.high, max(usual.low, percent))
    ), f"{why}, {millicores(cores * _PER_CORE)}"
