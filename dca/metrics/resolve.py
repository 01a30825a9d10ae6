"""Which running workload a component is: one with a stated confidence, or none with the reason.

A wrong workload gives numbers that look measured and are another's, so doubt means none: a match
needs `LEAST` confidence and `MARGIN` more than the next best. It is certain (1.0) only when the
user chose the workload, or namespace, kind and name are those of the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dca.metrics.chosen import assign, stated_for
from dca.metrics.containers import container_of
from dca.metrics.names import agreement
from dca.metrics.rules import STATED_KIND, Surroundings
from dca.metrics.signs import (
    PRODUCT_IMAGE,
    image_sign,
    kind_sign,
    place_sign,
    runs_product,
    same_image,
    stage_sign,
)
from dca.repository.paths import words
from schemas.context import Component
from schemas.usage import WorkloadKey

if TYPE_CHECKING:
    from schemas.telemetry import WorkloadListing

LEAST = 0.6
"""Confidence that a match needs."""
MARGIN = 0.1
"""By which it must lead the next best."""
WORTH_A_WORD = 0.35
"""Candidates from here on are named when none is sure."""
SURE_NEIGHBOUR = 0.85
"""Confidence of a match that speaks for its namespace."""
_MOST_DERIVED = 0.95
_COMMON_NAME, _PLAIN_NAME = 0.35, 0.25
"""What a name loses that other apps have, or may have; docs/metrics.md says what came of it."""
_GUESSED_CONTAINER = 0.05
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Match:
    """The workload of a component."""

    key: WorkloadKey
    container: str
    confidence: float
    """In [0, 1]."""
    how: str
    """By what it was found, in words."""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why a component has none."""

    reason: str
    candidates: tuple[WorkloadKey, ...] = ()
    """What it might be, best first; the user can choose."""
    confidence: float = 1.0
    """That there is none."""


Resolved = Match | NoMatch


@dataclass(frozen=True, slots=True)
class _Candidate:
    listing: WorkloadListing
    score: float
    how: str


def resolve(
    components: Sequence[Component], listings: Sequence[WorkloadListing], around: Surroundings
) -> Mapping[str, Resolved]:
    """Find the workloads of all components together: neighbours speak for a namespace.

    Args:
        components: Of one app.
        listings: All workloads that the source knows.
        around: Where the app runs, and what the user chose.

    Returns:
        A match or the reason why there is none, by component name.

    Raises:
        UsageError: The user chose a workload for a component that does not exist, or for none in
            particular where several could be meant.
    """
    chosen = assign(around.chosen, components)
    found: dict[str, Resolved] = {}
    by_key = {listing.key: listing for listing in listings}
    for component in components:
        choice = chosen.get(component.name)
        if choice is not None:
            listing = by_key.get(choice.key) or _same_but_case(choice.key, listings)
            found[component.name] = _chosen(component, choice.key, choice.container, listing)
    for component, listing in stated_for(components, listings):
        if component.name not in found:
            how = "the payload names it"
            found[component.name] = _in_container(component, listing, 1.0, how)
    taken = {item.key for item in found.values() if isinstance(item, Match)}
    free = [x for x in listings if x.key not in taken and x.key.kind != STATED_KIND]
    rest = [component for component in components if component.name not in found]
    likely = {item.name: tuple(_likely(item, free, around)) for item in rest}
    # Twice: the sure ones of the first pass say where the app runs.
    first = _pass(rest, likely, around, found)
    return _distinct({**found, **_pass(rest, likely, around, {**found, **first})})


def _pass(
    components: Iterable[Component],
    likely: Mapping[str, tuple[_Candidate, ...]],
    around: Surroundings,
    known: Mapping[str, Resolved],
) -> dict[str, Resolved]:
    sure = {
        name: item.key.namespace
        for name, item in known.items()
        if isinstance(item, Match) and item.confidence >= SURE_NEIGHBOUR
    }
    result: dict[str, Resolved] = {}
    for component in components:
        beside = frozenset(where for name, where in sure.items() if name != component.name)
        found = (_placed(item, component, around, beside) for item in likely[component.name])
        result[component.name] = _best(component, [x for x in found if x.score >= WORTH_A_WORD])
    return result


def _best(component: Component, found: Sequence[_Candidate]) -> Resolved:
    if not found:
        return NoMatch("no running workload is called like it")
    found = sorted(found, key=lambda item: (-item.score, item.listing.key))
    best = found[0]
    keys = tuple(item.listing.key for item in found[:_MOST_NAMED])
    if best.score < LEAST:
        return NoMatch(f"no running workload is surely it ({best.how} is not enough)", keys, 0.5)
    rivals = [item for item in found[1:] if best.score < 1 and best.score - item.score < MARGIN]
    if rivals:
        return NoMatch("several running workloads could be it", keys, 0.5)
    return _in_container(component, best.listing, best.score, best.how)


def _likely(
    component: Component, listings: Sequence[WorkloadListing], around: Surroundings
) -> Iterator[_Candidate]:
    """What could be it at all, by everything but its place."""
    wanted = _wanted(component)
    for listing in listings:
        product = runs_product(component, listing.images)
        if product or _shares(wanted, listing.key.name):
            found = _judge(component, listing, around, product=product)
            if found is not None:
                yield found


def _judge(
    component: Component, listing: WorkloadListing, around: Surroundings, *, product: bool
) -> _Candidate | None:
    ref, key = component.workload, listing.key
    stated = (ref.namespace, ref.kind, ref.name) if ref is not None else None
    if stated == (key.namespace, key.kind, key.name):
        return _Candidate(listing, 1.0, "the manifest's namespace, kind and name")
    kind = kind_sign(component, key.kind)
    name = agreement(component, key.name, around.app)
    if kind is None or (name is None and not product):
        return None
    score, how = 0.0, ""
    if name is not None:
        score, how = name.confidence, name.words
        if name.common and not same_image(component, listing.images):
            score, how = score - _COMMON_NAME, f"{how} (one that many apps have)"
        elif name.plain and not same_image(component, listing.images):
            score, how = score - _PLAIN_NAME, f"{how} (a single word)"
        score += image_sign(component, listing.images)
    if product and score < PRODUCT_IMAGE:
        score, how = PRODUCT_IMAGE, "an image of the product"
    score += kind
    score += stage_sign(listing, around.environment)
    return _Candidate(listing, min(score, _MOST_DERIVED), how)


def _placed(
    item: _Candidate, component: Component, around: Surroundings, neighbours: frozenset[str]
) -> _Candidate:
    """The candidate with what its namespace says; nothing makes a certain one of it."""
    if item.score >= 1:
        return item
    place = place_sign(component, item.listing.key.namespace, around, neighbours)
    how = f"{item.how}, in a namespace that fits" if place > 0 else item.how
    score = round(min(item.score + place, _MOST_DERIVED), 2)
    return _Candidate(item.listing, score, how)


def _chosen(
    component: Component, key: WorkloadKey, container: str | None, listing: WorkloadListing | None
) -> Resolved:
    if listing is None:
        return NoMatch(f"the metrics source has nothing of {key}, which --workload names")
    if container is None:
        return _in_container(component, listing, 1.0, "--workload names it")
    if container not in listing.containers:
        names = ", ".join(listing.containers[:_MOST_NAMED])
        return NoMatch(
            f"{key} has no container {container}, which --workload names; it has {names}"
        )
    return Match(listing.key, container, 1.0, "--workload names it")


def _in_container(
    component: Component, listing: WorkloadListing, confidence: float, how: str
) -> Resolved:
    container = container_of(component, listing.key.name, listing.containers)
    if container is None:
        names = ", ".join(listing.containers[:_MOST_NAMED]) or "none"
        return NoMatch(
            f"it is not clear which container of {listing.key} it is ({names})",
            (listing.key,),
            0.5,
        )
    stated = component.workload is not None and component.workload.container == container
    if confidence < 1 and not stated and len(listing.containers) > 1:
        confidence = max(LEAST, round(confidence - _GUESSED_CONTAINER, 2))
    return Match(listing.key, container, confidence, how)


def _distinct(found: dict[str, Resolved]) -> dict[str, Resolved]:
    """No container is two components: the surer one keeps it, and neither when none is surer."""
    claims: dict[tuple[WorkloadKey, str], list[str]] = {}
    for name, item in found.items():
        if isinstance(item, Match):
            claims.setdefault((item.key, item.container), []).append(name)
    for (key, container), names in claims.items():
        ranked = sorted(names, key=lambda name: -_confidence(found[name]))
        if len(ranked) < 2:
            continue
        lead = _confidence(found[ranked[0]]) - _confidence(found[ranked[1]])
        for name in ranked[1:] if lead >= MARGIN else ranked:
            others = ", ".join(other for other in ranked if other != name)
            reason = f"container {container} of {key} could be {others} as well"
            found[name] = NoMatch(reason, (key,), 0.5)
    return found


def _confidence(item: Resolved) -> float:
    return item.confidence if isinstance(item, Match) else 0.0


def _same_but_case(key: WorkloadKey, listings: Sequence[WorkloadListing]) -> WorkloadListing | None:
    """``shop/deployment/api`` is what a hurried user writes."""
    wanted = str(key).lower()
    return next((item for item in listings if str(item.key).lower() == wanted), None)


def _wanted(component: Component) -> tuple[frozenset[str], tuple[str, ...]]:
    """Words of all names of a component, and the names without separators."""
    names = [component.name, *component.metadata.values(), component.image or ""]
    names += [component.workload.name] if component.workload else []
    split = [words(name[:300]) for name in names]
    joined = tuple(text for item in split if len(text := "".join(item)) > 2)
    return frozenset(word for item in split for word in item), joined


def _shares(wanted: tuple[frozenset[str], tuple[str, ...]], name: str) -> bool:
    """Whether names can agree at all; cheap, for clusters with thousands of workloads."""
    told = words(name)
    text = "".join(told)
    return not wanted[0].isdisjoint(told) or any(text in own or own in text for own in wanted[1])
