"""Facts as evidence: the figures, and five words on how far they carry."""

from __future__ import annotations

from dca.docs.coverage import own_match
from dca.docs.needs import Match
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.knowledge import Fact, FactKind, SourceGrade

_VENDOR = frozenset({SourceGrade.OFFICIAL_DOC, SourceGrade.SOURCE_CODE, SourceGrade.PROJECT_DOC})


def fact_evidence_id(fact: Fact, match: Match) -> str:
    """Id of a fact as evidence for a component.

    It is the fact's own id where it is as specific as it can be. What a component learns from a
    neighbour's fact is another statement, and says so: ``fact:mysql-buffer-pool#role``.
    """
    return fact.evidence_id if match is own_match(fact) else f"{fact.evidence_id}#{match.value}"


def fact_evidence(fact: Fact, match: Match) -> Evidence:
    """A fact as evidence; `match` is how specifically it is about the component."""
    return Evidence(
        id=fact_evidence_id(fact, match),
        kind=EvidenceKind.DOCUMENT,
        grade=_grade(fact),
        statement=fact.statement,
        source=fact.source.url,
        figures={
            **fact.figures,
            "fact_kind": fact.kind.value,
            "fact_profile": fact.profile,
            "fact_confidence": fact.confidence.value,
            "fact_source": fact.source.grade.value,
            "fact_match": match.value,
        },
    )


def _grade(fact: Fact) -> EvidenceGrade:
    if fact.source.grade is SourceGrade.ADDED or fact.kind is FactKind.DOCUMENT:
        return EvidenceGrade.HEURISTIC
    if fact.kind is FactKind.BENCHMARK:
        return EvidenceGrade.BENCHMARK
    return EvidenceGrade.VENDOR if fact.source.grade in _VENDOR else EvidenceGrade.HEURISTIC
