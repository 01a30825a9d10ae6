"""``ai-provision github action``: what ``action.yml`` runs as its one step.

First everything is computed and its files are written; then the pull request's comment, if one is
wanted; then the runner is told: summary, annotations, outputs. A comment that cannot be written is
a warning and no failure, since the summary has the same text.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from adapters.action_inputs import ActionInputs, FailOn, load_inputs
from adapters.actions import (
    ActionsRun,
    add_summary,
    harmless,
    load_actions,
    read_payload,
    write_outputs,
)
from adapters.settings import Settings
from ci.action.annotations import Level, Remark, remarks_of
from ci.action.checkout import Source, source_of
from ci.action.comment import Said, Subject, rendered, say
from ci.action.event import pull_of
from ci.action.outcome import COMMENT_FILE, failed, outputs_of
from ci.action.sizing import Sized, placed, result_files, size_checkout
from ci.chatops.failure import MAX_SENTENCE, failure_of
from ci.handoff.comment.about import Comment
from ci.handoff.comment.patches import patch_files
from ci.handoff.edits import edits_of
from ci.handoff.edits.checkout import checkout_reader
from ci.handoff.plain import code
from ci.handoff.publish import publish
from ci.handoff.render import render
from dca.trigger_fields import make_trigger
from pipeline.decisions import remember
from schemas.errors import GitHubError, OutputError

logger = logging.getLogger(__name__)


def action(_arguments: argparse.Namespace) -> int:
    """Run the step: 0, 1 as ``fail-on`` asks for, 2 for a wrong input, 3 when something failed."""
    settings: Settings | None = None
    run = ActionsRun()
    try:
        run = load_actions()
        inputs, settings = load_inputs()
        return _Step(inputs, settings, run).take()
    except Exception as error:
        failure = failure_of(error, settings)
        logger.debug("action_failed", exc_info=True)
        _annotate([Remark("error", failure.sentence, title=failure.code)])
        add_summary(run, f"**Not sized:** {code(failure.sentence, MAX_SENTENCE)}\n")
        return failure.exit_code


@dataclass(frozen=True, slots=True)
class _Step:
    inputs: ActionInputs
    settings: Settings
    run: ActionsRun

    def take(self) -> int:
        with _commands_stopped(self.run):
            sized, comment, subject = self._sized()
            said = self._say(sized, comment, subject)
            warning = self._remembered(sized, subject)
            sys.stdout.write(harmless(render(sized.recommendation, "table")))
        self._hand_over(sized, comment, said)
        _annotate([*_unsaid(said), *_warnings(warning), *self._remarks(sized)])
        return 1 if failed(sized.recommendation, self.inputs.fail_on) else 0

    def _sized(self) -> tuple[Sized, Comment, Subject]:
        """Everything that is computed, with its files written."""
        for name in self.settings.unknown:
            sys.stderr.write(f"warning: {name} is not a setting of ai-provision; it is ignored\n")
        source = source_of(self.inputs, self.run)
        trigger = make_trigger(
            source.git_repo, self.inputs.app_description, self.inputs.environment
        )
        sized = size_checkout(trigger, source.open(self.settings), self.settings)
        subject = self._subject(sized, source)
        comment = rendered(sized.recommendation, subject, self.run)
        text = comment.text.lstrip("\n")
        publish({**result_files(sized), COMMENT_FILE: text.encode()}, self.inputs.out)
        return sized, comment, subject

    def _subject(self, sized: Sized, source: Source) -> Subject:
        pull = pull_of(read_payload(self.run.event_path)) if self.run.event_path else None
        if source.directory is None:
            return Subject(source.app, pull)
        read = checkout_reader(source.directory)
        edits = edits_of(sized.recommendation, read, placed(sized))
        return Subject(source.app, pull, patch_files(edits), tuple(edits.by_hand))

    def _say(self, sized: Sized, comment: Comment, subject: Subject) -> Said:
        """The comment where one is wanted; why there is none otherwise."""
        if not self.inputs.comment:
            return Said()
        if subject.pull is None or subject.pull.fork or self.run.repository is None:
            return say(sized.recommendation, comment, subject, None)
        from adapters.github import open_reader, open_writer

        try:
            reader = open_reader(self.settings, self.run.repository)
            writer = open_writer(self.settings, self.run.repository)
            return say(sized.recommendation, comment, subject, (reader, writer))
        except (GitHubError, OutputError) as error:
            return Said(why_not=failure_of(error, self.settings).sentence)

    def _hand_over(self, sized: Sized, comment: Comment, said: Said) -> None:
        add_summary(self.run, comment.full_text)
        out = self.inputs.out.absolute()
        write_outputs(self.run, outputs_of(sized.recommendation, out, said.url))

    def _remarks(self, sized: Sized) -> list[Remark]:
        level: Level = "error" if self.inputs.fail_on is FailOn.DIFFERENCE else "notice"
        below = PurePosixPath(self.inputs.working_directory.as_posix())
        return remarks_of(sized.recommendation, below=below, differences=level)

    def _remembered(self, sized: Sized, subject: Subject) -> str | None:
        """A warning when the decisions could not be kept."""
        if subject.pull is not None and subject.pull.fork:
            return None  # what a stranger's repository looks like is nothing to learn from
        return remember(sized.recommendation, self.settings)


def _unsaid(said: Said) -> Iterator[Remark]:
    if said.why_not:
        yield Remark("warning", f"no comment was written: {said.why_not}", title="comment")


def _warnings(warning: str | None) -> Iterator[Remark]:
    if warning:
        yield Remark("warning", warning)


def _annotate(remarks: Iterable[Remark]) -> None:
    sys.stdout.write("".join(f"{remark.command()}\n" for remark in remarks))
    sys.stdout.flush()


@contextmanager
def _commands_stopped(run: ActionsRun) -> Iterator[None]:
    """Meanwhile the runner takes no line of the log for a command, whoever wrote it."""
    if run.output is None:
        yield
        return
    mark = secrets.token_hex(24)
    sys.stdout.write(f"::stop-commands::{mark}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(f"\n::{mark}::\n")
        sys.stdout.flush()
