"""Where the source of a Dockerfile is: beside it, or where its COPY and build lines point."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dca.repository.facts import DockerfileFacts
from dca.repository.paths import (
    GENERIC_DIRECTORIES,
    ancestors,
    basename,
    is_below,
    join,
    parent,
    telling_part,
    words,
)
from schemas.ports import FileTree

_SHARED = frozenset(
    [
        *["lib", "libs", "common", "shared", "proto", "protos", "pb", "pkg", "internal", "core"],
        *["config", "scripts", "assets", "static", "migrations", "tests", "test", "docs", "vendor"],
        *["gradle", "mvn", "hack", "schema", "schemas", "types", "utils", "util", "api", "apis"],
    ]
)
"""Directories that several services share; they are no service's own unless named after it."""

_DOCKER_FOLDERS = frozenset(["docker", "dockerfiles", "dockerfile"])
_WORD = re.compile(r"[^\s\"'=;&|()\[\]{},]{2,200}")
_CODE = (
    ".go",
    ".py",
    ".js",
    ".ts",
    ".java",
    ".kt",
    ".rb",
    ".php",
    ".cs",
    ".rs",
    ".ex",
    ".cpp",
    ".c",
)


_ENTRIES = (*_CODE, ".tsx", ".jsx", ".vue", ".svelte", ".html")
_ENTRY_STEMS = frozenset(
    ["main", "app", "server", "index", "program", "manage", "wsgi", "asgi", "worker"]
)


@dataclass(frozen=True)
class Layout:
    """Directories and files of a repository, looked up often."""

    paths: tuple[str, ...]
    source_directories: frozenset[str]
    """Directories that hold a dependency manifest."""

    @cached_property
    def files(self) -> frozenset[str]:
        """All files."""
        return frozenset(self.paths)

    @cached_property
    def directories(self) -> frozenset[str]:
        """All directories that hold files, at any depth."""
        found = {"."}
        for path in self.paths:
            directory = parent(path)
            while directory not in found:
                found.add(directory)
                directory = parent(directory)
        return frozenset(found)

    @cached_property
    def code_directories(self) -> frozenset[str]:
        """Directories with source files directly in them."""
        return frozenset(parent(path) for path in self.paths if path.endswith(_CODE))

    @cached_property
    def main_directories(self) -> frozenset[str]:
        """Directories with a ``main.go``: Go builds a program from each."""
        return frozenset(parent(path) for path in self.paths if path.endswith("/main.go"))

    @cached_property
    def entry_directories(self) -> frozenset[str]:
        """Directories with a file that by its name starts a program."""
        found = set()
        for path in self.paths:
            stem = basename(path).partition(".")[0]
            if path.endswith(_ENTRIES) and (
                stem.lower() in _ENTRY_STEMS or stem.endswith("Application")
            ):
                found.add(parent(path))
        return frozenset(found)

    def holds_source(self, directory: str) -> bool:
        """Whether a directory has a dependency manifest or source files directly in it."""
        return directory in self.source_directories or directory in self.code_directories


def layout(files: FileTree, source_directories: Iterable[str]) -> Layout:
    """The layout of a repository."""
    return Layout(tuple(files.paths), frozenset(source_directories))


def context_of(facts: DockerfileFacts, tree: Layout) -> str:
    """The build context: the nearest directory upwards from which most of what is copied exists."""
    sources = [_fixed_part(source) for source in facts.copied]
    wanted = [source for source in sources if source not in ("", ".")][:200]
    best, best_score = parent(facts.path), -1
    for directory in ancestors(parent(facts.path)):
        resolved = [join(directory, source) for source in wanted]
        score = sum(path in tree.files or path in tree.directories for path in resolved if path)
        if score > best_score:
            best, best_score = directory, score
    home = parent(facts.path)
    if (
        best_score <= 0
        and not tree.holds_source(home)
        and (_is_aside(home) or (facts.copied and not wanted and _in_docker_folder(home)))
    ):
        # ``COPY . .`` from a directory of Dockerfiles: the code is further up.
        plain = next(item for item in ancestors(home) if not _is_aside(item))
        return next((item for item in ancestors(home) if tree.holds_source(item)), plain)
    return best


def origin_of(facts: DockerfileFacts, tree: Layout, name: str, context: str | None = None) -> str:
    """Directory of the source that a Dockerfile packs.

    Args:
        facts: The Dockerfile.
        tree: The repository.
        name: What the file or its directory calls the service; may be empty.
        context: The build context when it is known from elsewhere.
    """
    home = parent(facts.path)
    context = context or context_of(facts, tree)
    if tree.holds_source(home) and not (is_below(context, parent(home)) and _is_aside(home)):
        return _service_root(home)
    if context == home and home != "." and not _is_aside(home):
        return _service_root(home)
    pointed = [item for item in _pointed_at(facts, tree, context) if item != context]
    named = [item for item in pointed if words(basename(item)) == words(name)]
    if name and not named and (facts.copied or _is_aside(home)):
        named = _by_name(tree, name, context, home)
    if named:
        return min(named, key=lambda item: (item.count("/"), item))
    built = [item for item in _run_at(facts, tree, context) if item in tree.source_directories]
    if len(built) == 1 and context not in tree.source_directories:
        return _service_root(built[0])
    own = [item for item in pointed if not set(words(basename(item))) & _SHARED]
    own = [item for item in own if item in tree.source_directories]
    tops = [item for item in own if not any(item != up and is_below(item, up) for up in own)]
    if len(tops) == 1 and context not in tree.source_directories:
        return _service_root(tops[0])
    if telling_part(home) and not _is_aside(home) and _copies_from_home(facts, tree, home, context):
        return _service_root(home)
    if not facts.copied and telling_part(home) and not _is_aside(home):
        # Nothing of the repository is packed: the image is what its own directory says.
        return _service_root(home)
    return _fallback(home, context, tree)


def programs_of(facts: DockerfileFacts, tree: Layout) -> tuple[str, ...]:
    """Directories of the programs that one Dockerfile without a start command packs together."""
    if facts.entrypoint or facts.command:
        return ()
    context = context_of(facts, tree)
    found = [
        item
        for item in _pointed_at(facts, tree, context)
        if item != context and not set(words(basename(item))) & _SHARED - {"api"}
    ]
    for word in _WORD.findall(facts.run_text[:40_000])[:3_000]:
        group = join(context, word.removesuffix("/*")) if word.endswith("/*") else None
        if group in tree.directories:
            found.extend(item for item in sorted(tree.code_directories) if parent(item) == group)
    return tuple(
        dict.fromkeys(
            item
            for item in found
            if item in tree.code_directories or (item in tree.source_directories)
        )
    )


def _fallback(home: str, context: str, tree: Layout) -> str:
    if context != home:
        return context
    for directory in ancestors(home):
        if tree.holds_source(directory) or not _is_aside(directory):
            return _service_root(directory)
    return home


def _is_aside(directory: str) -> bool:
    """A directory that by its name holds packaging, not a service."""
    return basename(directory).strip(".").lower() in GENERIC_DIRECTORIES


def _in_docker_folder(home: str) -> bool:
    """``docker/orders``: what a Dockerfile there copies without a path (``*.jar``) is above."""
    return basename(parent(home)).strip(".").lower() in _DOCKER_FOLDERS


def _service_root(directory: str) -> str:
    """``services/cart/src`` is the service ``services/cart``."""
    above = parent(directory)
    return above if basename(directory) == "src" and above != "." else directory


def _copies_from_home(facts: DockerfileFacts, tree: Layout, home: str, context: str) -> bool:
    resolved = [join(context, _fixed_part(source)) for source in facts.copied]
    return context == home or any(
        path is not None
        and path != context
        and is_below(path, home)
        and path in tree.files | tree.directories
        for path in resolved
    )


def _by_name(tree: Layout, name: str, context: str, home: str) -> list[str]:
    """Directories with source that are called what the Dockerfile is called."""
    wanted = words(name)
    packages = {item for item in tree.code_directories if "/src/main/" in f"/{item}"}
    return [
        directory
        for directory in tree.source_directories | (tree.code_directories - packages)
        if words(basename(directory)) == wanted
        and is_below(directory, context)
        and not is_below(directory, home)
        or (directory.endswith(f"cmd/{name}") and is_below(directory, context))
    ]


def _fixed_part(source: str) -> str:
    """The part of a COPY source before its first wildcard or variable."""
    cut = re.split(r"[*?\[$]", source, maxsplit=1)[0]
    if cut != source:
        cut = cut.rpartition("/")[0]
    return cut.strip("/").removeprefix("./").rstrip("/.")


def _pointed_at(facts: DockerfileFacts, tree: Layout, context: str) -> list[str]:
    """Directories that COPY and RUN lines name, in order, each once."""
    found: list[str] = []
    for source in facts.copied[:300]:
        path = join(context, _fixed_part(source))
        if path in tree.files:
            found.append(parent(path))
        elif path in tree.directories:
            found.append(path)
    return list(dict.fromkeys([*found, *_run_at(facts, tree, context)]))


def _run_at(facts: DockerfileFacts, tree: Layout, context: str) -> list[str]:
    """Directories that RUN lines build or work in."""
    tokens = _WORD.findall(facts.run_text[:40_000])[:3_000]
    found = [_in_repository(token, tree, context) for token in tokens]
    return list(dict.fromkeys(item for item in found if item is not None))


def _in_repository(word: str, tree: Layout, context: str) -> str | None:
    """A path of the image as a directory of the repository: its longest tail that is one."""
    parts = [part for part in word.strip("/").split("/") if part not in (".", "")]
    if "/" not in word or len(parts) > 12:
        return None
    for start in range(len(parts)):
        path = join(context, "/".join(parts[start:]))
        if path is None or path == context:
            return None
        if path in tree.files:
            path = parent(path)
        if path in tree.directories and tree.holds_source(path):
            return path
    return None
