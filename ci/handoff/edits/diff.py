"""Edits as one unified diff that ``git apply`` takes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ci.handoff.edits.result import Edits, FileEdit

_NO_NEWLINE = b"\\ No newline at end of file\n"


def diff_of(edits: Edits) -> bytes:
    """The unified diff of all files, sorted by path; empty when nothing changes."""
    listed = sorted((*edits.changed, *edits.created), key=lambda edit: edit.path)
    return b"".join(part for edit in listed for part in _lines(edit))


def _lines(edit: FileEdit) -> Iterator[bytes]:
    is_new = not edit.before.blob_sha
    old = "/dev/null" if is_new else _name("a", edit.path)
    yield f"diff --git {_name('a', edit.path)} {_name('b', edit.path)}\n".encode()
    if is_new:
        yield b"new file mode 100644\n"
    found = difflib.diff_bytes(
        difflib.unified_diff,
        _split(edit.before.content),
        _split(edit.after),
        fromfile=old.encode(),
        tofile=_name("b", edit.path).encode(),
    )
    for line in found:
        yield line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE


def _name(side: str, path: str) -> str:
    """A name as git writes it: quoted when it holds anything odd."""
    name = f"{side}/{path}"
    if path.isascii() and not set(path) & set(' "\t'):
        return name
    octal = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in name.encode()
    )
    return f'"{octal}"'


def _split(content: bytes) -> list[bytes]:
    """Lines at line feeds alone, as git counts them."""
    *whole, last = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
