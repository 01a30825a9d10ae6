"""The stdio transport with a bound on one message, which the SDK's own does not have."""

from __future__ import annotations

import json
import logging
import os
import re
from typing import BinaryIO, TextIO, cast

import anyio
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp_types.version import LATEST_MODERN_VERSION

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 8 << 20
"""Eight times the largest argument."""
TOO_LARGE = "message.too.large"
"""The tool that a refused message is made to call, so that the answer to it says what was wrong."""
_ID = re.compile(rb'"id"\s*:\s*(\d{1,15}|"[A-Za-z0-9_-]{1,64}")')
_HEAD = 300
"""Bytes in which clients write the id of a message."""


_PARAMS = json.dumps(
    {
        "name": TOO_LARGE,
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": LATEST_MODERN_VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }
)


class BoundedLines:
    """Lines of a pipe; one that is too long is read away and becomes a request that is refused."""

    def __init__(self, raw: BinaryIO, most: int = MAX_MESSAGE_BYTES) -> None:
        self._raw = raw
        self._most = most

    def readline(self) -> str:
        """The next line, empty at the end."""
        data = self._raw.readline(self._most)
        if len(data) < self._most or data.endswith(b"\n"):
            return data.decode("utf-8", "replace")
        rest = data
        while rest and not rest.endswith(b"\n"):
            rest = self._raw.readline(1 << 20)
        logger.warning("a message larger than %d bytes was refused", self._most)
        found = _ID.search(data[:_HEAD])
        id_ = found[1].decode() if found else "0"
        return f'{{"jsonrpc":"2.0","id":{id_},"method":"tools/call","params":{_PARAMS}}}\n'

    def close(self) -> None:
        """Nothing of its own to close."""


async def serve_stdio(server: MCPServer[None]) -> None:
    """Serve one client over stdin and stdout until it closes them.

    While it lasts, what prints to stdout goes to stderr: the wire carries JSON-RPC alone.
    """
    # The server has stdin for itself: whoever it starts reads nothing there.
    wire = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Of a file, the transport uses readline alone.
    lines = anyio.wrap_file(cast("TextIO", BoundedLines(wire)))
    lowlevel = server._lowlevel_server
    async with stdio_server(stdin=lines) as (incoming, outgoing):
        await lowlevel.run(incoming, outgoing, lowlevel.create_initialization_options())
