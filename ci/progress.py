"""Shows on a terminal what is going on; says nothing in a pipe or a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_on_terminal() -> Iterator[Callable[[str], None]]:
    """Give a function that shows the stage that begins; on stderr, and only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _stage: None
        return
    # rich costs 0.07 s, which a run in CI does not need to pay.
    from rich.console import Console

    with Console(stderr=True).status("starting", spinner="dots") as status:
        yield lambda stage: status.update(stage)


@contextmanager
def bar_on_terminal() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows a stage, what is done of it and how much there is (0: unknown).

    On stderr, and only on a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda stage, done, total: bar.update(
            task, description=stage, completed=done, total=total or None
        )
