"""What the step hands to later steps, and whether it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from adapters.action_inputs import FailOn
from schemas.recommendation import Recommendation, Severity

COMMENT_FILE = "comment.md"
"""The comment's Markdown, beside the recommendation."""


def failed(recommendation: Recommendation, fail_on: FailOn) -> bool:
    """Whether the step fails by what was found."""
    blocked = recommendation.blocked or bool(recommendation.failed)
    match fail_on:
        case FailOn.NEVER:
            return False
        case FailOn.BLOCKING:
            return blocked
        case FailOn.WARNING:
            return blocked or _warned(recommendation)
        case FailOn.DIFFERENCE:
            return blocked or recommendation.differs
        case _:
            assert_never(fail_on)


def _warned(recommendation: Recommendation) -> bool:
    return any(
        finding.severity is Severity.WARN and not finding.passed
        for finding in recommendation.findings
    )


def outputs_of(recommendation: Recommendation, out: Path, comment_url: str) -> Mapping[str, str]:
    """The outputs; an amount that is unknown is an empty text."""
    delta = recommendation.cost.monthly_delta
    return {
        "recommendation": str(out / "recommendation.json"),
        "patch-dir": str(out / "patches"),
        "changed": "true" if recommendation.differs else "false",
        "monthly-delta": "" if delta is None else f"{delta:.2f}",
        "currency": recommendation.cost.currency or "",
        "comment-file": str(out / COMMENT_FILE),
        "comment": comment_url,
    }
