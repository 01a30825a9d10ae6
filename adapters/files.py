"""Files of a directory that may be hostile: bounded, and no link is ever followed.

A file is opened part by part from the root (``openat`` with ``O_NOFOLLOW``), so that a file or a
parent directory that is swapped for a link after the listing is refused too.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import InputFileError
from schemas.ports import SkippedFile

_CACHES = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        ".idea",
        ".vs",
        "node_modules",
        "bower_components",
        "jspm_packages",
        ".venv",
        ".virtualenv",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".eggs",
        "site-packages",
        ".gradle",
        ".terraform",
        ".next",
        ".nuxt",
        ".svelte-kit",
        ".angular",
        ".parcel-cache",
        ".turbo",
        ".yarn",
        ".pnpm-store",
        ".cache",
        ".bundle",
        ".dart_tool",
        ".elixir_ls",
        "elm-stuff",
        "Pods",
        ".serverless",
        ".aws-sam",
        ".nyc_output",
    ]
)
"""Directories that tools own: never source, whatever stands in them."""

_GENERATED_BESIDE: dict[str, tuple[str, ...]] = {
    "target": ("pom.xml", "Cargo.toml", "build.sbt"),
    "build": ("build.gradle", "build.gradle.kts", "CMakeLists.txt", "package.json", "setup.py"),
    "out": ("build.gradle", "build.gradle.kts", "package.json"),
    "dist": ("package.json", "setup.py", "pyproject.toml", ".goreleaser.yml", ".goreleaser.yaml"),
    "bin": (".csproj", ".fsproj", ".vbproj"),
    "obj": (".csproj", ".fsproj", ".vbproj"),
    "_build": ("mix.exs", "rebar.config", "dune-project"),
    "deps": ("mix.exs", "rebar.config"),
    "vendor": ("go.mod", "composer.json", "Gemfile"),
    "venv": ("requirements.txt", "pyproject.toml", "setup.py"),
}
"""Ambiguous names, and the file endings beside them that make them generated or third-party."""

_SOURCE_MARKS = ("dockerfile", "containerfile", "chart.yaml", "kustomization.yaml")
"""A directory that holds one of these on top is written by hand, whatever its name."""


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """How much of a directory is looked at."""

    files: int = 50_000
    file_bytes: int = 2 << 20
    """Largest file that is read: source, manifests and Dockerfiles are far smaller."""
    total_bytes: int = 64 << 20
    """All that is read together."""
    depth: int = 40
    seconds: float = 20.0
    """For the listing; reading a listed file is bounded by `total_bytes`."""


class _RefusedError(Exception):
    """A file that is not read; the message is the reason."""


@dataclass(slots=True)
class _Listing:
    paths: list[str] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    truncated: bool = False


class DirectoryTree:
    """The files below one directory.

    Implements `schemas.ports.FileTree`. Files are listed breadth first, so that a limit cuts off
    the deepest ones. A text is kept after its first reading and counts once.

    Args:
        root: The directory.
        limits: What is looked at at most.
        monotonic: Seconds of a clock that never goes back.

    Raises:
        InputFileError: `root` is not a directory that can be listed.
    """

    def __init__(
        self,
        root: Path,
        limits: TreeLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or TreeLimits()
        self._root = root
        listing = _list(root, self._limits, monotonic)
        self._paths = tuple(sorted(listing.paths))
        self._known = frozenset(self._paths)
        self._skipped = sorted(listing.skipped, key=lambda item: item.path)
        self._truncated = listing.truncated
        self._texts: dict[str, str | None] = {}
        self._bytes_read = 0

    @property
    def paths(self) -> Sequence[str]:
        """All regular files, sorted."""
        return self._paths

    @property
    def skipped(self) -> Sequence[SkippedFile]:
        """What was left out, and why."""
        return tuple(self._skipped)

    @property
    def truncated(self) -> bool:
        """A limit on files, depth, time or total size was reached."""
        return self._truncated

    def size(self, path: str) -> int:
        """Bytes of a listed file; 0 when it is gone or no regular file any more."""
        if path not in self._known:
            return 0
        try:
            status = (self._root / path).lstat()
        except OSError:
            return 0
        return status.st_size if stat.S_ISREG(status.st_mode) else 0

    def read_text(self, path: str) -> str | None:
        """Text of a listed file, None when it is not readable as text (see `skipped`)."""
        if path not in self._known:
            return None
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        try:
            content = self._content(path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or 'input/output error'}"
        except _RefusedError as refused:
            reason = str(refused)
        else:
            return content.decode("utf-8-sig", errors="replace")
        self._skipped.append(SkippedFile(path, reason))
        return None

    def _content(self, path: str) -> bytes:
        descriptor = _open_below(self._root, path)
        try:
            self._check(os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                content = stream.read(self._limits.file_bytes)
        finally:
            os.close(descriptor)
        if b"\0" in content:
            raise _RefusedError("binary file")
        self._bytes_read += len(content)
        return content

    def _check(self, status: os.stat_result) -> None:
        limits = self._limits
        if not stat.S_ISREG(status.st_mode):
            raise _RefusedError("not a regular file")
        if status.st_size > limits.file_bytes:
            raise _RefusedError(
                f"{status.st_size} bytes; files above {limits.file_bytes} bytes are not read"
            )
        if self._bytes_read + status.st_size > limits.total_bytes:
            self._truncated = True
            raise _RefusedError(f"{limits.total_bytes} bytes have been read, no more are")


def _open_below(root: Path, path: str) -> int:
    """Open a file without following a link in any part of `path`."""
    # O_NONBLOCK: a file swapped for a FIFO must not block the open.
    leaf = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    parent = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    *directories, name = path.split("/")
    try:
        for part in directories:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            child = os.open(part, flags, dir_fd=parent)
            os.close(parent)
            parent = child
        return os.open(name, leaf, dir_fd=parent)
    finally:
        os.close(parent)


def _list(root: Path, limits: TreeLimits, monotonic: Callable[[], float]) -> _Listing:
    listing = _Listing()
    deadline = monotonic() + limits.seconds
    waiting: deque[tuple[str, int]] = deque([("", 0)])
    while waiting:
        directory, depth = waiting.popleft()
        if monotonic() > deadline or len(listing.paths) >= limits.files:
            listing.truncated = True
            break
        try:
            with os.scandir(root / directory if directory else root) as stream:
                entries = _bounded(stream, limits.files, listing)
        except OSError as error:
            if not directory:
                raise InputFileError(
                    f"{root} cannot be listed: {error.strerror}", hint="Name a directory."
                ) from error
            listing.skipped.append(SkippedFile(directory, "directory cannot be listed"))
            continue
        below = _sort_in(listing, directory, entries, limits)
        if below and depth + 1 >= limits.depth:
            listing.truncated = True
            listing.skipped.extend(SkippedFile(path, "nested too deeply") for path in below)
        else:
            waiting.extend((path, depth + 1) for path in below)
    return listing


def _bounded(
    stream: Iterable[os.DirEntry[str]], limit: int, listing: _Listing
) -> list[os.DirEntry[str]]:
    """Entries of one directory by name; past the limit only what came first is kept."""
    entries: list[os.DirEntry[str]] = []
    for entry in stream:
        if len(entries) > limit:
            listing.truncated = True
            break
        entries.append(entry)
    entries.sort(key=lambda entry: entry.name)
    return entries


def _sort_in(
    listing: _Listing, directory: str, entries: list[os.DirEntry[str]], limits: TreeLimits
) -> list[str]:
    """File the entries of one directory; its sub-directories are returned."""
    names = frozenset(entry.name for entry in entries)
    below = []
    for entry in entries:
        path = f"{directory}/{entry.name}" if directory else entry.name
        reason = _why_not(entry)
        if reason is not None:
            listing.skipped.append(SkippedFile(_printable(path), reason))
        elif entry.is_dir(follow_symlinks=False):
            if not _is_pruned(entry, names):
                below.append(path)
            elif entry.name != ".git":
                listing.skipped.append(SkippedFile(path, "generated or third-party files"))
        elif len(listing.paths) >= limits.files:
            listing.truncated = True
            break
        else:
            listing.paths.append(path)
    return below


def _why_not(entry: os.DirEntry[str]) -> str | None:
    if not entry.name.isprintable():
        return "name is not printable UTF-8 text"
    if entry.is_symlink():
        return "symbolic link"
    if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False):
        return None
    return "not a regular file"


def _printable(path: str) -> str:
    return (
        path.encode("unicode_escape", errors="replace").decode() if not path.isprintable() else path
    )


def _is_pruned(entry: os.DirEntry[str], beside: frozenset[str]) -> bool:
    if entry.name in _CACHES:
        return True
    endings = _GENERATED_BESIDE.get(entry.name)
    if endings is None or not any(name.endswith(endings) for name in beside):
        return False
    try:
        with os.scandir(entry.path) as stream:
            inside = [item.name.lower() for item, _ in zip(stream, range(1000), strict=False)]
    except OSError:
        return True
    return not any(mark in name for name in inside for mark in _SOURCE_MARKS)
