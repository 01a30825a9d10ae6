"""What edits of a repository are."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import ProvisionError
from schemas.github import FileAt


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file with the numbers in it."""

    path: str
    before: FileAt
    """The file as it was read; of a new file: no content, and an empty `blob_sha`."""
    after: bytes
    components: tuple[str, ...]
    """The components whose numbers it holds."""


@dataclass(frozen=True, slots=True)
class Edits:
    """The recommendation as changes of files, sorted by path."""

    changed: tuple[FileEdit, ...] = ()
    """Files that the repository has."""
    created: tuple[FileEdit, ...] = ()
    """Files of components that have no manifest; nothing stands at their paths."""
    by_hand: tuple[str, ...] = ()
    """What could not be written, and why: one line each."""


class EditRefused(ProvisionError):
    """An edit cannot be made, or cannot be shown to be right; the message is the reason."""

    exit_code = 1
    default_code = "edit.refused"
