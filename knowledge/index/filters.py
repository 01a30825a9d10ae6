"""Which facts a query may find at all: those that its filters let pass."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from schemas.knowledge import Fact, KnowledgeQuery

_HOSTS_WITH_OWNERS = ("github.com", "gitlab.com", "raw.githubusercontent.com")


@dataclass(frozen=True, slots=True)
class Facets:
    """What of a fact its filters look at; kept beside the words, so that no fact need be parsed."""

    id: str
    component: str
    kind: str
    owner: str
    """Of the repository whose files state the figures; empty when there is none."""
    products: tuple[str, ...]
    languages: tuple[str, ...]
    frameworks: tuple[str, ...]
    roles: tuple[str, ...]
    figures: tuple[str, ...]

    def to_row(self) -> list[Any]:
        """As plain values."""
        return [getattr(self, field.name) for field in fields(self)]

    @staticmethod
    def from_row(row: list[Any]) -> Facets:
        """The opposite of `to_row`, also after JSON."""
        values: list[Any] = [tuple(item) if isinstance(item, list) else item for item in row]
        return Facets(*values)


class Match(IntEnum):
    """How specifically a fact is about what a query's filters name."""

    NONE = 0
    """It passes because it restricts nothing."""
    ROLE = 1
    LANGUAGE = 2
    FRAMEWORK = 3
    PRODUCT = 4


def facets_of(fact: Fact) -> Facets:
    """The facets of a fact."""
    about = fact.applies_to
    return Facets(
        id=fact.id,
        component=fact.component,
        kind=fact.kind.value,
        owner=owner_of(fact),
        products=about.products,
        languages=about.languages,
        frameworks=about.frameworks,
        roles=tuple(role.value for role in about.roles),
        figures=tuple(fact.figures),
    )


def owner_of(fact: Fact) -> str:
    """Who owns the repository that a fact comes from, lower case; empty when it is no repository.

    The named repository counts; failing that, the first part of the path of a GitHub or GitLab URL.
    """
    if fact.source.repository:
        return fact.source.repository.partition("/")[0].lower()
    parts = urlsplit(fact.source.url)
    host = (parts.hostname or "").removeprefix("www.")
    if host.endswith(".github.io"):
        return host.removesuffix(".github.io")
    if host in _HOSTS_WITH_OWNERS:
        return parts.path.strip("/").partition("/")[0].lower()
    return ""


def match(facets: Facets, query: KnowledgeQuery) -> Match | None:
    """How a fact passes the filters of a query; None when it does not.

    A filter lets a fact pass that names a wanted word, or restricts nothing there; `products` only
    those that do name one; `kinds` and `figures` only those that have one.
    """
    if query.kinds and facets.kind not in query.kinds:
        return None
    if query.figures and not _common(facets.figures, query.figures):
        return None
    if query.products and not _common(facets.products, query.products):
        return None
    best = Match.PRODUCT if query.products else Match.NONE
    for named, wanted, level in (
        (facets.frameworks, query.frameworks, Match.FRAMEWORK),
        (facets.languages, query.languages, Match.LANGUAGE),
        (facets.roles, query.roles, Match.ROLE),
    ):
        if not wanted or not named:
            continue
        if not _common(named, wanted):
            return None
        best = max(best, level)
    return best


def _common(named: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(word.lower() in named for word in wanted)
