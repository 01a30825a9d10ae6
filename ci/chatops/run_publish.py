"""``ai-provision github publish``: the job and the analysis' result in, the answer out."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from adapters.actions import ActionsRun, add_summary, harmless, load_actions, write_outputs
from adapters.settings import load_settings
from ci.chatops.apply import Edits, ReadFile
from ci.chatops.case import Desk
from ci.chatops.publish import Published, publish, publish_failure
from ci.chatops.rendering import render
from ci.chatops.result import read_job, read_result
from ci.handoff.plain import line
from schemas.chatops import Job
from schemas.errors import GitHubError, ProvisionError, UsageError
from schemas.recommendation import Recommendation


def publish_command(arguments: argparse.Namespace) -> int:
    """Publish; 0 when everything that there is to say was said.

    Raises:
        UsageError: The job cannot be read, or belongs to another repository.
        GitHubError: GitHub refused or failed, or ``apply`` could not write.
    """
    run = load_actions()
    job = read_job(Path(arguments.job))
    if run.repository is not None and run.repository.lower() != job.repository.lower():
        raise UsageError(
            f"the job is for {job.repository}, and this is {run.repository}", code="job.foreign"
        )
    directory = Path(arguments.result)
    published = _published(job, directory, _desk(job, directory, run))
    _hand_over(published, run)
    if published.applied is None and isinstance(published.error, GitHubError):
        raise published.error
    return 0


def _desk(job: Job, directory: Path, run: ActionsRun) -> Desk:
    from adapters.github import open_reader, open_writer

    def edit(recommendation: Recommendation, read: ReadFile) -> Edits:
        # Only `apply` needs what edits files.
        from ci.chatops.charts import read_charts
        from ci.handoff.edits import edits_of

        return edits_of(recommendation, read, read_charts(directory))

    settings = load_settings()
    reader = open_reader(settings, job.repository)
    writer = open_writer(settings, job.repository)
    return Desk(reader, writer, render, edit, run.server, run.run_url)


def _published(job: Job, directory: Path, desk: Desk) -> Published:
    try:
        result = read_result(directory)
        return publish(job, result, desk)
    except GitHubError:
        raise
    except ProvisionError as error:
        return publish_failure(job, error, desk)
    except Exception:
        fault = ProvisionError("ai-provision has a fault", hint="The log of the job says more.")
        with suppress(GitHubError):
            publish_failure(job, fault, desk)
        raise


def _hand_over(published: Published, run: ActionsRun) -> None:
    add_summary(run, published.full_text)
    write_outputs(
        run,
        {
            "comment": published.comment_url,
            "conclusion": published.conclusion.value if published.conclusion else "",
            "stale": "true" if published.stale else "false",
            "applied": published.applied.url if published.applied else "",
        },
    )
    sys.stdout.write(f"{published.became.value}: {published.comment_url}\n")
    if published.applied:
        sys.stdout.write(f"opened: {published.applied.url}\n")
    if published.error:
        sys.stderr.write(f"warning: {harmless(line(published.error.message, 500))}\n")
