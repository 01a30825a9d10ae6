"""What the gate can decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.chatops import Job


class Why(StrEnum):
    """Why a comment leads to no job."""

    NOT_ADDRESSED = "the comment is no /ai-provision command"
    NOT_CREATED = "the comment was not written now"
    NOT_A_PULL_REQUEST = "it stands on an issue"
    NOT_OPEN = "the pull request is not open"
    LOCKED = "the conversation is locked"
    NOT_A_PERSON = "it was not written by a person"
    OTHER_REPOSITORY = "the event belongs to another repository"
    NOT_PERMITTED = "the author may not push to the repository"
    TAKEN = "the comment has been taken up already"
    GONE = "the comment has been removed"
    HELP = "it asked for help"
    COMMAND = "the command cannot be read"
    FORK = "the pull request comes from a fork"
    MOVED = "the pull request is at another commit"
    NOTHING_ASKED = "no earlier command tells what to size"
    NOT_SHOWN = "no numbers are shown for this commit"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No job. Without a `title` nobody is told: strangers get no answer."""

    why: Why
    title: str = ""
    """A few words of our own; the reply begins with them."""
    reason: str = ""
    """One sentence; it may quote what was typed."""
    hint: str = ""

    @property
    def spoken(self) -> bool:
        """Whether the author is told."""
        return bool(self.title) or self.why is Why.HELP


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job for the later steps."""

    job: Job


Outcome = Admitted | Refusal
