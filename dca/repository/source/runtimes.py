"""Which runtime images, start commands and files speak for, by ``runtimes.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from dca.catalogue import image_path, image_tag
from dca.repository.source.dependencies.manifest import Ecosystem
from dca.repository.source.frameworks import load_table

_WORDS = re.compile(r"[a-z]+\d{0,2}(?=[^a-z]|$)|[a-z]+")
_NAMED_VERSION = re.compile(
    r"(?:java|jdk|jre|openjdk|temurin|nodejs|node|go|ruby|php)-?(\d{1,2})(?!\d)"
)
_DIGITS = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}")

RUNTIME_OF: Mapping[Ecosystem, str] = {
    Ecosystem.PYTHON: "python",
    Ecosystem.NODE: "node",
    Ecosystem.GO: "go",
    Ecosystem.JAVA: "jvm",
    Ecosystem.DOTNET: "dotnet",
    Ecosystem.RUST: "rust",
    Ecosystem.RUBY: "ruby",
    Ecosystem.PHP: "php",
    Ecosystem.ELIXIR: "beam",
    Ecosystem.ERLANG: "beam",
    Ecosystem.CPP: "cpp",
    Ecosystem.DART: "dart",
    Ecosystem.SWIFT: "swift",
}


@dataclass(frozen=True, slots=True)
class Runtime:
    """One row of the table."""

    name: str
    images: frozenset[str]
    commands: frozenset[str]
    installs: tuple[str, ...]
    compiled: bool
    files: Mapping[str, str]


@cache
def runtimes() -> Mapping[str, Runtime]:
    """The table by name."""
    return {
        name: Runtime(
            name=name,
            images=frozenset(raw.get("images", ())),
            commands=frozenset(raw.get("commands", ())),
            installs=tuple(raw.get("installs", ())),
            compiled=bool(raw.get("compiled", False)),
            files=raw.get("files", {}),
        )
        for name, raw in load_table("runtimes.yaml").items()
    }


@cache
def language_by_extension() -> Mapping[str, tuple[str, str]]:
    """Extension to (runtime, language)."""
    return {
        extension: (runtime.name, language)
        for runtime in runtimes().values()
        for extension, language in runtime.files.items()
    }


def runtime_of_image(image: str | None) -> str | None:
    """Runtime that an image brings, None when its name does not say."""
    if not image:
        return None
    words = [word for part in image_path(image)[::-1] for word in _WORDS.findall(part)]
    words += _WORDS.findall(image_tag(image).lower())
    for word in words:
        for runtime in runtimes().values():
            if word in runtime.images or word.rstrip("0123456789") in runtime.images:
                return runtime.name
    return None


def runtime_of_command(command: Iterable[str]) -> str | None:
    """Runtime of a start command: of its first word that a runtime owns."""
    for word in list(command)[:6]:
        base = word.rpartition("/")[2]
        bare = base.rstrip("0123456789.") or base
        for runtime in runtimes().values():
            if {word, base, bare} & runtime.commands:
                return runtime.name
    return None


def runtimes_installed(run_text: str) -> dict[str, int]:
    """Runtimes that RUN lines install or build with, each with how many signs there are."""
    counts = {
        runtime.name: sum(run_text.count(mark) for mark in runtime.installs)
        for runtime in runtimes().values()
    }
    return {name: count for name, count in counts.items() if count}


def image_version(image: str | None) -> str | None:
    """Version in an image's tag, or in its name (``openjdk-21``); None when there is none."""
    if not image:
        return None
    found = _DIGITS.match(image_tag(image).removeprefix("v"))
    if found is None and image_path(image):
        named = _NAMED_VERSION.search(image_path(image)[-1])
        return named.group(1) if named else None
    return found.group() if found else None
