"""What an overlay sets over the file that defines a workload."""

from __future__ import annotations

from collections.abc import Iterator

from rva.documents import ContainerView, at, containers, whole
from schemas.base import JsonObject
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentRecommendation, Target


def overlaid(item: ComponentRecommendation, target: Target, document: JsonObject) -> Iterator[str]:
    """One line for each number that an overlay sets to something else than is recommended.

    The sizing has read the overlays: where it saw another number than the file has, one of them
    sets it.

    Args:
        item: The component.
        target: The object that defines it.
        document: That object as the file has it.
    """
    if target.kustomization is None or item.current is None:
        return
    for field, own, seen, wanted in _rows(item, target, document):
        if seen is not None and own != seen and seen != wanted:
            yield f"an overlay sets {field} to {seen}, which"


def _rows(
    item: ComponentRecommendation, target: Target, document: JsonObject
) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Field, what the file says, what the overlays make of it, what is recommended."""
    current = item.current
    if current is None:
        return
    if at(item.patch or {}, "spec", "replicas") is not None:
        own = whole(at(document, "spec", "replicas"))
        yield "replicas", _text(own), _text(current.replicas), str(item.replicas)
    found = [view for view in containers(document) if view.name == target.container]
    own_view = found[0] if found else ContainerView(target.container, init=False, sidecar=False)
    requests, limits = item.resources.requests, item.resources.limits
    for field, written, seen, wanted in (
        ("requests.cpu", own_view.cpu_request_millicores, current.cpu_request, requests.cpu),
        ("limits.cpu", own_view.cpu_limit_millicores, current.cpu_limit, limits.cpu),
    ):
        yield field, _cpu(written), _cpu(seen), _cpu(wanted)
    for name, size, seen_size, wanted_size in (
        ("requests.memory", own_view.memory_request_bytes, current.memory_request, requests.memory),
        ("limits.memory", own_view.memory_limit_bytes, current.memory_limit, limits.memory),
    ):
        yield name, _memory(size), _memory(seen_size), _memory(wanted_size)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _cpu(value: int | None) -> str | None:
    return None if value is None else format_cpu(value)


def _memory(value: int | None) -> str | None:
    return None if value is None else format_memory(value)
