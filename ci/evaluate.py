"""The ``eval`` command: predictions beside what communities run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from adapters.clock import SystemClock
from adapters.llm.models import open_models
from adapters.settings import Settings, load_settings
from ci.progress import bar_on_terminal
from pipeline.evaluation.run import Outcome, prediction_line
from pipeline.evaluation.table import table
from pipeline.evaluation.whole import Task, measure
from schemas.errors import OutputError, UsageError


def evaluate_command(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit code: 1 when not one row got a prediction.

    Raises:
        UsageError: The truth or the checkouts cannot be used.
        OutputError: The predictions cannot be written.
        ModelError: The model was asked for by name and cannot be reached.
    """
    settings = _settings(arguments)
    with bar_on_terminal() as progress:
        measured = measure(
            _task(arguments), settings, open_models(settings, SystemClock()), progress
        )
    if arguments.predictions is not None:
        write_predictions(Path(arguments.predictions), measured.outcomes)
    if arguments.json:
        sys.stdout.write(json.dumps(measured.report.as_json(), indent=1) + "\n")
    else:
        sys.stdout.write(table(measured.report))
    return 0 if measured.report.predicted else 1


def _task(arguments: argparse.Namespace) -> Task:
    return Task(
        truth=Path(arguments.truth),
        checkouts=tuple(map(Path, arguments.checkouts)),
        manifests=tuple(map(Path, arguments.manifests or ())),
        charts=None if arguments.charts is None else Path(arguments.charts),
        third_party=arguments.third_party,
        leave_one_app_out=arguments.leave_one_app_out,
        exclude_apps=frozenset(map(_app, arguments.exclude_app or ())),
    )


def _app(text: str) -> str:
    owner, _, name = text.partition("/")
    if not owner or not name or "/" in name:
        raise UsageError(f"--exclude-app {text!r} is not OWNER/NAME")
    return text.lower()


def _settings(arguments: argparse.Namespace) -> Settings:
    flags = {"llm": arguments.llm, "knowledge": arguments.knowledge}
    given = {name: value for name, value in flags.items() if value is not None}
    return load_settings().model_copy(update=given)


def write_predictions(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write one JSON line per row, all or nothing.

    Raises:
        OutputError: The file cannot be written.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.writelines(f"{json.dumps(prediction_line(outcome))}\n" for outcome in outcomes)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
