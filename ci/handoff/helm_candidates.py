"""Value paths of a chart that could hold a size; which of them do is found by rendering.

Three places name them: the chart's ``values.yaml`` (those of its subcharts included), the
``.Values`` references in its templates, and, since a template may read a key that no values file
mentions, the usual keys beside a component's image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from schemas.base import JsonObject

ValuePath = tuple[str, ...]
Files = Mapping[str, bytes]

MAX_CANDIDATES = 3000
"""An umbrella chart of 50 components has about 1,000."""
_MAX_DEPTH = 8
_MAX_SUBCHART_DEPTH = 3
_MAX_YAML_BYTES = 1 << 20
_MAX_ALIASES = 100
"""Anchors are rare in values files; many of them are how a YAML bomb is made."""
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_REFERENCE = re.compile(rb"\.Values((?:\){0,3}\.[A-Za-z_][A-Za-z0-9_]{0,80}){1,8})")
"""``.Values.api.resources``, also guarded as ``((.Values.api).resources)``."""
_INDEXED = re.compile(
    rb"index[ ]+\$?\.Values((?:[ ]+\"[^\"\n]{1,80}\"){1,8})[ ]*\)?((?:\.[A-Za-z0-9_]{1,80}){0,8})"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COMPONENT_KEYS = frozenset({"image", "replicas", "replicaCount", "resources", "port", "service"})
"""A mapping with one of these describes something that runs."""
_LEAVES = tuple((part, name) for part in ("requests", "limits") for name in ("cpu", "memory"))


class Shape(StrEnum):
    """What kind of value a path takes."""

    CPU = "cpu"
    MEMORY = "memory"
    COUNT = "count"
    PERCENT = "percent"
    SWITCH = "switch"
    """Whether there is an autoscaler."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One path that may move one number."""

    path: ValuePath
    shape: Shape


def candidates(files: Files) -> tuple[tuple[Candidate, ...], ...]:
    """Candidates in groups, the likeliest first: in the values, in the templates, guessed.

    Args:
        files: The chart's files by path relative to it.
    """
    tree = default_values(files)
    groups = (_from_values(tree), _from_templates(files), _guessed(tree))
    seen: set[ValuePath] = set()
    unique: list[tuple[Candidate, ...]] = []
    for group in groups:
        fresh: list[Candidate] = []
        for candidate in group:
            if len(seen) >= MAX_CANDIDATES:
                break
            if candidate.path not in seen:
                seen.add(candidate.path)
                fresh.append(candidate)
        unique.append(tuple(fresh))
    return tuple(unique)


def default_values(files: Files, depth: int = 0) -> JsonObject:
    """``values.yaml`` with the defaults of the subcharts laid under it."""
    values = _mapping(files.get("values.yaml", b""))
    if depth < _MAX_SUBCHART_DEPTH:
        for key, subchart in _subcharts(files):
            own = values.get(key)
            below = default_values(subchart, depth + 1)
            values[key] = _merged(below, own if isinstance(own, dict) else {})
    return values


def _subcharts(files: Files) -> Iterator[tuple[str, Files]]:
    """Each vendored subchart under every name that the chart knows it by."""
    charts: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        parts = path.split("/", 2)
        if len(parts) == 3 and parts[0] == "charts":
            charts.setdefault(parts[1], {})[parts[2]] = content
    listed = _dependencies(files)
    for directory, subchart in sorted(charts.items()):
        name = str(_mapping(subchart.get("Chart.yaml", b"")).get("name") or directory)
        keys = [alias for dependency, alias in listed if dependency == name] or [name]
        for key in dict.fromkeys(keys):
            yield key, subchart


def _dependencies(files: Files) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for file in ("Chart.yaml", "requirements.yaml"):
        listed = _mapping(files.get(file, b"")).get("dependencies")
        found += [
            (item["name"], str(item.get("alias") or item["name"]))
            for item in (listed if isinstance(listed, list) else [])
            if isinstance(item, dict) and isinstance(item.get("name"), str)
        ]
    return found


def _mapping(content: bytes) -> JsonObject:
    """A YAML mapping, empty when it is none: helm itself reports what is wrong with the chart."""
    if len(content) > _MAX_YAML_BYTES:
        return {}
    try:
        aliases = sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, _LOADER))
        loaded = yaml.load(content, _LOADER) if aliases <= _MAX_ALIASES else None  # noqa: S506 - safe
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _merged(below: JsonObject, above: JsonObject, depth: int = 0) -> JsonObject:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(value, dict) and isinstance(under, dict) and depth < _MAX_DEPTH:
            result[key] = _merged(under, value, depth + 1)
        else:
            result[key] = value
    return result


def _from_values(tree: JsonObject) -> Iterator[Candidate]:
    for path, value in _walk(tree):
        if isinstance(value, dict) and not _is_resources(path, value):
            continue
        if isinstance(value, dict) or (value in (None, "") and _names_resources(path)):
            yield from _resources(path)
        elif not isinstance(value, list):
            shape = _shape(path, value)
            if shape is not None:
                yield Candidate(path, shape)


def _walk(tree: JsonObject, path: ValuePath = ()) -> Iterator[tuple[ValuePath, Any]]:
    for key, value in tree.items():
        if not isinstance(key, str):
            continue
        here = (*path, key)
        yield here, value
        if isinstance(value, dict) and len(here) < _MAX_DEPTH and not _is_resources(here, value):
            yield from _walk(value, here)


def _names_resources(path: ValuePath) -> bool:
    return path[-1].lower().endswith("resources")


def _is_resources(path: ValuePath, value: JsonObject) -> bool:
    """A mapping with requests or limits; an empty one that is called so, or stands in one."""
    if value:
        return bool({"requests", "limits"} & value.keys())
    return _names_resources(path) or (len(path) > 1 and _names_resources(path[:-1]))


def _resources(path: ValuePath) -> Iterator[Candidate]:
    for part, name in _LEAVES:
        yield Candidate((*path, part, name), Shape(name))


def _shape(path: ValuePath, value: object = None) -> Shape | None:
    """What a scalar's name says it is."""
    words = {word.lower() for word in _WORD.findall(path[-1])}
    scaling = any(_is_autoscaling(key) for key in path)
    if scaling and (words & {"enabled", "enable"} or isinstance(value, bool)):
        return Shape.SWITCH
    if isinstance(value, bool):
        return None
    if _is_percent(words) or (scaling and words & {"cpu", "target"}):
        return None if words & {"memory", "mem"} else Shape.PERCENT
    if "cpu" in words:
        return Shape.CPU
    if words & {"memory", "mem", "ram"}:
        return Shape.MEMORY
    counted = any(word.startswith("replica") for word in words) or "instances" in words
    return Shape.COUNT if counted or (scaling and words & {"min", "max"}) else None


def _is_autoscaling(key: str) -> bool:
    lower = key.lower()
    return "autoscal" in lower or "hpa" in {word.lower() for word in _WORD.findall(key)}


def _is_percent(words: set[str]) -> bool:
    return bool(words & {"percent", "percentage", "utilization", "utilisation"})


def _from_templates(files: Files, prefix: ValuePath = (), depth: int = 0) -> Iterator[Candidate]:
    for path, content in sorted(files.items()):
        if path.startswith("templates/") and len(content) <= _MAX_YAML_BYTES:
            for reference in _references(content):
                shared = reference[0] == "global"
                yield from _referenced(reference if shared else (*prefix, *reference))
    if depth < _MAX_SUBCHART_DEPTH:
        for key, subchart in _subcharts(files):
            yield from _from_templates(subchart, (*prefix, key), depth + 1)


def _references(content: bytes) -> Iterable[ValuePath]:
    found: dict[ValuePath, None] = {}
    for match in _REFERENCE.finditer(content):
        found[tuple(match[1].decode().replace(")", "").split(".")[1:])] = None
    for match in _INDEXED.finditer(content):
        keys = re.findall(r'"([^"]+)"', match[1].decode("utf-8", errors="replace"))
        found[(*keys, *match[2].decode().split(".")[1:])] = None
    return found


def _referenced(path: ValuePath) -> Iterator[Candidate]:
    if _names_resources(path):
        yield from _resources(path)
    else:
        shape = _shape(path)
        if shape is not None:
            yield Candidate(path, shape)


def _guessed(tree: JsonObject) -> Iterator[Candidate]:
    """The usual keys, at the top and beside every image."""
    blocks: list[tuple[ValuePath, JsonObject]] = [((), tree)]
    blocks += [
        (path, value)
        for path, value in _walk(tree)
        if isinstance(value, dict) and _COMPONENT_KEYS & value.keys()
    ]
    for path, block in blocks:
        if "resources" not in block:
            yield from _resources((*path, "resources"))
        for key in ("replicaCount", "replicas"):
            if key not in block:
                yield Candidate((*path, key), Shape.COUNT)
