"""A small corpus and a source over it that counts what it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.context import Component, Demand, FoundIn, Role
from schemas.knowledge import (
    AppliesTo,
    Confidence,
    Fact,
    FactKind,
    FactSource,
    KnowledgeQuery,
    Retrieval,
    RetrievedFact,
    SourceGrade,
)
from schemas.retrieval import KnowledgeState


def fact(id_: str, figures: dict | None = None, **about: object) -> Fact:
    """A fact; keywords of `AppliesTo` say what it is about, others are its fields."""
    applies = {key: about.pop(key) for key in list(about) if key in AppliesTo.model_fields}
    grade = about.pop("grade", SourceGrade.OFFICIAL_DOC)
    fields = {
        "id": id_,
        "topic": "test",
        "component": "anything",
        "kind": FactKind.VENDOR_GUIDANCE,
        "statement": f"What is known under {id_}.",
        "figures": figures or {},
        "applies_to": AppliesTo(**applies),
        "confidence": Confidence.HIGH,
        "source": FactSource(
            url=f"https://docs.example/{id_}", title="The manual", grade=grade, read=True
        ),
    }
    return Fact(**{**fields, **about})


class FakeKnowledge:
    """Implements `schemas.ports.KnowledgeSource`: filters as the contract says, ranks by order."""

    def __init__(self, facts: Iterable[Fact] = (), *, degraded: str | None = None) -> None:
        self.facts = tuple(facts)
        self.calls: list[tuple[KnowledgeQuery, ...]] = []
        self.degraded = degraded

    @property
    def state(self) -> KnowledgeState:
        return KnowledgeState(
            facts=len(self.facts),
            fingerprint="f" * 64,
            embedder="none (BM25 alone)",
            degraded=self.degraded,
        )

    def search(self, queries: Sequence[KnowledgeQuery]) -> Sequence[Retrieval]:
        self.calls.append(tuple(queries))
        return [Retrieval(query=query, found=self._found(query)) for query in queries]

    def _found(self, query: KnowledgeQuery) -> tuple[RetrievedFact, ...]:
        passing = [item for item in self.facts if _passes(item, query)][: query.limit]
        return tuple(
            RetrievedFact(fact=item, score=round(0.9 - 0.01 * place, 2))
            for place, item in enumerate(passing)
        )


def _passes(item: Fact, query: KnowledgeQuery) -> bool:
    about = item.applies_to
    if query.products and not set(query.products) & set(about.products):
        return False
    pairs = (
        (query.languages, about.languages),
        (query.frameworks, about.frameworks),
        (query.roles, about.roles),
    )
    if any(asked and named and not set(asked) & set(named) for asked, named in pairs):
        return False
    if query.kinds and item.kind not in query.kinds:
        return False
    return not query.figures or bool(set(query.figures) & set(item.figures))


def component(name: str = "api", **fields: object) -> Component:
    """A backend in Go with Gin; `fields` replace that."""
    demand = fields.pop("demand", {})
    base = {
        "name": name,
        "source_path": name,
        "found_in": (FoundIn.DOCKERFILE,),
        "language": "Go",
        "framework": "Gin",
        "role": Role.BACKEND_API,
        "demand": Demand(**demand) if isinstance(demand, dict) else demand,
    }
    return Component(**{**base, **fields})


def product(key: str = "postgresql", role: Role = Role.SQL_DATABASE, **fields: object) -> Component:
    """A product of the catalogue."""
    given = {"name": key, "source_path": None, "language": None, "framework": None}
    return component(**{**given, "third_party": key, "role": role, **fields})
