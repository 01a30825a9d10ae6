"""Writes the page: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ci.report.page import report_html
from schemas.errors import OutputError
from schemas.recommendation import Recommendation


def write_report(recommendation: Recommendation, path: Path) -> None:
    """Write one self-contained HTML page.

    A file that is there is replaced, as the user named it; its directory is made when it is absent.

    Args:
        recommendation: The result; the same one gives the same bytes.
        path: The file.

    Raises:
        OutputError: It cannot be written; what was there before is there still.
    """
    write_whole(path, report_html(recommendation).encode("utf-8", errors="replace"))


def write_whole(path: Path, content: bytes) -> None:
    """Put a file into its place in one move.

    Raises:
        OutputError: It cannot be written; what was there before is there still.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a directory", hint="Give the name of a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}",
            hint="Nothing was changed there. Check permissions and free space.",
        ) from error


def _umask() -> int:
    """The user's mask: the page is for others too, and a temporary file is for its owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
