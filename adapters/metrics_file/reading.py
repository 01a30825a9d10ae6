"""Reads JSON from a file within limits: one document, or one on each line."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from schemas.errors import InputFileError

MAX_BYTES: Final = 128 << 20
"""Unpacked: 800 pods with four quantities every five minutes for two weeks."""
MAX_DOCUMENTS: Final = 10_000
_GZIP: Final = b"\x1f\x8b"
HINT: Final = (
    "It is what `ai-provision metrics export` writes, answers of Prometheus' query_range, or a "
    "historical_metrics object; docs/metrics.md has all three."
)


def wrong(place: str, what: str) -> InputFileError:
    """The error for something at a place: ``metrics.json: workloads[0].step_s: …``."""
    return InputFileError(f"{place}: {what}", code="metrics.file", hint=HINT)


def read_documents(path: Path) -> list[Any]:
    """All JSON documents of a file.

    Raises:
        InputFileError: It cannot be read, is too large, or is no JSON.
    """
    content = _content(path)
    if not content.strip():
        raise wrong(str(path), "the file is empty")
    try:
        return [_parsed(content)]
    except ValueError as error:
        documents = _lines(content)
        if documents is None:
            raise wrong(str(path), f"not JSON: {str(error)[:200]}") from error
    return documents


def invalid(place: str, error: ValidationError) -> InputFileError:
    """The first thing that a model refuses, with its place."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = "".join(
        f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}" for part in first["loc"]
    )
    return wrong(f"{place}{':' if where else ''} {where.lstrip('.')}".rstrip(), first["msg"])


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputFileError(
            f"the metrics in {path} cannot be read: {error.strerror or error}",
            code="metrics.file",
            hint=HINT,
        ) from error
    if content.startswith(_GZIP):
        content = _unpacked(path)
    if len(content) > MAX_BYTES:
        raise wrong(str(path), f"larger than {MAX_BYTES >> 20} MiB")
    return content


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise wrong(str(path), f"not a whole gzip file: {error}") from error


def _lines(content: bytes) -> list[Any] | None:
    """Documents one per line, as repeated calls write them; None when it is something else."""
    lines = [line for line in content.split(b"\n", MAX_DOCUMENTS) if line.strip()]
    if len(lines) < 2:
        return None
    try:
        return [_parsed(line) for line in lines]
    except ValueError:
        return None


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    return from_json(content, allow_inf_nan=False)
