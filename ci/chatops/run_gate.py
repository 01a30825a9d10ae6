"""``ai-provision github gate``: the event in, a job or a refusal out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adapters.actions import ActionsRun, add_summary, load_actions, read_payload, write_outputs
from adapters.settings import load_settings
from ci.chatops.event import CommentEvent, read_event
from ci.chatops.gate import Rules, answer_refusal, decide
from ci.chatops.outcome import Outcome, Refusal
from ci.chatops.words import short
from ci.handoff.plain import code, line
from ci.report.write import write_whole
from schemas.errors import UsageError
from schemas.github import GitHubReader, GitHubWriter


def gate(arguments: argparse.Namespace) -> int:
    """Decide; 0 whether there is a job or not, since a refusal is no fault.

    Raises:
        UsageError: No event, or none about a comment.
        GitHubError: GitHub could not be asked; there is no job.
        OutputError: The job cannot be written.
    """
    from adapters.github import open_reader, open_writer

    run = load_actions()
    event = _event(arguments, run)
    repository = run.repository or event.repository.full_name
    settings = load_settings()
    reader, writer = open_reader(settings, repository), open_writer(settings, repository)
    rules = Rules(repository, run.server, run.run_attempt, arguments.allow_forks)
    outcome = decide(event, rules, reader, writer)
    _tell(event, outcome, reader, writer)
    _hand_over(outcome, run, arguments.out)
    return 0


def _event(arguments: argparse.Namespace, run: ActionsRun) -> CommentEvent:
    if run.event_name not in (None, "issue_comment"):
        raise UsageError(
            f"the event is {line(run.event_name, 60)}, not issue_comment", code="event.invalid"
        )
    path = Path(arguments.event) if arguments.event else run.event_path
    if path is None:
        raise UsageError(
            "there is no event to decide about",
            code="event.missing",
            hint="Give --event FILE, or run in a workflow, where GITHUB_EVENT_PATH names it.",
        )
    return read_event(read_payload(path))


def _tell(
    event: CommentEvent, outcome: Outcome, reader: GitHubReader, writer: GitHubWriter
) -> None:
    if isinstance(outcome, Refusal):
        answer_refusal(event, outcome, reader, writer)


def _hand_over(outcome: Outcome, run: ActionsRun, out: str | None) -> None:
    """The outputs, the file, the summary and a line on stdout."""
    if isinstance(outcome, Refusal):
        write_outputs(run, {"ok": "false", "reason": outcome.why.value})
        reason = f": {code(outcome.reason, 300)}" if outcome.reason else ""
        add_summary(run, f"No sizing: {outcome.why.value}{reason}.\n")
        sys.stdout.write(f"no job: {outcome.why.value}\n")
        return
    job = outcome.job
    text = job.model_dump_json()
    if out is not None:
        write_whole(Path(out), f"{text}\n".encode())
    outputs = {
        "job": text,
        "verb": job.command.verb.value,
        "sha": job.head_sha,
        "pull_request": str(job.pull_request),
        "ok": "true",
    }
    write_outputs(run, outputs)
    sys.stdout.write(f"{job.command.verb.value} #{job.pull_request} at {short(job.head_sha)}\n")
