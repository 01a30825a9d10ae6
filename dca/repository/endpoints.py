"""Routes that source code declares, found by the readers of `dca.repository.routes`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dca.repository.sources import Sources
from schemas.context import Endpoint

KEPT = 50
"""Endpoints that are kept in full; all are counted."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The endpoints of one program."""

    kept: tuple[Endpoint, ...] = ()
    count: int = 0


def find_endpoints(directory: str, files: Iterable[str], sources: Sources) -> Routes:
    """Route declarations in the files of a program and the .proto files beside them."""
    return Routes()
