"""Memory of the app's own code: processes, libraries, work in flight, heap; request and limit."""

from __future__ import annotations

from dataclasses import dataclass

from pipa.cpu import CpuSizing, Subject, processes_of
from pipa.estimate import MS_PER_SECOND, Estimate, round_mib
from pipa.libraries import MODEL_GROUPS
from pipa.replicas import hands_out_work
from pipa.runtime import Runtime
from pipa.tier import Tier
from pipa.words import mib, number
from pipa.worksheet import Worksheet
from schemas.context import Role
from schemas.quantities import MIB

_ADDED_BY_ROLE = frozenset(
    {Role.CONTROLLER, Role.GATEWAY_PROXY, Role.ML_INFERENCE, Role.SEARCH_ENGINE}
    | {Role.LOAD_GENERATOR, Role.OBSERVABILITY}
)
_MULTIPLIED_BY_ROLE = frozenset({Role.WORKER, Role.BATCH})


@dataclass(frozen=True, slots=True)
class MemorySizing:
    """MiB of one pod."""

    request: Estimate
    limit: Estimate


def size_memory(subject: Subject, cpu: CpuSizing, sheet: Worksheet) -> MemorySizing:
    """Request and limit of one of the pods among which the load is split."""
    heap = _fixed_heap(subject, sheet)
    working = heap if heap is not None else _process(subject, sheet)
    for part in (_libraries, _role, _threads):
        working = working + part(subject, sheet)
    working = working + _in_flight(subject, cpu.rate_per_pod, sheet)
    working = working + _connections(subject, cpu.replicas.target, sheet)
    headroom = sheet.use("memory.headroom")
    floor = _floor(subject, sheet)
    spread = working * headroom
    request = spread.at_least(floor)
    text = (
        f"Expected working set {mib(working.target)} x {number(headroom.target)} headroom ="
        f" {mib(spread.target)}"
    )
    text += (
        f", raised to the least for its runtime, {mib(floor)}." if spread.target < floor else "."
    )
    # What is vague is rounded to the nearest, but never below what is expected to be in use.
    written = round_mib(request, max(floor, working.target))
    if written.target != request.target:
        text += f" Its range carries no more digits than {mib(written.target)}."
    sheet.step("memory", text)
    return _with_limit(subject, written, sheet)


def _process(subject: Subject, sheet: Worksheet) -> Estimate:
    variant, tier = subject.profile.variant, subject.situation.tier
    base = sheet.use(f"memory.base.{variant}")
    one, text = base, f"One {_name(subject)} process holds {mib(base.target)}"
    if subject.situation.small:
        text += ", which is all for a small one"
    elif tier is not Tier.SAMPLE:
        live = sheet.use(f"memory.live.{subject.profile.runtime.value}.{tier.value}")
        if subject.component.role in _MULTIPLIED_BY_ROLE:
            factor = sheet.use(_multiplier(subject))
            text += f" and {number(factor.target)} x {mib(live.target)} of jobs and data"
            live = live * factor
        else:
            text += f" and {mib(live.target)} of data and caches in real use"
        one = base + live
    processes = processes_of(subject.component)
    if processes > 1:
        share = sheet.use("memory.worker_share")
        text += (
            f"; each of the {processes - 1} further workers shares pages with it and adds"
            f" {number(share.target)} of that"
        )
        one = one * (Estimate.exactly(1) + share.times(processes - 1))
    text += f": {mib(one.target)}."
    sheet.step(
        "memory",
        text,
        (
            *subject.component.evidence[:3],
            *subject.component.runtime.evidence,
            *subject.situation.about_users,
        ),
    )
    return one


def _multiplier(subject: Subject) -> str:
    role = subject.component.role
    bounded = role is Role.WORKER and subject.profile.runtime is Runtime.JVM
    return "memory.role.worker_jvm" if bounded else f"memory.role.{role.value}"


def _name(subject: Subject) -> str:
    component = subject.component
    words = [word for word in (component.language, component.framework) if word]
    return "/".join(words) if words else subject.profile.runtime.value


def _fixed_heap(subject: Subject, sheet: Worksheet) -> Estimate | None:
    heap_bytes = subject.component.runtime.heap_max_bytes
    runtime = subject.profile.runtime
    if not heap_bytes or runtime not in (Runtime.JVM, Runtime.NODE):
        return None
    heap = heap_bytes / MIB
    used, overhead = (
        sheet.use("memory.heap_used"),
        sheet.use(f"memory.heap_overhead.{runtime.value}"),
    )
    total = used.times(heap) + overhead
    text = (
        f"The repository fixes the heap at {mib(heap)}; {number(used.target)} of it in use and"
        f" {mib(overhead.target)} beside it are {mib(total.target)}."
    )
    sheet.step("memory", text, subject.component.runtime.evidence)
    return total


def _libraries(subject: Subject, sheet: Worksheet) -> Estimate:
    total = Estimate.exactly(0)
    parts = []
    if hands_out_work(subject.component):
        return total  # it shares the code base of its workers, but never runs a job
    for group in subject.groups:
        added = sheet.use(f"memory.library.{group}")
        total = total + added
        parts.append(f"{group} {mib(added.target)}")
    if parts:
        sheet.step("memory", f"Libraries add {', '.join(parts)}.", subject.component.evidence[:3])
    return total


def _role(subject: Subject, sheet: Worksheet) -> Estimate:
    role = subject.component.role
    has_model = role is Role.ML_INFERENCE and MODEL_GROUPS.intersection(subject.groups)
    if role not in _ADDED_BY_ROLE or has_model:
        return Estimate.exactly(0)
    added = sheet.use(f"memory.role.{role.value}")
    sheet.step("memory", f"As {role.value.replace('_', ' ')} it holds {mib(added.target)} more.")
    return added


def _threads(subject: Subject, sheet: Worksheet) -> Estimate:
    runtime, facts = subject.profile.runtime, subject.component.runtime
    threads = facts.threads or 0
    if threads <= 1 and runtime is Runtime.RUBY:
        threads = facts.concurrency or 0
    if threads <= 1:
        return Estimate.exactly(0)
    threads *= processes_of(subject.component)
    known = runtime in (Runtime.JVM, Runtime.RUBY, Runtime.PYTHON)
    stack = sheet.use(f"memory.thread.{runtime.value if known else 'native'}")
    added = stack.times(threads)
    text = f"{threads} threads x {mib(stack.target)} = {mib(added.target)}."
    sheet.step("memory", text, facts.evidence)
    return added


def _in_flight(subject: Subject, rate_per_pod: float, sheet: Worksheet) -> Estimate:
    demand = subject.situation.demand
    kind = "compiled" if subject.profile.compiled else "managed"
    total = Estimate.exactly(0)
    if rate_per_pod > 0:
        latency_ms = demand.latency_ms or sheet.use("load.latency").target
        concurrent = rate_per_pod * latency_ms / MS_PER_SECOND
        each = sheet.use(f"memory.request.{kind}")
        total = each.times(concurrent)
        text = (
            f"{number(rate_per_pod)} per second x {number(latency_ms)} ms are {number(concurrent)}"
            f" in flight in a pod; x {mib(each.target)} = {mib(total.target)}."
        )
        sheet.step("memory", text, subject.situation.about_load)
    return total


def _connections(subject: Subject, replicas: int, sheet: Worksheet) -> Estimate:
    """MiB that the stated open connections cost each pod."""
    count = subject.situation.demand.connections
    if not count:
        return Estimate.exactly(0)
    kind = "compiled" if subject.profile.compiled else "managed"
    each = sheet.use(f"memory.connection.{kind}")
    added = each.times(count / replicas)
    text = f"{count} connections over {replicas} pods x {mib(each.target)} = {mib(added.target)}."
    sheet.step("memory", text, subject.situation.about_data)
    return added


def _floor(subject: Subject, sheet: Worksheet) -> float:
    """The least in MiB that the runtime, or a model server, starts in."""
    variant, runtime = subject.profile.variant, subject.profile.runtime.value
    own = f"memory.floor.{variant}"
    floor = sheet.use(own if own in sheet.constants else f"memory.floor.{runtime}").target
    if subject.component.role is Role.ML_INFERENCE:
        floor = max(floor, sheet.use("memory.floor.ml_inference").target)
    return floor


def _with_limit(subject: Subject, request: Estimate, sheet: Worksheet) -> MemorySizing:
    if subject.situation.critical:
        margin = sheet.use("memory.guaranteed_margin")
        equal = sheet.use("memory.limit_factor.guaranteed")
        request = Estimate(
            request.low,
            request.target * margin.target,
            max(request.high, request.target * margin.high),
        )
        text = (
            f"An outage is expensive, so the limit equals the request and both get a margin of"
            f" {number(margin.target)}: {mib(request.target)}."
        )
        sheet.step("memory", text, subject.situation.about_use)
        return MemorySizing(request, request * equal)
    jvm = subject.profile.runtime is Runtime.JVM and subject.profile.variant != "jvm_native"
    own = jvm and subject.situation.tier is Tier.PRODUCTION
    factor = sheet.use("memory.limit_factor.jvm_production" if own else "memory.limit_factor")
    limit = request * factor
    text = f"Memory limit {number(factor.target)} x {mib(request.target)} = {mib(limit.target)}"
    tier = subject.situation.tier
    if tier is not Tier.SAMPLE and not subject.situation.small:
        burst = sheet.use(f"memory.limit_floor.{tier.value}")
        limit = limit.maximum(burst)
        text += f", at least {mib(burst.target)}"
    limit = round_mib(limit, request.target)
    text += f"; written as {mib(limit.target)}."
    heap = _heap_limit(subject, sheet)
    if heap > limit.target:
        limit = limit.at_least(heap)
        text += f" The heap that the repository fixes needs {mib(heap)}, so that is the limit."
    sheet.step("memory", text, subject.component.runtime.evidence if heap else ())
    return MemorySizing(request, limit)


def _heap_limit(subject: Subject, sheet: Worksheet) -> float:
    """MiB that a fixed heap needs at the least, or 0."""
    heap_bytes = subject.component.runtime.heap_max_bytes
    if not heap_bytes:
        return 0
    if subject.profile.runtime is Runtime.JVM:
        threads = subject.component.runtime.threads or 0
        stack = sheet.use("memory.thread.jvm").target
        overhead = sheet.use("memory.heap_overhead.jvm").target
        return heap_bytes / MIB + overhead + threads * stack
    if subject.profile.runtime is Runtime.NODE:
        return heap_bytes / MIB / sheet.use("runtime.node.old_space").target
    return 0
