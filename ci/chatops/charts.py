"""Where charts' values take their numbers: found by the analysis, which renders the charts.

The publisher has neither a chart's templates nor helm, so it reads what the analysis found from
``charts.json`` beside the recommendation. Without that file, charts are left to be done by hand.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ci.chatops.files import content, first_problem
from ci.handoff.edits import Placements
from schemas.errors import InputFileError

CHARTS = "charts.json"
MAX_BYTES = 8 * 1024 * 1024
"""More than the most placements that there may be."""


def read_charts(directory: Path) -> Placements:
    """What the analysis found; nothing when it left no such file.

    Raises:
        InputFileError: The file is something else.
    """
    file = directory / CHARTS
    if not file.exists():
        return Placements()
    try:
        return Placements.model_validate_json(content(file, MAX_BYTES))
    except ValidationError as error:
        raise InputFileError(
            f"the analysis left no valid {CHARTS}: {first_problem(error)}", code="analysis.invalid"
        ) from None
