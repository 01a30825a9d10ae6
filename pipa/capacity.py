"""The capacity model: a component and its demand in, numbers with their reasons out.

Deterministic and pure. The order follows the dependencies: demand, pods and CPU (the load decides
how many), memory (the share of the load decides how much), limits, autoscaling, storage, runtime.
"""

from __future__ import annotations

from dataclasses import replace

from pipa.autoscaling import autoscale
from pipa.confidence import judge
from pipa.constants import Constants
from pipa.cpu import Subject, guaranteed, size_cpu
from pipa.demand import STATEFUL, Situation, read_situation
from pipa.estimate import Estimate, friendly_mib, friendly_millicores
from pipa.experience import experienced, proven, read_decisions
from pipa.influence import SIZES, Ledger
from pipa.ladder import climb
from pipa.libraries import groups
from pipa.memory import size_memory
from pipa.observations import read_facts
from pipa.own_marks import without_own_marks
from pipa.products import heap_env, product_of, size_product
from pipa.replicas import bounds
from pipa.runtime import detect
from pipa.runtime_env import runtime_env
from pipa.siblings import like_siblings, read_siblings
from pipa.sidecars import size_extra_containers
from pipa.sizes import Sizing
from pipa.storage import size_storage
from pipa.words import mib, millicores
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component, WorkloadKind
from schemas.evidence import Evidence
from schemas.plan import (
    Amounts,
    ComponentPlan,
    CountInterval,
    CpuInterval,
    Intervals,
    MemoryInterval,
    Resources,
)
from schemas.quantities import MIB, format_memory

_SCALED_KINDS = (WorkloadKind.DEPLOYMENT, WorkloadKind.STATEFUL_SET)


def size_component(
    component: Component, context: AppContext, constants: Constants
) -> tuple[ComponentPlan, tuple[Evidence, ...]]:
    """The plan for one component, and the constants that its reasoning cites.

    Raises:
        SettingsError: A constants file lacks a figure that the model needs.
    """
    if component.volume_bytes:
        component = component.model_copy(update={"has_volume": True})
    sheet = Worksheet(constants, context.evidence_by_id())
    component = without_own_marks(component, sheet)
    situation = read_situation(component, context, sheet)
    sheet.ledger = Ledger(read_facts(component, context, constants), situation.tier, constants)
    key = product_of(component, constants)
    sizing = _size(component, key, situation, sheet)
    if situation.critical and component.role in STATEFUL:
        sizing = replace(sizing, cpu=guaranteed(sizing.cpu, situation, sheet))
    siblings = read_siblings(component, context)
    sizing = like_siblings(component, sizing, siblings, situation, sheet)
    decisions = read_decisions(component, context)
    sizing = experienced(component.name, sizing, decisions, sheet)
    if context.trust_current and component.current is not None:
        sizing = _trusting(component, sizing, sheet)
    intervals = _intervals(sizing)
    resources = _resources(intervals)
    _say_rounded(resources, sheet)
    scaling = autoscale(component, situation, sizing.bounds, sizing.cpu.replicas, sheet)
    shared = scaling is not None or sizing.cpu.replicas.target > 1
    storage = size_storage(component, key, situation, shared=shared, sheet=sheet)
    environment = _environment(component, key, situation, resources, sheet)
    extra = size_extra_containers(component, sheet)
    ruled = key is not None and not key.startswith("fallback-")
    loaded = situation.load is not None
    confidence = judge(
        component,
        context,
        product=ruled,
        loaded=loaded,
        proven=proven(decisions),
        sheet=sheet,
    )
    replicas = intervals.replicas.target
    plan = ComponentPlan(
        component=component.name,
        replicas=replicas,
        resources=resources,
        extra_containers=extra,
        autoscaling=scaling,
        runtime_env=environment,
        storage=storage,
        recreate=_recreates(component, storage is not None),
        disruption_budget=replicas > 1 and component.kind in _SCALED_KINDS,
        intervals=intervals,
        confidence=confidence,
        reasoning=sheet.steps,
        influences=sheet.influences,
    )
    return plan, sheet.evidence


def _size(component: Component, key: str | None, situation: Situation, sheet: Worksheet) -> Sizing:
    if key is not None:
        product = size_product(key, component, situation, sheet)
        return climb(key, product, situation, sheet)
    subject = _subject(component, situation)
    limits = bounds(component, situation, sheet)
    cpu = size_cpu(subject, limits, sheet)
    sizing = Sizing(cpu, size_memory(subject, cpu, sheet), limits)
    if component.third_party is None:
        return sizing
    return climb(component.third_party, _as_stated(component, sizing, sheet), situation, sheet)


def _as_stated(component: Component, sizing: Sizing, sheet: Worksheet) -> Sizing:
    """A product without a rule, sized by its runtime: what is stated of itself says more."""
    if sheet.ledger is None:
        return sizing
    amounts = sizing.amounts()
    weight = sheet.constants["influence.prior.fallback"].value
    for name in SIZES:
        figure = f"{component.third_party}.{name}"
        amounts[name] = sheet.tell(sheet.ledger.stated(figure, name, amounts[name], weight))
    return sizing.with_amounts(amounts)


def _subject(component: Component, situation: Situation) -> Subject:
    return Subject(component, detect(component), situation, groups(component.libraries))


def _recreates(component: Component, stored: bool) -> bool:
    """A Deployment with a volume: the old pod must release it before the new one takes it."""
    return component.kind is WorkloadKind.DEPLOYMENT and (stored or component.has_volume)


def _environment(
    component: Component,
    key: str | None,
    situation: Situation,
    resources: Resources,
    sheet: Worksheet,
) -> dict[str, str]:
    memory_bytes = resources.limits.memory or 0
    if key is not None:
        found = heap_env(key, memory_bytes / MIB, sheet)
        return {k: v for k, v in found.items() if k not in component.runtime.environment}
    return runtime_env(_subject(component, situation), memory_bytes, resources.limits.cpu, sheet)


def _intervals(sizing: Sizing) -> Intervals:
    cpu, memory = sizing.cpu, sizing.memory
    return Intervals(
        replicas=cpu.replicas,
        cpu_request=_cpu(cpu.request),
        memory_request=_memory(memory.request),
        cpu_limit=_cpu(_above(cpu.limit, cpu.request)),
        memory_limit=_memory(_above(memory.limit, memory.request)),
    )


def _above(limit: Estimate, request: Estimate) -> Estimate:
    """A limit whose target is not under the request's, nor its bounds under the request's own."""
    raised = limit.maximum(request)
    return Estimate(min(raised.low, raised.target), raised.target, raised.high)


def _cpu(estimate: Estimate) -> CpuInterval:
    low, target, high = (
        friendly_millicores(value) for value in (estimate.low, estimate.target, estimate.high)
    )
    return CpuInterval(low=min(low, target), target=target, high=max(high, target))


def _memory(estimate: Estimate) -> MemoryInterval:
    low, target, high = (
        friendly_mib(value) for value in (estimate.low, estimate.target, estimate.high)
    )
    return MemoryInterval(low=min(low, target), target=target, high=max(high, target))


def _resources(intervals: Intervals) -> Resources:
    cpu_limit = intervals.cpu_limit.target if intervals.cpu_limit else None
    return Resources(
        requests=Amounts(cpu=intervals.cpu_request.target, memory=intervals.memory_request.target),
        limits=Amounts(cpu=cpu_limit, memory=intervals.memory_limit.target),
    )


def _say_rounded(resources: Resources, sheet: Worksheet) -> None:
    requests, limits = resources.requests, resources.limits
    text = (
        f"Rounded up to amounts that people write: request"
        f" {millicores(requests.cpu or 0)}, limit {millicores(limits.cpu or 0)}."
    )
    sheet.step("cpu", text)
    text = (
        f"Rounded up to amounts that people write: request {format_memory(requests.memory or 0)},"
        f" limit {format_memory(limits.memory or 0)}."
    )
    sheet.step("memory", text)


def _trusting(component: Component, sizing: Sizing, sheet: Worksheet) -> Sizing:
    """The same with the manifest's own numbers as targets, each inside a widened interval."""
    current = component.current
    assert current is not None  # noqa: S101 - the caller has checked
    cpu, memory, said = sizing.cpu, sizing.memory, []
    if current.cpu_request:
        cpu = replace(cpu, request=_around(cpu.request, current.cpu_request))
        said.append(f"CPU request {millicores(current.cpu_request)}")
    if current.cpu_limit:
        cpu = replace(cpu, limit=_around(cpu.limit, current.cpu_limit))
        said.append(f"CPU limit {millicores(current.cpu_limit)}")
    if current.memory_request:
        memory = replace(memory, request=_around(memory.request, current.memory_request / MIB))
        said.append(f"memory request {mib(current.memory_request / MIB)}")
    if current.memory_limit:
        memory = replace(memory, limit=_around(memory.limit, current.memory_limit / MIB))
        said.append(f"memory limit {mib(current.memory_limit / MIB)}")
    if current.replicas:
        count = sizing.bounds.fit(current.replicas)
        low, high = min(cpu.replicas.low, count), max(cpu.replicas.high, count)
        cpu = replace(cpu, replicas=CountInterval(low=low, target=count, high=high))
        said.append(f"{count} pods")
    if said:
        text = f"The present manifest is trusted, as asked: {', '.join(said)}."
        sheet.step("confidence", text, (f"file:{current.source}", *component.evidence))
    return replace(sizing, cpu=cpu, memory=memory)


def _around(estimate: Estimate, value: float) -> Estimate:
    return Estimate(min(estimate.low, value), value, max(estimate.high, value))
