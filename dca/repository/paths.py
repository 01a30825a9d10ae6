"""Paths of a repository: what a directory's or a file's name says about its purpose.

The word lists hold general conventions only. A word in a list is compared with whole words of a
path part (``load-test`` is the words load and test), never with a piece of one.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PIECES = re.compile(r"[-_.]")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

TEST_WORDS = frozenset(
    [
        *["test", "tests", "testing", "testdata", "e2e", "fixture", "fixtures", "mocks"],
        *["cypress", "playwright", "testcontainers", "conformance", "envtest", "fuzz", "smoke"],
    ]
)
"""What only exists to test the rest."""

TOOLING_WORDS = frozenset(
    [
        *["devcontainer", "github", "gitlab", "circleci", "buildkite", "jenkins", "tekton"],
        *["hack", "lint", "linter", "codegen", "genproto", "template", "templates"],
        *["cookiecutter", "scaffold", "scaffolding", "boilerplate", "skeleton", "archetype"],
        *["ci", "bench", "benchmark", "benchmarks", "gitpod", "vscode"],
    ]
)
"""What only exists to build, check or generate the rest."""

EXAMPLE_WORDS = frozenset(
    [
        *["example", "examples", "sample", "samples", "demo", "demos", "doc", "docs"],
        *["documentation", "tutorial", "tutorials", "playground", "workshop", "website"],
    ]
)
"""What shows how the rest is used; it counts where there is nothing else."""

_EXAMPLE_STARTS = frozenset(["example", "examples", "sample", "samples"])

STAGE_WORDS = frozenset(
    [
        *["prod", "production", "prd", "live", "dev", "development", "local", "staging", "stage"],
        *["preprod", "test", "qa", "uat", "sandbox", "minikube", "kind", "ci", "preview", "labs"],
    ]
)
"""Environments that manifests are written for."""

PRODUCTION_WORDS = frozenset(["prod", "production", "prd", "live"])

LIBRARY_WORDS = frozenset(
    [
        *[
            "lib",
            "libs",
            "library",
            "libraries",
            "common",
            "shared",
            "sdk",
            "core",
            "util",
            "utils",
        ],
        *["plugin", "plugins", "internal", "client", "clients", "starter", "vendor"],
    ]
)
"""What other programs are made with."""

GENERIC_DIRECTORIES = frozenset(
    [
        *["src", "source", "docker", "dockerfiles", "dockerfile", "container", "containers"],
        *["image", "images", "build", "builds", "deploy", "deployment", "deployments", "package"],
        *["packaging", "packages", "ops", "infra", "infrastructure", "k8s", "kubernetes", "main"],
        *["manifests", "manifest", "helm", "charts", "chart", "kustomize", "base", "overlays"],
        *["config", "etc", "scripts", "tools", "resources", "compose", ".docker", "cmd", "bin"],
        *["app", "apps", "service", "services", "projects", "components", "nais", "templates"],
    ]
)
"""Directory names that say nothing about which service they belong to."""


def parent(path: str) -> str:
    """Directory of a path, ``.`` for the root."""
    head, slash, _ = path.rpartition("/")
    return head if slash else "."


def basename(path: str) -> str:
    """Last part of a path."""
    return path.rpartition("/")[2]


def join(directory: str, relative: str) -> str | None:
    """`relative` seen from `directory`; None when it leaves the repository."""
    parts = [] if directory in (".", "") else directory.split("/")
    for part in relative.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."


def is_below(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or stands in it."""
    return directory == "." or path == directory or path.startswith(directory + "/")


def ancestors(directory: str) -> list[str]:
    """`directory` and its parents up to the root, nearest first."""
    found = [directory]
    while directory != ".":
        directory = parent(directory)
        found.append(directory)
    return found


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words of a name: ``osm-controllerApi2`` is osm, controller, api, 2."""
    return tuple(word.lower() for word in _WORD.findall(text))


def _has(path: str, vocabulary: frozenset[str]) -> bool:
    return any(
        not vocabulary.isdisjoint({*words(part), *_PIECES.split(part.lower())})
        and "load" not in words(part)
        for part in path.split("/")
    )


def is_test(path: str) -> bool:
    """Whether a file or directory only serves tests."""
    return _has(path, TEST_WORDS)


def is_tooling(path: str) -> bool:
    """Whether a file or directory only serves building, checking or generating."""
    return _has(path, TOOLING_WORDS)


def is_example(path: str) -> bool:
    """Whether a file or directory is an example or documentation.

    A part counts that is such a word or begins with example or sample: ``k8s-tutorial`` may well be
    all that a repository has.
    """
    for part in path.split("/"):
        found = words(part)
        if part.lower() in EXAMPLE_WORDS or (found and found[0] in _EXAMPLE_STARTS):
            return True
    return False


def is_library(path: str) -> bool:
    """Whether a directory holds code for other programs."""
    return _has(path, LIBRARY_WORDS)


def telling_part(directory: str) -> str:
    """The last part of a directory that names a service, empty when there is none."""
    for part in reversed(directory.split("/")):
        if part not in (".", "") and part.strip(".").lower() not in GENERIC_DIRECTORIES:
            return part
    return ""
