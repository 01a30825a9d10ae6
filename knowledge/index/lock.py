"""One builder at a time, between processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import OutputError

MAX_WAIT_SECONDS = 600.0
"""Building everything takes a minute at most; whoever holds the lock for longer hangs."""
_POLL_SECONDS = 0.1


@contextmanager
def one_builder(
    directory: Path, tell: Callable[[str], None], wait_seconds: float | None = None
) -> Iterator[None]:
    """Hold the lock of a directory; the system gives it back when a process dies.

    Args:
        directory: It must exist.
        tell: Is told when another process has to be waited for.
        wait_seconds: Longest wait; `MAX_WAIT_SECONDS` when None.

    Raises:
        OutputError: Another process has held it for that long.
        OSError: The lock file cannot be made.
    """
    import fcntl

    with (directory / ".lock").open("w") as file:
        wait = MAX_WAIT_SECONDS if wait_seconds is None else wait_seconds
        deadline = time.monotonic() + wait
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise OutputError(
                        f"another process has been building the index in {directory} for "
                        f"{wait:g} s",
                        code="knowledge.locked",
                        hint="End it, then build again.",
                    ) from error
            if not told:
                tell("waiting for another process that builds the index")
                told = True
            time.sleep(_POLL_SECONDS)
        yield
