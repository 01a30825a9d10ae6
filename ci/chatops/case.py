"""One job with all that is known about it before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from ci.chatops.answer import Asked, Marker
from ci.chatops.apply import Editor
from ci.chatops.command import repository_slug
from ci.chatops.upsert import Own, own_comments, shown_for
from ci.handoff.comment.about import Comment, CommentAbout
from schemas.chatops import Job, Verb
from schemas.github import GitHubReader, GitHubWriter, PullRequestFacts
from schemas.recommendation import Recommendation

Render = Callable[[Recommendation, CommentAbout], Comment]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the publisher works with."""

    reader: GitHubReader
    writer: GitHubWriter
    render: Render
    edit: Editor
    server: str = "github.com"
    """Host of the GitHub server."""
    run_url: str | None = None
    """Page of the run."""


@dataclass(frozen=True, slots=True)
class Case:
    """A job, its result, and the pull request as it is now."""

    job: Job
    result: Recommendation
    """Only the component that was asked for, where one was."""
    app: str
    """What was sized: host, owner and name."""
    key: str
    """Key of the comment that this goes into."""
    facts: PullRequestFacts
    before: Own | None
    """The comment that is there already."""

    @property
    def stale(self) -> bool:
        """The pull request is at another commit than the one that was sized."""
        return self.facts.head_sha != self.job.head_sha

    @property
    def asked(self) -> Asked:
        """Which command this answers."""
        return asked_for(self.job)

    @property
    def marker_before(self) -> Marker:
        """What the comment that is there says it shows."""
        return self.before.answer.marker if self.before else Marker()

    @property
    def component(self) -> str | None:
        """The component that was asked for, by its own spelling."""
        if self.job.command.component is None:
            return None
        sized = [item.name for item in self.result.components]
        return (sized or [item.name for item in self.result.failed])[0]


def asked_for(job: Job) -> Asked:
    """Which command a job answers."""
    return Asked(job.asked_at, job.comment_id)


def app_of(job: Job, server: str) -> str:
    """What a job sizes, as ``host/owner/name``: the key of the comment with the numbers."""
    if job.command.git_repo is None:
        return f"{server}/{job.repository}".lower()
    return repository_slug(job.command.git_repo)


def read_case(job: Job, result: Recommendation, desk: Desk) -> Case:
    """Read what GitHub has now.

    Raises:
        GitHubError: It could not be asked, or has no such pull request any more.
    """
    app = app_of(job, desk.server)
    facts = desk.reader.pull_request(job.pull_request)
    owned = own_comments(desk.reader.comments(job.pull_request), desk.reader.login())
    key = app
    if job.command.verb is Verb.EXPLAIN:
        key = f"{app}:explain:{quote((job.command.component or '').lower(), safe='')}"
    return Case(job, result, app, key, facts, shown_for(owned, key))


def about_of(case: Case, desk: Desk, applied_url: str | None = None) -> CommentAbout:
    """What the rendering is told beside the numbers."""
    job = case.job
    return CommentAbout(
        head_sha=job.head_sha,
        verb=job.command.verb,
        component=case.component,
        stale_head=case.facts.head_sha if case.stale else None,
        run_url=desk.run_url,
        can_apply=not job.fork and case.app == f"{desk.server}/{job.repository}".lower(),
        applied_url=applied_url,
    )
