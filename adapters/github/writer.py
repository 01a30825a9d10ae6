"""Writes to one repository: reactions, comments and check runs; `Changes` has the rest.

A change is asked for once. Where its answer is lost, what it made is looked for before it is asked
for again, so that no comment, commit or pull request appears twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from adapters.github.answers import CheckRun, Comment, read_as
from adapters.github.changes import Changes
from adapters.github.identity import Identity
from adapters.github.names import checked_sha
from adapters.github.reader import comment_of
from adapters.github.session import Session
from schemas.errors import GitHubError
from schemas.github import Annotation, Conclusion, IssueComment, Reaction

CHECK_NAME: Final = "ai-provision"
"""What branch protection asks for."""
MAX_ANNOTATIONS: Final = 50
"""In one request; GitHub adds those of later requests to them."""
_MAX_TITLE_CHARACTERS: Final = 255
_MAX_MESSAGE_CHARACTERS: Final = 16_000
"""GitHub takes 64 KB, and refuses all remarks for one that is longer; a character has up to 4."""
_CLOCK_S: Final = 2.0
"""GitHub's times are whole seconds, on both sides."""


class RepositoryWriter(Changes):
    """A `schemas.github.GitHubWriter`. Not for several threads.

    Args:
        session: Requests.
        root: The repository's path in the API.
        identity: Whose requests they are; asked for only when an answer is lost.
    """

    def __init__(self, session: Session, root: str, identity: Identity) -> None:
        super().__init__(session, root)
        self._session, self._root, self._identity = session, root, identity

    def react(self, comment_id: int, reaction: Reaction) -> bool:
        """Add a reaction; False when this account had already given it.

        Raises:
            GitHubError: It could not be given, or the answer was lost: asking again would not tell
                this reaction from an earlier one.
        """
        path = f"{self._root}/issues/comments/{comment_id:d}/reactions"
        answer = self._session.ask("POST", path, body={"content": reaction}, once=True)
        if answer.status not in (200, 201):
            raise GitHubError(f"a reaction was answered {answer.status}", code="github.invalid")
        return answer.status == 201

    def comment(self, number: int, body: str) -> IssueComment:
        """Write a new comment.

        Raises:
            GitHubError: It could not be written, or is not known to be.
        """
        path = f"{self._root}/issues/{number:d}/comments"

        def send() -> IssueComment:
            answer = self._session.ask("POST", path, body={"body": body}, once=True)
            return comment_of(read_as(Comment, answer.data))

        return self._session.settle(send, lambda age_s: self._written(path, body, age_s))

    def edit_comment(self, comment_id: int, body: str) -> IssueComment:
        """Replace a comment's text.

        Raises:
            GitHubError: It could not be replaced.
        """
        path = f"{self._root}/issues/comments/{comment_id:d}"
        answer = self._session.ask("PATCH", path, body={"body": body})
        return comment_of(read_as(Comment, answer.data))

    def check_run(
        self,
        head_sha: str,
        conclusion: Conclusion,
        title: str,
        summary: str,
        annotations: Sequence[Annotation] = (),
    ) -> str:
        """Report a completed check run on a commit; its address.

        The first request holds the conclusion: if a later one fails, remarks are missing, and
        nothing waits for ever.

        Raises:
            GitHubError: It could not be reported; a personal token cannot.
        """
        output: dict[str, Any] = {"title": title, "summary": summary}
        batches = _batches(annotations)
        body = {
            "name": CHECK_NAME,
            "head_sha": checked_sha(head_sha),
            "status": "completed",
            "conclusion": conclusion.value,
            "output": {**output, "annotations": batches[0]},
        }
        # Twice is no harm here: the newer run of a name on a commit replaces the older.
        answer = self._session.ask("POST", f"{self._root}/check-runs", body=body)
        run = read_as(CheckRun, answer.data)
        for number, batch in enumerate(batches[1:], start=2):
            total = sum(len(each) for each in batches[:number])
            self._annotate(run.id, {**output, "annotations": batch}, total)
        return run.html_url or ""

    def _annotate(self, run: int, output: dict[str, Any], total: int) -> None:
        """Add remarks to a check run, which then has `total`."""
        path = f"{self._root}/check-runs/{run:d}"

        def send() -> bool:
            self._session.ask("PATCH", path, body={"output": output}, once=True)
            return True

        def look(_: float) -> bool | None:
            found = read_as(CheckRun, self._session.get(path).data)
            return True if found.output.annotations_count >= total else None

        self._session.settle(send, look)

    def _written(self, path: str, body: str, age_s: float) -> IssueComment | None:
        """Our comment of this text of the last `age_s` seconds; None if there is none."""
        login = self._identity.login()
        found = [comment_of(read_as(Comment, item)) for item in self._session.pages(path)]
        now = self._session.server_time
        for comment in reversed(found):
            if now is None or _age_s(comment, now) > age_s + _CLOCK_S:
                return None
            if comment.author == login and _same(comment.body, body):
                return comment
        return None


def _age_s(comment: IssueComment, now: datetime) -> float:
    try:
        return (now - datetime.fromisoformat(comment.created_at)).total_seconds()
    except (ValueError, TypeError) as error:
        raise GitHubError("GitHub's answer has no readable time", code="github.invalid") from error


def _same(stored: str, sent: str) -> bool:
    """Whether a comment has this text; line ends are not kept as they were sent."""
    return stored.replace("\r\n", "\n").strip() == sent.replace("\r\n", "\n").strip()


def _batches(annotations: Sequence[Annotation]) -> list[list[dict[str, Any]]]:
    """The remarks as the API takes them, at least one batch."""
    shown = [_annotation(each) for each in annotations]
    starts = range(0, max(1, len(shown)), MAX_ANNOTATIONS)
    return [shown[start : start + MAX_ANNOTATIONS] for start in starts]


def _annotation(annotation: Annotation) -> dict[str, Any]:
    given = {
        "path": annotation.path,
        "start_line": max(1, annotation.line),
        "end_line": max(1, annotation.line),
        "annotation_level": annotation.level,
        "message": annotation.message[:_MAX_MESSAGE_CHARACTERS],
    }
    title = annotation.title[:_MAX_TITLE_CHARACTERS]
    return {**given, "title": title} if title else given
