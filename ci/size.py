"""The ``size`` command: a trigger in, a recommendation out."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from adapters.clock import SystemClock
from adapters.llm.journal import journal_of
from adapters.llm.models import open_models
from adapters.settings import Settings, load_settings
from ci.handoff.render import render
from ci.handoff.write import write_all
from ci.metrics_flags import metrics_choice, with_server
from ci.progress import progress_on_terminal
from ci.version import version
from dca.trigger import parse_trigger
from dca.trigger_fields import make_trigger
from pipeline.decisions import remember
from pipeline.run import Recorder
from pipeline.wiring import build_pipeline, local_checkout, remote_checkout
from pipeline.workflow import Question
from schemas.errors import InputFileError, UsageError
from schemas.ports import Checkout, FileTree
from schemas.recommendation import Recommendation
from schemas.trigger import Environment, Trigger

MAX_TRIGGER_BYTES = 8 * 1024 * 1024
"""Above the payload's own limit, so that its error (which knows the limit) is the one shown."""


def size(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit code.

    Raises:
        ProvisionError: Nothing could be sized, or the results could not be written.
    """
    trigger = read_trigger(arguments)
    settings = _settings(arguments)
    clock = SystemClock()
    models = open_models(settings, clock, journal_of(arguments.record, arguments.replay))
    recorder = Recorder(clock, version=version(), reasoner=models.choice)
    pipeline = build_pipeline(settings, metrics_choice(arguments), models)
    pipeline.warm()
    with progress_on_terminal() as progress:
        progress("fetching the repository")
        models.listen(progress.waiting)
        with recorder.stage("fetch"), _checkout(arguments, trigger, settings) as checkout:
            question = Question(trigger=trigger, trust_current=arguments.trust_current)
            recommendation = pipeline.run(question, checkout, recorder, progress)
            charts = chart_files(recommendation, checkout.files)
        written: tuple[Path, ...] = ()
        if arguments.out is not None:
            progress("writing")
            out = Path(arguments.out)
            written = write_all(recommendation, out, charts=charts, renderer=pipeline.charts)
        if arguments.report is not None:
            # Imported here: the page's templates cost a run without a report nothing.
            from ci.report.write import write_report

            progress("drawing")
            write_report(recommendation, Path(arguments.report))
    sys.stdout.write(render(recommendation, arguments.format))
    warning = remember(recommendation, settings)
    if warning:
        sys.stderr.write(f"warning: {warning}\n")
    if written:
        sys.stderr.write(f"wrote {len(written)} files to {arguments.out}\n")
    if arguments.report is not None:
        sys.stderr.write(f"wrote {arguments.report}\n")
    return exit_code(recommendation, check=arguments.check)


def chart_files(recommendation: Recommendation, files: FileTree) -> dict[str, dict[str, bytes]]:
    """The files of each Helm chart that a component comes from, by the chart's directory."""
    targets = [component.target for component in recommendation.components]
    directories = {target.chart for target in targets if target and target.chart}
    return {directory: _texts_below(directory, files) for directory in sorted(directories)}


def _texts_below(directory: str, files: FileTree) -> dict[str, bytes]:
    prefix = "" if directory == "." else f"{directory}/"
    texts = {path: files.read_text(path) for path in files.paths if path.startswith(prefix)}
    return {
        path.removeprefix(prefix): text.encode() for path, text in texts.items() if text is not None
    }


def exit_code(recommendation: Recommendation, *, check: bool) -> int:
    """1 for a blocking finding, a component without numbers, or (asked for) a difference."""
    if recommendation.blocked or recommendation.failed:
        return 1
    return 1 if check and recommendation.differs else 0


def read_trigger(arguments: argparse.Namespace) -> Trigger:
    """The trigger from the flags, a file or stdin.

    Raises:
        UsageError: Neither or both forms were given.
        TriggerError: The trigger is not right.
        InputFileError: Its file cannot be read.
    """
    fields = (arguments.git_repo, arguments.app_description)
    if arguments.trigger is not None:
        if any(field is not None for field in fields):
            raise UsageError(
                "--trigger brings both fields itself",
                hint="Leave out --git-repo and --app-description, or --trigger.",
            )
        trigger = parse_trigger(_trigger_text(arguments.trigger))
        if arguments.env:
            trigger = trigger.model_copy(update={"environment": Environment(arguments.env)})
        return trigger
    if fields[0] is None or fields[1] is None:
        missing = "--git-repo" if fields[0] is None else "--app-description"
        raise UsageError(
            f"{missing} is missing",
            hint="Give --git-repo and --app-description, or --trigger FILE.",
        )
    return make_trigger(*fields, Environment(arguments.env or Environment.PROD))


def _trigger_text(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_TRIGGER_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_TRIGGER_BYTES + 1)
    except OSError as error:
        raise InputFileError(
            f"the trigger {name} cannot be read: {error.strerror}",
            hint="Give a text file, or - for stdin.",
        ) from error
    if len(data) > MAX_TRIGGER_BYTES:
        raise InputFileError(f"the trigger is larger than {MAX_TRIGGER_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(
            f"the trigger is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}",
            hint="Save it as UTF-8.",
        ) from error


def _settings(arguments: argparse.Namespace) -> Settings:
    """What the environment says, with the flags laid over it."""
    settings = load_settings()
    for name in settings.unknown:
        sys.stderr.write(f"warning: {name} is not a setting of ai-provision; it is ignored\n")
    flags = {
        "policy_file": arguments.policy,
        "price_file": arguments.prices,
        "llm": arguments.llm,
        "knowledge": arguments.knowledge,
    }
    settings = settings.model_copy(update={k: v for k, v in flags.items() if v is not None})
    return with_server(settings, arguments.prometheus_url)


def _checkout(
    arguments: argparse.Namespace, trigger: Trigger, settings: Settings
) -> AbstractContextManager[Checkout]:
    """Local only when a person named the directory on the command line."""
    if arguments.checkout is not None:
        return local_checkout(Path(arguments.checkout), arguments.ref)
    if arguments.trigger is None and is_local(trigger.git_repo):
        return local_checkout(Path(trigger.git_repo), arguments.ref)
    return remote_checkout(trigger.git_repo, arguments.ref, settings)


def is_local(git_repo: str) -> bool:
    """Whether a --git-repo of the command line names a directory: it is one, or looks like one."""
    if "://" in git_repo or "::" in git_repo or git_repo.startswith("-"):
        return False
    return git_repo.startswith((".", "/", "~")) or Path(git_repo).exists()
