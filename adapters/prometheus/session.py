"""The HTTP session below the client: no redirects, bounded answers, errors in our words."""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import ReadTimeoutError

from adapters.prometheus.failures import (
    Kind,
    QueryFailed,
    failure_of,
    not_the_api,
    refusal_of,
    shown,
)
from adapters.settings import Settings
from schemas.errors import MetricsError, SettingsError

MAX_ANSWER_BYTES: Final = 64 << 20
"""Unpacked. Fifty containers with a point every five minutes for two weeks are 6 MB."""
MAX_ERROR_BYTES: Final = 8192
_CONNECT_S: Final = 5.0
_PIECE_BYTES: Final = 1 << 18
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SHORTEST_SECRET: Final = 4
"""Shorter texts are not blotted out of messages: they would blot out words."""


class BoundedSession(requests.Session):
    """A session whose answers are whole, small enough, and 2xx; all else is an error.

    A request's ``timeout`` bounds all of it, from connecting to the last byte.

    Args:
        origin: The server as it may be shown.
        settings: ``prometheus_*``.

    Raises:
        SettingsError: The CA file cannot be read.
    """

    def __init__(self, origin: str, settings: Settings) -> None:
        super().__init__()
        self._origin = origin
        self._secrets = _secrets(settings)
        self.trust_env = False  # no proxies and no .netrc of whoever runs it
        self.verify = _authorities(settings)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Send one request.

        Raises:
            QueryFailed: This query failed.
            MetricsError: No query can be answered.
        """
        seconds = float(kwargs.get("timeout") or _CONNECT_S)
        end = time.monotonic() + seconds
        kwargs |= {"allow_redirects": False, "stream": True}
        kwargs["timeout"] = (min(_CONNECT_S, seconds), seconds)
        try:
            response = super().send(request, **kwargs)
            try:
                body = self._body(response, end)
            finally:
                response.close()
        except requests.ConnectTimeout as error:
            raise QueryFailed(Kind.PASSING, "no connection could be made in time") from error
        except (requests.Timeout, ReadTimeoutError, TimeoutError) as error:
            raise _too_slow(seconds) from error
        except requests.exceptions.SSLError as error:
            raise self._not_trusted(error) from error
        except (requests.RequestException, TransportError, OSError) as error:
            raise QueryFailed(Kind.PASSING, _cut_off(error)) from error
        self._accept(response, body)
        response.raw = BytesIO(body)
        return response

    def _body(self, response: requests.Response, end: float) -> bytes:
        most = MAX_ANSWER_BYTES if response.ok else MAX_ERROR_BYTES
        pieces, size = [], 0
        for piece in _pieces(response, end):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                if response.ok:
                    raise QueryFailed(Kind.LESS_TIME, f"the answer is larger than {most >> 20} MiB")
                break
        return b"".join(pieces)

    def _accept(self, response: requests.Response, body: bytes) -> None:
        status = response.status_code
        refusal = refusal_of(status, self._origin, _host(response.headers.get("Location", "")))
        if refusal is not None:
            raise refusal
        if status >= 400:
            raise failure_of(status, self._said(body), response.headers.get("Retry-After"))
        start = body[:512].lstrip()
        if start.startswith(b"<"):
            raise not_the_api(self._origin, "a web page")
        if not start.startswith(b"{"):
            raise not_the_api(self._origin, "something else" if start else "nothing")
        if not body.rstrip().endswith(b"}"):
            raise QueryFailed(Kind.PASSING, "the answer broke off")

    def _said(self, body: bytes) -> str:
        """The server's own words, without what it must not repeat."""
        text = body[:MAX_ERROR_BYTES].decode("utf-8", "replace")
        try:
            answer = json.loads(text)
            text = str(answer.get("error") or answer.get("message") or "")
        except (ValueError, AttributeError, RecursionError):
            text = "" if text.lstrip().startswith("<") else text
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _not_trusted(self, error: Exception) -> MetricsError:
        return MetricsError(
            f"{self._origin} has no certificate that is trusted here: {shown(_innermost(error))}",
            code="metrics.tls",
            hint="AI_PROVISION_PROMETHEUS_CA_FILE names the authorities that signed it.",
        )


def headers_of(settings: Settings, url: str) -> dict[str, str]:
    """What is sent with every request.

    Raises:
        SettingsError: ``prometheus_headers`` are no headers; they are not repeated.
    """
    headers = {"User-Agent": "ai-provision", "Accept": "application/json"}
    # Packing costs the server more than the way through one machine does.
    headers["Accept-Encoding"] = "identity" if _is_this_machine(url) else "gzip"
    if settings.prometheus_tenant is not None:
        headers["X-Scope-OrgID"] = settings.prometheus_tenant
    if settings.prometheus_token is not None:
        headers["Authorization"] = f"Bearer {settings.prometheus_token.get_secret_value()}"
    further = settings.prometheus_headers
    for line in further.get_secret_value().split(";") if further is not None else ():
        name, colon, value = line.partition(":")
        if line.strip() and not (colon and _HEADER.fullmatch(name.strip())):
            raise _no_header()
        if line.strip():
            headers[name.strip()] = value.strip()
    if not all(value.isprintable() and value.isascii() for value in headers.values()):
        raise _no_header()
    return headers


def basic_auth(settings: Settings) -> tuple[bytes, bytes] | None:
    """User name and password, as the client takes them."""
    if settings.prometheus_username is None or settings.prometheus_password is None:
        return None
    password = settings.prometheus_password.get_secret_value()
    return settings.prometheus_username.encode(), password.encode()


def shown_origin(url: str) -> str:
    """A server's URL as it may be shown and kept.

    Raises:
        SettingsError: The URL has a query, where credentials might stand.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or not parts.hostname:
        raise SettingsError(
            "AI_PROVISION_PROMETHEUS_URL must end with the path, without ? and #",
            hint="Credentials have settings of their own.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _pieces(response: requests.Response, end: float) -> Iterator[bytes]:
    """The unpacked body; no wait for a piece lasts beyond `end`."""
    # Not `stream`, which waits until a piece is full: a server might send a byte a minute.
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
        yield piece
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        socket = getattr(getattr(response.raw, "connection", None), "sock", None)
        if socket is not None:
            socket.settimeout(left)


def _authorities(settings: Settings) -> str | bool:
    """What `requests` verifies certificates with: a file, a directory, or its own bundle."""
    given = settings.prometheus_ca_file
    if given is not None:
        try:
            ssl.create_default_context(cafile=given)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"AI_PROVISION_PROMETHEUS_CA_FILE cannot be read: {error}"
            ) from error
        return given
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    return paths.capath if paths.capath and any(Path(paths.capath).glob("*.0")) else True


def _secrets(settings: Settings) -> tuple[str, ...]:
    given = (
        settings.prometheus_token,
        settings.prometheus_password,
        settings.prometheus_headers,
    )
    texts = [secret.get_secret_value() for secret in given if secret is not None]
    texts += [line.partition(":")[2].strip() for text in texts for line in text.split(";")]
    return tuple(text for text in texts if len(text) >= _SHORTEST_SECRET)


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(location: str) -> str:
    """Of a redirect only the server: what follows may hold tokens."""
    try:
        parts = urlsplit(location)
        return f"{parts.scheme}://{parts.hostname}" if parts.hostname else location.split("?")[0]
    except ValueError:
        return ""


def _too_slow(seconds: float) -> QueryFailed:
    return QueryFailed(Kind.LESS_TIME, f"it was not answered within {seconds:.3g} s")


def _cut_off(error: BaseException) -> str:
    text = _innermost(error)
    for sign, words in (
        ("refused", "the connection was refused"),
        ("reset", "the connection was cut"),
        ("IncompleteRead", "the connection was cut"),
        ("closed connection", "the connection was cut"),
        ("Name or service", "the host name is not known"),
        ("resolve", "the host name is not known"),
        ("decod", "the answer could not be unpacked"),
    ):
        if sign.lower() in text.lower():
            return words
    return f"the connection failed ({type(error).__name__})"


def _innermost(error: BaseException) -> str:
    return str(error)[:2000]


def _no_header() -> SettingsError:
    return SettingsError(
        "AI_PROVISION_PROMETHEUS_HEADERS, the tenant or the token cannot be sent as headers",
        hint="Write `Name: value`, separated by `;`, in ASCII without line breaks.",
    )
