"""Puts a set of files into a directory: all of them or none, and never over somebody else's.

A marker in the directory lists the files of the last run with their digests. A file is ours while
its bytes are as we wrote them; anything else of the same name (also a link, also an edited file)
is the user's, and the run is refused before anything is touched. The directory may come from a
stranger's repository, so the marker is checked like any other input and no link in it is followed.

All files are first written and flushed in a hidden directory on the same file system, then moved
into place. A failing move is undone. A process killed between two moves leaves every file whole,
each either old or new, and a marker that knows both.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ci.handoff.marker import MARKER, Marker, digest, read_marker
from schemas.errors import OutputError

_STAGE = ".ai-provision-"
_NOT_OURS = "Move it away, or choose another output directory."


def publish(files: Mapping[str, bytes], out: Path) -> tuple[Path, ...]:
    """Write `files` below `out`, replacing what the last run wrote there.

    Args:
        files: Content by relative path with ``/``.
        out: The directory; made when it is not there. Its parents may be links, it itself not.

    Returns:
        The paths of the files, sorted.

    Raises:
        OutputError: A file of the user is in the way, or the directory cannot be written. What was
            there before is there still.
    """
    target = _target(out)
    with _translated(target):
        if _is_directory(target):
            _update(files, target)
        else:
            _create(files, target)
    return tuple(target / path for path in sorted(files))


def _target(out: Path) -> Path:
    """The directory with its parents resolved."""
    if out.name in ("", ".."):
        return out.resolve()
    with _translated(out):
        return out.parent.resolve() / out.name


def _is_directory(target: Path) -> bool:
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(mode):
        raise OutputError(f"{target} is a link", hint="Give the directory that it leads to.")
    if not stat.S_ISDIR(mode):
        raise OutputError(f"{target} is not a directory", hint=_NOT_OURS)
    return True


def _create(files: Mapping[str, bytes], target: Path) -> None:
    """A new directory: built beside, moved as one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _stage(target.parent) as stage:
        marker = Marker({path: (digest(content),) for path, content in files.items()})
        _write_all({**files, MARKER: marker.to_bytes()}, stage)
        stage.rename(target)
    _sync(target.parent)


def _update(files: Mapping[str, bytes], target: Path) -> None:
    """A directory that is there: every file moved into its place, or all moved back."""
    with _locked(target):
        old = read_marker(target)
        _refuse_foreign({*files, *old.files}, old, target)
        new = Marker({path: (digest(content),) for path, content in files.items()})
        with _stage(target) as stage:
            _write_all({**files, MARKER: new.to_bytes()}, stage / "new")
            _write_all({MARKER: old.also(new).to_bytes()}, stage / "both")
            _move_in(stage, sorted(files), sorted(set(old.files) - set(files)), target)


def _move_in(stage: Path, paths: list[str], stale: list[str], target: Path) -> None:
    undo: list[Callable[[], object]] = []
    try:
        _swap(stage / "both" / MARKER, target / MARKER, stage / "old" / "both" / MARKER, undo)
        for path in paths:
            _swap(stage / "new" / path, target / path, stage / "old" / path, undo)
        for path in stale:
            _put_away(target / path, stage / "old" / path, undo)
        _swap(stage / "new" / MARKER, target / MARKER, stage / "old" / MARKER, undo)
        for directory in sorted({(target / path).parent for path in (*paths, MARKER)}):
            _sync(directory)
    except BaseException:
        _undo(undo)
        raise
    _drop_empty({(target / path).parent for path in stale}, target)


def _undo(steps: list[Callable[[], object]]) -> None:
    for step in reversed(steps):
        step()


def _swap(new: Path, final: Path, old: Path, undo: list[Callable[[], object]]) -> None:
    """Move `new` to `final`, keeping what was there in `old`."""
    for directory in _missing(final.parent):
        directory.mkdir()
        undo.append(directory.rmdir)
    if os.path.lexists(final):
        old.parent.mkdir(parents=True, exist_ok=True)
        # A hard link would leave no moment without the file, but not every file system has them.
        shutil.copy2(final, old, follow_symlinks=False)
        undo.append(lambda: old.replace(final))
    else:
        undo.append(lambda: final.unlink(missing_ok=True))
    new.replace(final)


def _put_away(final: Path, old: Path, undo: list[Callable[[], object]]) -> None:
    if not os.path.lexists(final):
        return
    old.parent.mkdir(parents=True, exist_ok=True)
    final.replace(old)
    undo.append(lambda: old.replace(final))


def _missing(directory: Path) -> list[Path]:
    chain = []
    while not directory.exists():
        chain.append(directory)
        directory = directory.parent
    return chain[::-1]


def _drop_empty(directories: set[Path], target: Path) -> None:
    """Remove directories that held only files of ours and hold none now."""
    for directory in sorted(directories, key=lambda path: len(path.parts), reverse=True):
        here = directory
        while here != target and here.is_dir() and not any(here.iterdir()):
            here.rmdir()
            here = here.parent


def _refuse_foreign(paths: set[str], marker: Marker, target: Path) -> None:
    for path in sorted(paths):
        for directory in _parents(path):
            _refuse_no_directory(target / directory)
        final = target / path
        if os.path.lexists(final) and not marker.wrote(path, final):
            why = "has changed since" if path in marker.files else "was not written by"
            text = f"{final} {why} ai-provision" + (" wrote it" if path in marker.files else "")
            raise OutputError(text, code="output.foreign", hint=_NOT_OURS)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _refuse_no_directory(directory: Path) -> None:
    if os.path.lexists(directory) and not stat.S_ISDIR(directory.lstat().st_mode):
        raise OutputError(
            f"{directory} is not a directory of its own", code="output.foreign", hint=_NOT_OURS
        )


def _write_all(files: Mapping[str, bytes], directory: Path) -> None:
    for path, content in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())


def _sync(directory: Path) -> None:
    """Make moves in a directory durable where the system can; the files' own bytes are already."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _stage(parent: Path) -> Iterator[Path]:
    """A directory of our own with the permissions that the user's umask gives."""
    stage = parent / f"{_STAGE}{secrets.token_hex(8)}"
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """One writer at a time; the lock ends with the process."""
    try:
        import fcntl
    except ImportError:  # not on Windows; a second writer there finds the first one's files changed
        yield
        return
    handle = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise OutputError(f"another run is writing to {target}", code="output.busy") from error
    finally:
        os.close(handle)


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    """The system's errors as ours."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise OutputError(
            f"{target} cannot be written: {reason}",
            hint="Nothing was changed there. Check permissions and free space.",
        ) from error
