"""The first line of a comment, by which it is found again; people do not see it."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

_SHA = re.compile(r"[0-9a-f]{7,64}")
_AT = re.compile(r"[0-9TZ:+.-]{10,40}")
_MAX_KEY = 600


def marker_line(key: str, sha: str, at: str) -> str:
    """The marker: whose comment it is, and how new.

    Args:
        key: ``owner/name/app``; any text, it cannot end the HTML comment. Two keys are never
            written alike.
        sha: The commit that was sized.
        at: When it was asked for (RFC 3339).

    Raises:
        ValueError: The commit or the time has another form, or the key is empty.
    """
    if not key or not _SHA.fullmatch(sha) or not _AT.fullmatch(at):
        raise ValueError(f"no marker: {key[:80]!r} {sha[:80]!r} {at[:80]!r}")
    return f"<!-- ai-provision:v1 key={_packed(key)} sha={sha} at={at} -->"


def _packed(key: str) -> str:
    """Letters, digits and a few signs, all else by its code; a long one ends in its digest."""
    packed = quote(key.encode("utf-8", errors="surrogatepass"), safe="/:")
    if len(packed) <= _MAX_KEY:
        return packed
    return f"{packed[:400]}~{hashlib.sha256(packed.encode()).hexdigest()}"
