"""What git says when it fails, as errors that a user can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import RepositoryError

_PRIVATE_HINT = (
    "For a private repository set AI_PROVISION_GIT_TOKEN, "
    "and its host in AI_PROVISION_GIT_TOKEN_HOSTS."
)


@dataclass(frozen=True, slots=True)
class _Failure:
    pattern: str
    code: str
    message: str
    hint: str


# The first that matches decides. The texts are those of git's builtin/fetch.c, http.c,
# remote-curl.c and fetch-pack.c, and of curl's strerror.c.
_FAILURES = (
    _Failure(
        r"error: 30[12378]|update url base from redirection",
        "repository.redirect",
        "the host answers with a redirect, which is not followed",
        "Give the URL that it redirects to.",
    ),
    _Failure(
        r"returned error: 40[13]|Authentication failed|could not read (?:Username|Password)",
        "repository.auth",
        "the host asks for credentials, or refuses those that are set",
        _PRIVATE_HINT,
    ),
    _Failure(
        r"repository '.{0,2100}' not found|returned error: 404|returned error: 410",
        "repository.not_found",
        "there is no such repository, or it is private",
        "Check the URL. " + _PRIVATE_HINT,
    ),
    _Failure(
        r"find remote ref|not our ref|unadvertised object|no such remote ref|bad object|"
        r"not a valid object name|Needed a single revision|ambiguous argument|unknown revision",
        "repository.ref_not_found",
        "the repository has no such branch, tag or commit",
        "Check --ref.",
    ),
    _Failure(
        r"[Cc]ertificate|SSL|TLS|gnutls",
        "repository.tls",
        "the host's certificate cannot be trusted",
        "For an authority of your own set AI_PROVISION_GIT_CA_FILE.",
    ),
    _Failure(
        r"resolve (?:host|proxy)|Failed to connect|Couldn't connect|Connection refused|"
        r"Connection timed out|unreachable|Could not connect",
        "repository.unreachable",
        "the host cannot be reached",
        "Check the URL and the network.",
    ),
    _Failure(
        r"not valid: is this a git repository|did not send all necessary|protocol error|"
        r"bad line length|invalid server response",
        "repository.not_git",
        "the URL does not answer as a git repository",
        "Give the URL that you would clone from.",
    ),
    _Failure(
        r"fsck error|fsck errors|inflate|index-pack failed|invalid index-pack|unpack-objects",
        "repository.corrupt",
        "the repository's objects are damaged or malicious",
        "Run git fsck in a clone of it.",
    ),
    _Failure(
        r"RPC failed|early EOF|unexpected disconnect|hung up|reset by peer|returned error: 5|"
        r"Empty reply|transfer closed",
        "repository.interrupted",
        "the host ended the transfer early",
        "Try again.",
    ),
    _Failure(
        r"No space left|Disk quota",
        "repository.no_space",
        "there is no room for the repository in the temporary directory",
        "Free some, or point TMPDIR elsewhere.",
    ),
)


def failure(errors: str, url: str, secrets: Sequence[str]) -> RepositoryError:
    """The error for what git wrote to stderr about the repository at `url`."""
    errors = errors.replace(url, "URL")  # its words must not be taken for git's
    for known in _FAILURES:
        if re.search(known.pattern, errors):
            return RepositoryError(known.message, code=known.code, hint=known.hint)
    words = redact(_last_line(errors), secrets)
    return RepositoryError(
        f"git failed: {words}" if words else "git failed without a word",
        code="repository.failed",
        hint="Try the same URL with git clone.",
    )


def redact(text: str, secrets: Sequence[str]) -> str:
    """Text without secrets and without user information in URLs."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return re.sub(r"(https?://)[^/\s@]{1,2000}@", r"\1***@", text)


def _last_line(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    chosen = (fatal or lines or [""])[0]
    return "".join(c for c in chosen if c.isprintable())[:300].removeprefix("fatal: ")
