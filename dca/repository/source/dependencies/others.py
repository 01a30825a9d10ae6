"""Scala (sbt), Dart and Swift."""

from __future__ import annotations

import re

from dca.repository.source.dependencies.formats import yaml_value
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources

_SBT = re.compile(r"\"([\w.\-]{2,80})\"[ \t]{0,8}%{1,3}[ \t]{0,8}\"([\w.\-]{2,80})\"([^\n]{0,120})")
_SBT_NAME = re.compile(r"^\s{0,20}name\s{0,8}:=\s{0,8}\"([^\"]{1,80})\"", re.MULTILINE)
_SBT_VERSION = re.compile(r"scalaVersion\s{0,8}:=\s{0,8}\"(\d+\.\d+)")
_SWIFT = re.compile(r"\.package\([^)]{0,200}?url:\s{0,8}\"([^\"]{1,200})\"")


def read_sbt(path: str, text: str, sources: Sources) -> Manifest | None:
    """``"group" %% "artifact" % "version"``, those of the configuration Test left out."""
    del sources
    names = [f"{group}:{name}" for group, name, rest in _SBT.findall(text) if "Test" not in rest]
    name, version = _SBT_NAME.search(text), _SBT_VERSION.search(text)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.JAVA,
        language="Scala",
        name=name.group(1) if name else None,
        language_version=version.group(1) if version else None,
        dependencies=unique(names),
    )


def read_pubspec(path: str, text: str, sources: Sources) -> Manifest | None:
    """Dart."""
    del sources
    data = yaml_value(text)
    if not isinstance(data, dict):
        return None
    names = data.get("dependencies")
    return Manifest(
        path=path,
        ecosystem=Ecosystem.DART,
        language="Dart",
        name=str(data.get("name", "")) or None,
        dependencies=unique([str(name) for name in names]) if isinstance(names, dict) else (),
    )


def read_swift(path: str, text: str, sources: Sources) -> Manifest | None:
    """Swift packages by the last part of their address."""
    del sources
    names = [
        url.rstrip("/").rpartition("/")[2].removesuffix(".git") for url in _SWIFT.findall(text)
    ]
    return Manifest(path, Ecosystem.SWIFT, "Swift", dependencies=unique(names))
