"""File names for components and charts: safe on every system, unique, the same in every run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1123 labels are used as they are."""
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
)
"""Device names of Windows, where a file of that name cannot be made."""
_DIGEST_LENGTH = 8
"""32 bits of SHA-256 tell the odd names of one app apart."""


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """A file name without extension for each name.

    A name that is no RFC 1123 label keeps what is legible of it and gets a digest, so that two
    different names never share a file.

    Args:
        names: Any text, also with slashes, spaces or nothing legible at all.
    """
    return {name: _stem(name) for name in names}


def _stem(name: str) -> str:
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    legible = re.sub(r"[^a-z0-9]+", "-", name.lower()[:200]).strip("-")[:40].strip("-")
    digest = hashlib.sha256(name.encode("utf-8", errors="surrogatepass")).hexdigest()
    return f"{legible or 'component'}-{digest[:_DIGEST_LENGTH]}"
