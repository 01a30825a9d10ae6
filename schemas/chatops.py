"""What the jobs of a pull-request comment hand to each other."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Contract
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS, Environment

SHA_PATTERN = r"^[0-9a-f]{40}([0-9a-f]{24})?$"
"""A full git object name: SHA-1 or SHA-256."""
LOGIN_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$"
"""Managed users of an enterprise have an underscore: ``octocat_acme``."""
FULL_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}$"


class Verb(StrEnum):
    """What a comment asks for."""

    SIZE = "size"
    """``/ai-provision``: size what the body describes."""
    EXPLAIN = "explain"
    """``/ai-provision explain COMPONENT``: size again, and tell why for one component."""
    APPLY = "apply"
    """``/ai-provision apply sha=…``: size again, and write the numbers into a pull request."""
    HELP = "help"
    """``/ai-provision help``."""


class Command(Contract):
    """A comment's command, after its text was held against the grammar."""

    verb: Verb
    git_repo: str | None = Field(default=None, max_length=2048)
    """None: the repository of the pull request."""
    app_description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_CHARACTERS)
    """None with `Verb.HELP`, and until the gate has taken both fields from an earlier command; in a
    job they are always there."""
    environment: Environment | None = None
    component: str | None = Field(default=None, max_length=253)
    """Only this component is shown (``component=``), explained or applied."""
    sha: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,64}$")
    """What the pull request's head must start with."""


class Job(Contract):
    """What the gate lets through: everything that the later jobs may act upon, and no more."""

    repository: str = Field(pattern=FULL_NAME_PATTERN)
    repository_id: int = Field(ge=1)
    pull_request: int = Field(ge=1)
    comment_id: int = Field(ge=1)
    actor: str = Field(pattern=LOGIN_PATTERN)
    """Author of the comment, who may write to the repository."""
    head_sha: str = Field(pattern=SHA_PATTERN)
    """The commit that is sized; fixed by the gate."""
    head_ref: str = Field(max_length=255)
    head_repository: str | None = None
    """None when the fork is gone."""
    base_ref: str = Field(max_length=255)
    fork: bool = False
    """The head lies in another repository: it is sized, and never written to."""
    title: str = Field(default="", max_length=500)
    """The pull request's title, a stranger's words."""
    command: Command
    asked_at: str
    """When the comment was written (RFC 3339); a later answer is not overwritten by an earlier."""
