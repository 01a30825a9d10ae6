"""What may stand in a request's path.

Names come from strangers: a login from a comment, a branch from a pull request, a path from a
repository. Each is held against its grammar and then quoted, so none reaches another resource.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from schemas.chatops import FULL_NAME_PATTERN, LOGIN_PATTERN, SHA_PATTERN
from schemas.errors import GitHubError

MAX_PATH_CHARACTERS: Final = 4096
MAX_BRANCH_CHARACTERS: Final = 244
"""GitHub's limit for ``refs/heads/…`` is 255 bytes."""

_NO_BRANCH: Final = re.compile(
    r"\.\.|[\x00-\x20\x7f~^:?*\[\\]|//|@\{|^[/.@-]$|^[/-]|[/.]$|(?:^|/)\.|\.lock(?:/|$)"
)
"""What git-check-ref-format(1) refuses, and names that look like an option."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def is_login(login: str) -> bool:
    """Whether an account can have this name."""
    return re.fullmatch(LOGIN_PATTERN, login) is not None


def is_sha(text: str) -> bool:
    """Whether it is a full object name."""
    return re.fullmatch(SHA_PATTERN, text) is not None


def repository_root(full_name: str) -> str:
    """The path of a repository in the API.

    Raises:
        GitHubError: ``github.invalid``: not ``owner/name``.
    """
    name = full_name.partition("/")[2]
    if not re.fullmatch(FULL_NAME_PATTERN, full_name) or name in (".", ".."):
        raise _invalid("the repository is not written as owner/name")
    return f"/repos/{full_name}"


def quoted_login(login: str) -> str:
    """An account's name for a path.

    Raises:
        GitHubError: ``github.invalid``: no account can have this name.
    """
    if not is_login(login):
        raise _invalid("this cannot be the name of an account")
    return quote(login, safe="")


def checked_sha(sha: str) -> str:
    """A full object name.

    Raises:
        GitHubError: ``github.invalid``: it is not one.
    """
    if not is_sha(sha):
        raise _invalid("a commit is named by all its 40 (or 64) hexadecimal digits")
    return sha


def checked_branch(name: str) -> str:
    """A branch's name, which git would accept.

    Raises:
        GitHubError: ``github.invalid``: it would not.
    """
    if not 0 < len(name.encode()) <= MAX_BRANCH_CHARACTERS or _NO_BRANCH.search(name):
        raise _invalid("git accepts no branch of this name")
    return name


def path_segments(path: str) -> tuple[str, ...]:
    """The folders and the name of a file's path.

    Raises:
        GitHubError: ``github.invalid``: not a relative path inside the repository.
    """
    segments = tuple(path.split("/"))
    outside = any(each in ("", ".", "..") or each.lower() == ".git" for each in segments)
    if outside or len(path) > MAX_PATH_CHARACTERS or _CONTROL.search(path):
        raise _invalid("the path does not name a file inside the repository")
    return segments


def quoted_path(path: str) -> str:
    """A file's path for a URL.

    Raises:
        GitHubError: ``github.invalid``: not a relative path inside the repository.
    """
    return "/".join(quote(each, safe="") for each in path_segments(path))


def _invalid(what: str) -> GitHubError:
    return GitHubError(what, code="github.invalid")
