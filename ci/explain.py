"""The ``explain`` command: reads a recommendation back and tells its reasons."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import ValidationError

from ci.handoff.explain import explain
from schemas.errors import InputFileError
from schemas.recommendation import Recommendation

MAX_BYTES = 64 * 1024 * 1024
"""Far more than the largest real recommendation; a wrong file should not fill the memory."""


def explain_file(path: str, component: str | None) -> int:
    """Print the reasoning of the recommendation in a file (or in a directory of hand-off files).

    Raises:
        InputFileError: Not there, or not a recommendation.
        UsageError: It has no such component.
    """
    sys.stdout.write(explain(load_recommendation(Path(path)), component))
    return 0


def load_recommendation(path: Path) -> Recommendation:
    """Read and validate ``recommendation.json``.

    Raises:
        InputFileError: Not there, or not a recommendation.
    """
    file = path / "recommendation.json" if path.is_dir() else path
    hint = "Give the recommendation.json that `ai-provision size --out DIR` wrote."
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputFileError(f"{file} is larger than {MAX_BYTES} bytes", hint=hint)
        return Recommendation.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputFileError(f"{file} cannot be read: {error.strerror}", hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        raise InputFileError(
            f"{file} is not a recommendation: {first['msg']} at {where}", hint=hint
        ) from error
