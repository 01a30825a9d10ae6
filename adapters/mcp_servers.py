"""The file that lists MCP servers, and which of their tools may be used.

servers:
  - name: tickets
    url: https://tickets.corp.example/mcp
    headers: {Authorization: "Bearer …"}
    tools: {search: "incident tickets by words"}
  - name: local
    command: /opt/tools/inventory-mcp
    args: [--read-only]
    env: {INVENTORY_FILE: /srv/inventory.db}
    tools: {lookup: "owner and cost centre of a service"}
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from adapters.yaml_file import read_mapping
from schemas.errors import SettingsError

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
MAX_SERVERS, MAX_TOOLS = 20, 40


class ServerEntry(BaseModel):
    """One server."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    command: str | None = Field(default=None, min_length=1, max_length=1000)
    """A program that is started for each call, and ended after it."""
    args: tuple[str, ...] = Field(default=(), max_length=50)
    env: dict[Variable, SecretStr] = Field(default_factory=dict)
    """All that it gets beside PATH, HOME, SHELL, TERM, USER and LOGNAME."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$", max_length=1000)
    """Or the address of a server that runs."""
    headers: dict[HeaderName, SecretStr] = Field(default_factory=dict)
    tools: dict[Name, Annotated[str, Field(max_length=300)]] = Field(
        min_length=1, max_length=MAX_TOOLS
    )
    """The tools that may be used, each with what it is for."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command or url")
        if self.url is None and self.headers:
            raise ValueError("headers go with url")
        if self.command is None and (self.args or self.env):
            raise ValueError("args and env go with command")
        if self.url and self.headers and not _confidential(self.url):
            raise ValueError("headers are sent over https or to this machine only")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    servers: tuple[ServerEntry, ...] = Field(max_length=MAX_SERVERS)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [server.name for server in self.servers]
        if len(set(names)) < len(names):
            raise ValueError("two servers have the same name")
        return self


def load_servers(path: Path) -> tuple[ServerEntry, ...]:
    """The servers in a file.

    Raises:
        SettingsError: It cannot be read or used; no value is repeated, it may be secret.
    """
    content = read_mapping(path, what="MCP server list")
    try:
        return _File.model_validate(content).servers
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in details["loc"]) or "the file"
    raise SettingsError(
        f"{path}: {where}: {details['msg']}",
        code="settings.mcp_servers",
        hint="docs/mcp.md shows the form.",
    )


def _confidential(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
