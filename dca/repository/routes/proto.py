"""gRPC methods: ``rpc`` lines of the .proto services that a program implements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dca.repository.routes.route import Route

_SERVICE = re.compile(r"^\s{0,8}service\s+(\w{1,100})\s*\{?", re.MULTILINE)
_RPC = re.compile(r"^\s{0,8}rpc\s+(\w{1,100})\s*\(", re.MULTILINE)
_PACKAGE = re.compile(r"^\s{0,8}package\s+([\w.]{1,200})\s*;", re.MULTILINE)
_IMPLEMENTED = ("Server(", "Server{", "Servicer", "ImplBase", "Base", ".service", "Server for",
                "Server;",
                "::Service", "CoroutineImplBase", "Handler(")  # fmt: skip


def services(text: str) -> tuple[str, ...]:
    """Names of the services that a .proto file declares."""
    return tuple(_SERVICE.findall(text))


def is_implemented(service: str, code: str) -> bool:
    """Whether generated server code of a service is used in a source text."""
    return service in code and any(f"{service}{ending}" in code for ending in _IMPLEMENTED)


def routes(text: str, wanted: frozenset[str]) -> Iterator[Route]:
    """Methods of the wanted services as ``/package.Service/Method``."""
    package = _PACKAGE.search(text)
    prefix = f"{package.group(1)}." if package else ""
    starts = [(found.start(), found.group(1)) for found in _SERVICE.finditer(text)]
    for found in _RPC.finditer(text):
        owner = next((name for at, name in reversed(starts) if at < found.start()), None)
        if owner in wanted:
            at = text.count("\n", 0, found.start(1)) + 1
            yield Route("RPC", f"/{prefix}{owner}/{found.group(1)}", at)
