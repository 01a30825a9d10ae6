"""Reads one repository: has no method that writes, and needs no token that could."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.github.answers import Comment, Permission, PullRequest, read_as
from adapters.github.files import Files
from adapters.github.identity import Identity
from adapters.github.names import is_login, quoted_login
from adapters.github.session import Session
from schemas.errors import GitHubError
from schemas.github import FileAt, IssueComment, PullRequestFacts

_NOBODY: Final = "ghost"
"""How GitHub shows what an account wrote that is gone."""
_WRITING: Final = frozenset({"admin", "write"})


class RepositoryReader:
    """A `schemas.github.GitHubReader`. Not for several threads.

    Args:
        session: Requests.
        root: The repository's path in the API.
        identity: Whose requests they are.
    """

    def __init__(self, session: Session, root: str, identity: Identity) -> None:
        self._session, self._root, self._identity = session, root, identity
        self._files = Files(session, root)

    def may_write(self, login: str) -> bool:
        """Whether the user may push: as the API says, not as an event or a membership suggests.

        False for names that no account can have, for accounts that GitHub does not know as users,
        and where the answer is about somebody else or says nothing.

        Raises:
            GitHubError: It is not known, since GitHub could not be asked.
        """
        if not is_login(login):
            return False
        path = f"{self._root}/collaborators/{quoted_login(login)}/permission"
        try:
            answer = read_as(Permission, self._session.get(path).data)
        except GitHubError as error:
            if error.code == "github.not_found":
                return False
            raise
        user = answer.user
        if user is None or user.login.casefold() != login.casefold():
            return False
        if user.permissions is None:  # servers before 3.8; there no role is finer than these
            return answer.permission in _WRITING
        # Both must agree: `permission` folds maintain into write, and triage into read.
        return user.permissions.push and answer.permission in _WRITING

    def login(self) -> str:
        """The account that the token belongs to, as it signs its comments.

        Raises:
            GitHubError: The token is refused, or GitHub could not be asked.
        """
        return self._identity.login()

    def pull_request(self, number: int) -> PullRequestFacts:
        """The pull request now.

        Raises:
            GitHubError: There is none, or it cannot be read.
        """
        pull = read_as(PullRequest, self._session.get(f"{self._root}/pulls/{number:d}").data)
        return PullRequestFacts(
            number=pull.number,
            title=pull.title,
            body=pull.body or "",
            state=pull.state,
            locked=pull.locked,
            draft=pull.draft,
            head_sha=pull.head.sha,
            head_ref=pull.head.ref,
            head_repository=pull.head.repo.full_name if pull.head.repo is not None else None,
            base_ref=pull.base.ref,
            base_sha=pull.base.sha,
            base_repository=pull.base.repo.full_name,
        )

    def comments(self, number: int) -> Sequence[IssueComment]:
        """All comments of a pull request, oldest first.

        Raises:
            GitHubError: They cannot be read; never a part of them.
        """
        found = {
            comment.id: comment
            for item in self._session.pages(f"{self._root}/issues/{number:d}/comments")
            for comment in (comment_of(read_as(Comment, item)),)
        }
        return tuple(found[number] for number in sorted(found))

    def file(self, path: str, ref: str) -> FileAt | None:
        """A regular file at a commit or branch; None when there is none.

        Raises:
            GitHubError: It cannot be read, or is larger than 1 MiB.
        """
        return self._files.at(path, ref)


def comment_of(comment: Comment) -> IssueComment:
    """A comment as the ways in know it."""
    return IssueComment(
        id=comment.id,
        author=comment.user.login if comment.user is not None else _NOBODY,
        body=comment.body or "",
        html_url=comment.html_url,
        created_at=comment.created_at,
        updated_at=comment.updated_at,
    )
