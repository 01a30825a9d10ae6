"""Which component of the repository a description means by "the Go API"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dca.catalogue import Product, product_for_image
from schemas.context import Component, NamedComponent, Role

_WORD = re.compile(r"[a-z0-9]+")
_GENERIC = frozenset(
    """api app application backend frontend front end service services server web worker workers
    client ui gateway batch job consumer src apps cmd packages main the a""".split()  # noqa: SIM905
)
"""Words of names that tell components of one app not apart."""
_SAME_LANGUAGE = (frozenset({"javascript", "typescript"}),)
_BUILT_ON = (
    frozenset({"react", "nextjs", "remix", "gatsby"}),
    frozenset({"vuejs", "vue", "nuxt"}),
    frozenset({"svelte", "sveltekit"}),
    frozenset({"spring", "springboot", "springwebflux", "springmvc", "springcloudgateway"}),
    frozenset({"rails", "rubyonrails"}),
    frozenset({"express", "nestjs"}),
    frozenset({"starlette", "fastapi"}),
    frozenset({"django", "djangorestframework"}),
    frozenset({"sidekiq", "rails", "rubyonrails"}),
    frozenset({"celery", "django", "flask", "fastapi"}),
    frozenset({"aspnetcore", "aspnet", "blazor", "signalr"}),
)
"""Frameworks of one family: naming one of them does not deny another."""
_SERVING = frozenset({Role.BACKEND_API, Role.GRPC_SERVICE, Role.WEB_FRONTEND, Role.GATEWAY_PROXY})
_ENOUGH = 3


def same_language(one: str | None, other: str | None) -> bool | None:
    """Whether two languages are the same; None when one is not known."""
    if not one or not other:
        return None
    pair = {one.lower(), other.lower()}
    return len(pair) == 1 or any(pair <= group for group in _SAME_LANGUAGE)


def same_framework(one: str | None, other: str | None) -> bool | None:
    """Whether two frameworks are of one family; None when one is not known."""
    if not one or not other:
        return None
    first, second = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (one, other))
    if first in second or second in first:
        return True
    return any(first in group and second in group for group in _BUILT_ON)


def name_words(*texts: str | None) -> frozenset[str]:
    """The words of names that tell components apart, singular and in lower case."""
    words = (word for text in texts if text for word in _WORD.findall(text.lower()))
    return frozenset(word.removesuffix("s") for word in words) - _GENERIC


def match_score(named: NamedComponent, component: Component) -> int:
    """How well a component fits what is named; negative when they contradict.

    A framework weighs most, then the name, the language, and the role, which many share.
    """
    score = 0
    score += {True: 4, False: -4, None: 0}[same_framework(named.framework, component.framework)]
    score += {True: 3, False: -4, None: 0}[same_language(named.language, component.language)]
    if named.role is component.role:
        score += 3
    elif {named.role, component.role} <= _SERVING:
        score += 1
    elif component.role is not Role.OTHER:
        score -= 2
    return score + (4 if _same_name(named, component) else 0)


def _same_name(named: NamedComponent, component: Component) -> bool:
    if name_words(named.name) & name_words(component.name, component.source_path):
        return True
    return _WORD.findall(named.name) == _WORD.findall(component.name.lower())


def made_of(product: Product, components: Iterable[Component]) -> list[Component]:
    """Own code that is the product's source, or an image built on the product's.

    The repository of KEDA builds KEDA; an ``image-provider`` on ``nginx`` is the nginx of its app.
    """
    key = re.compile(rf"(?:^|-){re.escape(product.key)}(?:-|$)")
    found = []
    for component in components:
        if component.third_party is not None:
            continue
        base = product_for_image(component.base_image) if component.base_image else None
        if key.search(component.name) or (base is not None and base.key == product.key):
            found.append(component)
    return found


def best_matches(
    named: Sequence[NamedComponent], components: Iterable[Component]
) -> dict[str, str]:
    """Names of the description, each with the name of the one component that fits it best.

    The best pairs are made first; a component is taken once. Two that fit equally well leave the
    name without a match, unless it is the only one that is named.
    """
    candidates = [component for component in components if component.third_party is None]
    pairs = sorted(
        (
            (match_score(item, component), item.name, component.name)
            for item in named
            if item.third_party is None
            for component in candidates
        ),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    result: dict[str, str] = {}
    taken: set[str] = set()
    for score, name, component in pairs:
        if score < _ENOUGH or name in result or component in taken:
            continue
        rivals = [
            other
            for points, item, other in pairs
            if item == name and points == score and other != component and other not in taken
        ]
        if rivals:
            continue
        result[name] = component
        taken.add(component)
    return result
