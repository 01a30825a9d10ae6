"""CurrentSizing: what manifests and compose files say today, unusable amounts named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dca.repository.deployment.documents import UNKNOWN
from schemas.base import JsonObject
from schemas.context import AutoscalerFacts, CurrentSizing
from schemas.errors import QuantityError
from schemas.quantities import Bytes, Millicores, cpu_millicores, memory_bytes

_Amount = TypeVar("_Amount", Millicores, Bytes)


def mapping(value: Any, *keys: str) -> JsonObject:  # noqa: ANN401 - any JSON value
    """The mapping at `keys`, empty when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[JsonObject]:  # noqa: ANN401 - any JSON value
    """The mappings of a list, empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Text or a number as text; None for the rest and for what a template would fill in."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return None if UNKNOWN in str(value) or str(value) == "" else str(value)


def count(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """A whole number that is not negative, None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 31 else None


def current_sizing(resources: JsonObject, replicas: int | None, source: str) -> CurrentSizing:
    """Read a container's ``resources``.

    Args:
        resources: The mapping with ``requests`` and ``limits``.
        replicas: Replicas of the workload, None when they are not set.
        source: Path and line.
    """
    invalid: list[str] = []
    requests, limits = mapping(resources, "requests"), mapping(resources, "limits")
    return CurrentSizing(
        replicas=replicas,
        cpu_request=_amount(requests, "cpu", cpu_millicores, invalid),
        memory_request=_amount(requests, "memory", memory_bytes, invalid),
        cpu_limit=_amount(limits, "cpu", cpu_millicores, invalid),
        memory_limit=_amount(limits, "memory", memory_bytes, invalid),
        invalid=tuple(invalid),
        source=source,
    )


def _amount(
    amounts: JsonObject, key: str, read: Callable[[str], _Amount], invalid: list[str]
) -> _Amount | None:
    written = text(amounts.get(key))
    if written is None:
        return None
    try:
        return read(written)
    except QuantityError:
        invalid.append(written[:64])
        return None


def autoscaler(document: JsonObject) -> AutoscalerFacts:
    """Read a HorizontalPodAutoscaler of any version."""
    spec = mapping(document, "spec")
    target = count(spec.get("targetCPUUtilizationPercentage"))
    for metric in items(spec.get("metrics")):
        resource = mapping(metric, "resource")
        if resource.get("name") == "cpu":
            new = count(mapping(resource, "target").get("averageUtilization"))
            target = new if new is not None else count(resource.get("targetAverageUtilization"))
    return AutoscalerFacts(
        name=text(mapping(document, "metadata").get("name")),
        min_replicas=count(spec.get("minReplicas")),
        max_replicas=count(spec.get("maxReplicas")),
        target_cpu_percent=target,
    )


def is_empty(sizing: CurrentSizing) -> bool:
    """Whether nothing is set at all."""
    amounts = (sizing.cpu_request, sizing.memory_request, sizing.cpu_limit, sizing.memory_limit)
    return (
        all(amount is None for amount in amounts)
        and sizing.replicas is None
        and sizing.autoscaler is None
        and not sizing.invalid
    )
