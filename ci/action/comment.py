"""The comment of the single step: the same text and the same place as the answer to a command."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.actions import ActionsRun
from ci.action.event import PullFacts
from ci.chatops.answer import Answer, Asked, Marker
from ci.chatops.result import digest_of
from ci.chatops.upsert import Upserted, own_comments, shown_for, upsert
from ci.chatops.words import short
from ci.handoff.comment.about import Comment, CommentAbout, PatchFile
from ci.handoff.comment.render import render_comment
from schemas.github import GitHubReader, GitHubWriter
from schemas.recommendation import Recommendation

_UNKNOWN = "0" * 40
"""Shown as the commit of a directory that is no git checkout."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the step sized."""

    app: str
    """Host, owner and name of the repository: the key of the comment."""
    pull: PullFacts | None
    edits: tuple[PatchFile, ...] = ()
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What became of the comment."""

    url: str = ""
    """Empty when none was written."""
    why_not: str = ""
    """One sentence, when none was."""


def rendered(recommendation: Recommendation, subject: Subject, run: ActionsRun) -> Comment:
    """The comment's text, also for the summary."""
    commit = recommendation.repository.commit or _UNKNOWN
    about = CommentAbout(
        head_sha=commit,
        run_url=run.run_url,
        edits=subject.edits,
        by_hand=subject.by_hand,
        # The command would ask for the two fields, which stand in no comment here.
        can_apply=False,
    )
    return render_comment(recommendation, about)


def say(
    recommendation: Recommendation,
    comment: Comment,
    subject: Subject,
    github: tuple[GitHubReader, GitHubWriter] | None,
) -> Said:
    """Bring the pull request's one comment up to date.

    Args:
        recommendation: The result.
        comment: Its rendering.
        subject: What was sized; without a pull request, or with one of a fork, nothing is said.
        github: Not needed where nothing is said.

    Raises:
        GitHubError: GitHub refused or failed; the comment is as it was.
        OutputError: The text is longer than a comment may be.
    """
    pull = subject.pull
    if pull is None:
        return Said(why_not="the workflow does not run for a pull request")
    if pull.fork:
        return Said(why_not="the pull request comes from a fork")
    if github is None:
        return Said(why_not="it is not known which repository this is")
    reader, writer = github
    head = reader.pull_request(pull.number).head_sha
    if head != pull.head_sha:
        return Said(why_not=f"the pull request is at {short(head)} by now")
    before = shown_for(own_comments(reader.comments(pull.number), reader.login()), subject.app)
    digest = digest_of(recommendation)
    commit = recommendation.repository.commit or ""
    known = before.answer.marker if before else Marker()
    same = known.sha == commit and known.numbers == digest
    marker = Marker(
        app=subject.app,
        sha=commit,
        asked=_asked(recommendation),
        numbers=digest,
        applied=known.applied if same else None,
    )
    text = comment.text.strip("\n")
    became, written = upsert(pull.number, Answer(marker, text), reader, writer)
    if became is Upserted.OLDER:
        return Said(why_not="a later command has been answered there")
    return Said(url=written.html_url)


def _asked(recommendation: Recommendation) -> Asked:
    """The run's start: a command that was written later is answered over it."""
    return Asked(recommendation.run.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
