"""The usage model: a component and its workload's history in, numbers with their reasons out.

Deterministic and pure. What was not measured (no CPU series, no memory series) comes from the
capacity model and says so; nothing that was measured is overruled by it.
"""

from __future__ import annotations

from dataclasses import replace

from pipa.capacity import size_component
from pipa.constants import Constants
from pipa.demand import STATEFUL, read_situation
from pipa.estimate import Estimate
from pipa.products import product_of
from pipa.runtime import Runtime, detect
from pipa.storage import size_storage
from pipa.usage.autoscaling import Scaling, scale
from pipa.usage.case import Case, Subject
from pipa.usage.change import Decision, Wanted
from pipa.usage.clean import cleaned
from pipa.usage.confidence import judge
from pipa.usage.container import (
    Numbers,
    decided,
    guaranteed,
    wanted_cpu,
    wanted_memory_of,
)
from pipa.usage.cpu_numbers import CpuWanted
from pipa.usage.evidence import container_evidence, workload_evidence
from pipa.usage.heap import Heap, heap_of, heap_variables, least_limit
from pipa.usage.load import load_model
from pipa.usage.measured import measure
from pipa.usage.memory_numbers import MemoryWanted, with_floor
from pipa.usage.others import main_container, size_others
from pipa.usage.replicas import Count, count_pods
from pipa.usage.room import needs_cpu_limit
from pipa.usage.seen import Seen, see
from pipa.usage.settings import UsageSettings
from pipa.usage.signals import read_signals
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component, WorkloadKind
from schemas.errors import MetricsError
from schemas.evidence import Evidence
from schemas.plan import (
    ComponentPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    ReasoningStep,
)
from schemas.quantities import Bytes, Millicores
from schemas.telemetry import ContainerHistory, WorkloadHistory

_PER_CORE = 1000
_SCALED_KINDS = (WorkloadKind.DEPLOYMENT, WorkloadKind.STATEFUL_SET)
_READS_LIMIT = frozenset({Runtime.JVM, Runtime.DOTNET, Runtime.GO})
"""Runtimes that size their threads by the CPU limit: without one they take the node's cores."""

_DEFAULTS = UsageSettings()
_UNMEASURED = "it was not measured"
_TOLD_GAP_S = 6 * 3600
_TOLD_MISSING = 5
_LONGEST_STEP = 1500


def size_from_usage(
    component: Component,
    context: AppContext,
    history: WorkloadHistory,
    constants: Constants,
    settings: UsageSettings = _DEFAULTS,
) -> tuple[ComponentPlan, tuple[Evidence, ...]]:
    """The plan for one component from what its workload used, and the evidence that it cites.

    Raises:
        MetricsError: The history holds no usable sample of the component's container.
        SettingsError: A constants file lacks a figure that the model needs.
    """
    history = cleaned(history)
    container = main_container(component, history)
    component = _as_it_runs(component, history)
    history = _with_manifest(history, container, component)
    measured, items = _measured(history)
    if not measured[container.name][0].samples:
        raise MetricsError(f"no usable sample of container {container.name} was read")
    sheet = Worksheet(constants, (*context.evidence_by_id(), *items))
    situation = read_situation(component, context, sheet)
    ids = {part: item.id for part, item in workload_evidence(history).items()}
    case = Case(component, history, situation, settings, sheet, ids)
    subjects = {name: _subject(case, name, *measured[name], constants) for name in measured}
    plan, base = _plan(subjects.pop(container.name), subjects, context)
    cited = {id_ for step in plan.reasoning for id_ in step.evidence}
    evidence = (*sheet.evidence, *items.values(), *base)
    found = {item.id: item for item in evidence if item.id in cited}
    return plan, tuple(found.values())


def _measured(
    history: WorkloadHistory,
) -> tuple[dict[str, tuple[Seen, dict[str, str]]], dict[str, Evidence]]:
    """Extent and evidence ids of every container by name, and all evidence by id."""
    found, items = {}, list(workload_evidence(history).values())
    for name, container in history.containers.items():
        seen = see(container, history.grid)
        about = container_evidence(history, container, seen)
        found[name] = (seen, {part: item.id for part, item in about.items()})
        items += about.values()
    return found, {item.id: item for item in items}


def _subject(
    case: Case, name: str, seen: Seen, ids: dict[str, str], constants: Constants
) -> Subject:
    container = case.history.containers[name]
    signals = read_signals(container, case.history, constants)
    return Subject(case, container, seen, signals, ids)


def _plan(
    subject: Subject, others: dict[str, Subject], context: AppContext
) -> tuple[ComponentPlan, tuple[Evidence, ...]]:
    """The plan, and the evidence of the capacity model where that had to help out."""
    case = subject.case
    _say_seen(subject)
    base: ComponentPlan | None = None
    evidence: tuple[Evidence, ...] = ()
    if not (subject.seen.cpu and subject.seen.memory):
        base, evidence = size_component(case.component, context, case.sheet.constants)
    found = measure(subject)
    droppable = detect(case.component).runtime not in _READS_LIMIT
    droppable = droppable and not needs_cpu_limit(case.history.room)
    cpu = wanted_cpu(subject, found, droppable=droppable) or _base_cpu(subject, base)
    memory = wanted_memory_of(subject, found) or _base_memory(subject, base)
    heap = heap_of(subject)
    memory = with_floor(memory, least_limit(subject, heap))
    if guaranteed(subject) or (case.situation.critical and case.component.role in STATEFUL):
        memory = MemoryWanted(memory.limit, memory.limit)
    load = load_model(case.history, subject.container, subject.figure("explained"))
    limit = None if cpu.limit is None else cpu.limit.estimate.target / _PER_CORE
    count = count_pods(subject, load, limit)
    numbers = decided(subject, cpu, memory, count.share)
    scaling = scale(subject, count, numbers.cpu_request.value, load)
    extra, extra_kept = size_others(subject, others)
    environment = _environment(subject, heap, numbers)
    storage = _storage(subject, scaling, count)
    confidence = judge(subject)
    replicas = _replicas(count, scaling)
    component = case.component
    several = replicas.target > 1 and component.kind in _SCALED_KINDS
    plan = ComponentPlan(
        component=component.name,
        replicas=replicas.target,
        resources=numbers.resources,
        extra_containers=extra,
        autoscaling=scaling.autoscaling,
        runtime_env=environment,
        storage=storage,
        recreate=_recreates(component, storage is not None),
        disruption_budget=several,
        intervals=_intervals(numbers, replicas),
        confidence=confidence,
        reasoning=_steps(case.sheet.steps, base, subject),
        kept=(*numbers.kept, *_kept(count, scaling), *extra_kept),
    )
    return plan, evidence


def _as_it_runs(component: Component, history: WorkloadHistory) -> Component:
    """The component with the kind that runs, which is stronger than a guess from the source."""
    changes: dict[str, object] = {}
    if component.volume_bytes and not component.has_volume:
        changes["has_volume"] = True
    running = history.key.kind
    if component.workload is None and running in set(WorkloadKind):
        changes["kind"] = WorkloadKind(running)
    return component.model_copy(update=changes) if changes else component


def _with_manifest(
    history: WorkloadHistory, container: ContainerHistory, component: Component
) -> WorkloadHistory:
    """The manifest's numbers as those in force, where the source cannot tell what is in force."""
    current = component.current
    if container.requests_known or current is None:
        return history
    stated = replace(
        container,
        cpu_request_cores=_cores(current.cpu_request),
        cpu_limit_cores=_cores(current.cpu_limit),
        memory_request_bytes=current.memory_request or None,
        memory_limit_bytes=current.memory_limit or None,
    )
    return replace(history, containers={**history.containers, container.name: stated})


def _cores(millicores: int | None) -> float | None:
    return millicores / _PER_CORE if millicores else None


def _say_seen(subject: Subject) -> None:
    seen, history = subject.seen, subject.case.history
    text = (
        f"Sized by what {history.key.kind} {history.key.name} used:"
        f" {number(seen.days)} days, {seen.pods} pods, samples in {seen.coverage:.0%} of the time"
    )
    if seen.longest_gap_s > _TOLD_GAP_S:
        text += f" (longest gap {number(seen.longest_gap_s / 3600)} hours)"
    absent = [f"{item.what} ({item.why})" for item in history.missing[:_TOLD_MISSING]]
    if absent:
        text += f"; not read: {', '.join(absent)}"
    subject.step("demand", f"{text[:_LONGEST_STEP]}.", ("cpu", "memory"))


def _base_cpu(subject: Subject, base: ComponentPlan | None) -> CpuWanted:
    assert base is not None  # noqa: S101 - made whenever CPU was not measured
    why = subject.case.missing("cpu") or "there are no samples"
    text = f"CPU was not measured ({why}): its numbers are the capacity model's."
    subject.step("cpu", text)
    limit = base.intervals.cpu_limit
    request = base.intervals.cpu_request
    return CpuWanted(
        Wanted(Estimate(request.low, request.target, request.high), no_decrease=_UNMEASURED),
        None
        if limit is None
        else Wanted(Estimate(limit.low, limit.target, limit.high), no_decrease=_UNMEASURED),
    )


def _base_memory(subject: Subject, base: ComponentPlan | None) -> MemoryWanted:
    assert base is not None  # noqa: S101 - made whenever memory was not measured
    why = subject.case.missing("memory") or "there are no samples"
    text = f"Memory was not measured ({why}): its numbers are the capacity model's."
    subject.step("memory", text)
    request, limit = base.intervals.memory_request, base.intervals.memory_limit
    return MemoryWanted(
        Wanted(Estimate(request.low, request.target, request.high), no_decrease=_UNMEASURED),
        Wanted(Estimate(limit.low, limit.target, limit.high), no_decrease=_UNMEASURED),
    )


def _environment(subject: Subject, heap: Heap | None, numbers: Numbers) -> dict[str, str]:
    """Variables of the runtime; none for a pod template that is not rolled out for its limits."""
    limits = (numbers.memory_limit, numbers.cpu_limit)
    changes = any(item is not None and item.changes for item in limits)
    if not changes and subject.signals.killed is None:
        return {}
    cpu = None if numbers.cpu_limit is None else numbers.cpu_limit.value
    return heap_variables(subject, heap, numbers.memory_limit.value, cpu)


def _storage(subject: Subject, scaling: Scaling, count: Count) -> Bytes | None:
    case = subject.case
    key = product_of(case.component, case.sheet.constants)
    shared = scaling.autoscaling is not None or count.replicas.target > 1
    return size_storage(case.component, key, case.situation, shared=shared, sheet=case.sheet)


def _recreates(component: Component, stored: bool) -> bool:
    """A Deployment with a volume: the old pod must release it before the new one takes it."""
    return component.kind is WorkloadKind.DEPLOYMENT and (stored or component.has_volume)


def _replicas(count: Count, scaling: Scaling) -> CountInterval:
    """Inside the autoscaler's bounds, where there is one."""
    if scaling.autoscaling is None:
        return count.replicas
    low, high = scaling.autoscaling.min_replicas, scaling.autoscaling.max_replicas
    target = min(max(count.replicas.target, low), high)
    return CountInterval(
        low=min(count.replicas.low, target), target=target, high=max(count.replicas.high, target)
    )


def _intervals(numbers: Numbers, replicas: CountInterval) -> Intervals:
    limit = numbers.cpu_limit
    return Intervals(
        replicas=replicas,
        cpu_request=_cpu(numbers.cpu_request),
        memory_request=_memory(numbers.memory_request),
        cpu_limit=None if limit is None else _cpu(limit),
        memory_limit=_memory(numbers.memory_limit),
    )


def _cpu(item: Decision) -> CpuInterval:
    low, target, high = (Millicores(value) for value in (item.low, item.value, item.high))
    return CpuInterval(low=low, target=target, high=high)


def _memory(item: Decision) -> MemoryInterval:
    low, target, high = (Bytes(value) for value in (item.low, item.value, item.high))
    return MemoryInterval(low=low, target=target, high=high)


def _kept(count: Count, scaling: Scaling) -> tuple[str, ...]:
    kept = ("replicas",) if count.kept else ()
    return (*kept, "autoscaling") if scaling.kept else kept


def _steps(
    steps: tuple[ReasoningStep, ...], base: ComponentPlan | None, subject: Subject
) -> tuple[ReasoningStep, ...]:
    """The steps, after those of the capacity model about what was not measured."""
    if base is None:
        return steps
    about = "memory" if subject.seen.cpu else "cpu"
    borrowed = [step for step in base.reasoning if step.about == about]
    return tuple(
        step.model_copy(update={"number": number_})
        for number_, step in enumerate((*borrowed, *steps), start=1)
    )
