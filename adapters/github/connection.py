"""The HTTP exchange below PyGithub: no redirects, bounded in time and size, silent.

PyGithub would follow redirects with the token, wait for ever on 202, read answers of any size, and
log them whole at level DEBUG: the answer that holds an app's token among them.
"""

from __future__ import annotations

import io
import ipaddress
import logging
import ssl
import time
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from github.Auth import Auth
from github.Requester import HTTPSRequestsConnectionClass, Requester

from adapters.settings import Settings
from schemas.errors import SettingsError

MAX_ANSWER_BYTES: Final = 64 << 20
"""Unpacked. A page of 100 comments of the greatest length is 26 MB."""
_CONNECT_S: Final = 10.0
_PIECE_BYTES: Final = 1 << 16


class TooLarge(Exception):
    """An answer that is larger than any that is expected."""


class NotFollowed(Exception):
    """An answer that points elsewhere."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, read to its end; what PyGithub expects of one."""

    status: int
    headers: Mapping[str, str]
    text: str

    def read(self) -> str:
        """The body."""
        return self.text

    def getheaders(self) -> ItemsView[str, str]:
        """All headers."""
        return self.headers.items()


class Wire:
    """A connection to GitHub that stays open between requests. Not for several threads.

    Args:
        settings: ``github_*``.

    Raises:
        SettingsError: The address would send the token in clear, or the CA file cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self.origin = _confidential(settings.github_api_url)
        self.seconds = _CONNECT_S
        """What the next exchange may take, from connecting to the last byte."""
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies and no .netrc of whoever runs it
        self._session.verify = _authorities(settings.github_ca_file)
        if settings.github_proxy is not None:
            proxy = settings.github_proxy.get_secret_value()
            self._session.proxies = {"http": proxy, "https": proxy}

    def requester(self, auth: Auth | None) -> Requester:
        """PyGithub's sender of requests, over this connection.

        Args:
            auth: Whose requests they are.
        """
        wire = self

        class Connection(_Connection):
            def __init__(self, host: str, port: int | None = None, **_: Any) -> None:  # noqa: ANN401 - as PyGithub has it
                super().__init__(wire, host)

        class Sender(Requester):
            """A class of its own: what is injected would else hold for the whole process."""

        Sender.injectConnectionClasses(cast(Any, Connection), Connection)
        Sender.injectLogger(_silent())
        return Sender(
            auth=auth,
            base_url=self.origin,
            timeout=round(_CONNECT_S),
            user_agent="ai-provision",
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
        )

    def exchange(
        self, method: str, url: str, body: str | None, headers: dict[str, str]
    ) -> Answered:
        """Send one request and read its answer.

        Raises:
            requests.RequestException: No answer, or not all of it.
            TimeoutError: Not all of it in time.
            TooLarge: More than `MAX_ANSWER_BYTES`.
            NotFollowed: A redirect.
        """
        end = time.monotonic() + self.seconds
        data = body.encode() if body is not None else None
        response = self._session.request(
            method,
            url,
            data=data,
            headers=headers,
            timeout=(min(_CONNECT_S, self.seconds), self.seconds),
            allow_redirects=False,
            stream=True,
            auth=Requester.noopAuth,
        )
        with response:
            if response.is_redirect or response.status_code in (301, 302, 307, 308):
                raise NotFollowed
            text = _body(response, end).decode("utf-8", "replace")
        # 202 to a GET means "ask again later"; PyGithub would, without an end.
        unready = response.status_code == 202 and method == "GET"
        return Answered(503 if unready else response.status_code, response.headers, text)


class _Connection(HTTPSRequestsConnectionClass):
    """What PyGithub takes for a connection, made anew for each request."""

    def __init__(self, wire: Wire, host: str) -> None:
        self.host = host
        self._wire = wire
        self._asked: tuple[str, str, str | None, dict[str, str]] | None = None

    def request(
        self,
        verb: str,
        url: str,
        input: str | io.BufferedReader | None,
        headers: dict[str, str],
        stream: bool = False,
    ) -> None:
        """Keep the request until its answer is asked for."""
        root = urlsplit(self._wire.origin)
        text = input if isinstance(input, str) else None
        self._asked = (verb, f"{root.scheme}://{root.netloc}{url}", text, headers)

    def getresponse(self) -> Any:  # noqa: ANN401 - PyGithub's own type wraps a whole response
        """The answer."""
        if self._asked is None:
            raise ValueError("no request was made")
        return self._wire.exchange(*self._asked)

    def close(self) -> None:
        """Nothing: the wire stays open."""


def _body(response: requests.Response, end: float) -> bytes:
    """The unpacked body; no wait for a piece lasts beyond `end`."""
    data = bytearray()
    # Not `iter_content`, which waits until a piece is full: a server might send a byte a minute.
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
        data += piece
        if len(data) > MAX_ANSWER_BYTES:
            raise TooLarge
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        socket = getattr(getattr(response.raw, "connection", None), "sock", None)
        if socket is not None:
            socket.settimeout(left)
    return bytes(data)


def _confidential(url: str) -> str:
    """The API's address, when the token is safe on the way there."""
    parts = urlsplit(url.rstrip("/"))
    host = parts.hostname or ""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not host or (parts.scheme != "https" and not loopback):
        raise SettingsError(
            "AI_PROVISION_GITHUB_API_URL must begin with https://: the token would be sent in clear"
        )
    return parts.geturl()


def _authorities(given: str | None) -> str | bool:
    """What certificates are verified with: a file, a directory, or the client's own bundle."""
    if given is not None:
        try:
            ssl.create_default_context(cafile=given)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"AI_PROVISION_GITHUB_CA_FILE cannot be read: {error}") from error
        return given
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    return paths.capath if paths.capath and any(Path(paths.capath).glob("*.0")) else True


def _silent() -> logging.Logger:
    """A logger that belongs to no handler and says nothing."""
    return logging.Logger("github", logging.CRITICAL + 1)
