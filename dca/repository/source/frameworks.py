"""Frameworks and libraries that matter for the size, by the tables beside this file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from dca.catalogue import library_keys
from schemas.errors import SettingsError

_HERE = Path(__file__).parent


class Family(StrEnum):
    """What a program made with a framework is, before its sources say more."""

    HTTP = "http"
    SITE = "site"
    GRPC = "grpc"
    WORKER = "worker"
    BATCH = "batch"
    CONTROLLER = "controller"
    LOAD = "load"
    MODEL = "model"
    GATEWAY = "gateway"
    OBSERVABILITY = "observability"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Framework:
    """One row of ``frameworks.yaml``."""

    name: str
    family: Family
    ecosystem: str
    any_of: frozenset[str]
    all_of: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    """Traits of the sources, one of which must be there."""
    built: bool = False
    """Dependencies for the build count too."""


@dataclass(frozen=True, slots=True)
class FrameworkMatch:
    """A framework, and the dependency that gave it away."""

    framework: Framework
    dependency: str


def find_framework(
    ecosystem: str, dependencies: Iterable[str], built: Iterable[str], traits: Collection[str]
) -> FrameworkMatch | None:
    """The framework that shapes a program.

    Args:
        ecosystem: Whose packages the names are.
        dependencies: Run-time dependencies.
        built: Build plugins and development dependencies.
        traits: What the sources show, from ``traits.yaml``.
    """
    running = _index(ecosystem, dependencies)
    building = _index(ecosystem, built) | running
    for row in frameworks():
        if row.ecosystem != ecosystem or (row.needs and not row.needs & set(traits)):
            continue
        known = building if row.built else running
        found = next((known[name] for name in row.any_of if name in known), None)
        if found is not None and all(name in known for name in row.all_of):
            return FrameworkMatch(row, found)
    return None


def family_of(framework: str | None) -> Family | None:
    """The family of a framework by its name; None for a name that is not in the table."""
    return _families().get(framework or "")


def sizing_libraries(ecosystem: str, dependencies: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Dependencies that change what a process needs, each with the reason."""
    table = _sizing().get(ecosystem, {})
    found = []
    for name in dependencies:
        why = next((table[key] for key in library_keys(ecosystem, name) if key in table), None)
        if why:
            found.append((name, why))
    return tuple(found)


@cache
def frameworks() -> tuple[Framework, ...]:
    """The table, in order of precedence within each ecosystem."""
    return tuple(
        Framework(
            name=raw["name"],
            family=Family(raw["family"]),
            ecosystem=ecosystem,
            any_of=frozenset(name.lower() for name in raw["any"]),
            all_of=frozenset(name.lower() for name in raw.get("all", ())),
            needs=frozenset(raw.get("needs", ())),
            built=bool(raw.get("built", False)),
        )
        for ecosystem, rows in load_table("frameworks.yaml").items()
        for raw in rows
    )


@cache
def load_table(name: str) -> dict[str, Any]:
    """One of the tables beside this file.

    Raises:
        SettingsError: It is damaged.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded = yaml.load((_HERE / name).read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe one
    if not isinstance(loaded, dict):
        raise SettingsError(f"{name} is not a mapping", hint="Reinstall the package.")
    return loaded


def _index(ecosystem: str, names: Iterable[str]) -> dict[str, str]:
    return {key: name for name in names for key in library_keys(ecosystem, name)}


@cache
def _families() -> dict[str, Family]:
    found: dict[str, Family] = {}
    for row in frameworks():
        found.setdefault(row.name, row.family)
    return found


@cache
def _sizing() -> dict[str, dict[str, str]]:
    return {
        ecosystem: {name.lower(): why for name, why in rows.items()}
        for ecosystem, rows in load_table("sizing_libraries.yaml").items()
    }
