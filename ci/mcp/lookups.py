"""What is answered without sizing anything: checks, facts, the state of the installation."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from adapters.policies import load_policies
from adapters.settings import Settings
from ci.handoff.plain import line
from ci.mcp.answers import (
    CheckEntry,
    Diagnoses,
    FactAnswer,
    FactSourceAnswer,
    Found,
    FoundFact,
    Looked,
)
from rva.checks.catalogue import CATALOGUE
from rva.policies import DEFAULT_POLICY
from schemas.errors import UsageError
from schemas.knowledge import Fact, KnowledgeQuery
from schemas.ports import PolicySet


def check_entry(settings: Settings, check_id: str) -> CheckEntry:
    """One check of the catalogue, or one of the organisation's rules.

    Raises:
        UsageError: There is none of that id.
        SettingsError: The policy file is wrong.
    """
    given = Path(settings.policy_file) if settings.policy_file else None
    policies = load_policies(DEFAULT_POLICY, given)
    wanted = check_id.strip()
    entry = CATALOGUE.get(wanted.upper())
    if entry is not None:
        return CheckEntry(
            id=wanted.upper(),
            title=entry.title,
            severity=entry.severity.value,
            source=entry.source,
            condition="",
            runs=_runs(policies, wanted.upper(), entry.pending),
        )
    for rule in policies.rules:
        if rule.id == wanted:
            return CheckEntry(
                id=rule.id,
                title=rule.message,
                severity=rule.severity,
                source=rule.source or f"policy {policies.name}",
                condition=rule.condition,
                runs=_runs(policies, rule.id, ""),
            )
    known = [*CATALOGUE, *(rule.id for rule in policies.rules)]
    raise _unknown("check", wanted, known)


def search(settings: Settings, question: str, limit: int) -> Found:
    """The facts that answer a question."""
    from pipeline.knowledge_index import open_retriever

    retriever = open_retriever(settings)
    (retrieval,) = retriever.search([KnowledgeQuery(text=question, limit=limit)])
    state = retriever.state
    return Found(
        facts=[FoundFact(**_fields(item.fact), score=item.score) for item in retrieval.found],
        searched=state.facts,
        embedder=state.embedder,
        degraded=state.degraded or "",
    )


def fact(settings: Settings, id_: str) -> FactAnswer:
    """One fact.

    Raises:
        UsageError: There is none of that id.
    """
    from pipeline.knowledge_index import open_retriever

    retriever = open_retriever(settings)
    found = retriever.fact(id_.removeprefix("fact:"))
    if found is None:
        raise _unknown("fact", id_, retriever.ids)
    return FactAnswer(**_fields(found))


def diagnoses(settings: Settings) -> Diagnoses:
    """What `ai-provision doctor` says."""
    from ci.doctor import diagnose
    from ci.version import version

    looked = diagnose(settings)
    return Diagnoses(
        version=version(),
        usable=all(item.ok for item in looked if item.needed),
        looked_at=[
            Looked(name=item.name, ok=item.ok, needed=item.needed, found=item.found, lost=item.cost)
            for item in looked
        ],
    )


def _fields(item: Fact) -> dict[str, Any]:
    source = item.source
    return {
        "id": item.id,
        "component": item.component,
        "kind": item.kind.value,
        "statement": item.statement,
        "figures": {name: str(value) for name, value in item.figures.items()},
        "source": FactSourceAnswer(
            title=source.title,
            url=source.url,
            grade=source.grade.value,
            checked=None if source.checked is None else source.checked.isoformat(),
        ),
        "confidence": item.confidence.value,
    }


def _runs(policies: PolicySet, id_: str, pending: str) -> str:
    if id_ in policies.disabled:
        return f"switched off by policy {policies.name}: {policies.disabled[id_]}"
    return pending or "yes"


def _unknown(what: str, id_: str, known: Iterable[str]) -> UsageError:
    close = get_close_matches(id_, list(known), n=3)
    return UsageError(
        f"no {what} has the id {line(id_, 120)}",
        code=f"mcp.unknown_{what}",
        hint=f"Close: {', '.join(close)}." if close else "",
    )
