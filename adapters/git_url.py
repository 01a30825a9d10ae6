"""Which repository URLs and refs are accepted, before anything is contacted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from schemas.errors import RepositoryError

MAX_URL_CHARACTERS = 2048
MAX_REF_CHARACTERS = 255

_RIGHT_FORM = "Write for example https://github.com/acme/shop."
_HOST = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_REF_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT_SHA = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class RepositoryUrl:
    """An https URL that names a repository and nothing else."""

    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int
    path: str
    """With its leading slash, percent-encoding kept."""

    @property
    def authority(self) -> str:
        """Host and port as a URL writes them; the default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"https://{self.authority}{self.path}"


def parse_url(text: str) -> RepositoryUrl:
    """Accept an https URL, refuse everything else.

    Raises:
        RepositoryError: ``repository.scheme`` for another transport (``ssh://``, ``file://``,
            ``ext::``, ``git@host:``, a path), ``repository.credentials`` for a user name or
            password in the URL, ``repository.url`` for anything else that a URL cannot be.
    """
    _refuse_characters(text)
    if not text.lower().startswith("https://"):
        raise RepositoryError(
            "a repository is fetched over https only", code="repository.scheme", hint=_RIGHT_FORM
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _bad_url("has a host or port that cannot be read") from error
    _refuse_parts(parts)
    host = (parts.hostname or "").removesuffix(".")
    if ":" not in host and not _HOST.fullmatch(host):
        raise _bad_url("has no valid host name", "Write names in other scripts as xn--….")
    if port == 0:
        raise _bad_url("has a host or port that cannot be read")
    path = parts.path.rstrip("/")
    return RepositoryUrl(host, port or 443, path)


def check_ref(ref: str) -> str:
    """Accept what may be a branch, a tag or a commit, by git's own rules for names.

    Raises:
        RepositoryError: ``repository.ref``.
    """
    wrong = (
        not 0 < len(ref) <= MAX_REF_CHARACTERS
        or ref[0] in "-/."
        or ref[-1] in "/."
        or ref == "@"
        or _REF_FORBIDDEN.search(ref)
    )
    if wrong:
        raise RepositoryError(
            "the ref is no branch, tag or commit name",
            code="repository.ref",
            hint="Write for example main, v1.4.0 or a full commit id.",
        )
    return ref


def is_full_sha(ref: str) -> bool:
    """Whether a ref is a complete commit id."""
    return _SHA.fullmatch(ref) is not None


def may_be_sha(ref: str) -> bool:
    """Whether a ref can be a commit id, perhaps shortened."""
    return _SHORT_SHA.fullmatch(ref) is not None


def _refuse_characters(text: str) -> None:
    if len(text) > MAX_URL_CHARACTERS:
        raise _bad_url(f"is longer than {MAX_URL_CHARACTERS} characters")
    if any(character <= " " or character == "\x7f" for character in text):
        raise _bad_url("contains a space or control character")
    if "\\" in text:
        raise _bad_url("contains a backslash")


def _refuse_parts(parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise RepositoryError(
            "the repository URL contains a user name or password",
            code="repository.credentials",
            hint="Take it out and revoke it, it was exposed. Then set AI_PROVISION_GIT_TOKEN.",
        )
    if parts.query or parts.fragment:
        raise _bad_url("has a query or fragment", "Name a branch, tag or commit with --ref.")
    path = unquote(parts.path)
    if not path.strip("/"):
        raise _bad_url("names a host but no repository")
    if any(character < " " or character == "\x7f" for character in path):
        raise _bad_url("contains an encoded control character")
    if ".." in path.split("/"):
        raise _bad_url("contains ..")


def _bad_url(problem: str, hint: str = _RIGHT_FORM) -> RepositoryError:
    return RepositoryError(f"the repository URL {problem}", code="repository.url", hint=hint)
