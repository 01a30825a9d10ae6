"""Rust: Cargo.toml of packages and workspaces."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from dca.repository.source.dependencies.formats import toml
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, join, parent


def read_cargo(path: str, text: str, sources: Sources) -> Manifest | None:
    """Dependencies of a crate (development and build ones left out), members of a workspace."""
    data = toml(text)
    package = _table(data, "package")
    tables = [_table(data, "dependencies")]
    tables += [_table(item, "dependencies") for item in _table(data, "target").values()]
    names = [_crate(name, body) for table in tables for name, body in table.items()]
    directory = parent(path)
    version = package.get("rust-version")
    return Manifest(
        path=path,
        ecosystem=Ecosystem.RUST,
        language="Rust",
        name=package["name"] if isinstance(package.get("name"), str) else None,
        language_version=version if isinstance(version, str) else None,
        dependencies=unique(names),
        projects=_local(directory, tables, sources),
        members=_members(path, _table(data, "workspace").get("members"), sources),
        deployable=bool(data.get("bin")) or sources.has(join(directory, "src/main.rs")),
    )


def _crate(name: str, body: object) -> str:
    renamed = body.get("package") if isinstance(body, dict) else None
    return renamed if isinstance(renamed, str) else name


def _local(directory: str, tables: list[dict[str, Any]], sources: Sources) -> tuple[str, ...]:
    bodies = [body for table in tables for body in table.values() if isinstance(body, dict)]
    found = [join(directory, str(body["path"])) for body in bodies if "path" in body]
    return unique([item for item in found if sources.has(f"{item}/Cargo.toml")])


def _members(path: str, patterns: object, sources: Sources) -> tuple[str, ...]:
    if not isinstance(patterns, list):
        return ()
    root = parent(path)
    crates = [
        parent(item)
        for item in sources.under(root)
        if item.endswith("/Cargo.toml") and item != path
    ]
    skip = 0 if root == "." else len(root) + 1
    wanted = [str(pattern).removeprefix("./").rstrip("/") for pattern in patterns]
    return unique(
        [item for item in crates if any(fnmatchcase(item[skip:], pattern) for pattern in wanted)]
    )


def _table(data: object, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
