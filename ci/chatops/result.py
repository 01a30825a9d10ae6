"""What the analysis leaves behind: read as a stranger's file, since it has read strangers' texts.

The directory has ``recommendation.json`` (and ``charts.json``, see `ci.chatops.charts`), or
``failure.txt`` with a sentence that says why not.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from ci.chatops.files import content, first_problem
from ci.handoff.plain import line
from schemas.chatops import Job
from schemas.errors import InputFileError, OutsideError, UsageError
from schemas.recommendation import Recommendation

COMPONENT_UNKNOWN = "component.unknown"
"""Code of the error about a component that there is not."""
RECOMMENDATION = "recommendation.json"
FAILURE = "failure.txt"
MAX_RESULT_BYTES = 32 * 1024 * 1024
"""Far above the largest application; an artifact may be anything."""
MAX_JOB_BYTES = 1024 * 1024
"""What the outputs of a step may have together."""


def read_job(path: Path) -> Job:
    """The job that the gate let through.

    Raises:
        InputFileError: Not readable, or no job.
    """
    try:
        return Job.model_validate_json(content(path, MAX_JOB_BYTES))
    except ValidationError as error:
        raise InputFileError(f"{path} is no job of the gate: {first_problem(error)}") from None


def read_result(directory: Path) -> Recommendation:
    """The recommendation that the analysis made.

    Raises:
        OutsideError: The analysis failed; in its words where it left some.
        InputFileError: It left something that is no recommendation.
    """
    file = directory / RECOMMENDATION
    if not file.is_file():
        raise OutsideError(_failure(directory), code="analysis.failed")
    try:
        return Recommendation.model_validate_json(content(file, MAX_RESULT_BYTES))
    except ValidationError as error:
        raise InputFileError(
            f"the analysis left no valid recommendation: {first_problem(error)}",
            code="analysis.invalid",
        ) from None


def _failure(directory: Path) -> str:
    try:
        said = content(directory / FAILURE, 64 * 1024).decode("utf-8", "replace")
    except InputFileError:
        said = ""
    return line(said, 500) or "the analysis ended without a result; its log says why"


def narrowed(result: Recommendation, component: str | None) -> Recommendation:
    """Only one component of a result, with what was found about it.

    Raises:
        UsageError: There is no component of that name; the hint has those that are.
    """
    if component is None:
        return result
    known = [item.name for item in result.components]
    known += [item.name for item in result.failed]
    name = next((item for item in known if item.lower() == component.lower()), None)
    if name is None:
        raise UsageError(
            f"the repository has no component {component[:100]!r}",
            code=COMPONENT_UNKNOWN,
            hint=f"It has: {', '.join(known[:20]) or 'none that could be sized'}.",
        )
    return result.model_copy(
        update={
            "components": tuple(item for item in result.components if item.name == name),
            "failed": tuple(item for item in result.failed if item.name == name),
            "findings": tuple(i for i in result.findings if i.component in (name, None)),
        }
    )


def digest_of(result: Recommendation) -> str:
    """A short digest of the numbers: equal digests, equal numbers."""
    numbers = [
        item.model_dump(
            mode="json",
            include={
                "name",
                "replicas",
                "resources",
                "extra_containers",
                "autoscaling",
                "storage",
                "runtime_env",
            },
        )
        for item in sorted(result.components, key=lambda item: item.name)
    ]
    text = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
