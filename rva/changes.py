"""What differs: between two plans, and between a repository's manifest and a plan."""

from __future__ import annotations

from typing import NamedTuple

from rva.checks.base import amount_text
from rva.companions import related
from rva.documents import HPA, ContainerView, at, containers, environment, mapping, text
from rva.patch import SCALABLE, autoscaled
from rva.repairs.amounts import Four, four_of, main_four
from schemas.context import Component, WorkloadRef
from schemas.plan import ComponentPlan, ContainerPlan


class Change(NamedTuple):
    """One field with its text before and after."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"


NOT_SET = "not set"


def between(old: ComponentPlan, new: ComponentPlan) -> list[Change]:
    """The fields in which two plans differ; reasoning, intervals and confidence left out."""
    before, after = _rows(old), _rows(new)
    return [
        Change(name, before.get(name, NOT_SET), after.get(name, NOT_SET))
        for name in sorted(before.keys() | after.keys(), key=_reading_order)
        if before.get(name, NOT_SET) != after.get(name, NOT_SET)
    ]


def from_current(component: Component, plan: ComponentPlan) -> list[str]:
    """The fields in which the repository's manifest differs from the plan, one line each.

    Empty without a workload (there is nothing to differ) and when the manifest agrees.
    """
    workload = component.workload
    if workload is None:
        return []
    before, after = _current_rows(component, workload, plan), _rows(plan)
    after.pop("storage", None)  # a volume claim cannot be resized by a patch of the workload
    if workload.kind not in SCALABLE or autoscaled(component, plan):
        after.pop("replicas", None)
    # What the plan leaves unset is a difference only for amounts, which the patch removes.
    names = after.keys() | {name for name in before if "resources." in name}
    return [
        str(Change(name, before.get(name, NOT_SET), after.get(name, NOT_SET)))
        for name in sorted(names, key=_reading_order)
        if before.get(name, NOT_SET) != after.get(name, NOT_SET)
    ]


def _rows(plan: ComponentPlan) -> dict[str, str]:
    rows = {"replicas": str(plan.replicas), **_amount_rows("", main_four(plan))}
    for extra in plan.extra_containers:
        rows |= _amount_rows(f"{extra.name}.", _extra_four(extra))
    if plan.autoscaling is not None:
        rows |= {
            "autoscaling.min_replicas": str(plan.autoscaling.min_replicas),
            "autoscaling.max_replicas": str(plan.autoscaling.max_replicas),
            "autoscaling.target_cpu_percent": str(plan.autoscaling.target_cpu_percent),
        }
    rows |= {f"env.{name}": value for name, value in plan.runtime_env.items()}
    if plan.storage is not None:
        rows["storage"] = amount_text("memory", plan.storage)
    if plan.recreate:
        rows["recreate"] = "yes"
    if plan.disruption_budget:
        rows["disruption_budget"] = "yes"
    return rows


def _current_rows(
    component: Component, workload: WorkloadRef, plan: ComponentPlan
) -> dict[str, str]:
    views = {item.name: item for item in containers(workload.document)}
    main = views.get(workload.container)
    rows = _amount_rows("", _stated(component, main), main)
    for extra in plan.extra_containers:
        if extra.name in views:
            rows |= _amount_rows(f"{extra.name}.", four_of(views[extra.name]), views[extra.name])
    replicas = component.current.replicas if component.current else None
    written = at(workload.document, "spec", "replicas") if replicas is None else replicas
    if written is not None:
        rows["replicas"] = text(written)
    for name, entry in environment(main.document if main else None).items():
        if name in plan.runtime_env:
            rows[f"env.{name}"] = text(entry.get("value")) or "set by the cluster"
    if at(workload.document, "spec", "strategy", "type") == "Recreate":
        rows["recreate"] = "yes"
    if any(item.get("kind") == "PodDisruptionBudget" for item in workload.related):
        rows["disruption_budget"] = "yes"
    return rows | _scaler_rows(component, workload)


def _scaler_rows(component: Component, workload: WorkloadRef) -> dict[str, str]:
    facts = component.current.autoscaler if component.current else None
    spec = next((mapping(item.get("spec")) for item in related(workload, HPA)), {})
    values = (
        ("min_replicas", facts and facts.min_replicas, spec.get("minReplicas")),
        ("max_replicas", facts and facts.max_replicas, spec.get("maxReplicas")),
        (
            "target_cpu_percent",
            facts and facts.target_cpu_percent,
            spec.get("targetCPUUtilizationPercentage"),
        ),
    )
    return {
        f"autoscaling.{name}": text(first if first is not None else second)
        for name, first, second in values
        if first is not None or second is not None
    }


def _stated(component: Component, main: ContainerView | None) -> Four:
    """What DCA read (overlays applied), else what the document says."""
    current = component.current
    written = four_of(main) if main else Four(None, None, None, None)
    if current is None:
        return written
    return Four(
        written.cpu_request if current.cpu_request is None else current.cpu_request,
        written.memory_request if current.memory_request is None else current.memory_request,
        written.cpu_limit if current.cpu_limit is None else current.cpu_limit,
        written.memory_limit if current.memory_limit is None else current.memory_limit,
    )


def _amount_rows(prefix: str, four: Four, view: ContainerView | None = None) -> dict[str, str]:
    rows = {
        f"{prefix}resources.requests.cpu": ("cpu", four.cpu_request),
        f"{prefix}resources.requests.memory": ("memory", four.memory_request),
        f"{prefix}resources.limits.cpu": ("cpu", four.cpu_limit),
        f"{prefix}resources.limits.memory": ("memory", four.memory_limit),
    }
    found = {key: amount_text(*row) for key, row in rows.items() if row[1] is not None}
    for wrong in view.invalid if view else ():
        name, _, value = wrong.partition(": ")
        found.setdefault(f"{prefix}resources.{name}", f"{value} (not a quantity)")
    return found


def _extra_four(extra: ContainerPlan) -> Four:
    return Four(
        extra.resources.requests.cpu,
        extra.resources.requests.memory,
        extra.resources.limits.cpu,
        extra.resources.limits.memory,
    )


_ORDER = ("replicas", "resources.", "autoscaling.", "env.")


def _reading_order(name: str) -> tuple[int, str]:
    ranks = [index for index, prefix in enumerate(_ORDER) if name.startswith(prefix)]
    return (ranks[0] if ranks else len(_ORDER), name)
