"""``apply``: the numbers as commits on a branch of their own, and a pull request for them.

Nothing is written to the branch of the pull request itself: a person still merges. A branch without
its pull request would be half a result, so whatever goes wrong after it was made removes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from ci.chatops.words import short
from ci.handoff.measured import plural
from ci.handoff.plain import code
from schemas.chatops import Job
from schemas.errors import GitHubError, OutputError, UsageError
from schemas.github import FileAt, GitHubWriter
from schemas.recommendation import Recommendation

MAX_FILES = 50
"""Each file is a commit of its own; more is a refactoring that belongs on somebody's desk."""
MESSAGE = "Set replicas and resources as sized by ai-provision"
"""The same for every file: names of files are strangers' words, and GitHub acts on some words."""


class FileEdit(Protocol):
    """A file of the repository with the numbers in it."""

    @property
    def path(self) -> str:
        """Its path."""

    @property
    def before(self) -> FileAt:
        """The file at the commit that was sized."""

    @property
    def after(self) -> bytes:
        """Its new content."""


class Edits(Protocol):
    """The recommendation as changes of the repository's own files."""

    @property
    def changed(self) -> Sequence[FileEdit]:
        """Files that the repository has."""

    @property
    def created(self) -> Sequence[FileEdit]:
        """New files, at paths where nothing stands."""

    @property
    def by_hand(self) -> Sequence[str]:
        """What cannot, one sentence each."""


ReadFile = Callable[[str], FileAt | None]
Editor = Callable[[Recommendation, ReadFile], Edits]


@dataclass(frozen=True, slots=True)
class Applied:
    """The pull request that carries the numbers."""

    number: int
    url: str
    branch: str
    files: int
    by_hand: tuple[str, ...] = ()


def branch_of(job: Job) -> str:
    """The branch of one ``apply``: its comment's number is in it, so no two share one."""
    return f"ai-provision/{job.pull_request}-{short(job.head_sha)}-{job.comment_id}"


def refuse_blocked(recommendation: Recommendation) -> None:
    """Refuse numbers that must not be applied.

    Raises:
        UsageError: A blocking finding is left, or a component has no numbers.
    """
    blocking = [finding for finding in recommendation.findings if finding.blocks]
    if blocking:
        named = ", ".join(dict.fromkeys(finding.id for finding in blocking))
        raise UsageError(
            f"the numbers are blocked by {plural(len(blocking), 'finding')}: {named}",
            code="apply.blocked",
            hint="The sizing comment says what to do about each.",
        )


def apply_edits(job: Job, edits: Edits, writer: GitHubWriter, remark: str = "") -> Applied:
    """Write the files to a new branch at the commit that was sized, and open a pull request.

    Args:
        job: What was asked; its head lies in this repository.
        edits: The files.
        writer: Writes them; each only if it is still the blob that was edited.
        remark: A sentence of our own for the description.

    Raises:
        UsageError: There is nothing to write, or something that must not be written.
        GitHubError: GitHub refused or failed, or the branch is there already; nothing is left
            behind, or the error names what is.
    """
    files = (*edits.changed, *edits.created)
    _refuse_unfit(job, files, edits.by_hand)
    branch = branch_of(job)
    writer.create_branch(branch, job.head_sha)
    try:
        for edit in files:
            writer.put_file(branch, edit.before, edit.after, MESSAGE)
        number, url = writer.open_pull_request(
            branch, job.head_ref, _title(job), _description(job, edits, remark)
        )
    except BaseException as error:
        left = _left_behind(branch, writer)
        if isinstance(error, GitHubError):
            raise GitHubError(error.message, code=error.code, hint=left or error.hint) from error
        raise
    return Applied(number, url, branch, len(files), tuple(edits.by_hand))


def _refuse_unfit(job: Job, files: Sequence[FileEdit], by_hand: Sequence[str]) -> None:
    if job.fork:
        raise UsageError("the pull request comes from a fork", code="apply.fork")
    if not files:
        raise UsageError(
            "no file of the repository would change",
            code="apply.nothing",
            hint="\n".join(by_hand[:3]),
        )
    if len(files) > MAX_FILES:
        raise UsageError(
            f"{len(files)} files would change, {MAX_FILES} are allowed",
            code="apply.too_many",
            hint="Apply one component after the other: component=NAME.",
        )
    for edit in files:
        if not _writable(edit.path) or edit.before.path != edit.path:
            raise OutputError(f"{edit.path[:200]!r} is no file that may be changed")


def _writable(path: str) -> bool:
    """A path inside the repository, and not one that GitHub itself acts upon."""
    parts = PurePosixPath(path).parts
    inside = bool(parts) and not path.startswith("/") and ".." not in parts
    return inside and parts[0] not in {".git", ".github"}


def _left_behind(branch: str, writer: GitHubWriter) -> str:
    """Remove the branch; a sentence when that failed too."""
    try:
        writer.delete_branch(branch)
    except GitHubError:
        return f"The branch {branch} could not be removed; remove it by hand."
    return ""


def _title(job: Job) -> str:
    return f"Apply the sizing of {short(job.head_sha)} (#{job.pull_request})"


def _description(job: Job, edits: Edits, remark: str) -> str:
    """In our own words, with names in code spans that they cannot leave."""
    lines = [
        f"The numbers that were sized in #{job.pull_request} for {code(job.head_sha)}, "
        f"asked for by {code(job.actor)}.",
        "",
        *([remark, ""] if remark else []),
        *(f"- {code(edit.path)}" for edit in edits.changed),
        *(f"- {code(edit.path)} (new)" for edit in edits.created),
    ]
    if edits.by_hand:
        lines += ["", "To be done by hand:", *(f"- {code(text, 500)}" for text in edits.by_hand)]
    return "\n".join(lines) + "\n"
