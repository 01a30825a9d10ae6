"""Calls tools of other MCP servers, those that the operator listed and no others.

Each call has a connection of its own: a server that is started for it is ended after it, and
nothing stays open between calls. What comes back is a stranger's text: cut, freed of characters
that cannot be seen, and for the caller to fence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from adapters.mcp_servers import ServerEntry, load_servers
from adapters.settings import Settings
from schemas.errors import SettingsError, ToolError
from schemas.ports import ExternalTool

if TYPE_CHECKING:
    from mcp.client import Client, Transport
    from mcp.types import CallToolResult, Tool

logger = logging.getLogger(__name__)

T = TypeVar("T")
MAX_RESULT_CHARACTERS = 8_000
"""About 2,000 tokens: more of a stranger's words than any question needs."""
MAX_ARGUMENT_CHARACTERS = 8_000
MAX_RESPONSE_BYTES = 4 << 20
"""Read from a server over HTTP in one call; more ends the connection."""
MAX_PAGES = 10
"""Pages of a listing."""
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_MAX_PARAMETERS = 20


def open_external_tools(settings: Settings) -> McpTools | None:
    """The tools that the settings list; None when they list none.

    Raises:
        SettingsError: The list cannot be used, or the SDK is not installed.
    """
    if settings.mcp_servers is None:
        return None
    servers = load_servers(Path(settings.mcp_servers))
    if find_spec("mcp") is None:
        raise SettingsError(
            "AI_PROVISION_MCP_SERVERS needs the extra mcp: pip install 'ai-provision[mcp]'",
            code="mcp.not_installed",
        )
    return McpTools(servers, settings.mcp_tool_seconds)


class McpTools:
    """Implements `schemas.ports.ExternalTools`.

    Args:
        servers: The listed servers.
        seconds: Longest time of one call, connecting included.
    """

    def __init__(self, servers: Sequence[ServerEntry], seconds: float) -> None:
        self._servers = {server.name: server for server in servers}
        self._seconds = seconds

    @property
    def names(self) -> Sequence[str]:
        """``server.tool`` of all that are allowed."""
        return tuple(
            f"{server.name}.{tool}" for server in self._servers.values() for tool in server.tools
        )

    def describe(self) -> Sequence[ExternalTool]:
        """The allowed tools that their servers have now."""
        found: list[ExternalTool] = []
        for server in self._servers.values():
            try:
                listed = self._with(server, _listed)
            except ToolError as error:
                logger.warning("%s", error.message)
                continue
            offered = {tool.name: tool for tool in listed}
            found += [
                ExternalTool(f"{server.name}.{name}", about, _parameters(offered[name]))
                for name, about in server.tools.items()
                if name in offered
            ]
        return tuple(found)

    def call(self, name: str, arguments: Mapping[str, object]) -> str:
        """See `schemas.ports.ExternalTools.call`."""
        server_name, _, tool = name.partition(".")
        server = self._servers.get(server_name)
        if server is None or tool not in server.tools:
            raise ToolError("a tool was asked for that is not allowed", code="mcp.not_allowed")
        given = _plain_arguments(arguments)

        async def ask(client: Client) -> CallToolResult:
            return await client.call_tool(tool, given)

        result = self._with(server, ask)
        text = _text(result)
        if result.is_error:
            raise ToolError(
                f"{name} failed: {text[:300] or 'it does not say why'}", code="mcp.tool"
            )
        return text

    def _with(self, server: ServerEntry, ask: Callable[[Client], Awaitable[T]]) -> T:
        """Connect, ask, disconnect; in a loop and thread of its own: the caller may be in one."""

        async def bounded(nowhere: TextIO) -> T:
            async with (
                asyncio.timeout(self._seconds),
                _transport(server, nowhere) as transport,
                _client(transport) as client,
            ):
                return await ask(client)

        with (
            # What a server that is started says on stderr: it could steer a terminal.
            Path(os.devnull).open("w") as nowhere,
            ThreadPoolExecutor(1, thread_name_prefix="mcp") as pool,
        ):
            try:
                return pool.submit(asyncio.run, bounded(nowhere)).result()
            except Exception as error:
                raise _failure(server, error, self._seconds) from error


def _client(transport: Transport) -> Client:
    from mcp.client import Client

    return Client(transport, cache=None)


@asynccontextmanager
async def _transport(server: ServerEntry, nowhere: TextIO) -> AsyncIterator[Transport]:
    if server.command is not None:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        parameters = StdioServerParameters(
            command=server.command,
            args=list(server.args),
            # The SDK adds PATH, HOME, SHELL, TERM, USER and LOGNAME, and nothing else.
            env={name: value.get_secret_value() for name, value in server.env.items()},
            # Not where the user stands, which may be a stranger's repository.
            cwd=Path.home().anchor,
            encoding_error_handler="replace",
        )
        yield stdio_client(parameters, errlog=nowhere)
        return
    from mcp.client.streamable_http import streamable_http_client

    from adapters.mcp_http import bounded_client

    headers = {name: value.get_secret_value() for name, value in server.headers.items()}
    async with bounded_client(headers, MAX_RESPONSE_BYTES) as http:
        yield streamable_http_client(server.url or "", http_client=http)


async def _listed(client: Client) -> list[Tool]:
    tools: list[Tool] = []
    cursor: str | None = None
    for _page in range(MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if cursor is None:
            break
    return tools


def _parameters(tool: Tool) -> tuple[str, ...]:
    """Names and types alone: descriptions are the server's own words."""
    properties = tool.input_schema.get("properties")
    needed = tool.input_schema.get("required")
    if not isinstance(properties, dict):
        return ()
    found = []
    for name, schema in properties.items():
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name):
            continue
        kind = schema.get("type") if isinstance(schema, dict) else None
        shown = kind if isinstance(kind, str) and kind in _TYPES else "any"
        must = isinstance(needed, list) and name in needed
        found.append(f"{name}: {shown}{', needed' if must else ''}")
    return tuple(found[:_MAX_PARAMETERS])


def _plain_arguments(arguments: Mapping[str, object]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(arguments), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolError("the arguments are not JSON", code="mcp.arguments") from error
    if len(text) > MAX_ARGUMENT_CHARACTERS:
        raise ToolError(
            f"the arguments have more than {MAX_ARGUMENT_CHARACTERS} characters",
            code="mcp.arguments",
        )
    value: dict[str, Any] = json.loads(text)
    return value


def _text(result: CallToolResult) -> str:
    """The texts of a result, or its structure as JSON; pictures and links are not looked at."""
    texts = [item.text for item in result.content if item.type == "text"]
    if not texts and result.structured_content is not None:
        texts = [json.dumps(result.structured_content)]
    joined = "\n".join(text[: MAX_RESULT_CHARACTERS + 1] for text in texts[:100])
    visible = "".join(
        char for char in joined[: 2 * MAX_RESULT_CHARACTERS] if char == "\n" or _visible(char)
    )
    if len(visible) > MAX_RESULT_CHARACTERS:
        return visible[: MAX_RESULT_CHARACTERS - 1] + "…"
    return visible


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _failure(server: ServerEntry, error: Exception, seconds: float) -> ToolError:
    causes = _leaves(error)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ToolError(
            f"the MCP server {server.name} did not answer within {seconds:g} s",
            code="mcp.timeout",
            hint="AI_PROVISION_MCP_TOOL_SECONDS allows more.",
        )
    # The words are the server's or hold its address: the type says enough.
    return ToolError(
        f"the MCP server {server.name} cannot be used: {type(causes[0]).__name__}",
        code="mcp.unreachable",
        hint="Try it by hand; --debug shows more.",
    )


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors of a task group, taken apart."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
