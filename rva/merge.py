"""Strategic merge as kubectl does it, for the lists that a sizing patch touches.

``containers``, ``initContainers`` and ``env`` are merged by ``name``; every other list is replaced.
A null deletes the key. The order of a merged list follows ``normalizeElementOrder`` of
kubernetes/apimachinery ``pkg/util/strategicpatch/patch.go``: the patch's order holds for what the
patch names, the document's order for the rest, and the two are interleaved by the document's order.
"""

from __future__ import annotations

import copy
from typing import Any

from schemas.base import JsonObject

MERGED_BY_NAME = frozenset({"containers", "initContainers", "env"})


def apply_strategic_merge(document: JsonObject, patch: JsonObject) -> JsonObject:
    """The document with the patch applied; neither argument is changed.

    Args:
        document: A Kubernetes object.
        patch: A strategic-merge patch without ``$patch`` directives.
    """
    return _merge(document, patch)


def _merge(original: JsonObject, patch: JsonObject) -> JsonObject:
    result = {key: value for key, value in original.items() if key not in patch}
    for key, value in patch.items():
        if value is not None:
            result[key] = _value(key, original.get(key), value)
    return copy.deepcopy(result)


def _value(key: str, original: Any, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        # An absent mapping is taken from the patch without its nulls, as since kubectl 1.27.
        return _merge(original if isinstance(original, dict) else {}, value)
    if isinstance(value, list) and key in MERGED_BY_NAME:
        return _by_name(original if isinstance(original, list) else [], value)
    return value


def _by_name(original: list[Any], patch: list[Any]) -> list[Any]:
    order = {_name(item): index for index, item in reversed(list(enumerate(original)))}
    named = {_name(item) for item in patch}
    untouched = [item for item in original if _name(item) not in named]
    merged = [_merge(_item(original, order, entry), entry) for entry in patch]
    return _interleave(untouched, merged, order)


def _item(original: list[Any], order: dict[str, int], entry: JsonObject) -> JsonObject:
    position = order.get(_name(entry))
    found = None if position is None else original[position]
    return found if isinstance(found, dict) else {}


def _interleave(left: list[Any], right: list[Any], order: dict[str, int]) -> list[Any]:
    """Insert `left` into `right`: before the first item that stands later in the document."""
    result: list[Any] = []
    pending = list(left)
    for item in right:
        place = order.get(_name(item))
        while place is not None and pending and order[_name(pending[0])] < place:
            result.append(pending.pop(0))
        result.append(item)
    return result + pending


def _name(item: Any) -> str:  # noqa: ANN401 - any JSON
    return str(item.get("name")) if isinstance(item, dict) else ""
