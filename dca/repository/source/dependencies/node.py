"""Node and Deno: package.json, deno.json."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from typing import Any

from dca.repository.source.dependencies.formats import DamagedError, json_value, yaml_value
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, is_aside, join, parent

_VERSION = re.compile(r"\d+(?:\.\d+)?")


def read_package_json(path: str, text: str, sources: Sources) -> Manifest | None:
    """npm, Yarn and pnpm packages; lock files add nothing that matters here."""
    data = json_value(text)
    if not isinstance(data, dict):
        return None
    scripts = _names(data, "scripts")
    return Manifest(
        path=path,
        ecosystem=Ecosystem.NODE,
        name=data["name"] if isinstance(data.get("name"), str) else None,
        language_version=_first_version(_names(data, "engines").get("node")),
        dependencies=unique(list(_names(data, "dependencies"))),
        build_dependencies=unique(list(_names(data, "devDependencies"))),
        start_command=_start(scripts),
        projects=_linked(path, data, sources),
        members=_members(path, _patterns(data, path, sources), sources),
        deployable=bool({"start", "serve", "start:prod"} & set(scripts)),
    )


def read_deno(path: str, text: str, sources: Sources) -> Manifest | None:
    """Deno; a file with comments is not read."""
    del sources
    data = json_value(text)
    if not isinstance(data, dict):
        return None
    imports = [str(value) for value in _names(data, "imports").values()]
    names = [item.partition(":")[2].lstrip("/").rpartition("@")[0] or item for item in imports]
    tasks = _names(data, "tasks")
    return Manifest(
        path=path,
        ecosystem=Ecosystem.NODE,
        language="TypeScript",
        dependencies=unique(names),
        start_command=_start(tasks),
        deployable="start" in tasks,
    )


def _names(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _start(scripts: dict[str, Any]) -> tuple[str, ...]:
    for name in ("start:prod", "start", "serve"):
        command = scripts.get(name)
        if isinstance(command, str):
            try:
                return tuple(shlex.split(command))
            except ValueError:
                return tuple(command.split())
    return ()


def _first_version(wanted: object) -> str | None:
    found = _VERSION.search(wanted) if isinstance(wanted, str) else None
    return found.group() if found else None


def _patterns(data: dict[str, Any], path: str, sources: Sources) -> list[str]:
    found = data.get("workspaces")
    if isinstance(found, dict):
        found = found.get("packages")
    if isinstance(found, list):
        return [item for item in found if isinstance(item, str)]
    return _pnpm_patterns(sources.read(join(parent(path), "pnpm-workspace.yaml")))


def _pnpm_patterns(text: str | None) -> list[str]:
    if not text:
        return []
    try:
        data = yaml_value(text)
    except DamagedError:
        return []
    found = data.get("packages") if isinstance(data, dict) else None
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _members(path: str, patterns: list[str], sources: Sources) -> tuple[str, ...]:
    if not patterns:
        return ()
    root = parent(path)
    packages = [
        parent(item)
        for item in sources.under(root)
        if item.endswith("/package.json") and item != path and not is_aside(item, root)
    ]
    skip = 0 if root == "." else len(root) + 1
    wanted = [pattern.removeprefix("./").rstrip("/") for pattern in patterns if pattern[:1] != "!"]
    return unique(
        [item for item in packages if any(fnmatchcase(item[skip:], pattern) for pattern in wanted)]
    )


def _linked(path: str, data: dict[str, Any], sources: Sources) -> tuple[str, ...]:
    """Packages of the same repository that are linked by path."""
    found = [
        join(parent(path), value.partition(":")[2])
        for value in _names(data, "dependencies").values()
        if isinstance(value, str) and value.startswith(("file:", "link:"))
    ]
    return unique([item for item in found if sources.has(f"{item}/package.json")])
