"""CPU: from the load where it is stated, else from habit; per pod, with its limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipa.demand import SERVING, Situation
from pipa.estimate import Estimate, round_millicores
from pipa.libraries import COMPUTE_GROUPS
from pipa.replicas import Bounds, count_text, for_load, interval
from pipa.runtime import Profile, Runtime
from pipa.tier import Tier
from pipa.words import millicores, number
from pipa.worksheet import Worksheet
from schemas.context import Component, Role
from schemas.plan import CountInterval

_COMPUTING = frozenset({Role.ML_INFERENCE, Role.BATCH, Role.SEARCH_ENGINE})
_OWN_HABIT = frozenset({Runtime.JVM, Runtime.PYTHON, Runtime.BEAM, Runtime.STATIC})


@dataclass(frozen=True, slots=True)
class CpuSizing:
    """Millicores of one pod, and how many pods."""

    request: Estimate
    limit: Estimate
    replicas: CountInterval
    rate_per_pod: float
    """Requests per second that one pod answers at peak; 0 when no load is stated."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is sized: the component with what was made out about it."""

    component: Component
    profile: Profile
    situation: Situation
    groups: tuple[str, ...]


def size_cpu(subject: Subject, bounds: Bounds, sheet: Worksheet) -> CpuSizing:
    """CPU request and limit of one pod, and the number of pods."""
    habit, why = _habit(subject, sheet)
    load = subject.situation.load
    if load is None:
        text = "No load is stated for it, so the request is what such components usually ask for:"
        text += f" {millicores(habit.target)}{why}."
        cited = (*subject.component.evidence[:3], *subject.situation.about_users)
        sheet.step("cpu", text, cited)
        replicas = interval(bounds.low, bounds.fit(1), bounds.high)
        request, rate = habit, 0.0
    else:
        request, replicas = _by_load(subject, habit, bounds, sheet)
        rate = load.rate.target / replicas.target
    return CpuSizing(request, _limit(subject, habit, request, sheet), replicas, rate)


def _habit(subject: Subject, sheet: Worksheet) -> tuple[Estimate, str]:
    """Millicores without a stated load, and the words for what changed them."""
    situation, why = subject.situation, []
    habit = _usual(subject, sheet)
    if situation.public and subject.component.role in SERVING:
        more = sheet.use("cpu.users.public")
        habit = habit * more
        why.append(f"{number(more.target)} x for a public one")
    if situation.tier is not Tier.SAMPLE and COMPUTE_GROUPS.intersection(subject.groups):
        habit = habit.maximum(sheet.use("cpu.model_library"))
    if situation.internal or situation.small:
        less = sheet.use("cpu.users.internal" if situation.internal else "cpu.small")
        habit = habit * less
        why.append(
            f"{number(less.target)} x for {'an internal' if situation.internal else 'a small'} one"
        )
    return round_millicores(habit), f" ({', '.join(why)})" if why else ""


def _usual(subject: Subject, sheet: Worksheet) -> Estimate:
    role, runtime = subject.component.role, subject.profile.runtime
    sample = subject.situation.tier is Tier.SAMPLE
    if role in _COMPUTING or role is Role.LOAD_GENERATOR:
        habit = sheet.use(f"cpu.role.{role.value}")
    elif role is Role.WORKER and runtime is Runtime.PYTHON and not sample:
        habit = sheet.use("cpu.role.worker_python")
    elif runtime in _OWN_HABIT and subject.profile.variant != "jvm_native":
        habit = sheet.use(f"cpu.habit.{runtime.value}")
    else:
        habit = sheet.use("cpu.habit")
    return habit


def _by_load(
    subject: Subject, habit: Estimate, bounds: Bounds, sheet: Worksheet
) -> tuple[Estimate, CountInterval]:
    load = subject.situation.load
    assert load is not None  # noqa: S101 - the caller has checked
    cost = _cost(subject, sheet)
    used = load.rate * cost
    needed = used / sheet.use("cpu.utilisation")
    utilisation = sheet.constants["cpu.utilisation"].value
    text = (
        f"{number(load.rate.target)} {load.unit} per second x {number(cost.target)} ms of CPU ="
        f" {millicores(used.target)}; at {number(utilisation * 100)} % utilisation that needs"
        f" {millicores(needed.target)}."
    )
    sheet.step("cpu", text, subject.situation.about_load)
    pod = min(_preferred(subject, sheet), _usable(subject, sheet))
    by_load = for_load(needed.target, pod)
    chosen = bounds.fit(by_load)
    replicas = CountInterval(
        low=min(chosen, bounds.fit(for_load(needed.low, pod))),
        target=chosen,
        high=max(chosen, bounds.fit(for_load(needed.high, pod))),
    )
    sheet.step("replicas", count_text(by_load, chosen, pod))
    share = needed.times(1 / chosen)
    ceiling = min(sheet.use("cpu.pod_largest").target, _usable(subject, sheet))
    request = Estimate(
        min(share.low, habit.low), max(share.target, habit.target), max(share.high, habit.high)
    ).at_most(max(ceiling, habit.target))
    text = (
        f"{millicores(needed.target)} over {chosen} pods are {millicores(share.target)} each;"
        f" the habit of {millicores(habit.target)} is the least and {millicores(ceiling)} the most"
        f" that one pod can use, so {millicores(request.target)}."
    )
    if share.target > ceiling:
        text += " One pod cannot carry its share: more workers or another design are needed."
    sheet.step("cpu", text)
    return request, replicas


def _cost(subject: Subject, sheet: Worksheet) -> Estimate:
    """Milliseconds of CPU for one request, job or message."""
    role = subject.component.role
    if role is Role.ML_INFERENCE:
        return sheet.use("cpu.request.ml")
    if role is Role.GATEWAY_PROXY and subject.profile.compiled:
        return sheet.use("cpu.request.proxy")
    cost = sheet.use(f"cpu.request.{subject.profile.variant}")
    return cost * sheet.use("cpu.message") if role is Role.WORKER else cost


def _preferred(subject: Subject, sheet: Worksheet) -> float:
    jvm = subject.profile.runtime is Runtime.JVM
    return sheet.use("cpu.pod_preferred.jvm" if jvm else "cpu.pod_preferred").target


def _usable(subject: Subject, sheet: Worksheet) -> float:
    """Millicores that one pod can put to use."""
    if not subject.profile.one_core_per_process:
        return sheet.use("cpu.pod_largest").target
    processes = processes_of(subject.component)
    return sheet.use("cpu.single_thread").target * processes


def processes_of(component: Component) -> int:
    """Worker processes of one pod, as far as the repository fixes them; else 1."""
    workers = component.runtime.workers or 0
    if workers == 0 and (component.runtime.server or "").lower() == "celery":
        workers = component.runtime.concurrency or 0
    return max(1, workers)


def guaranteed(cpu: CpuSizing, situation: Situation, sheet: Worksheet) -> CpuSizing:
    """Request and limit alike, so that nothing of a store that must stay up is taken away."""
    middle = (cpu.request.target + cpu.limit.target) / 2
    both = cpu.request if cpu.rate_per_pod else replace(cpu.request, target=middle)
    both = replace(both, high=max(both.high, both.target))
    text = (
        "An outage of a store is expensive, so CPU request and limit are alike:"
        f" {millicores(both.target)}, "
    )
    text += "which is what its load needs." if cpu.rate_per_pod else "the middle between the two."
    sheet.step("cpu", text, situation.about_use)
    return replace(cpu, request=both, limit=both)


def _limit(subject: Subject, habit: Estimate, request: Estimate, sheet: Worksheet) -> Estimate:
    tier = subject.situation.tier
    by_load = request.target > habit.target
    computes = (
        by_load
        or subject.component.role in _COMPUTING
        or (COMPUTE_GROUPS.intersection(subject.groups) and tier is not Tier.SAMPLE)
    )
    factor = sheet.use("cpu.limit_factor.compute" if computes else f"cpu.limit_factor.{tier.value}")
    limit = request * factor
    text = f"CPU limit {number(factor.target)} x {millicores(request.target)}"
    if tier is not Tier.SAMPLE and not subject.situation.small:
        floor = sheet.use(f"cpu.limit_floor.{tier.value}")
        limit = limit.maximum(floor)
        text += f", at least {millicores(floor.target)}"
    sheet.step("cpu", f"{text}: {millicores(limit.target)}, for start-up and bursts.")
    return limit if subject.situation.load else round_millicores(limit, request.target)
