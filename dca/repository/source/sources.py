"""A repository's files, looked at directory by directory and read at most once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from schemas.ports import FileTree

ASIDE = frozenset(
    {
        "test", "tests", "testing", "testdata", "test-data", "__tests__", "spec", "specs", "e2e",
        "integration-tests", "integration_tests", "testfixtures", "fixtures", "mocks", "__mocks__",
        "node_modules", "vendor", "third_party", "thirdparty", "external", "bower_components",
        "docs", "doc", "examples", "example", "samples", "sample", "benchmark", "benchmarks",
        "dist", "build", "target", "out", "bin", "obj", "coverage", "generated", "gen", "genproto",
        "migrations", ".git", ".github", ".venv", "venv", "site-packages", "storybook",
        ".storybook",
        "cypress", "playwright", "__pycache__", ".idea", ".vscode", "hack", "buildsrc", "licenses",
    }
)  # fmt: skip
"""Folders whose code does not run in the service: tests, other people's code, what tools make."""

_TEST_ENDINGS = ("_test.go", ".spec.ts", ".test.ts", ".test.tsx", ".test.js", ".spec.js",
                 ".spec.tsx", ".test.jsx", "test.java", "tests.java", "test.kt", "tests.cs",
                 "_test.py", "_spec.rb", "_test.rb", "_test.exs", ".stories.tsx")  # fmt: skip
_GENERATED_ENDINGS = (".pb.go", "_pb2.py", "_pb2_grpc.py", "_pb.js", "_pb.d.ts", ".pb.cc", ".pb.h",
                      ".min.js", ".bundle.js", ".d.ts", ".designer.cs", ".g.cs", ".pb.ts",
                      "zz_generated.deepcopy.go")  # fmt: skip

_MANIFEST_NAMES = frozenset(
    {
        "pyproject.toml", "setup.py", "setup.cfg", "pipfile", "requirements.txt",
        "requirements.in", "environment.yml", "environment.yaml", "package.json", "go.mod",
        "pom.xml", "build.gradle", "build.gradle.kts", "cargo.toml", "gemfile", "gemfile.lock",
        "composer.json", "mix.exs", "cmakelists.txt", "conanfile.txt", "conanfile.py",
        "vcpkg.json", "meson.build", "build.sbt", "rebar.config", "pubspec.yaml",
        "package.swift", "deno.json", "deno.jsonc",
    }
)  # fmt: skip
_MANIFEST_ENDINGS = (".csproj", ".fsproj", ".vbproj")

_MAX_PROBLEMS = 20
_MAX_PROBLEM = 900
"""Of a program's damaged files the first ones are told; paths may be long."""


class Sources:
    """Looks into a `FileTree`; keeps what it has read."""

    def __init__(self, files: FileTree) -> None:
        self._files = files
        self._paths = files.paths
        self._texts: dict[str, str | None] = {}
        self._parsed: dict[tuple[str, str], Any] = {}
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read so far, path and reason."""
        return tuple(self._problems)

    def report(self, problem: str) -> None:
        """Say that a file could not be read, for the notes of the result."""
        if problem not in self._problems and len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(problem[:_MAX_PROBLEM])

    def read(self, path: str) -> str | None:
        """Text of a file, None when it is absent or cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._files.read_text(path) if self.has(path) else None
        return self._texts[path]

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return self._files.size(path)

    def has(self, path: str) -> bool:
        """Whether the repository has this file."""
        at = bisect_left(self._paths, path)
        return at < len(self._paths) and self._paths[at] == path

    def under(self, directory: str) -> list[str]:
        """All files of a directory and below, sorted."""
        if directory in ("", "."):
            return list(self._paths)
        start = bisect_left(self._paths, f"{directory}/")
        end = bisect_left(self._paths, f"{directory}0")  # "0" follows "/" in every encoding
        return list(self._paths[start:end])

    def here(self, directory: str) -> list[str]:
        """The files that lie directly in a directory."""
        skip = 0 if directory in ("", ".") else len(directory) + 1
        return [path for path in self.under(directory) if "/" not in path[skip:]]

    def remember(self, kind: str, path: str, value: Any) -> Any:  # noqa: ANN401 - any parsed form
        """Keep a parsed form of a file for the next one who asks."""
        self._parsed[kind, path] = value
        return value

    def remembered(self, kind: str, path: str) -> Any:  # noqa: ANN401 - any parsed form
        """What `remember` kept, or None."""
        return self._parsed.get((kind, path))


def is_manifest(path: str) -> bool:
    """Whether a file names the dependencies of the directory it lies in."""
    name = path.rpartition("/")[2].lower()
    return name in _MANIFEST_NAMES or name.endswith(_MANIFEST_ENDINGS) or _is_requirements(name)


def is_aside(path: str, within: str = ".") -> bool:
    """Whether a file lies in a folder of tests, examples, vendored or generated code.

    Args:
        path: File or directory of the repository.
        within: Only folders below this one count: a service that lives in ``examples/shop`` is
            judged by its own folders.
    """
    below = path if within in ("", ".") else path[len(within) + 1 :]
    folders = below.partition("/src/main/")[0] + "/" if "/src/main/" in f"/{below}" else below
    if folders.startswith("src/main/"):
        return False  # below it are names of packages: com.example.orders is no example
    return any(part.lower() in ASIDE for part in folders.split("/")[:-1])


def is_test_or_generated(path: str) -> bool:
    """Whether a file's name says that it is a test or the output of a tool."""
    name = path.rpartition("/")[2].lower()
    return name.startswith(("test_", "conftest.")) or name.endswith(
        _TEST_ENDINGS + _GENERATED_ENDINGS
    )


def join(directory: str, name: str) -> str:
    """Path of a file in a directory; ``.`` and ``..`` are resolved, None-safe for the root."""
    parts: list[str] = []
    for part in f"{directory}/{name}".replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def parent(path: str) -> str:
    """Directory of a file or directory, ``.`` for the root."""
    return path.rpartition("/")[0] or "."


def ancestors(directory: str) -> Iterator[str]:
    """The directories above, nearest first, ``.`` last; none for the root itself."""
    while directory not in ("", "."):
        directory = parent(directory)
        yield directory


def extension(path: str) -> str:
    """Last suffix in lower case with its dot, or an empty text."""
    dot = path.rfind(".")
    return path[dot:].lower() if dot > path.rfind("/") + 1 else ""


def line_of(text: str | None, needle: str) -> int | None:
    """Line (from 1) of the first occurrence of a text, capitals ignored."""
    if not text or not needle:
        return None
    at = text.lower().find(needle.lower())
    return None if at < 0 else text.count("\n", 0, at) + 1


def _is_requirements(name: str) -> bool:
    """Files such as ``requirements-prod.txt``; those for development are left out."""
    if not name.startswith("requirements") or not name.endswith((".txt", ".in")):
        return False
    words = (
        name[len("requirements") :].replace("-", " ").replace("_", " ").replace(".", " ").split()
    )
    return not {"dev", "test", "tests", "lint", "docs", "doc", "ci", "build", "local"} & set(words)
