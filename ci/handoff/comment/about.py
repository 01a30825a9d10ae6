"""What the comment is told beside the recommendation, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.chatops import Verb

MAX_COMMENT = 58_000
"""UTF-16 units; GitHub refuses a comment of more than 65,536 characters, and whoever publishes it
may put a notice above."""
MAX_SUMMARY_BYTES = 1_000_000
"""GitHub refuses the job summary of a step beyond 1 MiB."""


@dataclass(frozen=True, slots=True)
class PatchFile:
    """What the patch does to one file of the repository (`patches.patch_files` makes them)."""

    path: str
    diff: str
    """Unified diff, without colours."""
    note: str = ""
    """What a reader should know about it, one sentence."""


@dataclass(frozen=True, slots=True)
class CommentAbout:
    """What a comment is about, beyond the numbers."""

    head_sha: str
    """The commit that was sized, in full."""
    verb: Verb = Verb.SIZE
    component: str | None = None
    """Only this component is shown."""
    stale_head: str | None = None
    """The pull request's head, where it is another commit by now."""
    run_url: str | None = None
    """Page of the run that computed it; our own, the only thing that is ever linked."""
    edits: tuple[PatchFile, ...] = ()
    """The recommendation as edits of the repository's files; empty: the patch itself is shown."""
    by_hand: tuple[str, ...] = ()
    """What could not be written into a file, and why: one line each."""
    can_apply: bool = True
    """False where ``apply`` would be refused: the branch of a fork."""
    applied_url: str | None = None
    """The pull request that carries the numbers, after ``apply``."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, ready to be sent."""

    text: str
    """Markdown, at most `MAX_COMMENT` long."""
    full_text: str
    """The same for the job summary: nothing cut before `MAX_SUMMARY_BYTES`."""
