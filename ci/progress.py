"""Shows on a terminal what is going on; says nothing in a pipe or a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from schemas.model import Asker


class Progress(Protocol):
    """Told what happens, in words for a person."""

    def __call__(self, stage: str) -> None:
        """A stage begins."""

    def waiting(self, asker: Asker, model: str, pieces: int) -> None:
        """An agent waits for a model, and so many pieces of the answer have come (about tokens)."""


class Silent:
    """Nobody looks."""

    def __call__(self, stage: str) -> None:
        """Say nothing."""

    def waiting(self, asker: Asker, model: str, pieces: int) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Spoken:
    """Shows one line: the stage, and which model is waited for.

    Args:
        show: Shows a line in the place of the last one; it may be called from any thread.
    """

    show: Callable[[str], None]
    _stage: str = ""

    def __call__(self, stage: str) -> None:
        """Show the stage; models of the last one are done."""
        self._stage = stage
        self.show(stage)

    def waiting(self, asker: Asker, model: str, pieces: int) -> None:
        """Show it beside the stage."""
        came = f"{pieces} tokens so far" if pieces else "nothing yet"
        self.show(f"{self._stage}; {asker.value.upper()} waits for {model}: {came}")


@contextmanager
def progress_on_terminal() -> Iterator[Progress]:
    """Give what shows the stage that begins; on stderr, and only on a terminal."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    # rich costs 0.07 s, which a run in CI does not need to pay.
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("starting", spinner="dots") as status:
        # As text, not as markup: a model may be called anything.
        yield Spoken(lambda shown: status.update(Text(shown)))


@contextmanager
def bar_on_terminal() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows a stage, what is done of it and how much there is (0: unknown).

    On stderr, and only on a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda stage, done, total: bar.update(
            task, description=stage, completed=done, total=total or None
        )
