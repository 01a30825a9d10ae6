"""What one dependency manifest says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ecosystem(StrEnum):
    """Whose packages a manifest names; the words of ``client_libraries.yaml``."""

    PYTHON = "python"
    NODE = "node"
    GO = "go"
    JAVA = "java"
    """Maven coordinates: Java, Kotlin, Scala, Groovy."""
    DOTNET = "dotnet"
    RUST = "rust"
    RUBY = "ruby"
    PHP = "php"
    ELIXIR = "elixir"
    ERLANG = "erlang"
    CPP = "cpp"
    DART = "dart"
    SWIFT = "swift"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A dependency manifest, without what is only for development and tests."""

    path: str
    ecosystem: Ecosystem
    language: str | None = None
    """None when the sources decide (Java or Kotlin, C or C++, JavaScript or TypeScript)."""
    name: str | None = None
    language_version: str | None = None
    dependencies: tuple[str, ...] = ()
    """Direct run-time dependencies; ``group:artifact`` for Maven coordinates."""
    build_dependencies: tuple[str, ...] = ()
    """Development dependencies of Node and build plugins of the JVM: bundlers and frameworks that
    are compiled into what runs."""
    start_command: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    """Directories of the same repository that it is built with (modules, project references)."""
    members: tuple[str, ...] = ()
    """Directories of a workspace that this manifest heads; globs are resolved."""
    weak: bool = False
    """It hardly says more than that there is code (a Makefile, a lock file)."""
    deployable: bool = False
    """It builds something that runs for itself."""


def unique(names: list[str]) -> tuple[str, ...]:
    """The names in order, each once."""
    return tuple(dict.fromkeys(name for name in names if name))
