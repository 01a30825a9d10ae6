"""The payload's ``service_manifest``: Kubernetes documents as JSON values or as YAML text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dca.trigger_text import trigger_error
from schemas.base import JsonObject
from schemas.errors import TriggerError

MAX_DOCUMENTS = 500
MAX_DEPTH = 64
MAX_ALIASES = 200
MAX_NODES = 200_000
"""Values of one text after its aliases are written out; a bomb has billions."""


def manifest_documents(value: Any) -> tuple[JsonObject, ...]:  # noqa: ANN401 - whatever JSON holds
    """The documents, ``List`` objects taken apart.

    Raises:
        TriggerError: Neither documents nor readable YAML; or too many, too deep, too large.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        value = _read_yaml(value)
    items = list(_flattened(value if isinstance(value, list) else [value]))
    if len(items) > MAX_DOCUMENTS:
        raise _wrong(f"has more than {MAX_DOCUMENTS} documents")
    for index, item in enumerate(items):
        kind, version = item.get("kind"), item.get("apiVersion")
        if not (isinstance(kind, str) and isinstance(version, str) and kind and version):
            raise _wrong(f"document {index + 1} has no apiVersion and kind")
    return tuple(items)


def _flattened(items: list[Any]) -> Iterator[JsonObject]:
    for item in items:
        if not isinstance(item, dict):
            raise _wrong("holds something that is not a Kubernetes document")
        inner = item.get("items")
        if str(item.get("kind", "")).endswith("List") and isinstance(inner, list):
            yield from (entry for entry in _flattened(inner))
        else:
            yield item


def _read_yaml(text: str) -> list[Any]:
    import yaml

    try:
        _refuse_bombs(text)
        documents = [item for item in yaml.safe_load_all(text) if item is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = "" if line is None else f" in its line {line + 1}"
        raise _wrong(f"is not readable YAML{place}") from error
    flat: list[Any] = []
    for item in documents:
        flat.extend(item if isinstance(item, list) else [item])
    if any(not _is_json(item) for item in flat):
        raise _wrong("holds a value that JSON does not have, for example a date; quote it")
    return flat


def _refuse_bombs(text: str) -> None:
    """Count depth and the values that aliases stand for, without building them."""
    import yaml

    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = []
    total = aliases = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        size = 1
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            size = sizes.get(str(event.anchor), MAX_NODES)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            stack.append((event.anchor, total))
            if event.anchor:
                sizes.pop(event.anchor, None)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            anchor, before = stack.pop()
            if anchor:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent) and event.anchor:
            sizes[event.anchor] = 1
        total += size
        if total > MAX_NODES or aliases > MAX_ALIASES or len(stack) > MAX_DEPTH:
            raise _wrong("is too large, too deep, or has too many aliases")


def _is_json(value: Any) -> bool:  # noqa: ANN401
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
            if not all(isinstance(key, str) and _is_json_scalar(key) for key in item):
                return False
        elif isinstance(item, list):
            stack.extend(item)
        elif not _is_json_scalar(item):
            return False
    return True


def _is_json_scalar(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


def _wrong(problem: str) -> TriggerError:
    return trigger_error(
        "payload_field",
        f"service_manifest {problem}",
        hint="Give a Kubernetes document, a list of them, or their YAML text.",
    )
