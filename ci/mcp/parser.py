"""The options of ``ai-provision mcp``; light, since every command builds the whole command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_mcp(commands: Commands) -> argparse.ArgumentParser:
    """Add the command to the command line; returns its parser."""
    mcp = commands.add_parser(
        "mcp",
        help="serve the tools to other programs' models (MCP)",
        description="Serve read-only sizing tools over the Model Context Protocol: over stdio to"
        " the program that starts it, or over HTTP.",
    )
    mcp.add_argument("--transport", choices=("stdio", "http"), default="stdio")
    mcp.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1", help="http: bind it (default: 127.0.0.1)"
    )
    mcp.add_argument(
        "--port", metavar="N", type=int, default=8765, help="http (default: 8765; 0: a free one)"
    )
    mcp.add_argument(
        "--token-file", metavar="FILE", help="http: ask for the bearer token in this file"
    )
    mcp.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        help="http: a host name under which clients reach it (may be repeated)",
    )
    mcp.add_argument(
        "--allow-directory",
        metavar="DIR",
        action="append",
        help="directories below it may be sized too (may be repeated; default: https URLs only)",
    )
    return mcp
