"""The one comment of a pull request: its hidden marker, a notice on top, and the sizing.

The first line is a marker that a reader does not see. It tells which command the comment answers,
so that an earlier one does not overwrite it::

    <!-- ai-provision:v1 app=github.com/acme/shop sha=… at=2026-11-21T00:30:00Z comment=42 -->

A refusal, a failure or a help text is a *notice* above the sizing: it says what went wrong without
taking away the numbers that were there. The next sizing replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import OutputError

MAX_BODY = 65_536
"""Characters that GitHub takes in one comment."""
_OPEN = "<!-- ai-provision:"
_MARKER = re.compile(r"<!-- ai-provision:v1((?: [a-z]+=[A-Za-z0-9._:/%~-]+)*) -->")
_NOTICE = re.compile(r"<!-- ai-provision:notice at=([0-9TZ:-]{1,40}) comment=([0-9]{1,20}) -->")
_NOTICE_END = "<!-- ai-provision:end -->"


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """Which command something answers; a later one is greater."""

    at: str = ""
    """When the comment was written, RFC 3339 in UTC; empty before all others."""
    comment_id: int = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """What the hidden first line says; data that a maintainer could edit, never a permission."""

    app: str = ""
    """Host, owner and name of the repository that was sized; empty when nothing was yet. With
    ``:explain:component`` behind it for an explanation, which does not replace the sizing."""
    sha: str = ""
    """The commit whose numbers are shown."""
    asked: Asked = Asked()
    numbers: str = ""
    """Digest of the numbers that are shown."""
    applied: int | None = None
    """The pull request that already carries these numbers."""

    @property
    def explains(self) -> bool:
        """The comment explains one component, and is not the sizing."""
        return ":explain:" in self.app

    def line(self) -> str:
        """The marker as the comment's first line."""
        pairs = {
            "app": self.app,
            "sha": self.sha,
            "at": self.asked.at,
            "comment": str(self.asked.comment_id or ""),
            "numbers": self.numbers,
            "applied": str(self.applied or ""),
        }
        text = "".join(f" {name}={value}" for name, value in pairs.items() if value)
        return f"{_OPEN}v1{text} -->"


@dataclass(frozen=True, slots=True)
class Notice:
    """A passage above the sizing, in Markdown that is safe to show."""

    asked: Asked
    text: str

    def lines(self) -> str:
        """The notice with the hidden lines that find it again."""
        head = f"{_OPEN}notice at={self.asked.at} comment={self.asked.comment_id} -->"
        return f"{head}\n{_without_markers(self.text)}\n{_NOTICE_END}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A comment of ours, taken apart."""

    marker: Marker
    text: str = ""
    """The sizing, in Markdown."""
    notice: Notice | None = None

    @property
    def asked(self) -> Asked:
        """The latest command that it speaks of."""
        return max(self.marker.asked, self.notice.asked if self.notice else Asked())

    def body(self) -> str:
        """The comment's text.

        Raises:
            OutputError: It is longer than a comment may be.
        """
        parts = [self.marker.line()]
        parts += [self.notice.lines()] if self.notice else []
        parts += [_without_markers(self.text)] if self.text else []
        body = "\n".join(parts) + "\n"
        if len(body) > MAX_BODY:
            raise OutputError(f"the comment has {len(body)} characters, {MAX_BODY} are allowed")
        return body


def read_answer(body: str) -> Answer | None:
    """Take a comment apart; None when its first line is no marker of ours."""
    first, _, rest = body.replace("\r\n", "\n").partition("\n")
    match = _MARKER.fullmatch(first)
    if match is None:
        return None
    pairs = dict(part.split("=", 1) for part in match[1].split())
    notice, text = _split_notice(rest)
    return Answer(_marker(pairs), text.rstrip("\n"), notice)


def _marker(pairs: Mapping[str, str]) -> Marker:
    return Marker(
        app=pairs.get("app", ""),
        sha=pairs.get("sha", ""),
        asked=Asked(pairs.get("at", ""), _number(pairs.get("comment")) or 0),
        numbers=pairs.get("numbers", ""),
        applied=_number(pairs.get("applied")),
    )


def _number(text: str | None) -> int | None:
    """A number that somebody may have edited."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None


def _split_notice(rest: str) -> tuple[Notice | None, str]:
    first, _, below = rest.partition("\n")
    match = _NOTICE.fullmatch(first)
    text, end, after = below.partition(f"\n{_NOTICE_END}")
    if match is None or not end:
        return None, rest
    return Notice(Asked(match[1], int(match[2])), text), after.removeprefix("\n")


def _without_markers(text: str) -> str:
    """A text that cannot pass for a marker or end a notice."""
    return text.replace(_OPEN, "<!-- ")
