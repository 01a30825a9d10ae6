"""One request to GitHub: tried again where that is safe, and errors in our words."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from github.Auth import AppAuthToken, Auth, Token
from requests.utils import parse_header_links

from adapters.github.answers import ViewerAnswer, read_as
from adapters.github.connection import Wire
from adapters.github.faults import Fault, Unsettled, fault_of_exception, fault_of_status
from adapters.settings import Settings
from schemas.errors import GitHubError

_log = logging.getLogger(__name__)
T = TypeVar("T")

API_VERSION: Final = "2022-11-28"
TRIES: Final = 4
FIRST_PAUSE_S: Final = 1.0
"""Before the second try; doubled before each further one, where GitHub names no time."""
PAGE_ITEMS: Final = 100
MAX_PAGES: Final = 1000
"""GitHub lists no more; a server that never comes to an end is not followed further."""
_ATTEMPT_S: Final = 30.0
"""Longest time of one try: GitHub ends requests of its own after ten seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered to a request that it accepted."""

    status: int
    headers: Mapping[str, Any]
    data: Any


class Session:
    """Requests under one account. Not for several threads.

    Args:
        settings: ``github_*``.
        wire: The connection.
        auth: Whose requests they are.
        pause: Waits so many seconds; tests give another.
    """

    def __init__(
        self,
        settings: Settings,
        wire: Wire,
        auth: Auth | None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = settings.github_timeout_seconds
        self._wire = wire
        self._requester = wire.requester(auth)
        self._secret = auth.token if isinstance(auth, Token | AppAuthToken) else None
        self._pause = pause
        self.server_time: datetime | None = None
        """GitHub's clock when it last answered."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read something.

        Raises:
            GitHubError: It cannot be had.
        """
        return self.ask("GET", path, params=params)

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page by page.

        Raises:
            GitHubError: A page cannot be had, or is no list.
        """
        page = 1
        while page <= MAX_PAGES:
            answer = self.get(path, {"per_page": str(PAGE_ITEMS), "page": str(page)})
            if not isinstance(answer.data, list):
                raise GitHubError("GitHub's answer is no list", code="github.invalid")
            yield from answer.data
            following = _next_page(answer.headers)
            if following is None:
                return
            # Only the number is taken: the address itself might lead anywhere.
            if following != page + 1:
                raise GitHubError("GitHub's list cannot be read on", code="github.invalid")
            page = following
        raise GitHubError(f"the list has more than {MAX_PAGES} pages", code="github.invalid")

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Answer:
        """Send a request, and again while its fault may pass and time is left.

        Args:
            method: GET, POST, PATCH, PUT or DELETE.
            path: Below the API's root, quoted; or the whole URL of another path on that server.
            params: The query.
            body: Sent as JSON.
            once: Carrying it out twice is worse than not at all.

        Raises:
            Unsettled: With `once`, GitHub may or may not have carried it out.
            GitHubError: It cannot be had.
        """
        end = time.monotonic() + self._seconds
        line = f"{method} {urlsplit(path).path[:200]}"
        for attempt in range(1, TRIES + 1):
            left = end - time.monotonic()
            result = self._attempt(method, path, params, body, left)
            if isinstance(result, Answer):
                return result
            wait_s = FIRST_PAUSE_S * 2 ** (attempt - 1) if result.wait_s is None else result.wait_s
            hopeless = not result.passing or (once and result.unknown)
            if hopeless or attempt == TRIES or wait_s >= end - time.monotonic():
                raise _final(result, once, wait_s).as_error(line) from result.cause
            _log.info(
                "github request is tried again",
                extra={"request": line, "reason": result.reason, "wait_seconds": wait_s},
            )
            self._pause(wait_s)
        raise AssertionError("the last try returns or raises")

    def settle(self, send: Callable[[], T], look: Callable[[float], T | None]) -> T:
        """Make a change once, even if the answer to it is lost.

        Args:
            send: Asks for the change, with ``once``.
            look: Finds what it made; it is given the seconds since the change was asked for. None
                when nothing is found: then the change is asked for again.

        Raises:
            GitHubError: It cannot be had.
        """
        started = time.monotonic()
        try:
            return send()
        except Unsettled:
            _log.info("github change is looked for: its answer was lost")
            self._pause(FIRST_PAUSE_S)
            found = look(time.monotonic() - started)
        return send() if found is None else found

    def viewer(self) -> str:
        """The account's name by the GraphQL API, which bots may ask too.

        Raises:
            GitHubError: It is not told.
        """
        query = {"query": "query { viewer { login } }"}
        answer = self.ask("POST", self._requester.graphql_url, body=query)
        return read_as(ViewerAnswer, answer.data).data.viewer.login

    def _attempt(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        left: float,
    ) -> Answer | Fault:
        self._wire.seconds = max(0.001, min(_ATTEMPT_S, left))
        given = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        try:
            status, headers, text = self._requester.requestJson(
                method, path, dict(params or {}), given, dict(body) if body is not None else None
            )
        except Exception as error:  # noqa: BLE001 - three libraries' exceptions; each is mapped
            return replace(fault_of_exception(error), cause=error)
        self.server_time = _date(headers)
        data, readable = _parsed(text)
        if status >= 400:
            return fault_of_status(status, headers, _without(data, text, self._secret))
        if not readable or status >= 300:
            return Fault("github.invalid", "the answer is no JSON", unknown=method != "GET")
        return Answer(status, headers, data)


def _final(fault: Fault, once: bool, wait_s: float) -> Fault:
    """The fault as it is told: only a change that must not be repeated can be unsettled."""
    if fault.code == "github.rate_limited":
        reason = f"{fault.reason} (it asks to wait {wait_s:,.0f} s)"
        return replace(fault, reason=reason)
    return fault if once else replace(fault, unknown=False)


def _date(headers: Mapping[str, Any]) -> datetime | None:
    try:
        return parsedate_to_datetime(str(headers.get("date")))
    except ValueError:
        return None


def _parsed(text: str) -> tuple[Any, bool]:
    """A body as JSON, and whether it is any."""
    if not text:
        return None, True
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return None, False


def _without(data: Any, text: str, secret: str | None) -> Any:  # noqa: ANN401 - parsed JSON
    """An error's words, unless they repeat the token."""
    return None if secret is not None and secret in text else data


def _next_page(headers: Mapping[str, Any]) -> int | None:
    """The page that the Link header names as the next one; None on the last.

    Raises:
        GitHubError: ``github.invalid``: it names a next page without its number.
    """
    for link in parse_header_links(str(headers.get("link", ""))):
        if link.get("rel") == "next":
            page = parse_qs(urlsplit(str(link.get("url", ""))).query).get("page", [""])[-1]
            if not page.isascii() or not page.isdigit():
                raise GitHubError("GitHub's list cannot be read on", code="github.invalid")
            return int(page)
    return None
