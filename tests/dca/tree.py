"""A repository in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.ports import SkippedFile


class FakeTree:
    """Implements `schemas.ports.FileTree` over a mapping of path to text."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)
        self.reads: list[str] = []

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self._files)

    @property
    def skipped(self) -> Sequence[SkippedFile]:
        return ()

    @property
    def truncated(self) -> bool:
        return False

    def size(self, path: str) -> int:
        return len(self._files[path].encode())

    def read_text(self, path: str) -> str | None:
        self.reads.append(path)
        return self._files[path]
