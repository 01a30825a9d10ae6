"""The streamable HTTP transport: loopback as it is, other addresses with a token only."""

from __future__ import annotations

import hmac
import ipaddress
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from schemas.errors import InputFileError, OutsideError, UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ci.mcp.server import SizingServer

MAX_BODY_BYTES = 4 << 20
MAX_CONNECTIONS = 64
MIN_TOKEN_CHARACTERS = 24
"""Base64 of 18 random bytes: not to be guessed over a network."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and for whom to serve."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    """Further host names under which clients reach the server."""

    @property
    def local(self) -> bool:
        """Only programs of this machine reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own; of names only ``localhost``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_token(path: Path) -> str:
    """The token in a file, its only line.

    Raises:
        InputFileError: It cannot be read, or holds no token that is hard to guess.
    """
    try:
        with path.open("rb") as file:
            token = file.read(4097).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"the token file {path} cannot be read") from error
    if not MIN_TOKEN_CHARACTERS <= len(token) <= 4096 or not token.isprintable() or " " in token:
        raise InputFileError(
            f"{path} holds no token of {MIN_TOKEN_CHARACTERS} or more characters without spaces",
            hint="Make one: openssl rand -base64 32 > FILE; chmod 600 FILE",
        )
    return token


def check_listen(listen: Listen) -> None:
    """Refuse what would let strangers in.

    Raises:
        UsageError: An address that others reach, without a token or without its names.
    """
    if listen.local:
        return
    if listen.token is None:
        raise UsageError(
            f"--host {listen.host} can be reached from other machines, which needs --token-file",
            code="mcp.token",
            hint="Give --token-file FILE, or leave --host at 127.0.0.1.",
        )
    if not listen.names and _is_any(listen.host):
        raise UsageError(
            f"--host {listen.host} is every address of this machine, under unknown names",
            code="mcp.allow_host",
            hint="Name the host that clients write in their URL: --allow-host NAME.",
        )


def security(listen: Listen) -> TransportSecuritySettings:
    """The Host and Origin headers that are accepted: a page of another site gets no answer."""
    names = [*_LOOPBACK, *listen.names]
    if not _is_any(listen.host):
        names.append(f"[{listen.host}]" if ":" in listen.host else listen.host)
    hosts = [form for name in dict.fromkeys(names) for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
    )


class Bearer:
    """Lets requests with the token through, and answers all others 401."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            given = Headers(scope=scope).get("authorization", "").encode("latin-1")
            # Takes the same time wherever they differ.
            if not hmac.compare_digest(given, self._expected):
                answer = PlainTextResponse(
                    "a bearer token is needed", 401, headers={"WWW-Authenticate": "Bearer"}
                )
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def serve_http(server: SizingServer, listen: Listen) -> None:
    """Serve until interrupted; the address is told on stderr.

    Raises:
        OutsideError: The address cannot be bound.
    """
    app: ASGIApp = server.streamable_http_app(
        max_request_body_size=MAX_BODY_BYTES,
        max_sessions=MAX_CONNECTIONS,
        transport_security=security(listen),
        host=listen.host,
    )
    if listen.token is not None:
        app = Bearer(app, listen.token)
    bound = _bound(listen)
    config = uvicorn.Config(
        app,
        log_config=None,  # the root logger writes to stderr; uvicorn's own would write to stdout
        log_level="warning",
        access_log=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    sys.stderr.write(f"listening on {_url(listen.host, bound)}\n")
    if not listen.local:
        sys.stderr.write("warning: this is HTTP without TLS: put a TLS proxy in front of it\n")
    sys.stderr.flush()
    await uvicorn.Server(config).serve(sockets=[bound])


def _bound(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise OutsideError(
            f"{listen.host} port {listen.port} cannot be bound: {error.strerror or error}",
            code="mcp.bind",
        ) from error
    return bound


def _url(host: str, bound: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}/mcp"


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def hosts_of(given: Sequence[str] | None) -> tuple[str, ...]:
    """The names of `--allow-host`, as a Host header writes them.

    Raises:
        UsageError: Not a name or address, perhaps with a port.
    """
    for name in given or ():
        if not name or any(char in name for char in "/*@ \t\r\n"):
            raise UsageError(f"--allow-host {name!r} is no host name", code="mcp.allow_host")
    return tuple(name.lower() for name in given or ())
