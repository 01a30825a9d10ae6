"""The payload of an ``issue_comment`` event: the few fields that the gate looks at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from schemas.base import JsonObject
from schemas.chatops import FULL_NAME_PATTERN
from schemas.errors import UsageError


class _Part(BaseModel):
    """GitHub adds fields all the time, so unknown ones are no error here."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class User(_Part):
    """Who did something."""

    login: str = Field(min_length=1, max_length=110)
    type: str = "User"


class Comment(_Part):
    """The comment that the event is about."""

    id: int = Field(ge=1)
    user: User | None
    """None when the account is gone."""
    body: str | None
    created_at: str
    performed_via_github_app: dict[str, Any] | None = None

    @field_validator("created_at")
    @classmethod
    def _in_utc(cls, value: str) -> str:
        """In one form, so that the order of texts is the order in time."""
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("has no time zone")
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Issue(_Part):
    """The issue or pull request that it stands on."""

    number: int = Field(ge=1)
    state: str
    locked: bool = False
    pull_request: dict[str, Any] | None = None
    """Present exactly when the issue is a pull request."""


class Repository(_Part):
    """Where it happened."""

    id: int = Field(ge=1)
    full_name: str = Field(pattern=FULL_NAME_PATTERN)


class CommentEvent(_Part):
    """One event."""

    action: str
    issue: Issue
    comment: Comment
    repository: Repository


def read_event(payload: JsonObject) -> CommentEvent:
    """Check a payload.

    Raises:
        UsageError: It is not that of an ``issue_comment`` event; names the field.
    """
    try:
        return CommentEvent.model_validate(payload)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in details["loc"])
    raise UsageError(
        f"the event is not of the kind issue_comment: {field}: {details['msg']}",
        code="event.invalid",
        hint="Run `github gate` in a workflow that starts on issue_comment.",
    )
