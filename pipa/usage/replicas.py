"""How many pods: what runs now, unless availability, one pod's reach or the load say otherwise.

A count follows three rules, each of which may raise it:

* availability: the floor of the role, and where an outage is ruled out N + 1, so that the others
  carry the peak when one pod is gone;
* reach: no pod can use more than its runtime's cores, so the peak needs ceil(peak / (utilisation x
  reach)) pods;
* load: where requests are known, pods of the preferred size that carry the peak load.

Only the load lowers a count, because CPU alone does not say what else it is there for (connections,
latency, memory); what CPU alone would do is the low end of the interval. Compare Crane: ceil(p95 of
the workload's CPU / (0.5 x request of a pod)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipa.cpu import processes_of
from pipa.demand import STATEFUL
from pipa.products import product_of, size_product
from pipa.replicas import Bounds, bounds, needs_no_downtime, singleton_reason
from pipa.runtime import detect
from pipa.usage.case import Case, Subject
from pipa.usage.enough import too_little
from pipa.usage.load import LoadModel, running_pods
from pipa.usage.seen import DAY_S, quantile
from pipa.usage.shapes import trend_of
from pipa.words import millicores, number
from pipa.worksheet import Worksheet
from schemas.plan import CountInterval
from schemas.telemetry import Floats

_PER_CORE = 1000
NOT_CHOSEN = frozenset({"Job", "CronJob", "DaemonSet"})
_RECENT_DAYS = 7
_HIGH = 1.5
"""Times the pods of the preferred size that carry the peak: the most that is defensible."""


@dataclass(frozen=True, slots=True)
class Count:
    """Pods as they are proposed."""

    replicas: CountInterval
    now: int | None
    """What runs; None where it is no count to choose, or not known."""
    share: float = 1.0
    """CPU of one pod at that count over its CPU at the present one, >= 1."""
    kept: bool = False
    """Another count was wanted, but the present one stays."""
    stateless: bool = False
    """Pods may be added and removed."""
    floor: int = 1
    """Pods for availability."""
    ceiling: int = 1
    peak_cores: float = 0.0
    """p99 of the CPU of all pods, grown until the next review."""


@dataclass(frozen=True, slots=True)
class _Need:
    floor: int
    by_reach: int
    by_loss: int
    """N + 1; 0 where an outage is acceptable."""
    reach_cores: float

    @property
    def pods(self) -> int:
        return max(self.floor, self.by_reach, self.by_loss, 1)


def count_pods(subject: Subject, load: LoadModel | None, limit_cores: float | None) -> Count:
    """The number of pods, with a step that says why.

    Args:
        subject: The main container.
        load: What a request costs, where that is known.
        limit_cores: CPU limit that is wanted for a pod; None for none.
    """
    case = subject.case
    now = present_count(subject)
    kind = case.history.key.kind
    if kind in NOT_CHOSEN:
        per = "node" if kind == "DaemonSet" else "run"
        one = round(case.sheet.use("replicas.run").target)
        subject.step("replicas", f"{kind}: {one} pod per {per}, not a count to choose.")
        return Count(_interval(one, one, one), None)
    reason = _not_multiplied(case)
    if reason:
        count = max(1, now or 1)
        text = f"{_run(count)}: {reason}, so use does not choose the number."
        subject.step("replicas", text, ("replicas",))
        return Count(_interval(count, count, count), now, kept=now is not None)
    return _stateless(subject, load, now, limit_cores)


def present_count(subject: Subject) -> int | None:
    """Pods that run now; with an autoscaler the middle of the last week, for it moves."""
    case = subject.case
    wanted = case.history.replicas_wanted
    if wanted and case.history.autoscaler is None:
        return wanted
    grid = case.history.grid
    recent = running_pods(case.history, subject.container)[-_RECENT_DAYS * DAY_S // grid.step_s :]
    middle = math.ceil(quantile(recent, 0.5))
    if middle > 0:
        return middle
    return wanted or (case.component.current.replicas if case.component.current else None)


def whole_cpu(subject: Subject) -> Floats:
    """CPU of all pods at each moment; pods without samples count as the mean of the others."""
    cpu = subject.container.cpu_cores
    known = np.isfinite(cpu)
    counted = known.sum(axis=0).astype(np.float64)
    summed = np.where(known, cpu, 0.0).sum(axis=0)
    pods = running_pods(subject.case.history, subject.container)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole: Floats = summed / counted * np.fmax(pods, counted)
    return np.where(counted > 0, whole, np.nan)


def _not_multiplied(case: Case) -> str:
    component = case.component
    if case.history.key.kind == "StatefulSet":
        return "a StatefulSet's members are not interchangeable"
    if component.role in STATEFUL:
        return "it holds data"
    if component.has_volume or component.volume_bytes:
        return "it has a volume of its own"
    return singleton_reason(component) or ""


def _stateless(
    subject: Subject, load: LoadModel | None, now: int | None, limit_cores: float | None
) -> Count:
    case = subject.case
    limits = _bounds(case)
    whole = whole_cpu(subject)
    peak = quantile(whole, 0.99) * _growth(subject, whole)
    need = _need(subject, peak, limits.floor, limit_cores)
    ceiling = max(limits.ceiling, now or 1)
    needed = limits.fit(need.pods) if need.pods <= ceiling else ceiling
    running = now or needed
    by_cpu = max(needed, _for_work(case, peak, 0.0))
    fewest = by_cpu if load is None else max(needed, _by_load(case, load, peak, whole))
    high = min(ceiling, max(running, needed, math.ceil(by_cpu * _HIGH)))
    stay = _interval(min(running, fewest), running, high)
    count = Count(stay, now, stateless=True, floor=limits.floor, ceiling=ceiling, peak_cores=peak)
    if needed > running:
        subject.step("replicas", _more_text(need, running, needed, peak), _parts(load))
        return replace(count, replicas=_interval(min(running, fewest), needed, high))
    if fewest >= running or load is None:
        subject.step("replicas", _stay_text(need, running, fewest, peak, load), _parts(load))
        return count
    target, why = _fewer(subject, running, fewest)
    text = _fewer_text(load, running, fewest, target, why)
    subject.step("replicas", text, _parts(load))
    before = load.cores(load.peak_rps, running) / running
    share = load.cores(load.peak_rps, target) / target / before
    return replace(
        count,
        replicas=_interval(fewest, target, high),
        share=max(1.0, share),
        kept=target == running,
    )


def _bounds(case: Case) -> Bounds:
    """Floor and ceiling of the role or the product; what runs in fact may be multiplied."""
    key = product_of(case.component, case.sheet.constants)
    if key is None:
        return bounds(case.component, case.situation, case.sheet)
    # Only the bounds of the product's rule are of use: its amounts are measured here.
    scratch = Worksheet(case.sheet.constants)
    return size_product(key, case.component, case.situation, scratch).bounds


def _growth(subject: Subject, whole: Floats) -> float:
    figure = subject.figure
    trend = trend_of(
        whole,
        subject.case.history.grid,
        0.9,
        least=figure("trend_least"),
        agreement=figure("trend_agreement"),
    )
    if trend is None:
        return 1.0
    return trend.factor(figure("review_days") * DAY_S, figure("trend_most"))


def _need(subject: Subject, peak_cores: float, floor: int, limit_cores: float | None) -> _Need:
    case = subject.case
    profile = detect(case.component)
    if profile.one_core_per_process:
        reach = case.sheet.use("cpu.single_thread").target * processes_of(case.component)
    else:
        reach = case.sheet.use("cpu.pod_largest").target
    container = subject.container
    proven = max(quantile(container.cpu_cores, 0.99), container.cpu_request_cores or 0.0)
    reach_cores = max(reach / _PER_CORE, proven)
    utilisation = case.sheet.use("cpu.utilisation").target
    strict = needs_no_downtime(case.situation, case.sheet)
    others = min(reach_cores, limit_cores or reach_cores)
    return _Need(
        floor,
        math.ceil(round(peak_cores / (utilisation * reach_cores), 6)),
        math.ceil(round(peak_cores / others, 6)) + 1 if strict else 0,
        reach_cores,
    )


def _for_work(case: Case, cores: float, idle_cores: float) -> int:
    """Pods of the preferred size that carry some work beside their own idling."""
    jvm = detect(case.component).runtime.value == "jvm"
    name = "cpu.pod_preferred.jvm" if jvm else "cpu.pod_preferred"
    pod = case.sheet.use(name).target / _PER_CORE * case.sheet.use("cpu.utilisation").target
    room = max(pod - idle_cores, pod / 4)
    return max(1, math.ceil(round(cores / room, 6)))


def _by_load(case: Case, load: LoadModel, peak_cores: float, whole: Floats) -> int:
    growth = peak_cores / max(quantile(whole, 0.99), 1e-9)
    return _for_work(case, load.cost_core_s * load.peak_rps * growth, load.idle_cores)


def _fewer(subject: Subject, running: int, fewest: int) -> tuple[int, str]:
    """The count to go down to, and why it is not the fewest; the present one where it stays."""
    settings = subject.case.settings
    reason = too_little(subject, subject.container.cpu_cores)
    if subject.signals.throttled is not None:
        reason = "throttling hid how much was asked for"
    if reason:
        return running, reason
    if (running - fewest) / running < settings.min_change_fraction:
        return running, "so few are not worth a change"
    least = math.ceil(round(running * (1 - settings.max_decrease_fraction), 6))
    if fewest < least:
        most = f"at most {settings.max_decrease_fraction:.0%} is taken away in one change"
        return least, most
    return fewest, ""


def _more_text(need: _Need, running: int, needed: int, peak_cores: float) -> str:
    text = f"{_run(running).partition(' and')[0]}; at least {needed} are needed: "
    if need.floor >= max(need.by_reach, need.by_loss):
        return f"{text}availability alone asks for {need.floor}."
    peak = f"a peak of {millicores(peak_cores * _PER_CORE)} and"
    reach = f"{millicores(need.reach_cores * _PER_CORE)} that one pod can use"
    if need.by_loss >= need.by_reach:
        return f"{text}with {peak} {reach}, one more than carries the peak, for one may be gone."
    return f"{text}{peak} {reach} at the utilisation that leaves room."


def _stay_text(
    need: _Need, running: int, fewest: int, peak_cores: float, load: LoadModel | None
) -> str:
    text = (
        f"{_run(running)}: {need.pods} needed for availability and the peak of"
        f" {millicores(peak_cores * _PER_CORE)} (p99 of all pods, grown until the review)."
    )
    if load is None and fewest < running:
        text += (
            f" By CPU alone {fewest} of the preferred size would do, but no load is known that"
            " would say what else the others are for."
        )
    return text


def _fewer_text(load: LoadModel, running: int, fewest: int, target: int, why: str) -> str:
    text = (
        f"CPU is {millicores(load.idle_cores * _PER_CORE)} per pod and"
        f" {number(load.cost_core_s * _PER_CORE)} ms per request (which explains"
        f" {load.explained:.0%} of it); the peak of {number(load.peak_rps)} requests per second"
        f" needs {fewest} pods of the preferred size, {running} run: {target} planned"
    )
    return f"{text}; {why}." if why else f"{text}."


def _parts(load: LoadModel | None) -> Sequence[str]:
    return ("replicas", "cpu") if load is None else ("replicas", "cpu", "load")


def _run(count: int) -> str:
    return "1 pod runs and stays" if count == 1 else f"{count} pods run and stay"


def _interval(low: int, target: int, high: int) -> CountInterval:
    return CountInterval(low=max(1, min(low, target)), target=target, high=max(high, target))
