"""C and C++: CMake, Meson, Conan and vcpkg."""

from __future__ import annotations

import re

from dca.repository.source.dependencies.formats import json_value
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources

_COMMAND = re.compile(
    r"^[ \t]*(find_package|pkg_check_modules|FetchContent_Declare|CPMAddPackage|project"
    r"|add_executable)"
    r"[ \t]*\(\s*\"?([\w.+:-]{1,100})",
    re.MULTILINE | re.IGNORECASE,
)
_MESON = re.compile(r"\bdependency\(\s*'([\w.+-]{1,80})'")
_MESON_PROJECT = re.compile(r"\bproject\(\s*'([\w.+-]{1,80})'")
_CONAN = re.compile(r"[\"']([a-z0-9_.+-]{2,60})/[\d][\w.\-+]{0,40}(?:@[^\"']{0,60})?[\"']")


def read_cmake(path: str, text: str, sources: Sources) -> Manifest | None:
    """Packages that are looked for; the project's name."""
    del sources
    found = [(name.lower(), argument) for name, argument in _COMMAND.findall(text)]
    return Manifest(
        path=path,
        ecosystem=Ecosystem.CPP,
        name=next((argument for name, argument in found if name == "project"), None),
        dependencies=unique(
            [arg for name, arg in found if name not in ("project", "add_executable")]
        ),
        deployable=any(name == "add_executable" for name, _ in found),
    )


def read_meson(path: str, text: str, sources: Sources) -> Manifest | None:
    """``dependency('…')`` calls."""
    del sources
    name = _MESON_PROJECT.search(text)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.CPP,
        name=name.group(1) if name else None,
        dependencies=unique(_MESON.findall(text)),
        deployable="executable(" in text,
    )


def read_conan(path: str, text: str, sources: Sources) -> Manifest | None:
    """``[requires]`` of conanfile.txt, or the quoted references of conanfile.py."""
    del sources
    if path.endswith(".py"):
        return Manifest(path, Ecosystem.CPP, dependencies=unique(_CONAN.findall(text)))
    _, _, section = text.partition("[requires]")
    lines = section.partition("\n[")[0].splitlines()
    names = [line.strip().partition("/")[0] for line in lines if not line.strip().startswith("#")]
    return Manifest(path, Ecosystem.CPP, dependencies=unique(names))


def read_vcpkg(path: str, text: str, sources: Sources) -> Manifest | None:
    """vcpkg.json."""
    del sources
    data = json_value(text)
    found = data.get("dependencies") if isinstance(data, dict) else None
    items = found if isinstance(found, list) else []
    names = [str(item.get("name", "")) if isinstance(item, dict) else str(item) for item in items]
    return Manifest(path, Ecosystem.CPP, dependencies=unique(names))
