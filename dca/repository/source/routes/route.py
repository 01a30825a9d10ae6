"""One route as a reader finds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """Method in capitals (``ANY``, ``RPC``, ``WS``), path as it is written, line from 1."""

    method: str
    path: str
    line: int


VERBS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


def joined(*parts: str) -> str:
    """Parts of a path with one slash between them and one in front."""
    kept = [part.strip("/") for part in parts if part.strip("/")]
    return "/" + "/".join(kept)
