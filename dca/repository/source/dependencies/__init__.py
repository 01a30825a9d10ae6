"""Dependency manifests, one file per ecosystem; `manifests_in` reads those of a directory."""

from __future__ import annotations

import configparser
import logging
from collections.abc import Callable

from dca.repository.source.dependencies import (
    cpp,
    dotnet,
    elixir,
    go,
    gradle,
    maven,
    node,
    others,
    php,
    python,
    ruby,
    rust,
)
from dca.repository.source.dependencies.formats import DamagedError
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest
from dca.repository.source.sources import Sources, is_manifest

__all__ = ["Ecosystem", "Manifest", "manifests_in", "read_manifest"]

_log = logging.getLogger(__name__)

Reader = Callable[[str, str, Sources], Manifest | None]

_MAX_BYTES = 1024 * 1024
"""A manifest written by people has some kilobytes."""

_READERS: dict[str, Reader] = {
    "pyproject.toml": python.read_pyproject,
    "pipfile": python.read_pipfile,
    "setup.cfg": python.read_setup_cfg,
    "setup.py": python.read_setup_py,
    "environment.yml": python.read_environment,
    "environment.yaml": python.read_environment,
    "package.json": node.read_package_json,
    "deno.json": node.read_deno,
    "deno.jsonc": node.read_deno,
    "go.mod": go.read_go_mod,
    "pom.xml": maven.read_pom,
    "build.gradle": gradle.read_gradle,
    "build.gradle.kts": gradle.read_gradle,
    "cargo.toml": rust.read_cargo,
    "gemfile": ruby.read_gemfile,
    "gemfile.lock": ruby.read_gemfile_lock,
    "composer.json": php.read_composer,
    "mix.exs": elixir.read_mix,
    "rebar.config": elixir.read_rebar,
    "cmakelists.txt": cpp.read_cmake,
    "meson.build": cpp.read_meson,
    "conanfile.txt": cpp.read_conan,
    "conanfile.py": cpp.read_conan,
    "vcpkg.json": cpp.read_vcpkg,
    "build.sbt": others.read_sbt,
    "pubspec.yaml": others.read_pubspec,
    "package.swift": others.read_swift,
}


def manifests_in(directory: str, sources: Sources) -> tuple[Manifest, ...]:
    """The manifests that lie directly in a directory; damaged ones are left out."""
    found = (read_manifest(path, sources) for path in sources.here(directory) if is_manifest(path))
    return tuple(item for item in found if item is not None)


def read_manifest(path: str, sources: Sources, kind: str | None = None) -> Manifest | None:
    """One manifest; None when it is damaged, too long or says nothing about dependencies.

    Args:
        path: The file.
        sources: Where it is read.
        kind: Name of the format when the file's own name does not say it.
    """
    known: tuple[Manifest | None] | None = sources.remembered("manifest", path)
    if known is None:
        known = (_read(path, sources, kind),)
        sources.remember("manifest", path, known)
    return known[0]


def _read(path: str, sources: Sources, kind: str | None) -> Manifest | None:
    reader = _reader(kind or path)
    text = sources.read(path) if reader else None
    if reader is None or text is None:
        return None
    if len(text) > _MAX_BYTES:
        sources.report(f"{path}: files above {_MAX_BYTES} bytes are not read as manifests")
        return None
    try:
        return reader(path, text, sources)
    except _DAMAGE as error:
        reason = str(error) if isinstance(error, DamagedError) else "damaged"
        _log.info("manifest.unreadable", extra={"path": path, "reason": type(error).__name__})
        sources.report(f"{path}: {reason}")
        return None


_DAMAGE = (
    DamagedError,
    configparser.Error,
    ValueError,
    RecursionError,
    MemoryError,
    AttributeError,
    KeyError,
    TypeError,
)
"""What readers raise for files that are not what their name says."""


def _reader(path: str) -> Reader | None:
    name = path.rpartition("/")[2].lower()
    if name.endswith((".csproj", ".fsproj", ".vbproj")):
        return dotnet.read_project
    if name.startswith("requirements") and name.endswith((".txt", ".in")):
        return python.read_requirements
    return _READERS.get(name)
