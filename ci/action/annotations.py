"""Remarks that the runner shows at files, as workflow commands.

What strangers wrote can neither end a command nor begin another. The form is
``::error file=deploy/api.yaml,line=12,title=T04::text``; in the text ``%`` and line breaks are
escaped, in a property ``:`` and ``,`` as well (actions/toolkit, ``core/src/command.ts``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ci.handoff.plain import line
from schemas.evidence import EvidenceKind
from schemas.recommendation import (
    ComponentRecommendation,
    Finding,
    Recommendation,
    Severity,
)

Level = Literal["error", "warning", "notice"]
MAX_OF_LEVEL = 10
"""GitHub shows no more of one level for a step."""
_MAX_TEXT, _MAX_PATH = 800, 400
_LEVELS: dict[Severity, Level] = {
    Severity.BLOCK: "error",
    Severity.WARN: "warning",
    Severity.INFO: "notice",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark."""

    level: Level
    text: str
    title: str = ""
    path: str | None = None
    """From the root of the repository."""
    line: int | None = None

    def command(self) -> str:
        """The workflow command, one line without its end."""
        pairs = [
            ("file", _property(self.path, _MAX_PATH) if self.path else ""),
            ("line", str(self.line) if self.path and self.line else ""),
            ("title", _property(self.title, 100)),
        ]
        properties = ",".join(f"{name}={value}" for name, value in pairs if value)
        head = f"::{self.level} {properties}" if properties else f"::{self.level}"
        return f"{head}::{_data(line(self.text, _MAX_TEXT))}"


def remarks_of(
    recommendation: Recommendation, *, below: PurePosixPath, differences: Level
) -> list[Remark]:
    """What to remark about a recommendation, the worst first, as many as are shown.

    Args:
        recommendation: The result.
        below: Where the checkout lies in the workspace; paths are shown from there.
        differences: How much a manifest that differs counts.
    """
    every = [
        *_failed(recommendation),
        *_findings(recommendation, below),
        *_differences(recommendation, below, differences),
    ]
    kept: list[Remark] = []
    for level in ("error", "warning", "notice"):
        kept += _shown([item for item in every if item.level == level])
    return kept


def _shown(remarks: Sequence[Remark]) -> list[Remark]:
    """At most ten; the last then says how many more there are."""
    if len(remarks) <= MAX_OF_LEVEL:
        return list(remarks)
    shown = list(remarks[: MAX_OF_LEVEL - 1])
    more = len(remarks) - len(shown)
    return [*shown, Remark(remarks[0].level, f"… and {more} more, in the job summary")]


def _failed(recommendation: Recommendation) -> Iterator[Remark]:
    for item in recommendation.failed:
        yield Remark("error", f"{item.name}: no numbers: {item.failure}", title="not sized")


def _findings(recommendation: Recommendation, below: PurePosixPath) -> Iterator[Remark]:
    items = {item.name: item for item in recommendation.components}
    for finding in recommendation.findings:
        if not finding.passed:
            item = items.get(finding.component or "")
            yield _finding(finding, item, below)


def _finding(
    finding: Finding, item: ComponentRecommendation | None, below: PurePosixPath
) -> Remark:
    who = f"{finding.component}: " if finding.component else ""
    text = f"{who}{finding.message.removeprefix(who)}"
    if finding.value:
        text += f" Found: {finding.value}" + (f", bound {finding.limit}" if finding.limit else "")
    path, number = _place(item, below)
    return Remark(_LEVELS[finding.severity], text, finding.id, path, number)


def _differences(
    recommendation: Recommendation, below: PurePosixPath, level: Level
) -> Iterator[Remark]:
    for item in recommendation.components:
        path, number = _place(item, below)
        if item.target is None:
            text = f"{item.name}: the repository has no manifest for it"
            yield Remark(level, text, "no manifest", path, number)
        elif item.changes:
            text = f"{item.name}: {'; '.join(item.changes)}"
            yield Remark(level, text, "differs from the recommendation", path, number)


def _place(
    item: ComponentRecommendation | None, below: PurePosixPath
) -> tuple[str | None, int | None]:
    """The manifest's path and a line in it, as far as the result knows them."""
    if item is None or item.target is None:
        return None, None
    path = item.target.path
    lines = (
        found.line
        for found in item.evidence
        if found.kind is EvidenceKind.FILE and found.source == path and found.line
    )
    return str(below / path), next(lines, None)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str, limit: int) -> str:
    return _data(line(text, limit)).replace(":", "%3A").replace(",", "%2C")
