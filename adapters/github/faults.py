"""What it means when GitHub does not do what it was asked.

github.unreachable    no connection, no answer in time, or a fault of the server (5xx)
github.rate_limited   a limit is reached, and waiting for it would take too long
github.refused        the credentials, or what they may do (401, 403, 451)
github.not_found      no such thing, or it may not be seen, or it has moved (404, 410, redirects)
github.conflict       something else is there by now (409, and 422 about what exists already)
github.invalid        the request cannot be accepted (400, 422), or the answer cannot be read
github.failed         everything else
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import github
import requests
from github.Requester import Requester
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from adapters.github.connection import NotFollowed, TooLarge
from schemas.errors import GitHubError

MAX_REASON_CHARACTERS: Final = 200
"""Of GitHub's own words in a message."""
LIMIT_WAIT_S: Final = 60.0
"""Where a limit names no time: GitHub's documentation asks for at least a minute."""

_CODES: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: "github.invalid",
    HTTPStatus.UNAUTHORIZED: "github.refused",
    HTTPStatus.FORBIDDEN: "github.refused",
    HTTPStatus.NOT_FOUND: "github.not_found",
    HTTPStatus.CONFLICT: "github.conflict",
    HTTPStatus.GONE: "github.not_found",
    HTTPStatus.UNPROCESSABLE_ENTITY: "github.invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "github.rate_limited",
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: "github.refused",
}
_EXISTS: Final = re.compile(r"already exists|\"sha\" wasn't supplied", re.IGNORECASE)
_NO_PULLS: Final = re.compile(r"not permitted to create or approve pull requests")
_PERMISSIONS: Final = re.compile(r"[a-z_]+=[a-z]+(?:[;,] ?[a-z_]+=[a-z]+)*")
_MARKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]+")
_HINTS: Final = {
    "github.unreachable": "Check the network and AI_PROVISION_GITHUB_API_URL, then run it again.",
    "github.rate_limited": "Run it later; AI_PROVISION_GITHUB_TIMEOUT_SECONDS allows longer waits.",
    "github.not_found": "Check the name, and that the token may see the repository.",
    "github.conflict": "Look at what is there now, then run it again.",
}


class RequestError(GitHubError):
    """A request failed.

    Args:
        message: Which one, and how.
        code: ``github.…``.
        hint: What the user can do.
        status: Of GitHub's answer; 0 where there was none.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status


class Unsettled(RequestError):
    """A change was asked for, and it is not known whether GitHub has carried it out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that failed.

    Args:
        code: ``github.…``.
        reason: One clause, fit to be shown.
        passing: It may be gone in a moment.
        unknown: GitHub may have carried the request out all the same.
        wait_s: How long GitHub asks to wait.
        hint: What the user can do.
        status: Of the answer; 0 where there was none.
        cause: The exception of a library, for whoever looks for the reason.
    """

    code: str
    reason: str
    passing: bool = False
    unknown: bool = False
    wait_s: float | None = None
    hint: str = ""
    status: int = 0
    cause: Exception | None = None

    def as_error(self, line: str) -> RequestError:
        """The error for a user; `line` is the request's method and path."""
        kind = Unsettled if self.unknown else RequestError
        unsure = "; it may have been carried out all the same" if self.unknown else ""
        hint = self.hint or _HINTS.get(self.code, "")
        message = f"{line}: {self.reason}{unsure}"
        return kind(message, code=self.code, hint=hint, status=self.status)


def fault_of_status(status: int, headers: Mapping[str, Any], data: Any) -> Fault:  # noqa: ANN401 - parsed JSON
    """What an answer with an error status means.

    Args:
        status: 400 or more.
        headers: With names in lower case.
        data: The body, parsed; None when it is no JSON.
    """
    said = _said(data)
    reason = f"GitHub answered {status}" + (f": {said}" if said else "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait_s = _seconds(headers.get("retry-after"))
        return Fault("github.unreachable", reason, True, True, wait_s, status=status)
    if _is_limit(status, headers, data):
        return Fault(
            "github.rate_limited", reason, True, wait_s=_limit_wait(headers), status=status
        )
    code = _CODES.get(status, "github.failed")
    if code == "github.invalid" and _EXISTS.search(said):
        code = "github.conflict"
    return Fault(code, reason, hint=_hint(status, headers, said), status=status)


def fault_of_exception(error: Exception) -> Fault:
    """What an exception of PyGithub, requests or urllib3 means. Its own text is not repeated."""
    if isinstance(error, github.GithubException):
        return fault_of_status(error.status, dict(error.headers or {}), error.data)
    if isinstance(error, requests.ConnectionError) and _never_connected(error):
        return Fault("github.unreachable", "no connection can be made", passing=True)
    if isinstance(error, requests.exceptions.SSLError) and _is_certificate(error):
        return _NOT_TRUSTED
    for kinds, fault in _BREAKAGES:
        if isinstance(error, kinds):
            return fault
    return Fault("github.failed", f"the request failed ({type(error).__name__})")


_NOT_TRUSTED: Final = Fault(
    "github.unreachable",
    "the server has no certificate that is trusted here",
    hint="AI_PROVISION_GITHUB_CA_FILE names the authorities that signed it.",
)
_BREAKAGES: Final[tuple[tuple[tuple[type[Exception], ...], Fault], ...]] = (
    (
        (NotFollowed,),
        Fault(
            "github.not_found",
            "GitHub answered that this has moved; the token is not sent elsewhere",
            hint="Use the repository's present name.",
        ),
    ),
    ((TooLarge,), Fault("github.invalid", "the answer is larger than any that is expected")),
    (
        (requests.exceptions.ProxyError,),
        Fault(
            "github.unreachable",
            "the proxy does not let it through",
            passing=True,
            hint="Check AI_PROVISION_GITHUB_PROXY.",
        ),
    ),
    (
        (requests.ConnectTimeout,),
        Fault("github.unreachable", "no connection could be made in time", passing=True),
    ),
    (
        (requests.Timeout, TimeoutError, ReadTimeoutError),
        Fault("github.unreachable", "no answer came in time", passing=True, unknown=True),
    ),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader),
        Fault("github.invalid", "the request is malformed"),
    ),
    (
        (requests.RequestException, TransportError, OSError),
        Fault("github.unreachable", "the connection was cut", passing=True, unknown=True),
    ),
    (
        (ValueError, github.BadAttributeException),
        Fault("github.invalid", "the answer or the request is malformed"),
    ),
)
"""The first that matches decides: several are kinds of others."""


def shown(text: str) -> str:
    """Somebody else's words on one line, without marks that change how they are read."""
    text = _MARKS.sub(" ", text).strip()
    if len(text) > MAX_REASON_CHARACTERS:
        return text[: MAX_REASON_CHARACTERS - 1] + "…"
    return text


def _said(data: Any) -> str:  # noqa: ANN401 - parsed JSON
    """GitHub's own words: the message, and what it says about single fields."""
    if not isinstance(data, dict):
        return ""
    details = data.get("errors")
    messages = [data.get("message"), *(details if isinstance(details, list) else [])]
    texts = [m.get("message") or m.get("code") if isinstance(m, dict) else m for m in messages]
    return shown("; ".join(text for text in texts if isinstance(text, str)))


def _is_limit(status: int, headers: Mapping[str, Any], data: Any) -> bool:  # noqa: ANN401 - parsed JSON
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status != HTTPStatus.FORBIDDEN:
        return False
    if "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return True
    message = data.get("message") if isinstance(data, dict) else None
    return isinstance(message, str) and Requester.isRateLimitError(message)


def _limit_wait(headers: Mapping[str, Any]) -> float:
    """How long a limit asks to wait; by the server's own clock, for ours may differ."""
    asked = _seconds(headers.get("retry-after"))
    if asked is not None:
        return asked
    reset = _seconds(headers.get("x-ratelimit-reset"))
    try:
        now = parsedate_to_datetime(str(headers.get("date"))).timestamp()
    except ValueError:
        return LIMIT_WAIT_S
    if reset is None or headers.get("x-ratelimit-remaining") != "0":
        return LIMIT_WAIT_S
    return max(0.0, reset - now) + 1  # the second of the reset must be over


def _seconds(text: Any) -> float | None:  # noqa: ANN401 - a header, or None
    """A header that counts seconds."""
    return float(text) if re.fullmatch(r"\d{1,12}", str(text)) else None


def _hint(status: int, headers: Mapping[str, Any], said: str) -> str:
    if _NO_PULLS.search(said):
        return (
            "Allow it in the repository's settings: Actions, General, Workflow permissions; "
            "or use the credentials of an app."
        )
    needed = str(headers.get("x-accepted-github-permissions", ""))
    if status == HTTPStatus.FORBIDDEN and _PERMISSIONS.fullmatch(needed):
        return f"The token needs one of these permissions: {needed}."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "Check AI_PROVISION_GITHUB_TOKEN (or GITHUB_TOKEN) and what it may do."
    return ""


def _never_connected(error: Exception) -> bool:
    """Whether the request was not even sent."""
    return isinstance(_reason_of(error), NewConnectionError)


def _is_certificate(error: Exception) -> bool:
    """Whether TLS failed for want of trust; else it broke, like any connection."""
    reason = _reason_of(error)
    causes = (reason, *getattr(reason, "args", ()))
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in causes)


def _reason_of(error: Exception) -> object:
    """What is below an exception of requests."""
    inner = error.args[0] if error.args else None
    return inner.reason if isinstance(inner, MaxRetryError) else inner
