"""The labelled queries, and which facts answer them.

A query lists alternatives; a fact is relevant when one of them holds. An alternative is a set of
conditions of which all must hold: ``ids``, ``component``, ``topic``, ``kind`` and ``products`` name
the values that are allowed, ``figures`` the figures of which one must be there, and ``sized: true``
asks for a request, a limit or a minimum. So a label still means the same when the corpus grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import Field, model_validator

from schemas.base import Contract
from schemas.knowledge import Fact, FactKind, FigureName

DIRECTORY = Path(__file__).parent.parent / "tests" / "knowledge" / "retrieval"

_SIZES = frozenset(
    {
        FigureName.CPU_REQUEST.value,
        FigureName.MEMORY_REQUEST.value,
        FigureName.CPU_LIMIT.value,
        FigureName.MEMORY_LIMIT.value,
        FigureName.CPU_MINIMUM.value,
        FigureName.MEMORY_MINIMUM.value,
    }
)


class Half(StrEnum):
    """Each query is in one file: two halves of a draw, two of a later one, and two sets apart."""

    DEVELOPMENT = "development"
    """To tune on."""
    HELDOUT = "heldout"
    """The other half of the draw. It was kept apart for the first figures, and has been tuned on
    since then."""
    EVERYDAY = "everyday"
    """Everyday language without any name or term, and near misses: to tune on."""
    EVERYDAY_HELDOUT = "everyday-heldout"
    """The other half of the draw of `EVERYDAY`: never tuned on."""
    FINAL = "final"
    """Written without any search, after the corpus had grown: for final figures alone."""
    BLIND = "blind"
    """A second set like `FINAL`, written later and without knowing the retriever."""

    @property
    def tuned_on(self) -> bool:
        """Whether single queries may be looked at while the retriever is changed."""
        return self not in (Half.FINAL, Half.BLIND, Half.EVERYDAY_HELDOUT)


class QueryClass(StrEnum):
    """How a query is put."""

    FREE_TEXT = "a"
    """A question of a person, in a sentence."""
    KEYWORDS = "b"
    """A few words, some of them misspelt or shortened."""
    PROGRAM = "c"
    """What a program writes: role, product, figure."""
    PARAPHRASE = "d"
    """Without the words that the facts use."""
    EXACT_TERM = "e"
    """A name of a setting, a product or a figure."""
    FAR = "u1"
    """Nothing to do with software."""
    NEAR = "u2"
    """Close in subject or form, but no sizing fact answers it."""
    HOSTILE = "u3"
    """Instructions, noise, nothing at all, another language or script."""

    @property
    def unrelated(self) -> bool:
        """Whether nothing should be returned."""
        return self.value.startswith("u")


class Alternative(Contract):
    """Conditions on a fact; an empty one does not restrict, but one at least is needed."""

    ids: tuple[str, ...] = ()
    component: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    kind: tuple[FactKind, ...] = ()
    products: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    sized: bool = False

    @model_validator(mode="after")
    def _restricts(self) -> Alternative:
        if not self.model_fields_set:
            raise ValueError("an alternative without a condition would match every fact")
        return self

    def matches(self, fact: Fact) -> bool:
        """Whether every condition holds for a fact."""
        return (
            (not self.ids or fact.id in self.ids)
            and (not self.component or fact.component in self.component)
            and (not self.topic or fact.topic in self.topic)
            and (not self.kind or fact.kind in self.kind)
            and (not self.products or not set(self.products).isdisjoint(fact.applies_to.products))
            and (not self.figures or not set(self.figures).isdisjoint(fact.figures))
            and (not self.sized or not _SIZES.isdisjoint(fact.figures))
        )


class LabelledQuery(Contract):
    """A query and what answers it."""

    id: str = Field(pattern=r"^[a-z0-9_]+-[0-9]{2,3}$")
    query_class: QueryClass = Field(alias="class")
    topic: str
    """The subject by which the halves are stratified; ``unrelated`` for those without an answer."""
    text: str
    relevant: tuple[Alternative, ...] = ()

    def relevant_among(self, facts: Sequence[Fact]) -> frozenset[str]:
        """Ids of the facts that answer it."""
        return frozenset(f.id for f in facts if any(a.matches(f) for a in self.relevant))


def load_queries(half: Half, directory: Path = DIRECTORY) -> tuple[LabelledQuery, ...]:
    """The queries of one file, in its order.

    Raises:
        pydantic.ValidationError: An entry is not of this form.
    """
    document = yaml.safe_load((directory / f"{half.value}.yaml").read_text("utf-8"))
    return tuple(LabelledQuery.model_validate(entry) for entry in document["queries"])
