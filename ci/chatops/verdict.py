"""The check run: what branch protection can require."""

from __future__ import annotations

from dataclasses import dataclass

from ci.handoff.measured import plural
from schemas.github import Conclusion
from schemas.recommendation import Recommendation, Severity


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a sizing counts."""

    conclusion: Conclusion
    title: str


def verdict_of(result: Recommendation, stale: bool) -> Verdict:
    """Success when nothing blocks, failure otherwise; neutral for a commit that is gone.

    A component without numbers counts as a failure, like on the command line.
    """
    title = _title(result)
    if stale:
        return Verdict(Conclusion.NEUTRAL, f"{title}; the branch has moved on since")
    bad = result.blocked or bool(result.failed)
    return Verdict(Conclusion.FAILURE if bad else Conclusion.SUCCESS, title)


def _title(result: Recommendation) -> str:
    open_ = [finding for finding in result.findings if not finding.passed]
    parts = [f"{plural(len(result.components), 'component')} sized"]
    if result.failed:
        parts.append(f"{len(result.failed)} without numbers")
    for severity, word in ((Severity.BLOCK, "blocking finding"), (Severity.WARN, "warning")):
        count = sum(finding.severity is severity for finding in open_)
        if count:
            parts.append(plural(count, word))
    return ", ".join(parts)
