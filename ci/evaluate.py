"""The ``eval`` command: predictions beside what communities run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from adapters.settings import Settings, load_settings
from ci.progress import bar_on_terminal
from pipeline.evaluation.report import report, table
from pipeline.evaluation.run import Scope, evaluate, prediction_line
from pipeline.evaluation.truth import load_rows
from pipeline.reasoner import choose_reasoner
from schemas.errors import OutputError


def evaluate_command(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit code: 1 when not one row got a prediction.

    Raises:
        UsageError: The truth or the checkouts cannot be used.
        OutputError: The predictions cannot be written.
    """
    settings = _settings(arguments)
    choose_reasoner(settings.llm)
    rows = load_rows(Path(arguments.truth))
    scope = Scope(
        checkouts=tuple(map(Path, arguments.checkouts)),
        leave_one_app_out=arguments.leave_one_app_out,
        exclude_apps=frozenset(app.lower() for app in arguments.exclude_app or ()),
    )
    with bar_on_terminal() as progress:
        outcomes = evaluate(rows, scope, settings, progress)
    if arguments.predictions is not None:
        lines = (json.dumps(prediction_line(outcome)) for outcome in outcomes)
        _write(Path(arguments.predictions), "".join(f"{line}\n" for line in lines))
    found = report(rows, outcomes)
    if arguments.json:
        sys.stdout.write(json.dumps(found.as_json(), indent=1) + "\n")
    else:
        sys.stdout.write(table(found))
    return 0 if found.scored else 1


def _settings(arguments: argparse.Namespace) -> Settings:
    flags = {"llm": arguments.llm, "knowledge": arguments.knowledge}
    given = {name: value for name, value in flags.items() if value is not None}
    return load_settings().model_copy(update=given)


def _write(path: Path, text: str) -> None:
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
