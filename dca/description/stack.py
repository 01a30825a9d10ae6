"""Dimensions 4 and 7: the stack, the components that are named, and what they use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dca.description.negation import negated
from dca.description.own_code import Mention, own_components
from dca.description.phrases import Item, items
from dca.description.products import ProductMention, product_mentions
from dca.description.stated_stack import in_company
from dca.description.statements import statement
from dca.description.subject import read_subject
from dca.description.text import Prose
from schemas.context import Dimension, NamedComponent, Statement

_ONE_SERVICE = re.compile(
    r"\b(?:part of|one of the (?:\w+ )?(?:\w+ )?(?:services|components)|belongs to|component of)\b"
    r"|\b(?:service|application|backend|component) of (?:the|our|a)\b"
    r"|(?:^|[.!] )from (?:the )?[a-z]"
)


@dataclass(frozen=True, slots=True)
class Stack:
    """What a description says of the app's parts."""

    named: tuple[NamedComponent, ...]
    mentions: tuple[Mention, ...]
    statements: tuple[Statement, ...]


def read_stack(prose: Prose) -> Stack:
    """Named components, the places that speak of them, and statements on stack and dependencies."""
    words = items(prose)
    scope = _ONE_SERVICE.search(prose.lower)
    one_service = scope is not None
    own, mentions = own_components(prose, words, one_service=one_service)
    has_own_code = bool(own) or any(item.technology for item in words)
    found = list(product_mentions(prose, words, one_service=one_service, has_own_code=has_own_code))
    products, product_places = _parts(prose, found)
    if one_service and products and (not own or products[0].start < own[0].start):
        own, mentions = (), ()
    statements = (
        *_technologies(prose, words),
        *_uses(prose, found, products),
        *_denied(prose, words, products),
        *_scope(prose, scope),
        *(() if own else read_subject(prose, words)),
    )
    return Stack(
        tuple(sorted((*own, *products), key=lambda item: item.start)),
        tuple(sorted((*mentions, *product_places), key=lambda item: item.start)),
        statements,
    )


def _scope(prose: Prose, match: re.Match[str] | None) -> Iterator[Statement]:
    """That the text describes one service among others."""
    if match:
        yield statement(prose, Dimension.STACK, "scope", "one_service", match.span())


def _parts(
    prose: Prose, found: Sequence[ProductMention]
) -> tuple[tuple[NamedComponent, ...], tuple[Mention, ...]]:
    named: dict[str, NamedComponent] = {}
    places = []
    keys = {item.item.product.key for item in found if item.part and item.item.product}
    for mention in found:
        product = mention.item.product
        if product is None or product.key not in keys:
            continue
        places.append(Mention(mention.item.start, mention.end, product.key, product=True))
        if mention.part and product.key not in named:
            start, end = mention.item.start, mention.end
            named[product.key] = NamedComponent(
                name=product.key,
                third_party=product.key,
                role=product.role,
                quote=prose.text[start:end],
                start=start,
                end=end,
            )
    return tuple(named.values()), tuple(places)


def _uses(
    prose: Prose, found: Sequence[ProductMention], parts: Sequence[NamedComponent]
) -> Iterator[Statement]:
    """One statement for each product that is only used."""
    done = {item.third_party for item in parts}
    for mention in found:
        product = mention.item.product
        if product is None or product.key in done:
            continue
        done.add(product.key)
        key = "uses_managed" if mention.managed else "uses"
        span = (mention.item.start, mention.item.end)
        yield statement(prose, Dimension.DEPENDENCIES, key, product.key, span)


def _denied(
    prose: Prose, words: Sequence[Item], parts: Sequence[NamedComponent]
) -> Iterator[Statement]:
    """Products that the description says are not there."""
    affirmed = {item.third_party for item in parts}
    for item in words:
        product = item.product
        if product and product.key not in affirmed and negated(prose, item.start, item.end):
            span = (item.start, item.end)
            yield statement(prose, Dimension.DEPENDENCIES, "without", product.key, span)


def _technologies(prose: Prose, words: Sequence[Item]) -> Iterator[Statement]:
    for index, item in enumerate(words):
        technology = item.technology
        if technology is None or negated(prose, item.start, item.end):
            continue
        if technology.plain_word and not in_company(prose, words, index):
            continue
        key = "language" if technology.is_language else "framework"
        span = (item.start, item.end)
        yield statement(prose, Dimension.STACK, key, technology.title, span)
