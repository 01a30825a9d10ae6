"""The payload's ``deployment_context`` as cluster facts.

Read are ``kubernetes_version``, ``namespace``, ``nodes``, ``resource_quotas`` (or ``quotas``),
``limit_ranges``, ``priority_classes``, ``storage_classes``, ``daemonset_requests_cpu`` and
``daemonset_requests_memory``; case, ``_`` and ``-`` in these names do not matter, and one name may
also be written in the singular. Other keys say nothing about a size and are passed over.

``nodes``, ``resource_quotas`` and ``limit_ranges`` are facts as in `schemas.trigger` or Kubernetes
objects, one or several, or the ``List`` that ``kubectl get … -o json`` prints:

* Node: ``status.allocatable``, the ``Ready`` condition, ``spec.unschedulable``, labels, taints;
* ResourceQuota: ``status.hard`` less ``status.used``; quotas that are scoped to other pods than
  ordinary long-running ones (``BestEffort``, ``Terminating``, a priority class) are left out;
* LimitRange: each item of type ``Container``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from dca.trigger_text import trigger_error
from schemas.base import Contract, JsonObject
from schemas.errors import QuantityError, TriggerError
from schemas.quantities import cpu_millicores, format_cpu, format_memory, memory_bytes
from schemas.trigger import ClusterFacts, LimitRangeFacts, NodeFacts, QuotaFacts

ContractT = TypeVar("ContractT", bound=Contract)

MAX_ITEMS = 10_000
_OTHER_PODS = frozenset(["BestEffort", "Terminating", "PriorityClass"])
_NAMES = {
    "kubernetesversion": "kubernetes_version",
    "namespace": "namespace",
    "node": "nodes",
    "nodes": "nodes",
    "quota": "quotas",
    "quotas": "quotas",
    "resourcequota": "quotas",
    "resourcequotas": "quotas",
    "limitrange": "limit_ranges",
    "limitranges": "limit_ranges",
    "priorityclasses": "priority_classes",
    "storageclasses": "storage_classes",
    "daemonsetrequestscpu": "daemonset_requests_cpu",
    "daemonsetrequestsmemory": "daemonset_requests_memory",
}


def cluster_facts(context: JsonObject) -> ClusterFacts:
    """Facts of the target cluster.

    Raises:
        TriggerError: A known key holds what it cannot; the message names it.
    """
    given: JsonObject = {}
    for key, value in context.items():
        name = _NAMES.get(key.lower().replace("_", "").replace("-", ""))
        if name and value is not None:
            if name in given:
                raise _wrong(f"deployment_context.{key}", "is given twice")
            given[name] = value
    lists = {
        "nodes": _items(given.pop("nodes", ()), "nodes", _node),
        "quotas": _items(given.pop("quotas", ()), "resource_quotas", _quota),
        "limit_ranges": _items(given.pop("limit_ranges", ()), "limit_ranges", _limit_range),
    }
    facts = _validated(ClusterFacts, given, "deployment_context")
    return facts.model_copy(update=lists)


def _items(
    value: Any,  # noqa: ANN401 - whatever JSON holds
    name: str,
    read: Callable[[JsonObject, str], tuple[Contract, ...]],
) -> tuple[Contract, ...]:
    path = f"deployment_context.{name}"
    if isinstance(value, dict):
        is_list = str(value.get("kind", "")).endswith("List") or set(value) == {"items"}
        value = value.get("items", []) if is_list else [value]
    if not isinstance(value, list | tuple):
        raise _wrong(path, "is neither an object nor a list")
    if len(value) > MAX_ITEMS:
        raise _wrong(path, f"has more than {MAX_ITEMS} items")
    facts: list[Contract] = []
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if not isinstance(item, dict):
            raise _wrong(where, "is not an object")
        facts.extend(read(item, where))
    return tuple(facts)


def _node(item: JsonObject, where: str) -> tuple[Contract, ...]:
    if not _is_kubernetes_object(item):
        return (_validated(NodeFacts, item, where),)
    allocatable = _mapping(item, "status", "allocatable")
    conditions = _mapping(item, "status").get("conditions") or []
    ready = [
        c.get("status") for c in conditions if isinstance(c, dict) and c.get("type") == "Ready"
    ]
    facts = {
        "name": _name(item),
        "allocatable_cpu": allocatable.get("cpu"),
        "allocatable_memory": allocatable.get("memory"),
        "allocatable_ephemeral_storage": allocatable.get("ephemeral-storage"),
        "ready": ready in ([], ["True"]) and not _mapping(item, "spec").get("unschedulable"),
        "labels": _mapping(item, "metadata", "labels"),
        "taints": _taints(_mapping(item, "spec").get("taints") or []),
        "extended_resources": {
            key: _whole(amount, where) for key, amount in allocatable.items() if "/" in key
        },
    }
    return (_validated(NodeFacts, facts, where),)


def _quota(item: JsonObject, where: str) -> tuple[Contract, ...]:
    if not _is_kubernetes_object(item):
        return (_validated(QuotaFacts, item, where),)
    spec = _mapping(item, "spec")
    scopes = set(map(str, spec.get("scopes") or []))
    for expression in _mapping(spec, "scopeSelector").get("matchExpressions") or []:
        if isinstance(expression, dict):
            scopes.add(str(expression.get("scopeName")))
    if scopes & _OTHER_PODS:
        return ()
    hard = _mapping(item, "status", "hard") or _mapping(spec, "hard")
    used = _mapping(item, "status", "used")
    facts: JsonObject = {"name": _name(item)}
    for key, names in (
        ("remaining_requests_cpu", ("requests.cpu", "cpu")),
        ("remaining_requests_memory", ("requests.memory", "memory")),
        ("remaining_limits_cpu", ("limits.cpu",)),
        ("remaining_limits_memory", ("limits.memory",)),
        ("remaining_pods", ("pods", "count/pods")),
    ):
        left = [_left(hard[name], used.get(name, 0), key, where) for name in names if name in hard]
        if left:
            smallest = min(left)
            facts[key] = _written(smallest, key)
    return (_validated(QuotaFacts, facts, where),)


def _limit_range(item: JsonObject, where: str) -> tuple[Contract, ...]:
    if not _is_kubernetes_object(item):
        return (_validated(LimitRangeFacts, item, where),)
    facts = []
    for limit in _mapping(item, "spec").get("limits") or []:
        if not isinstance(limit, dict) or limit.get("type") != "Container":
            continue
        low, high = _mapping(limit, "min"), _mapping(limit, "max")
        ratio = _mapping(limit, "maxLimitRequestRatio")
        values = {
            "name": _name(item),
            "min_cpu": low.get("cpu"),
            "max_cpu": high.get("cpu"),
            "min_memory": low.get("memory"),
            "max_memory": high.get("memory"),
            "max_cpu_limit_request_ratio": _ratio(ratio.get("cpu"), where),
            "max_memory_limit_request_ratio": _ratio(ratio.get("memory"), where),
        }
        facts.append(_validated(LimitRangeFacts, values, where))
    return tuple(facts)


def _is_kubernetes_object(item: JsonObject) -> bool:
    return isinstance(item.get("metadata"), dict) or "apiVersion" in item


def _mapping(item: JsonObject, *path: str) -> JsonObject:
    value: Any = item
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _name(item: JsonObject) -> str:
    return str(_mapping(item, "metadata").get("name", "unnamed"))


def _taints(taints: Any) -> list[str]:  # noqa: ANN401
    items = (
        [taint for taint in taints if isinstance(taint, dict)] if isinstance(taints, list) else []
    )
    return [f"{t.get('key', '')}={t.get('value', '')}:{t.get('effect', '')}" for t in items]


def _left(hard: Any, used: Any, key: str, where: str) -> int:  # noqa: ANN401
    amount = _amount(hard, key, where) - _amount(used, key, where)
    return max(0, amount)


def _amount(value: Any, key: str, where: str) -> int:  # noqa: ANN401
    try:
        return cpu_millicores(str(value)) if key.endswith("cpu") else memory_bytes(str(value))
    except QuantityError as error:
        raise _wrong(where, error.message) from error


def _written(amount: int, key: str) -> str | int:
    if key == "remaining_pods":
        return amount
    return format_cpu(amount) if key.endswith("cpu") else format_memory(amount)


def _whole(value: Any, where: str) -> int:  # noqa: ANN401
    return _amount(value, "", where)


def _ratio(value: Any, where: str) -> float | None:  # noqa: ANN401
    return None if value is None else _amount(value, "cpu", where) / 1000


def _validated(model: type[ContractT], values: JsonObject, where: str) -> ContractT:
    """The contract made of JSON values, where a bare CPU number means cores."""
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join((where, *map(str, first["loc"])))
        raise _wrong(place, first["msg"]) from error


def _wrong(place: str, problem: str) -> TriggerError:
    return trigger_error(
        "payload_field",
        f"{place}: {problem[:300]}",
        hint="Give facts, or the objects that kubectl get -o json prints.",
    )
