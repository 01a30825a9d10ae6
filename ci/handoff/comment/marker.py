"""The first line of a comment, by which it is found again; people do not see it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_VERSION = "ai-provision:v1"
_KEY = r"[A-Za-z0-9%._~/:-]{1,600}"
_LINE = re.compile(
    rf"<!-- {_VERSION} key=(?P<key>{_KEY}) sha=(?P<sha>[0-9a-f]{{7,64}})"
    r" at=(?P<at>[0-9TZ:+.-]{10,40}) -->"
)
_SHA = re.compile(r"[0-9a-f]{7,64}")
_AT = re.compile(r"[0-9TZ:+.-]{10,40}")
_MAX_KEY = 600


@dataclass(frozen=True, slots=True)
class Marker:
    """Whose comment it is, and how new."""

    key: str
    """What it is about: ``owner/name/app``; with ``:help`` or ``:explain:component`` behind it
    for answers that do not replace the sizing. Two comments of one key are one comment."""
    sha: str
    """The commit that was sized."""
    at: str
    """When it was asked for (RFC 3339)."""

    def __post_init__(self) -> None:
        """Refuse what the line could not carry.

        Raises:
            ValueError: The commit or the time has another form, or the key is empty.
        """
        if not self.key or not _SHA.fullmatch(self.sha) or not _AT.fullmatch(self.at):
            raise ValueError(f"no marker: {self.key[:80]!r} {self.sha[:80]!r} {self.at[:80]!r}")

    def __str__(self) -> str:
        return f"<!-- {_VERSION} key={_packed(self.key)} sha={self.sha} at={self.at} -->"

    def same_place(self, other: Marker) -> bool:
        """Whether the one comment replaces the other."""
        return _packed(self.key) == _packed(other.key)


def parse_marker(body: str) -> Marker | None:
    """The marker of a comment; None when its first line is none.

    Nothing but the first line counts: what a comment quotes further down, from whatever
    repository, is never taken for a marker. Whoever asks checks the comment's author as well.
    """
    match = _LINE.fullmatch(body.partition("\n")[0].rstrip("\r"))
    if match is None:
        return None
    return Marker(unquote(match["key"]), match["sha"], match["at"])


def _packed(key: str) -> str:
    """The key without a character that could end the comment; a long one ends in its digest."""
    packed = quote(key.encode("utf-8", errors="replace"), safe="/:")
    if len(packed) <= _MAX_KEY:
        return packed
    digest = hashlib.sha256(packed.encode()).hexdigest()
    return f"{packed[:400].rpartition('%')[0] or packed[:400]}~{digest}"
