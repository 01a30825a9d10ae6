"""What was asked of the knowledge base, what came back, and which figures it moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci.handoff.plain import line, wrapped
from schemas.evidence import Evidence, EvidenceKind
from schemas.plan import Influence
from schemas.recommendation import ComponentRecommendation, Recommendation
from schemas.retrieval import KnowledgeState, RetrievalRound

_KINDS = frozenset({EvidenceKind.DOCUMENT, EvidenceKind.DECISION})


def knowledge_lines(item: ComponentRecommendation, state: KnowledgeState | None) -> Iterator[str]:
    """The rounds, the documents and the influences of one component; nothing without any."""
    documents = _documents(item)
    if not item.retrieval and not documents:
        return
    yield ""
    yield "Knowledge" + (f" ({state.facts} facts, {line(state.embedder, 100)})" if state else "")
    for index, asked in enumerate(item.retrieval):
        yield from _round(asked, last=index == len(item.retrieval) - 1)
    if documents:
        yield "  Documents, most relevant first"
    for evidence, score in documents:
        yield from _document(evidence, score)
    if item.influences:
        yield "  Figures that they moved"
    for influence in item.influences:
        yield from wrapped(f"- {influence_text(influence)}", "  ", "    ")


def influence_text(influence: Influence) -> str:
    """One influence: ``memory_request: memory.base.go 24 → 32 MiB by fact:x, ×1.33``."""
    unit = line(influence.unit, 40)
    change = f"{influence.before:.4g} → {influence.after:.4g}{' ' + unit if unit else ''}"
    factor = f", ×{influence.after / influence.before:.2f}" if influence.before else ""
    where = f"{line(influence.number, 60)}: {line(influence.figure, 120)}"
    return f"{where} {change} by {line(influence.evidence, 200)}{factor}"


def knowledge_summary(recommendation: Recommendation) -> str:
    """The whole retrieval in a few words; empty when nothing was searched."""
    state = recommendation.knowledge
    if state is None:
        return ""
    found = {
        evidence.id.partition("#")[0]
        for item in recommendation.components
        for evidence in item.evidence
        if evidence.kind is EvidenceKind.DOCUMENT
    }
    moved = {
        influence.evidence.partition("#")[0]
        for item in recommendation.components
        for influence in item.influences
    }
    return f"{len(found)} of {state.facts} facts used, {len(moved)} moved numbers"


def _documents(item: ComponentRecommendation) -> list[tuple[Evidence, float | None]]:
    """Retrieved evidence in the order of the rounds, with its relevance; decisions last."""
    known = {evidence.id: evidence for evidence in item.evidence if evidence.kind in _KINDS}
    scores = _scores(item.retrieval)
    ordered = dict.fromkeys([*(id_ for id_ in scores if id_ in known), *known])
    return [(known[id_], scores.get(id_)) for id_ in ordered]


def _scores(rounds: tuple[RetrievalRound, ...]) -> Mapping[str, float | None]:
    found: dict[str, float | None] = {}
    for asked in rounds:
        scores = asked.scores if len(asked.scores) == len(asked.found) else ()
        for index, id_ in enumerate(asked.found):
            found.setdefault(id_, scores[index] if scores else None)
    return found


def _round(asked: RetrievalRound, *, last: bool) -> Iterator[str]:
    yield from wrapped(f"{asked.number}. asked: {line(asked.query)}", "  ", "     ")
    yield from wrapped(f"why: {line(asked.why)}", "     ", "       ")
    found = ", ".join(line(id_, 200) for id_ in asked.found) or "nothing"
    yield from wrapped(f"found: {found}", "     ", "       ")
    if asked.missing:
        names = ", ".join(line(name, 60) for name in asked.missing)
        yield from wrapped(f"still missing: {names}", "     ", "       ")
    elif last:
        yield "     nothing is missing: no further round"


def _document(evidence: Evidence, score: float | None) -> Iterator[str]:
    words = [evidence.grade.value]
    match = evidence.figures.get("fact_match")
    words += [f"about its {line(str(match), 20)}"] if match and match != "general" else []
    words += [] if score is None else [f"relevance {score:.2f}"]
    source = line(evidence.source, 300)
    text = f"- {line(evidence.id, 200)} [{', '.join(words)}] {source}: {line(evidence.statement)}"
    yield from wrapped(text, "  ", "    ")
