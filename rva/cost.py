"""What the requests cost by a price list; an amount that is not known stays unknown."""

from __future__ import annotations

from dataclasses import dataclass

from rva.checks.catalogue import CATALOGUE
from rva.checks.cluster import extended_requests
from rva.documents import containers
from rva.limits import Limits
from rva.subject import Subject
from schemas.context import Component, WorkloadKind
from schemas.ports import Prices
from schemas.quantities import GIB
from schemas.recommendation import ComponentCost, Cost, Finding
from schemas.trigger import Environment

GPU = ("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915")


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one replica requests."""

    cpu_millicores: int
    memory_bytes: int
    storage_bytes: int = 0
    gpus: int = 0


def component_cost(subject: Subject, prices: Prices | None) -> ComponentCost:
    """Monthly cost of one component.

    Requests of all containers that run along, times the replicas, over the list's hours per month;
    storage once per replica of a StatefulSet, else once.
    """
    name = subject.component.name
    if prices is None:
        return ComponentCost(component=name, unknown="no price list")
    reason = _not_counted(subject)
    if reason:
        return ComponentCost(component=name, unknown=reason)
    amounts = _proposed(subject)
    lacking = _lacking(amounts, prices)
    if lacking:
        return ComponentCost(
            component=name, unknown=f"{prices.name} has no price for {', '.join(lacking)}"
        )
    low, high = _counts(subject)
    return ComponentCost(
        component=name,
        monthly=_monthly(subject, amounts, low, prices),
        monthly_at_max=_monthly(subject, amounts, high, prices),
        monthly_current=_current(subject, amounts, prices),
    )


def total_cost(items: tuple[ComponentCost, ...], prices: Prices | None) -> Cost:
    """The sum over the components; unknown as a whole only when nothing is known."""
    if prices is None:
        return Cost(components=items, unknown="no price list was given")
    known = [item for item in items if item.monthly is not None]
    both = [item for item in known if item.monthly_current is not None]
    missing = [item.component for item in items if item.monthly is None]
    return Cost(
        currency=prices.currency,
        unit=f"{prices.currency} per month of {prices.hours_per_month:g} hours",
        source=f"{prices.name}: {prices.source}",
        monthly=_rounded(sum(item.monthly or 0 for item in known)) if known else None,
        monthly_at_max=_rounded(sum(item.monthly_at_max or 0 for item in known)) if known else None,
        monthly_delta=_rounded(
            sum((item.monthly or 0) - (item.monthly_current or 0) for item in both)
        )
        if both
        else None,
        components=items,
        unknown=f"not in the sum: {', '.join(missing)}" if missing else "",
    )


def cost_findings(
    cost: Cost, limits: Limits, environment: Environment
) -> tuple[list[Finding], dict[str, str]]:
    """$01 to $03 for the whole app: the findings, and what could not run with the reason."""
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    rows = (
        ("$01", limits.number("monthly_increase_ceiling"), cost.monthly_delta, "increase"),
        ("$02", limits.number(f"monthly_budget.{environment.value}"), cost.monthly, "cost"),
    )
    for check_id, ceiling, value, what in rows:
        if ceiling is None or ceiling <= 0:
            continue
        if value is None:
            skipped[check_id] = f"the monthly {what} is not known: {cost.unknown or 'no current'}"
            continue
        findings.append(_held(check_id, ceiling, value, what, cost.currency or ""))
    if cost.currency is None:
        skipped["$03"] = cost.unknown
    else:
        stated = bool(cost.unit and cost.source)
        findings.append(_finding("$03", stated, f"Prices are in {cost.unit} from {cost.source}."))
    return findings, skipped


def _held(check_id: str, ceiling: float, value: float, what: str, currency: str) -> Finding:
    text = f"The monthly {what} {value:.2f} {currency} is above the ceiling {ceiling:.2f}."
    finding = _finding(check_id, value <= ceiling, text)
    shown = {"value": f"{value:.2f} {currency}", "limit": f"{ceiling:.2f} {currency}"}
    return finding.model_copy(update=shown)


def _finding(check_id: str, holds: bool, message: str) -> Finding:
    entry = CATALOGUE[check_id]
    return Finding(
        id=check_id,
        severity=entry.severity,
        passed=holds,
        message=entry.title if holds else message,
        path="cost",
        source=entry.source,
    )


def _not_counted(subject: Subject) -> str:
    if subject.kind in (WorkloadKind.JOB, WorkloadKind.CRON_JOB):
        return "how long its runs take is not known"
    if subject.kind == WorkloadKind.DAEMON_SET and not _nodes(subject):
        return "it runs once per node, and the nodes are not known"
    return ""


def _nodes(subject: Subject) -> int:
    cluster = subject.world.cluster
    return sum(node.count for node in (cluster.nodes if cluster else ()) if node.ready)


def _counts(subject: Subject) -> tuple[int, int]:
    if subject.kind == WorkloadKind.DAEMON_SET:
        return _nodes(subject), _nodes(subject)
    return subject.minimum_replicas, max(subject.minimum_replicas, subject.maximum_replicas)


def _proposed(subject: Subject) -> Amounts:
    along = [item for item in subject.containers if item.runs_along]
    devices = extended_requests(subject)
    return Amounts(
        cpu_millicores=sum(item.effective_cpu_request for item in along),
        memory_bytes=sum(item.effective_memory_request for item in along),
        storage_bytes=subject.plan.storage or subject.component.volume_bytes or 0,
        gpus=sum(devices.get(name, 0) for name in GPU),
    )


def _lacking(amounts: Amounts, prices: Prices) -> list[str]:
    rows = (
        ("CPU", amounts.cpu_millicores, prices.cpu_core_hour),
        ("memory", amounts.memory_bytes, prices.memory_gib_hour),
        ("storage", amounts.storage_bytes, prices.storage_gib_hour),
        ("GPUs", amounts.gpus, prices.gpu_hour),
    )
    return [name for name, amount, price in rows if amount and price is None]


def _monthly(subject: Subject, amounts: Amounts, replicas: int, prices: Prices) -> float:
    volumes = replicas if subject.kind == WorkloadKind.STATEFUL_SET else min(1, replicas)
    hourly = (
        replicas * amounts.cpu_millicores / 1000 * (prices.cpu_core_hour or 0)
        + replicas * amounts.memory_bytes / GIB * (prices.memory_gib_hour or 0)
        + volumes * amounts.storage_bytes / GIB * (prices.storage_gib_hour or 0)
        + replicas * amounts.gpus * (prices.gpu_hour or 0)
    )
    return _rounded(hourly * prices.hours_per_month)


def _current(subject: Subject, proposed: Amounts, prices: Prices) -> float | None:
    """The same sum for the manifest as it is; None when a container requests nothing."""
    component = subject.component
    workload, current = component.workload, component.current
    if workload is None:
        return None
    along = [item for item in containers(workload.document) if item.runs_along]
    cpus = [_stated(component, item.name, "cpu") or item.effective_cpu_request for item in along]
    memories = [
        _stated(component, item.name, "memory") or item.effective_memory_request for item in along
    ]
    if not along or not all(cpus) or not all(memories):
        return None
    scaler = current.autoscaler if current else None
    replicas = (scaler.min_replicas if scaler else None) or (current.replicas if current else None)
    if subject.kind == WorkloadKind.DAEMON_SET:
        replicas = _nodes(subject)
    amounts = Amounts(sum(cpus), sum(memories), proposed.storage_bytes, proposed.gpus)
    # An absent spec.replicas is 1 by the API's own default.
    return _monthly(subject, amounts, 1 if replicas is None else replicas, prices)


def _stated(component: Component, container: str, resource: str) -> int | None:
    current, workload = component.current, component.workload
    if current is None or workload is None or container != workload.container:
        return None
    return current.cpu_request if resource == "cpu" else current.memory_request


def _rounded(amount: float) -> float:
    return round(amount, 2)
