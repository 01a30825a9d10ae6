"""The ``mcp`` command: checks its options, then serves. The SDK is loaded here and nowhere else."""

from __future__ import annotations

import argparse
import functools
import logging
from importlib.util import find_spec
from pathlib import Path

from adapters.settings import load_settings
from schemas.errors import InputFileError, SettingsError, UsageError


def mcp(arguments: argparse.Namespace) -> int:
    """Serve until the client goes (stdio) or the process is interrupted (http).

    Raises:
        SettingsError: The SDK is not installed, or a setting is wrong.
        UsageError: Options that would let strangers in, or do not go together.
        OutsideError: The address cannot be bound.
    """
    if find_spec("mcp") is None:
        raise SettingsError(
            "the MCP server needs the extra mcp: pip install 'ai-provision[mcp]'",
            code="mcp.not_installed",
        )
    if not 0 <= arguments.port <= 65535:
        raise UsageError(f"--port {arguments.port} is not between 0 and 65535")
    settings = load_settings()
    for name in settings.unknown:
        logging.getLogger(__name__).warning("%s is not a setting of ai-provision", name)
    allowed = _directories(arguments.allow_directory or ())
    import anyio

    from ci.mcp.server import make_server

    if arguments.transport == "stdio":
        from ci.mcp.stdio import serve_stdio

        anyio.run(serve_stdio, make_server(settings, allowed))
        return 0
    from ci.mcp.http import Listen, check_listen, hosts_of, read_token, serve_http

    token = read_token(Path(arguments.token_file)) if arguments.token_file else None
    names = hosts_of(arguments.allow_host)
    listen = Listen(arguments.host, arguments.port, token, names)
    check_listen(listen)
    if allowed and token is None:
        raise UsageError(
            "--allow-directory over http needs --token-file: every user of this machine could read"
            " those directories through the server",
            code="mcp.token",
        )
    anyio.run(functools.partial(serve_http, make_server(settings, allowed), listen))
    return 0


def _directories(given: list[str] | tuple[str, ...]) -> tuple[Path, ...]:
    paths = tuple(Path(name).expanduser().resolve() for name in given)
    for path in paths:
        if not path.is_dir():
            raise InputFileError(f"--allow-directory {path} is not a directory")
    return paths
