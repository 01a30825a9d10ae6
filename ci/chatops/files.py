"""Files that another job left: read within bounds, and told apart in one sentence."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ci.handoff.plain import line
from schemas.errors import InputFileError


def content(path: Path, longest: int) -> bytes:
    """The bytes of a file.

    Raises:
        InputFileError: Not readable, or longer than `longest` bytes.
    """
    try:
        with path.open("rb") as stream:
            read = stream.read(longest + 1)
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(read) > longest:
        raise InputFileError(f"{path} is larger than {longest} bytes")
    return read


def first_problem(error: ValidationError) -> str:
    """Where a file is not as it should be, without repeating what stands there."""
    details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in details["loc"])
    return line(f"{place}: {details['msg']}" if place else details["msg"], 300)
