"""What a recommendation makes of a document: the numbers changed, everything else as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ci.handoff.edits.proof import Path, same
from ci.handoff.edits.result import EditRefused
from rva.documents import HPA, PDB, at, mapping, mappings, text
from rva.merge import MERGED_BY_NAME, apply_strategic_merge
from schemas.base import JsonObject

_HALVES = ("requests", "limits")
Allowed = dict[str, Any]
_AMOUNTS: Allowed = {"cpu": None, "memory": None}
_CONTAINER: Allowed = {
    "name": None,
    "resources": {"requests": _AMOUNTS, "limits": _AMOUNTS},
    "env": {"name": None, "value": None, "valueFrom": None},
}
_POD: Allowed = {"spec": {"containers": _CONTAINER, "initContainers": _CONTAINER}}
_WORKLOAD: Allowed = {
    "replicas": None,
    "strategy": {"type": None, "rollingUpdate": None},
    "template": _POD,
}
_ALLOWED: Allowed = {
    "spec": {**_WORKLOAD, "jobTemplate": {"spec": {"template": _POD}}},
}
"""What a patch may speak of, as `rva.patch` writes it."""
_SERVED = {HPA: ("autoscaling/v1", "autoscaling/v2"), PDB: ("policy/v1",)}
"""Versions that have one shape each; older ones are moved there."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One object is to say something else."""

    component: str
    kind: str
    name: str
    namespace: str | None
    change: Callable[[JsonObject], JsonObject]
    """From what it says to what it is to say; raises `EditRefused`."""

    @property
    def label(self) -> str:
        """``Deployment/api``."""
        return f"{self.kind}/{self.name}"

    def is_for(self, document: JsonObject) -> bool:
        """Whether a document is the object."""
        metadata = mapping(document.get("metadata"))
        return (
            document.get("kind") == self.kind
            and text(metadata.get("name")) == self.name
            and text(metadata.get("namespace")) == (self.namespace or "")
        )


def with_patch(document: JsonObject, patch: JsonObject) -> JsonObject:
    """The document with a strategic-merge patch applied, as far as it does not say so already.

    Lists keep the order of the document, what the patch adds stands at their end.

    Raises:
        EditRefused: The patch is for a container that the document does not have.
    """
    body = {key: patch[key] for key in patch if key not in ("apiVersion", "kind", "metadata")}
    _check(document, body, _ALLOWED)
    merged = apply_strategic_merge(document, _needed(document, body, ()))
    return mapping(_in_order(document, _without_empty(document, merged)))


def _check(document: JsonObject, patch: JsonObject, allowed: Allowed) -> None:
    """Only what a sizing is about, and only containers that are there.

    A patch may come from a file of another job: an image in it would be a hole.
    """
    for key, value in patch.items():
        if key not in allowed or (allowed[key] is None and isinstance(value, dict | list)):
            raise EditRefused(f"its patch would change {key}, which is no matter of its size")
        below = allowed[key]
        present = document.get(key)
        if below is not None and isinstance(value, dict):
            _check(mapping(present), value, below)
        elif below is not None and isinstance(value, list):
            for item in mappings(value):
                _check(_named(present, item, key), item, below)


def _named(present: Any, item: JsonObject, key: str) -> JsonObject:  # noqa: ANN401 - any JSON value
    found = [entry for entry in mappings(present) if entry.get("name") == item.get("name")]
    if not found and key != "env":
        raise EditRefused(f"it has no container {text(item.get('name'))!r}")
    return found[0] if found else {}


def _needed(document: JsonObject, patch: JsonObject, path: Path) -> JsonObject:
    """The patch without what the document says already, quantities compared as amounts."""
    needed: JsonObject = {}
    for key, value in patch.items():
        present = document.get(key)
        here = (*path, key)
        if isinstance(value, dict):
            below = _needed(mapping(present), value, here)
            if below:
                needed[key] = below
        elif isinstance(value, list) and key in MERGED_BY_NAME:
            items = _needed_items(mappings(present), mappings(value), here)
            if items:
                needed[key] = items
        elif (value is None and present is not None) or not same(present, value, here):
            needed[key] = value
    return needed


def _needed_items(present: list[JsonObject], patch: list[JsonObject], path: Path) -> list[Any]:
    items: list[JsonObject] = []
    for item in patch:
        found = [entry for entry in present if entry.get("name") == item.get("name")]
        if len(found) > 1:
            raise EditRefused(f"{text(item.get('name'))!r} stands there twice")
        below = _needed(found[0], item, path) if found else item
        if below:
            items.append({"name": item.get("name"), **below})
    return items


def _without_empty(before: Any, after: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Without the halves of ``resources`` that the patch has emptied."""
    if isinstance(after, list):
        befores = before if isinstance(before, list) else []
        named = {text(item.get("name")): item for item in mappings(befores)}
        return [_without_empty(named.get(text(mapping(item).get("name"))), item) for item in after]
    if not isinstance(after, dict):
        return after
    kept: JsonObject = {}
    for key, value in after.items():
        old = mapping(before).get(key)
        if key in _HALVES and value == {} and old not in (None, {}):
            continue
        kept[key] = _without_empty(old, value)
    return kept


def _in_order(before: Any, after: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(after, dict):
        return {key: _in_order(mapping(before).get(key), value) for key, value in after.items()}
    if not isinstance(after, list) or not isinstance(before, list):
        return after
    names = [mapping(item).get("name") for item in before]
    if None in names or len(names) != len(set(map(str, names))):
        return after
    place = {name: index for index, name in enumerate(names)}
    ordered = sorted(after, key=lambda item: place.get(mapping(item).get("name"), len(names)))
    olds = [before[place[name]] if (name := _name(item)) in place else None for item in ordered]
    return [_in_order(old, item) for old, item in zip(olds, ordered, strict=True)]


def _name(item: Any) -> Any:  # noqa: ANN401 - any JSON value
    return mapping(item).get("name")


def with_companion(document: JsonObject, wanted: JsonObject) -> JsonObject:
    """An autoscaler or a disruption budget with the bounds of the recommended one.

    Raises:
        EditRefused: It has a shape that would have to be written anew.
    """
    changed = copy.deepcopy(document)
    changed["spec"] = mapping(changed.get("spec"))
    if wanted.get("kind") == HPA:
        _scale(changed, wanted)
    else:
        _budget(changed, wanted)
    version = text(wanted.get("apiVersion"))
    if document.get("apiVersion") not in _SERVED[text(wanted.get("kind"))]:
        changed["apiVersion"] = version
    return changed


def _scale(changed: JsonObject, wanted: JsonObject) -> None:
    spec, new = changed["spec"], mapping(wanted.get("spec"))
    for key in ("minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"):
        if key in new:
            spec[key] = new[key]
    metrics = [item for item in mappings(new.get("metrics")) if _is_cpu(item)]
    if not metrics:
        return
    present = mappings(spec.get("metrics"))
    if "v2beta1" in text(changed.get("apiVersion")) and not all(map(_is_cpu, present)):
        raise EditRefused("its metrics are of an old version and have to be written anew")
    if any(map(_is_cpu, present)):
        spec["metrics"] = [metrics[0] if _is_cpu(item) else item for item in present]
    else:
        spec["metrics"] = [*present, metrics[0]]


def _is_cpu(metric: JsonObject) -> bool:
    return bool(at(metric, "resource", "name") == "cpu")


def _budget(changed: JsonObject, wanted: JsonObject) -> None:
    new = mapping(wanted.get("spec"))
    for key in ("minAvailable", "maxUnavailable"):
        changed["spec"].pop(key, None)
        if new.get(key) is not None:
            changed["spec"][key] = new[key]
