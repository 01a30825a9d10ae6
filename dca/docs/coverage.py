"""Whether a fact is about a component, how specifically, and which needs the found facts cover."""

from __future__ import annotations

from collections.abc import Iterable

from dca.catalogue import catalogue, product_for_word
from dca.docs.needs import Match, Need
from dca.docs.subject import NO_KIND, Subject, fold
from schemas.knowledge import AppliesTo, Fact, FactKind, FigureName

ORDER = tuple(Match)
"""Most specific first."""
ITSELF = frozenset({Match.PRODUCT, Match.FRAMEWORK, Match.LANGUAGE})
"""The fact is about what the component is made of, not about others that do the same."""
_USABLE = frozenset(FigureName)


def match_of(fact: Fact, subject: Subject) -> Match | None:
    """How specifically a fact is about a component; None when it is about something else.

    A fact about a product counts for that product. For another product of the same role it is a
    neighbour's word, `Match.ROLE`, and so is a fact about another framework of the same language.
    """
    about = fact.applies_to
    if about.products:
        return _by_product(about, subject)
    if about.frameworks:
        return _by_framework(about, subject)
    if about.roles and subject.role not in about.roles:
        return None
    if about.languages:
        # What a product is written in says little of it beside what is known of itself.
        own = not subject.is_product and _names_any(about.languages, subject.languages)
        return Match.LANGUAGE if own else None
    return Match.ROLE if about.roles else Match.GENERAL


def own_match(fact: Fact) -> Match:
    """The most specific match that a fact can have with anything."""
    about = fact.applies_to
    levels = (
        (about.products, Match.PRODUCT),
        (about.frameworks, Match.FRAMEWORK),
        (about.languages, Match.LANGUAGE),
        (about.roles, Match.ROLE),
    )
    return next((match for named, match in levels if named), Match.GENERAL)


def usable(fact: Fact) -> frozenset[str]:
    """The figures of a fact that the capacity model can use: of a known name, and numbers."""
    return frozenset(
        name
        for name, value in fact.figures.items()
        if name in _USABLE and isinstance(value, int | float) and not isinstance(value, bool)
    )


def serves(fact: Fact, match: Match, needs: Iterable[Need]) -> bool:
    """Whether a fact is worth showing to whoever sizes the component.

    What is about the component itself always is. What is about others only with a figure that is
    wanted; a document that the operator added is there to be seen.
    """
    if match in ITSELF or fact.kind is FactKind.DOCUMENT:
        return True
    return holds(fact, needs)


def holds(fact: Fact, needs: Iterable[Need]) -> bool:
    """Whether a fact has one of the figures that are needed."""
    figures = usable(fact)
    return any(need.figure in figures for need in needs)


def missing(needs: Iterable[Need], found: Iterable[tuple[Fact, Match]]) -> tuple[Need, ...]:
    """The needs that no fact of the right specificity covers, in their order."""
    covered = {(name, match) for fact, match in found for name in usable(fact)}
    return tuple(
        need
        for need in needs
        if not any((need.figure.value, match) in covered for match in need.matches)
    )


def _by_product(about: AppliesTo, subject: Subject) -> Match | None:
    if _names_any(about.products, (*subject.products, *subject.parents)):
        return Match.PRODUCT
    if _names_any(about.products, subject.runtimes):
        return Match.FRAMEWORK
    if _names_any(about.products, subject.frameworks):
        return Match.FRAMEWORK
    known = (catalogue().get(name) or product_for_word(name) for name in about.products)
    roles = set(about.roles) or {product.role for product in known if product}
    # The app's own code is no neighbour of a product, whatever it does.
    alike = subject.is_product and subject.role in roles and subject.role not in NO_KIND
    return Match.ROLE if alike else None


def _by_framework(about: AppliesTo, subject: Subject) -> Match | None:
    if _names_any(about.frameworks, (*subject.frameworks, *subject.runtimes)):
        return Match.FRAMEWORK
    if subject.is_product:
        return Match.PRODUCT if _names_any(about.frameworks, subject.products) else None
    alike = _names_any(about.languages, subject.languages)
    return Match.ROLE if alike and subject.role in (about.roles or (subject.role,)) else None


def _names_any(named: Iterable[str], wanted: Iterable[str]) -> bool:
    return not {fold(word) for word in named}.isdisjoint(fold(word) for word in wanted)
