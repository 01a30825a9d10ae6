"""gRPC methods: ``rpc`` lines of the .proto services that a program implements."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from dca.repository.source.routes.route import Route

_SERVICE = re.compile(r"^\s{0,8}service\s+(\w{1,100})\s*\{?", re.MULTILINE)
_RPC = re.compile(r"^\s{0,8}rpc\s+(\w{1,100})\s*\(", re.MULTILINE)
_PACKAGE = re.compile(r"^\s{0,8}package\s+([\w.]{1,200})\s*;", re.MULTILINE)
_IMPLEMENTED = ("Server(", "Server{", "Servicer", "ImplBase", "Base", ".service", "Server for",
                "Server;",
                "::Service", "CoroutineImplBase", "Handler(")  # fmt: skip
_MAX_SERVICES = 200
"""Each is looked for in all sources of a program; real files declare a few."""


def services(text: str) -> tuple[str, ...]:
    """Names of the services that a .proto file declares."""
    return tuple(_SERVICE.findall(text))[:_MAX_SERVICES]


def is_implemented(service: str, code: str) -> bool:
    """Whether generated server code of a service is used in a source text."""
    return service in code and any(f"{service}{ending}" in code for ending in _IMPLEMENTED)


def routes(text: str, wanted: frozenset[str]) -> Iterator[Route]:
    """Methods of the wanted services as ``/package.Service/Method``."""
    package = _PACKAGE.search(text)
    prefix = f"{package.group(1)}." if package else ""
    found_services = list(_SERVICE.finditer(text))
    starts = [found.start() for found in found_services]
    line, counted = 1, 0
    for found in _RPC.finditer(text):
        line += text.count("\n", counted, found.start(1))
        counted = found.start(1)
        before = bisect_right(starts, found.start())
        owner = found_services[before - 1].group(1) if before else None
        if owner in wanted:
            yield Route("RPC", f"/{prefix}{owner}/{found.group(1)}", line)
