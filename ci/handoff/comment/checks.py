"""What the checks say, failures first; and what was not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import Fold, Part, listed, text_part
from ci.handoff.measured import plural
from schemas.context import Note
from schemas.recommendation import FailedComponent, Finding, Recommendation, Severity

MAX_FINDINGS = 5
"""Visible lines; the same for the next two."""
MAX_NOTES = 2
MAX_FAILED = 2
_MAX_MESSAGE = 260
_MAX_REASON = 120
_MAX_REASONS = 3
_ORDER = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}
_NOTE = "\u2139\ufe0f"
"""The information sign."""
_SIGNS = {Severity.BLOCK: "❌", Severity.WARN: "⚠️", Severity.INFO: _NOTE}
_WORDS = {Severity.BLOCK: "blocking", Severity.WARN: "warning", Severity.INFO: "remark"}
_LESS = ("L", "V")
"""Checks of language models and of virtual machines: told last, most runs have neither."""


def check_lines(recommendation: Recommendation) -> tuple[str, ...]:
    """One line of counts, then the failures, the worst first."""
    failed = open_findings(recommendation.findings)
    lines = [f"- {finding_text(finding)}" for finding in failed]
    told = listed(lines, MAX_FINDINGS, lambda more: f"- … and {more} more, under “All checks”")
    return (f"**Checks:** {' · '.join(_counts(recommendation, failed))}", *told)


def open_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Failed checks, the worst first."""
    failed = [finding for finding in findings if not finding.passed]
    return sorted(failed, key=lambda finding: _ORDER[finding.severity])


def finding_text(finding: Finding) -> str:
    """One finding: sign, id, component, message, value and bound, place, repair."""
    sign = (
        "🔧"
        if finding.passed and finding.fix
        else "✅"
        if finding.passed
        else _SIGNS[finding.severity]
    )
    where = code(finding.component, 60) if finding.component else "the app"
    message = finding.message.removeprefix(f"{finding.component}: ")
    message += "" if message.endswith((".", "!", "?", ")")) else "."
    text = f"{sign} **{finding.id}** {where}: {prose(message, _MAX_MESSAGE)}"
    if finding.value:
        bound = f", bound {prose(finding.limit, 60)}" if finding.limit else ""
        text += f" Found: {prose(finding.value, 60)}{bound}."
    if finding.fix:
        fix = finding.fix
        before, after = (prose(part, 60) or "not set" for part in (fix.before, fix.after))
        word = "Repaired" if finding.passed else "To repair"
        text += f" {word}: {code(fix.field, 100)} {before} → {after}."
    elif finding.path:
        text += f" At {code(finding.path, 100)}."
    return text


def not_checked_line(recommendation: Recommendation) -> str:
    """Why checks could not run, the reasons of most checks first; empty when all ran."""
    reasons = _skipped(recommendation)
    if not reasons:
        return ""
    told = [
        f"{prose(reason, _MAX_REASON)} ({plural(len(ids), 'check')})"
        for reason, ids in reasons[:_MAX_REASONS]
    ]
    more = len(reasons) - _MAX_REASONS
    rest = f"; and {plural(more, 'more reason')}, under “All checks”" if more > 0 else ""
    return f"**Not checked** ({len(recommendation.checks_skipped)}): {'; '.join(told)}{rest}."


def failed_lines(failed: Sequence[FailedComponent]) -> tuple[str, ...]:
    """The components without numbers."""
    lines = [
        f"❌ {code(item.name, 60)} was not sized: {prose(item.failure, _MAX_MESSAGE)}"
        for item in failed
    ]
    words = "❌ … and {} more were not sized, under “All checks”"
    return listed(lines, MAX_FAILED, words.format)


def note_lines(notes: Sequence[Note]) -> tuple[str, ...]:
    """What a reader should know: contradictions, what was left out, guesses."""
    lines = [f"{_NOTE} {_note(note)}" for note in notes]
    words = f"{_NOTE} … and {{}} more, under “All checks”"
    return listed(lines, MAX_NOTES, words.format)


def checks_fold(recommendation: Recommendation) -> Fold:
    """All findings with their sources, what could not be checked, notes, failures."""
    return Fold("All checks", tuple(_parts(recommendation)))


def _parts(recommendation: Recommendation) -> Iterator[Part]:
    findings = [*open_findings(recommendation.findings), *_repaired(recommendation)]
    passed = plural(recommendation.checks_passed, "check")
    yield text_part(f"{passed} passed with nothing to say.")
    groups = (
        ("Findings", [_sourced(finding) for finding in findings]),
        (
            "Not checked",
            [
                f"{prose(reason)}: {', '.join(code(id_, 40) for id_ in ids)}"
                for reason, ids in _skipped(recommendation)
            ],
        ),
        ("Notes", [_note(note) for note in recommendation.notes]),
        (
            "Not sized",
            [
                f"{code(item.name)} ({prose(item.stage, 40)}): {prose(item.failure)}"
                for item in recommendation.failed
            ],
        ),
    )
    for title, lines in groups:
        if lines:
            yield Part(tuple(f"- {text}" for text in lines), head=(f"**{title}**", ""))


def _counts(recommendation: Recommendation, failed: Sequence[Finding]) -> Iterator[str]:
    for severity, sign in _SIGNS.items():
        count = sum(finding.severity is severity for finding in failed)
        if count:
            word = _WORDS[severity]
            yield (
                f"{sign} {count} {word}"
                if severity is Severity.BLOCK
                else f"{sign} {plural(count, word)}"
            )
    repaired = len(_repaired(recommendation))
    if repaired:
        yield f"🔧 {repaired} repaired"
    yield f"✅ {recommendation.checks_passed} passed"


def _repaired(recommendation: Recommendation) -> list[Finding]:
    return [found for found in recommendation.findings if found.passed and found.fix]


def _sourced(finding: Finding) -> str:
    source = f" Rule: {prose(finding.source, 200)}." if finding.source else ""
    return finding_text(finding) + source


def _note(note: Note) -> str:
    where = f"{code(note.component, 60)}: " if note.component else ""
    return where + prose(note.message, _MAX_MESSAGE)


def _skipped(recommendation: Recommendation) -> list[tuple[str, list[str]]]:
    by_reason: dict[str, list[str]] = {}
    for id_, reason in sorted(recommendation.checks_skipped.items()):
        by_reason.setdefault(reason, []).append(id_)
    return sorted(
        by_reason.items(),
        key=lambda found: (all(id_.startswith(_LESS) for id_ in found[1]), -len(found[1])),
    )
