"""The marker: which files of an output directory ai-provision wrote, and with what bytes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import OutputError

MARKER = ".ai-provision.json"
_MAX_MARKER_BYTES = 4 << 20
"""Some 20,000 files; a larger one is not ours."""
_MAX_FILE_BYTES = 256 << 20
"""Larger files are not ours, and are not read to find out."""
_CHUNK = 1 << 20


class _MarkerFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    written_by: str = Field(pattern="^ai-provision$")
    files: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Marker:
    """Digests of the files, by relative path; two while an update is under way."""

    files: dict[str, tuple[str, ...]]

    def wrote(self, path: str, file: Path) -> bool:
        """Whether a file that is there is the one that was written."""
        if path == MARKER:
            return True
        expected = self.files.get(path)
        return expected is not None and _digest_of(file) in expected

    def also(self, other: Marker) -> Marker:
        """A marker that knows the files of both."""
        paths = sorted({*self.files, *other.files})
        return Marker(
            {
                path: tuple(dict.fromkeys((*self.files.get(path, ()), *other.files.get(path, ()))))
                for path in paths
            }
        )

    def to_bytes(self) -> bytes:
        """As it is stored."""
        data = {"written_by": "ai-provision", "files": dict(sorted(self.files.items()))}
        return (json.dumps(data, indent=2) + "\n").encode()


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def read_marker(directory: Path) -> Marker:
    """The marker of a directory; an empty one when there is none.

    Raises:
        OutputError: There is one that ai-provision cannot have written.
        OSError: It cannot be read.
    """
    file = directory / MARKER
    if not os.path.lexists(file):
        return Marker({})
    state = file.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > _MAX_MARKER_BYTES:
        raise _unreadable(file)
    try:
        loaded = _MarkerFile.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise _unreadable(file) from error
    if not all(_is_inside(path) for path in loaded.files):
        raise _unreadable(file)
    return Marker(loaded.files)


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    plain = bool(parts) and "\\" not in path and "\0" not in path and path != MARKER
    return plain and not path.startswith("/") and ".." not in parts and "/".join(parts) == path


def _digest_of(file: Path) -> str | None:
    """Digest of a regular file; None for anything else."""
    state = file.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > _MAX_FILE_BYTES:
        return None
    hasher = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def _unreadable(file: Path) -> OutputError:
    return OutputError(
        f"{file} is not a marker of ai-provision",
        code="output.foreign",
        hint="Remove it, or choose another output directory.",
    )
