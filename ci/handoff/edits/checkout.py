"""Edits of a checkout on this machine: read without following links, written whole or not at all.

The checkout may hold a stranger's repository: a link in it could lead to any file of the user's.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ci.handoff.edits.files import Read
from ci.handoff.edits.result import Edits, FileEdit
from ci.handoff.edits.source import MAX_BYTES
from schemas.errors import InputFileError, OutputError
from schemas.github import FileAt

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def checkout_reader(root: Path) -> Read:
    """Reads the files below a directory for `edits_of`.

    Args:
        root: The checkout; it itself may be a link.

    Raises:
        InputFileError: It is no directory.
    """
    if not root.is_dir():
        raise InputFileError(f"{root} is not a directory", hint="Give the checkout's directory.")

    def read(path: str) -> FileAt | None:
        try:
            content = _content(root, path)
        except FileNotFoundError:
            return None
        except OSError:  # a link, a directory in a file's place, no permission
            return None
        return None if content is None else FileAt(path, content, _blob_sha(content))

    return read


def write_edits(edits: Edits, root: Path) -> None:
    """Write all files of the edits into the checkout, or none.

    Raises:
        OutputError: A file is not as it was read any more, a link is in the way, or the disk
            refuses; every file is as it was.
    """
    read = checkout_reader(root)
    listed = (*edits.changed, *edits.created)
    for edit in listed:
        _refuse_changed(edit, read(edit.path), root)
    with _translated(), _staged(listed, root) as stages:
        done: list[tuple[FileEdit, Path]] = []
        try:
            for edit, stage in stages:
                final = root / edit.path
                stage.replace(final)
                done.append((edit, final))
        except BaseException:
            for edit, final in reversed(done):
                _put_back(edit, final)
            raise


def _content(root: Path, path: str) -> bytes | None:
    *above, name = path.split("/")
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in above:
            below = os.open(part, _DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        with os.fdopen(os.open(name, _FILE, dir_fd=here), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            # One byte more than is edited, so that a larger file is told from one of that size.
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(here)


def _blob_sha(content: bytes) -> str:
    """Git's name for the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _refuse_changed(edit: FileEdit, found: FileAt | None, root: Path) -> None:
    is_new = not edit.before.blob_sha
    if is_new and not os.path.lexists(root / edit.path):
        parents = [root / parent for parent in Path(edit.path).parents if str(parent) != "."]
        if any(parent.is_symlink() for parent in parents):
            raise OutputError(f"a link is in the way of {edit.path}")
        return
    if is_new or found is None or found.content != edit.before.content:
        raise OutputError(
            f"{edit.path} has changed since it was read", hint="Run the command again."
        )


@contextmanager
def _staged(edits: tuple[FileEdit, ...], root: Path) -> Iterator[list[tuple[FileEdit, Path]]]:
    """Every file written beside its place; what was not moved, and made for it, is removed."""
    stages: list[tuple[FileEdit, Path]] = []
    made: list[Path] = []
    try:
        for edit in edits:
            final = root / edit.path
            for directory in reversed([item for item in final.parents if not item.exists()]):
                directory.mkdir()
                made.append(directory)
            stage = final.with_name(f".ai-provision-{secrets.token_hex(8)}")
            stages.append((edit, stage))
            _write(stage, edit.after, final.stat().st_mode if final.exists() else None)
        yield stages
    finally:
        for _, stage in stages:
            stage.unlink(missing_ok=True)
        for directory in reversed(made):
            with suppress(OSError):  # it is in use now
                directory.rmdir()


def _write(path: Path, content: bytes, mode: int | None) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        path.chmod(stat.S_IMODE(mode))


def _put_back(edit: FileEdit, final: Path) -> None:
    if not edit.before.blob_sha:
        final.unlink(missing_ok=True)
        return
    stage = final.with_name(f".ai-provision-{secrets.token_hex(8)}")
    _write(stage, edit.before.content, final.stat().st_mode)
    stage.replace(final)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise OutputError(f"{where}cannot be written: {error.strerror}") from error
