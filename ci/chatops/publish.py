"""Publishes the answer to a job: the comment, the check run, and the last reaction.

Everything is read, checked and rendered before the first write. Then, each whole by itself and
safe to repeat: the pull request of ``apply``, the comment, the check run, and the reaction at the
very end, so that it stands only where all the rest does. Where the check run fails, the comment
says so; a required check is then still missing, so nothing can be merged by mistake.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from ci.chatops.answer import Answer, Marker, Notice
from ci.chatops.apply import Applied, apply_edits, refuse_blocked
from ci.chatops.case import Case, Desk, about_of, app_of, asked_for, read_case
from ci.chatops.result import COMPONENT_UNKNOWN, digest_of, narrowed
from ci.chatops.upsert import Upserted, add_notice, upsert
from ci.chatops.verdict import Verdict, verdict_of
from ci.chatops.words import failed, notice, short
from ci.handoff.comment.about import Comment
from schemas.chatops import Job, Verb
from schemas.errors import GitHubError, ProvisionError, UsageError
from schemas.github import Conclusion, FileAt, GitHubReader, IssueComment, Reaction
from schemas.recommendation import Recommendation

MAX_BY_HAND = 10
"""Lines above the numbers; the pull request has them all."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was published."""

    became: Upserted
    comment_url: str
    conclusion: Conclusion | None = None
    """None when no check run was written."""
    applied: Applied | None = None
    stale: bool = False
    full_text: str = ""
    """The whole comment, for the job summary."""
    error: ProvisionError | None = None
    """Why there is no sizing, or why ``apply`` wrote nothing; the comment says it too."""


def publish(job: Job, result: Recommendation, desk: Desk) -> Published:
    """Publish a recommendation.

    Raises:
        UsageError: The job asks for a component that there is not.
        OutputError: The answer is longer than a comment may be.
        GitHubError: GitHub refused or failed; the message says what stands already.
    """
    case = read_case(job, narrowed(result, job.command.component), desk)
    rendered = desk.render(result, about_of(case, desk))
    if case.before is not None and case.marker_before.asked > case.asked:
        _finished(job, "+1", desk)
        return Published(Upserted.OLDER, case.before.comment.html_url, stale=case.stale)
    _answer(case, rendered, None, None).body()  # one that is too long fails before any write
    applied, error = _applied(case, desk)
    if applied is not None:
        rendered = desk.render(result, about_of(case, desk, applied.url))
    answer = _answer(case, rendered, applied, error)
    became, comment = _commented(job, answer, applied, desk)
    conclusion = None
    if job.command.verb is not Verb.EXPLAIN:
        verdict = verdict_of(result, case.stale)
        _checked(case, verdict, answer, desk)
        conclusion = verdict.conclusion
    _finished(job, "confused" if error else "rocket", desk)
    url, text = comment.html_url, rendered.full_text
    return Published(became, url, conclusion, applied, case.stale, text, error)


def publish_failure(job: Job, error: ProvisionError, desk: Desk) -> Published:
    """Say that there is no answer, and why; earlier numbers stay below.

    The check run fails where numbers were asked for; a misspelt component, an explanation or an
    ``apply`` without an answer says nothing about the commit.

    Raises:
        GitHubError: That could not be said either.
    """
    stale = desk.reader.pull_request(job.pull_request).head_sha != job.head_sha
    text = failed(asked_for(job), f"Not sized at {short(job.head_sha)}", error)
    app = app_of(job, desk.server)
    became, comment = add_notice(job.pull_request, text, app, desk.reader, desk.writer)
    conclusion = None
    if job.command.verb is Verb.SIZE and error.code != COMPONENT_UNKNOWN:
        conclusion = Conclusion.NEUTRAL if stale else Conclusion.FAILURE
        desk.writer.check_run(job.head_sha, conclusion, "Not sized", text.text)
    _finished(job, "confused", desk)
    return Published(
        became, comment.html_url, conclusion, stale=stale, full_text=text.text, error=error
    )


def _finished(job: Job, reaction: Reaction, desk: Desk) -> None:
    """The last reaction; none on a comment that was removed meanwhile."""
    try:
        desk.writer.react(job.comment_id, reaction)
    except GitHubError as error:
        if error.code != "github.not_found":
            raise


def _applied(case: Case, desk: Desk) -> tuple[Applied | None, ProvisionError | None]:
    """The pull request with the numbers where that was asked for, or why there is none."""
    if case.job.command.verb is not Verb.APPLY:
        return None, None
    try:
        return _apply(case, desk), None
    except ProvisionError as error:
        return None, error


def _apply(case: Case, desk: Desk) -> Applied:
    job = case.job
    if case.stale or case.facts.state != "open":
        raise GitHubError(
            f"the pull request is not open at {short(job.head_sha)} any more",
            code="github.conflict",
            hint="Comment /ai-provision to size it as it is now.",
        )
    refuse_blocked(case.result)
    _refuse_twice(case, desk.reader)

    def read(path: str) -> FileAt | None:
        return desk.reader.file(path, job.head_sha)

    same = case.marker_before.numbers == digest_of(case.result)
    remark = (
        "They are the numbers that the comment showed."
        if same
        else "They were sized again for this and differ from those that the comment showed before."
    )
    return apply_edits(job, desk.edit(case.result, read), desk.writer, remark)


def _refuse_twice(case: Case, reader: GitHubReader) -> None:
    """The same numbers for the same commit make one pull request, while that is open."""
    marker = case.marker_before
    same = marker.sha == case.job.head_sha and marker.numbers == digest_of(case.result)
    if same and marker.applied and reader.pull_request(marker.applied).state == "open":
        raise UsageError(
            f"pull request #{marker.applied} carries these numbers already", code="apply.twice"
        )


def _answer(
    case: Case, rendered: Comment, applied: Applied | None, error: ProvisionError | None
) -> Answer:
    before = case.marker_before
    digest = digest_of(case.result)
    same = before.sha == case.job.head_sha and before.numbers == digest
    marker = Marker(
        app=case.key,
        sha=case.job.head_sha,
        asked=case.asked,
        numbers=digest,
        applied=applied.number if applied else before.applied if same else None,
    )
    text = rendered.text.strip("\n")
    return Answer(marker, text, _notice(case, applied, error))


def _notice(case: Case, applied: Applied | None, error: ProvisionError | None) -> Notice | None:
    """What stands above the numbers; the answer to a still later command stays there."""
    if error is not None:
        return failed(case.asked, "Nothing was applied", error)
    if applied is not None and applied.by_hand:
        rest = "\n".join(applied.by_hand[:MAX_BY_HAND])
        return notice(case.asked, f"Left to be done by hand beside #{applied.number}", hint=rest)
    kept = case.before.answer.notice if case.before else None
    return kept if kept is not None and kept.asked > case.asked else None


def _commented(
    job: Job, answer: Answer, applied: Applied | None, desk: Desk
) -> tuple[Upserted, IssueComment]:
    try:
        return upsert(job.pull_request, answer, desk.reader, desk.writer)
    except GitHubError as error:
        if applied is None:
            raise
        raise GitHubError(
            f"{applied.url} was opened, but the comment could not be written: {error.message}",
            code=error.code,
        ) from error


def _checked(case: Case, verdict: Verdict, answer: Answer, desk: Desk) -> None:
    """Write the check run; where it fails, the comment that is there already says so."""
    head = case.job.head_sha
    try:
        desk.writer.check_run(head, verdict.conclusion, verdict.title, answer.text)
    except GitHubError as error:
        text = failed(case.asked, "The check run is missing: run the job again", error)
        with suppress(GitHubError):  # the first error says more
            upsert(case.job.pull_request, replace(answer, notice=text), desk.reader, desk.writer)
        raise
