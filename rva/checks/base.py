"""What a check is: a pure function from a subject to one verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rva.checks.catalogue import CATALOGUE
from rva.subject import Subject
from schemas.quantities import MIB, format_cpu, format_memory
from schemas.recommendation import Finding, Fix, Severity


@dataclass(frozen=True, slots=True)
class Skipped:
    """A check that could not run."""

    id: str
    reason: str


Verdict = Finding | Skipped | None
"""What a check returns; None when it does not apply to the subject at all."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the catalogue with the function that decides it."""

    id: str
    run: Callable[[Subject], Verdict]
    final: bool = False
    """It looks at the finished documents only: no repair of the loop can change its verdict."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, before it is a finding."""

    message: str
    path: str = ""
    value: str = ""
    limit: str = ""
    container: str | None = None
    fix: Fix | None = None
    """The repair to make by hand, where the loop has none."""
    severity: Severity | None = None
    """Another severity than the catalogue's."""


def passed(subject: Subject, check_id: str) -> Finding:
    """The check holds."""
    entry = CATALOGUE[check_id]
    return Finding(
        id=check_id,
        severity=entry.severity,
        passed=True,
        message=entry.title,
        component=subject.component.name,
        source=entry.source,
    )


def judge(subject: Subject, check_id: str, problems: list[Problem]) -> Finding:
    """One finding for all problems of a check: the first is told, the others are counted."""
    if not problems:
        return passed(subject, check_id)
    entry = CATALOGUE[check_id]
    ranks = list(Severity)
    worst = min(problems, key=lambda item: ranks.index(item.severity or entry.severity))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Finding(
        id=check_id,
        severity=worst.severity or entry.severity,
        passed=False,
        message=f"{worst.message}{more}",
        component=subject.component.name,
        container=worst.container,
        path=worst.path,
        value=worst.value,
        limit=worst.limit,
        fix=worst.fix,
        source=entry.source,
    )


def theirs(subject: Subject) -> Severity | None:
    """A warning for what the repository's own manifest has wrong: the numbers are right anyway.

    None, hence the catalogue's severity, for documents that ai-provision wrote itself.
    """
    return Severity.WARN if subject.existing else None


def by_hand(op: str, field: str, before: str, after: str) -> Fix:
    """A repair that a person has to make."""
    return Fix(op=op, field=field, before=before, after=after)


def amount_text(resource: str, amount: int | None) -> str:
    """``250m``, ``512Mi``, or ``not set``."""
    if amount is None:
        return "not set"
    return format_cpu(amount) if resource == "cpu" else format_memory(amount)


def mib_text(amount: int) -> str:
    """Bytes as whole MiB, rounded up: easier to compare than canonical quantities."""
    return f"{math.ceil(amount / MIB)}Mi"
