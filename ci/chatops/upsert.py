"""One comment per pull request and app: found by marker and author, changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ci.chatops.answer import Answer, Marker, Notice, read_answer
from schemas.github import GitHubReader, GitHubWriter, IssueComment


class Upserted(StrEnum):
    """What became of an answer."""

    CREATED = "created"
    UPDATED = "updated"
    SAME = "same"
    """The comment says it already."""
    OLDER = "older"
    """A later command has been answered meanwhile; nothing was written."""


@dataclass(frozen=True, slots=True)
class Own:
    """A comment that carries our marker and that this account wrote."""

    comment: IssueComment
    answer: Answer


def own_comments(comments: Sequence[IssueComment], login: str) -> list[Own]:
    """Our comments among all of a pull request, in the same order.

    A marker alone proves nothing, since anybody can type one; so the author has to be ours too.
    """
    mine = (item for item in comments if item.author.lower() == login.lower())
    return [
        Own(item, answer)
        for item in mine
        if (answer := read_answer(item.body.lstrip())) is not None
    ]


def shown_for(owned: Sequence[Own], app: str) -> Own | None:
    """The comment of an app: the latest answer, else one in which nothing was sized yet."""
    of_app = [item for item in owned if item.answer.marker.app == app]
    unsized = [item for item in owned if not item.answer.marker.app]
    return latest(of_app or ([] if Marker(app).explains else unsized))


def latest(owned: Sequence[Own]) -> Own | None:
    """The newest of several, which only two answers at the same moment can leave behind."""
    return max(owned, key=lambda item: (item.answer.asked, item.comment.id), default=None)


def upsert(
    number: int, answer: Answer, reader: GitHubReader, writer: GitHubWriter
) -> tuple[Upserted, IssueComment]:
    """Bring the comment of an app to what `answer` says.

    Raises:
        GitHubError: GitHub refused or failed; the comment is then as it was.
        OutputError: The answer is longer than a comment may be.
    """
    body = answer.body()
    existing = shown_for(own_comments(reader.comments(number), reader.login()), answer.marker.app)
    if existing is None:
        created = writer.comment(number, body)
        return Upserted.CREATED, _settled(number, answer.marker.app, created, reader, writer)
    if existing.answer.marker.asked > answer.marker.asked:
        return Upserted.OLDER, existing.comment
    if existing.comment.body.replace("\r\n", "\n").rstrip() == body.rstrip():
        return Upserted.SAME, existing.comment
    return Upserted.UPDATED, writer.edit_comment(existing.comment.id, body)


def add_notice(
    number: int, notice: Notice, app: str | None, reader: GitHubReader, writer: GitHubWriter
) -> tuple[Upserted, IssueComment]:
    """Put a notice on top of the comment; the sizing below it stays.

    Args:
        number: The pull request.
        notice: What to say.
        app: Whose comment; None for the latest of any.
        reader: Finds the comment.
        writer: Changes it.

    Raises:
        GitHubError: GitHub refused or failed; the comment is then as it was.
    """
    owned = own_comments(reader.comments(number), reader.login())
    sizings = [item for item in owned if not item.answer.marker.explains]
    existing = latest(sizings) if app is None else shown_for(owned, app)
    before = existing.answer if existing else Answer(Marker(app=app or ""))
    if existing is not None and before.asked > notice.asked:
        return Upserted.OLDER, existing.comment
    return upsert(number, replace(before, notice=notice), reader, writer)


def _settled(
    number: int, app: str, created: IssueComment, reader: GitHubReader, writer: GitHubWriter
) -> IssueComment:
    """After two wrote their first comment at once: the newest stays, others point to it.

    Both sides look after they wrote, so at least the later of them sees both.
    """
    owned = own_comments(reader.comments(number), reader.login())
    same = [item for item in owned if item.answer.marker.app == app]
    newest = latest(same)
    if newest is None:
        return created
    for item in same:
        if item.comment.id != newest.comment.id:
            writer.edit_comment(item.comment.id, _pointer(newest.comment.id))
    return newest.comment


def _pointer(comment_id: int) -> str:
    """What an older double says; without a marker, so it is never taken for the answer."""
    return f"The sizing stands in [this comment](#issuecomment-{comment_id}).\n"
