"""Which process runs in a component's main container, and what its flags fix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rva.documents import mapping, text
from rva.subject import Subject
from schemas.context import Component
from schemas.quantities import GIB, KIB, MIB


class Runtime(StrEnum):
    """What a memory limit is divided by."""

    JVM = "jvm"
    GO = "go"
    NODE = "node"
    PYTHON = "python"
    DOTNET = "dotnet"
    RUBY = "ruby"
    PHP = "php"
    BEAM = "beam"
    NATIVE = "native"
    STATIC = "static"
    UNKNOWN = "unknown"


_LANGUAGES = {
    "java": Runtime.JVM,
    "kotlin": Runtime.JVM,
    "scala": Runtime.JVM,
    "groovy": Runtime.JVM,
    "clojure": Runtime.JVM,
    "go": Runtime.GO,
    "golang": Runtime.GO,
    "javascript": Runtime.NODE,
    "typescript": Runtime.NODE,
    "python": Runtime.PYTHON,
    "c#": Runtime.DOTNET,
    "f#": Runtime.DOTNET,
    "visual basic": Runtime.DOTNET,
    "ruby": Runtime.RUBY,
    "php": Runtime.PHP,
    "elixir": Runtime.BEAM,
    "erlang": Runtime.BEAM,
    "rust": Runtime.NATIVE,
    "c": Runtime.NATIVE,
    "c++": Runtime.NATIVE,
    "zig": Runtime.NATIVE,
}
_STATIC_SERVERS = frozenset({"nginx", "httpd", "apache", "apache2", "caddy", "lighttpd", "static"})
_JVM_PRODUCTS = frozenset(
    {"elasticsearch", "opensearch", "kafka", "cassandra", "zookeeper", "solr", "neo4j", "keycloak"}
)
HALF_HEAP_PRODUCTS = frozenset({"elasticsearch", "opensearch", "kafka", "cassandra", "solr"})
"""Products that need as much page cache as heap."""


def runtime_of_language(language: str | None) -> Runtime:
    """The runtime that programs in a language usually have."""
    return _LANGUAGES.get((language or "").lower(), Runtime.UNKNOWN)


def runtime_of(component: Component) -> Runtime:
    """The runtime of the main container.

    A product's own runtime first, then a web server that serves files only (a TypeScript frontend
    whose last image is nginx is no Node process), then the language.
    """
    if component.third_party in _JVM_PRODUCTS:
        return Runtime.JVM
    if component.third_party in _STATIC_SERVERS:
        return Runtime.STATIC
    if component.third_party is not None:
        return Runtime.UNKNOWN
    runtime = runtime_of_language(component.language)
    server = (component.runtime.server or "").lower()
    # A variant keeps the server's name in front: nginx-unprivileged, httpd-24.
    image = image_name(component.base_image or "").partition("-")[0]
    if runtime in (Runtime.NODE, Runtime.UNKNOWN) and (
        server in _STATIC_SERVERS or image in _STATIC_SERVERS
    ):
        return Runtime.STATIC
    return runtime


def image_name(image: str) -> str:
    """Last part of an image's name without tag and digest: ``docker.io/library/nginx:1`` is nginx.

    >>> image_name("registry.example/team/nginx-unprivileged:1.27@sha256:00")
    'nginx-unprivileged'
    """
    return image.split("@", 1)[0].rsplit("/", 1)[-1].split(":", 1)[0].lower()


_SIZE = re.compile(r"([0-9]{1,18})\s?([a-z]{0,2})", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": KIB, "kb": KIB, "m": MIB, "mb": MIB, "g": GIB, "gb": GIB}


def size_bytes(value: str) -> int | None:
    """A size as the JVM, PostgreSQL and Redis write it (binary): ``512m``, ``128MB``, ``2gb``.

    >>> size_bytes("128MB"), size_bytes("-1")
    (134217728, None)
    """
    found = _SIZE.fullmatch(value.strip().strip("'\""))
    unit = _UNITS.get(found[2].lower()) if found else None
    return int(found[1]) * unit if found and unit else None


def command_words(subject: Subject) -> list[str]:
    """Words of the command that will run: the image's start command, then the container's own."""
    container = mapping(subject.main_container.document)
    words = list(subject.component.start_command)
    for key in ("command", "args"):
        value = container.get(key)
        words += [text(item) for item in value] if isinstance(value, list) else []
    return [part for word in words[:500] for part in word[:4000].split()]


def settings(words: list[str]) -> Iterator[tuple[str, str]]:
    """Name and value of ``-c name=value``, ``--name=value`` and ``--name value`` in a command."""
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        name, equals, value = word.lstrip("-").partition("=")
        if equals:
            yield name.lower().replace("-", "_"), value
        elif word.startswith("--") and following and not following.startswith("-"):
            yield name.lower().replace("-", "_"), following


@dataclass(frozen=True, slots=True)
class JvmFlags:
    """Heap flags of a JVM; None when not given."""

    heap_max_bytes: int | None = None
    heap_max_fraction: float | None = None


_XMX = re.compile(r"-Xmx([0-9]{1,15}[kKmMgG]?)(?:\s|$)")
_PERCENTAGE = re.compile(r"-XX:MaxRAMPercentage=([0-9]{1,3}(?:\.[0-9]{1,6})?)(?:\s|$)")


def jvm_flags(options: str) -> JvmFlags:
    """The heap flags in a string of JVM options; the last one of each wins, as in the JVM.

    >>> jvm_flags("-Xmx512m -XX:MaxRAMPercentage=75.0")
    JvmFlags(heap_max_bytes=536870912, heap_max_fraction=0.75)
    """
    heaps, percentages = _XMX.findall(options), _PERCENTAGE.findall(options)
    percent = float(percentages[-1]) if percentages else 0.0
    return JvmFlags(
        size_bytes(heaps[-1]) if heaps else None,
        percent / 100 if 0 < percent <= 100 else None,
    )


def planned_jvm_variable(subject: Subject) -> str | None:
    """The variable of the plan that sets the heap; None when the plan sets none."""
    for name, value in subject.plan.runtime_env.items():
        flags = jvm_flags(value)
        if flags.heap_max_bytes is not None or flags.heap_max_fraction is not None:
            return name
    return None


def jvm_settings(subject: Subject) -> JvmFlags:
    """The heap flags that will hold: the command's, then the plan's, then the repository's.

    The command line wins over the variables, so what the repository fixes there stays.
    """
    flags = jvm_flags(" ".join(command_words(subject)))
    variable = planned_jvm_variable(subject)
    if flags == JvmFlags() and variable is not None:
        flags = jvm_flags(subject.plan.runtime_env[variable])
    if flags == JvmFlags():
        runtime = subject.component.runtime
        flags = JvmFlags(runtime.heap_max_bytes, runtime.heap_max_fraction)
    return flags
