"""What the ways in need of GitHub: reading and writing are two objects, so that no job holds more.

Both speak of one repository. Every method raises `schemas.errors.GitHubError` when GitHub cannot be
reached, refuses, or answers what cannot be read; its ``code`` tells which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class PullRequestFacts:
    """A pull request as the API has it now."""

    number: int
    title: str
    body: str
    state: str
    locked: bool
    draft: bool
    head_sha: str
    head_ref: str
    head_repository: str | None
    """None when the fork is gone."""
    base_ref: str
    base_sha: str
    base_repository: str


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment on a pull request."""

    id: int
    author: str
    body: str
    html_url: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file at a commit, with the object name that a change must still find."""

    path: str
    content: bytes
    blob_sha: str


class Conclusion(StrEnum):
    """How a check run ended."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark of a check run at a line of a file."""

    path: str
    line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""


Reaction = Literal["hooray", "rocket", "confused", "-1", "+1", "eyes"]


class GitHubReader(Protocol):
    """Reads one repository."""

    def may_write(self, login: str) -> bool:
        """Whether the user may push; False whenever the API does not say so clearly."""

    def login(self) -> str:
        """The account that the token belongs to, as it signs its comments."""

    def pull_request(self, number: int) -> PullRequestFacts:
        """The pull request now."""

    def comments(self, number: int) -> Sequence[IssueComment]:
        """All comments of a pull request, oldest first."""

    def file(self, path: str, ref: str) -> FileAt | None:
        """A regular file at a commit; None when there is none."""


class GitHubWriter(Protocol):
    """Writes to one repository."""

    def react(self, comment_id: int, reaction: Reaction) -> bool:
        """Add a reaction; False when this account had already given it."""

    def comment(self, number: int, body: str) -> IssueComment:
        """Write a new comment."""

    def edit_comment(self, comment_id: int, body: str) -> IssueComment:
        """Replace a comment's text."""

    def check_run(
        self,
        head_sha: str,
        conclusion: Conclusion,
        title: str,
        summary: str,
        annotations: Sequence[Annotation] = (),
    ) -> str:
        """Report a completed check run on a commit; its address."""

    def create_branch(self, name: str, sha: str) -> None:
        """A branch at a commit; an existing branch of that name is a `GitHubError`."""

    def delete_branch(self, name: str) -> None:
        """Remove a branch; one that is gone already is no error."""

    def put_file(self, branch: str, file: FileAt, content: bytes, message: str) -> str:
        """Commit a file to a branch, only if it is still the blob given; the commit.

        An empty `blob_sha` creates the file.
        """

    def open_pull_request(self, head: str, base: str, title: str, body: str) -> tuple[int, str]:
        """Open a pull request; its number and address."""
