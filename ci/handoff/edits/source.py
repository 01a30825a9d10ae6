"""A file's text with what has to come back as it was: byte order mark and line endings."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

from ci.handoff.edits.result import EditRefused

MAX_BYTES = 1 << 20
"""Manifests and values files are far smaller; GitHub's contents API ends here too."""


@dataclass(frozen=True, slots=True)
class Source:
    """Text of a file."""

    text: str
    """Without the byte order mark, line endings as they are."""
    mark: bytes
    newline: str
    """The line ending of most lines."""

    def encoded(self, text: str) -> bytes:
        """Another text as the same kind of file."""
        return self.mark + text.encode("utf-8")


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def source_of(content: bytes) -> Source:
    """Read a file.

    Raises:
        EditRefused: It is too large, or not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise EditRefused(f"the file is larger than {MAX_BYTES >> 20} MiB")
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditRefused("the file is not UTF-8 text") from error
    windows = text.count("\r\n")
    return Source(text, mark, "\r\n" if 2 * windows > text.count("\n") else "\n")


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices made; the same one twice is one.

    Raises:
        EditRefused: Two of them want different things of one place.
    """
    parts: list[str] = []
    position = 0
    for splice in sorted(set(splices)):
        if splice.start < position:
            raise EditRefused("one place of the file would need two different values")
        parts += [text[position : splice.start], splice.text]
        position = splice.end
    return "".join([*parts, text[position:]])
