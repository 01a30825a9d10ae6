"""What ``--format`` prints."""

from __future__ import annotations

from typing import Literal, assert_never

from ci.handoff.manifest import manifests_text
from ci.handoff.patch import patches_text
from ci.handoff.sizing import contract_text
from ci.handoff.yaml_text import json_text
from schemas.recommendation import Recommendation

Format = Literal["table", "yaml", "json", "patch", "manifest"]


def render(
    recommendation: Recommendation,
    format: Format = "table",
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """The recommendation as text, with a newline at its end (or empty: nothing of that sort).

    Args:
        recommendation: The result.
        format: ``table`` for people; ``yaml`` replicas and resources by component; ``json``
            everything; ``patch`` and ``manifest`` streams of Kubernetes documents.
        width: Columns of the table; None asks the terminal, 120 where there is none.
        colour: Colour the table: only for a terminal.
    """
    match format:
        case "table":
            from ci.handoff.table import table_text

            return table_text(recommendation, width=width, colour=colour)
        case "yaml":
            return contract_text(recommendation)
        case "json":
            return json_text(recommendation)
        case "patch":
            return patches_text(recommendation)
        case "manifest":
            return manifests_text(recommendation)
        case _:
            assert_never(format)
