"""Decides whether a comment becomes a job: who asks, where, and for which commit.

The order matters. First what the event itself tells, at no cost; then the author's permission, by
the API and never by the event's ``author_association`` (which is wrong for private members); only
then the latch, a reaction that is new exactly once, so that a stranger's comment is neither
answered nor marked; then the words of the command, the pull request as it is now, and the commit,
which is fixed here for all later jobs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ci.chatops.answer import Asked
from ci.chatops.command import addressed, parse_command, repository_slug
from ci.chatops.event import CommentEvent
from ci.chatops.outcome import Admitted, Outcome, Refusal, Why
from ci.chatops.reuse import completed
from ci.chatops.upsert import add_notice, own_comments, shown_for
from ci.chatops.words import help_notice, notice, short
from schemas.chatops import LOGIN_PATTERN, Command, Job, Verb
from schemas.errors import GitHubError, UsageError
from schemas.github import GitHubReader, GitHubWriter, IssueComment, PullRequestFacts

_NOT_SIZED = "Nothing was done"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decides, and where the gate runs."""

    repository: str
    """``owner/name`` of the repository whose workflow this is."""
    server: str = "github.com"
    """Host of the GitHub server."""
    run_attempt: int = 1
    """From 2 on somebody who may do so started the run again, so the latch lets it pass."""
    forks: bool = False
    """Pull requests from forks are sized; never written to."""


def decide(
    event: CommentEvent, rules: Rules, reader: GitHubReader, writer: GitHubWriter
) -> Outcome:
    """Decide, and take the comment up by the latch; says nothing yet.

    Raises:
        GitHubError: GitHub could not be asked; then there is no job.
    """
    why = _at_first_sight(event, rules)
    if why is not None:
        return Refusal(why)
    author = _author(event)
    if not reader.may_write(author):
        return Refusal(Why.NOT_PERMITTED)
    why = _taken(event, rules, writer)
    if why is not None:
        return Refusal(why)
    try:
        command = parse_command(event.comment.body or "")
    except UsageError as error:
        return Refusal(Why.COMMAND, _NOT_SIZED, error.message, error.hint)
    if command.verb is Verb.HELP:
        return Refusal(Why.HELP)
    facts = reader.pull_request(event.issue.number)
    refusal = _of_pull_request(facts, command, rules)
    return refusal or _with_comments(event, command, facts, rules, reader)


def answer_refusal(
    event: CommentEvent, refusal: Refusal, reader: GitHubReader, writer: GitHubWriter
) -> None:
    """Tell the author what was refused, or the help; strangers are told nothing.

    Raises:
        GitHubError: It could not be said.
    """
    if not refusal.spoken:
        return
    asked = asked_by(event)
    if refusal.why is Why.HELP:
        add_notice(event.issue.number, help_notice(asked), None, reader, writer)
        writer.react(event.comment.id, "+1")
        return
    text = notice(asked, refusal.title, refusal.reason, refusal.hint)
    add_notice(event.issue.number, text, None, reader, writer)
    writer.react(event.comment.id, "confused")


def _taken(event: CommentEvent, rules: Rules, writer: GitHubWriter) -> Why | None:
    """Take the comment up by the latch; why that cannot be, else None."""
    try:
        first = writer.react(event.comment.id, "hooray")
    except GitHubError as error:
        if error.code == "github.not_found":
            return Why.GONE
        raise
    return None if first or rules.run_attempt > 1 else Why.TAKEN


def asked_by(event: CommentEvent) -> Asked:
    """Which command it is."""
    return Asked(event.comment.created_at, event.comment.id)


def _author(event: CommentEvent) -> str:
    return event.comment.user.login if event.comment.user else ""


def _at_first_sight(event: CommentEvent, rules: Rules) -> Why | None:
    """What the event alone excludes."""
    excluded = (
        (not addressed(event.comment.body or ""), Why.NOT_ADDRESSED),
        (event.action != "created", Why.NOT_CREATED),
        (event.issue.pull_request is None, Why.NOT_A_PULL_REQUEST),
        (event.issue.state != "open", Why.NOT_OPEN),
        (event.issue.locked, Why.LOCKED),
        (not _is_person(event), Why.NOT_A_PERSON),
        (
            event.repository.full_name.lower() != rules.repository.lower(),
            Why.OTHER_REPOSITORY,
        ),
    )
    return next((why for applies, why in excluded if applies), None)


def _is_person(event: CommentEvent) -> bool:
    """A user's own comment: not a bot's, not an app's in a user's name, not of a gone account."""
    user = event.comment.user
    return (
        user is not None
        and user.type == "User"
        and not user.login.endswith("[bot]")
        and re.fullmatch(LOGIN_PATTERN, user.login) is not None
        and event.comment.performed_via_github_app is None
    )


def _of_pull_request(facts: PullRequestFacts, command: Command, rules: Rules) -> Refusal | None:
    """What the pull request, as the API has it now, excludes."""
    if facts.state != "open":
        return Refusal(Why.NOT_OPEN, _NOT_SIZED, "the pull request is closed by now")
    if facts.locked:
        return Refusal(Why.LOCKED)
    fork = is_fork(facts)
    if fork and command.verb is Verb.APPLY:
        return Refusal(
            Why.FORK,
            "Nothing was applied",
            "the pull request comes from a fork, which is never written to",
            "Take the patch from the sizing comment.",
        )
    if fork and not rules.forks:
        return Refusal(
            Why.FORK,
            _NOT_SIZED,
            "the pull request comes from a fork, and this repository does not size forks",
            "A maintainer can allow it in the workflow: github gate --allow-forks.",
        )
    if command.sha is not None and not facts.head_sha.startswith(command.sha):
        return Refusal(
            Why.MOVED,
            _NOT_SIZED,
            f"the pull request is at {short(facts.head_sha)} now, not at {command.sha}",
            "Look at the new commit, then ask again.",
        )
    return None


def is_fork(facts: PullRequestFacts) -> bool:
    """Whether the head lies elsewhere; also when that repository is gone."""
    head = facts.head_repository
    return head is None or head.lower() != facts.base_repository.lower()


def _with_comments(
    event: CommentEvent,
    command: Command,
    facts: PullRequestFacts,
    rules: Rules,
    reader: GitHubReader,
) -> Outcome:
    """What only the comments tell: the fields of an earlier command, the numbers that are shown."""
    comments: Sequence[IssueComment] = ()
    if command.app_description is None or command.verb is Verb.APPLY:
        comments = reader.comments(event.issue.number)
    before = (item for item in reversed(comments) if item.id < event.comment.id)
    whole = completed(command, before, reader.may_write)
    if whole is None:
        return Refusal(
            Why.NOTHING_ASKED,
            _NOT_SIZED,
            "the two fields are missing, and no earlier command on this pull request has them",
            "Write git_repo and app_description below /ai-provision.",
        )
    if whole.verb is Verb.APPLY:
        refusal = _unless_shown(whole, facts, comments, rules, reader.login())
        if refusal is not None:
            return refusal
    return Admitted(_job(event, whole, facts))


def _unless_shown(
    command: Command,
    facts: PullRequestFacts,
    comments: Sequence[IssueComment],
    rules: Rules,
    login: str,
) -> Refusal | None:
    """Only numbers of this repository that somebody could look at are applied."""
    app = repository_slug(command.git_repo or "")
    if app != f"{rules.server}/{facts.base_repository}".lower():
        return Refusal(
            Why.OTHER_REPOSITORY,
            "Nothing was applied",
            f"the numbers are for {app}, and apply writes to this repository only",
            "Take the patch from the sizing comment.",
        )
    shown = shown_for(own_comments(comments, login), app)
    if shown is None or shown.answer.marker.sha != facts.head_sha:
        return Refusal(
            Why.NOT_SHOWN,
            "Nothing was applied",
            f"no numbers are shown for {short(facts.head_sha)}",
            "Comment /ai-provision first, look at the numbers, then apply them.",
        )
    return None


def _job(event: CommentEvent, command: Command, facts: PullRequestFacts) -> Job:
    return Job(
        repository=event.repository.full_name,
        repository_id=event.repository.id,
        pull_request=event.issue.number,
        comment_id=event.comment.id,
        actor=_author(event),
        head_sha=facts.head_sha,
        head_ref=facts.head_ref,
        head_repository=facts.head_repository,
        base_ref=facts.base_ref,
        fork=is_fork(facts),
        title=facts.title[:500],
        command=command,
        asked_at=event.comment.created_at,
    )
