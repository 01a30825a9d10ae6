"""What the event of a workflow tells about its pull request."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.base import JsonObject
from schemas.chatops import SHA_PATTERN


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Repository(_Part):
    full_name: str


class _Side(_Part):
    sha: str = Field(pattern=SHA_PATTERN)
    repo: _Repository | None
    """None when the fork is gone."""


class _Pull(_Part):
    number: int = Field(ge=1)
    head: _Side
    base: _Side


class _Event(_Part):
    pull_request: _Pull | None = None


@dataclass(frozen=True, slots=True)
class PullFacts:
    """The pull request that a workflow runs for."""

    number: int
    head_sha: str
    fork: bool
    """Its head lies in another repository, or in one that is gone."""


def pull_of(payload: JsonObject) -> PullFacts | None:
    """The pull request of an event; None when there is none, or none that can be read."""
    try:
        pull = _Event.model_validate(payload).pull_request
    except ValidationError:
        return None
    if pull is None:
        return None
    head, base = pull.head.repo, pull.base.repo
    same = head is not None and base is not None and head.full_name == base.full_name
    return PullFacts(pull.number, pull.head.sha, fork=not same)
