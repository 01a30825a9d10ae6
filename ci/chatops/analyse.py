"""``ai-provision github analyse``: the job in, the recommendation's files out.

This job reads strangers' texts and talks to models, so it holds no token and writes nothing but its
directory: all files of the result, or ``failure.txt`` with one sentence that says why there are
none. A component that the comment names is left to the publisher: whether anything blocks is
decided by the whole result.
"""

from __future__ import annotations

import argparse
import logging
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from adapters.actions import ActionsRun, harmless, load_actions
from adapters.settings import Settings, load_settings
from ci.action.sizing import checkout_at, result_files, size_checkout
from ci.chatops.command import repository_slug
from ci.chatops.failure import MAX_SENTENCE, failure_of
from ci.chatops.result import FAILURE, read_job
from ci.handoff.measured import plural
from ci.handoff.plain import line
from ci.handoff.publish import publish
from dca.trigger_fields import make_trigger
from pipeline.decisions import remember
from pipeline.wiring import remote_checkout
from schemas.chatops import Job, Verb
from schemas.errors import OutputError, UsageError
from schemas.ports import Checkout
from schemas.recommendation import Recommendation
from schemas.trigger import Environment, Trigger

logger = logging.getLogger(__name__)


def analyse(arguments: argparse.Namespace) -> int:
    """Size what the job asks for; 0 when the files are there, whatever they say.

    Any error leaves ``failure.txt`` in their place (where the directory can be written at all), and
    its exit code is returned.
    """
    out = Path(arguments.out)
    settings: Settings | None = None
    try:
        settings = load_settings()
        files, recommendation = _analysed(arguments, settings)
        publish(files, out)
    except Exception as error:
        failure = failure_of(error, settings)
        logger.debug("analysis_failed", exc_info=True)
        with suppress(OutputError):  # the first error says more
            publish({FAILURE: f"{failure.sentence}\n".encode()}, out)
        sys.stderr.write(f"error[{failure.code}]: {harmless(failure.sentence)}\n")
        return failure.exit_code
    components = plural(len(recommendation.components), "component")
    sys.stdout.write(f"sized {components}, wrote {plural(len(files), 'file')}\n")
    return 0


def _analysed(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[dict[str, bytes], Recommendation]:
    job = read_job(Path(arguments.job))
    if job.command.verb is Verb.HELP:
        raise UsageError("help needs no analysis", code="job.help")
    run = load_actions()
    trigger = trigger_of(job, run)
    opened = _opened(job, trigger, Path(arguments.checkout), run, settings)
    sized = size_checkout(trigger, opened, settings)
    files = result_files(sized)
    if not job.fork:  # what a stranger's repository looks like is nothing to learn from
        warning = remember(sized.recommendation, settings)
        if warning:
            sys.stderr.write(f"warning: {harmless(line(warning, MAX_SENTENCE))}\n")
    return files, sized.recommendation


def trigger_of(job: Job, run: ActionsRun) -> Trigger:
    """What is sized: the comment's fields; without them the pull request's own words.

    Raises:
        TriggerError: A value cannot be used.
    """
    command = job.command
    return make_trigger(
        command.git_repo or f"{run.server_url.rstrip('/')}/{job.repository}",
        command.app_description or job.title,
        command.environment or Environment.PROD,
    )


def _opened(
    job: Job, trigger: Trigger, directory: Path, run: ActionsRun, settings: Settings
) -> AbstractContextManager[Checkout]:
    """The checkout where the job is about the pull request's repository, else a clone."""
    if is_own(job, trigger.git_repo, run):
        return checkout_at(directory, job.head_sha, trigger.git_repo)
    return remote_checkout(trigger.git_repo, None, settings)


def is_own(job: Job, git_repo: str, run: ActionsRun) -> bool:
    """Whether a repository is that of the pull request, or the fork that it comes from."""
    if (urlsplit(git_repo).hostname or "").lower() != run.server:
        return False
    own = {name.lower() for name in (job.repository, job.head_repository) if name}
    return repository_slug(git_repo).partition("/")[2] in own
