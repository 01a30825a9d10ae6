"""Components that only their stack tells of: "Checkout. Written in Java with Quarkus"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from dca.description.halves import LIBRARIES, halves, runs_in_browser
from dca.description.naming import name_of, role_of
from dca.description.negation import negated
from dca.description.noun_phrases import Phrase
from dca.description.phrases import Item
from dca.description.text import Prose
from dca.description.vocabulary import Technology, vocabulary
from schemas.context import NamedComponent, Role

_COMPANY = re.compile(r"(?:\b(?:in|with|using|stack|written|by|and)|[:/+,(]) ?$")
_ALONE = re.compile(r"(?:[.;!,]? |\W\n|^)?\w+(?: [+&/]|[+&/]\w|[.;,]\s?|$)")
"""A sentence or an item of a list by itself: "Go. Postgres.", or a member of "Rust + hyper"."""
_LONGEST_QUOTE = 160


def with_stated_stack(
    prose: Prose,
    words: Sequence[Item],
    phrases: Sequence[Phrase],
    named: list[NamedComponent],
    *,
    one_service: bool,
) -> list[NamedComponent]:
    """Add what is stated apart from any noun: "Checkout service. Written in Java with Quarkus".

    The only component takes over what it lacks; where there is none, the stack makes one; a server
    framework that fits no component ("Rails, Sidekiq") makes another.
    """
    free = list(_free_technologies(prose, words, phrases))
    languages = [item for item in free if item.technology and item.technology.is_language]
    frameworks = [item for item in free if item.technology and not item.technology.is_language]
    if not free:
        return named
    if not named:
        return _stated_halves(prose, phrases, free, one_service=one_service)
    if len(named) == 1 and _is_browser_half(named[0]):
        browser, server = _sides(named[0], free)
        named = [_completed(named[0], browser, ())]
        return named if one_service or not server else [*named, _server_half(prose, server)]
    if len(named) == 1:
        named = [_completed(named[0], languages, frameworks)]
    if one_service:
        return named
    named = named + _missing_browser_half(prose, named, frameworks)
    return named + [
        _stated(prose, (), (), [item])
        for item in frameworks[:1]
        if item.technology and item.technology.role is None and not _taken(named, item.technology)
    ]


def _stated_halves(
    prose: Prose, phrases: Sequence[Phrase], free: Sequence[Item], *, one_service: bool
) -> list[NamedComponent]:
    """The component that only its stack tells of, or the two that it tells of."""
    both = halves([item.technology for item in free if item.technology])
    if both is None or one_service:
        return [_stated(prose, phrases, *_kinds(free))]
    server = [item for item in free if item.technology in both.server]
    browser = [item for item in free if item.technology not in both.server]
    back = _stated(
        prose,
        [item for item in phrases if item.noun.role is not Role.WEB_FRONTEND],
        *_kinds(server),
    )
    front = _stated(
        prose, [item for item in phrases if item.noun.role is Role.WEB_FRONTEND], *_kinds(browser)
    )
    changes: dict[str, object] = {}
    start, end = min(item.start for item in free), max(item.end for item in free)
    if end - start <= _LONGEST_QUOTE:
        changes = {"quote": prose.text[start:end], "start": start, "end": end}
    return [
        front.model_copy(update=changes),
        back.model_copy(update=changes | {"role": back.role or Role.BACKEND_API}),
    ]


def _kinds(found: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Languages, and frameworks."""
    languages = [item for item in found if item.technology and item.technology.is_language]
    return languages, [
        item for item in found if item.technology and not item.technology.is_language
    ]


def _is_browser_half(component: NamedComponent) -> bool:
    """Whether a named component is made with a framework of the browser and nothing else."""
    titles = {item.title for item in vocabulary().technologies.values() if runs_in_browser(item)}
    return component.role is Role.WEB_FRONTEND and component.framework in titles


def _sides(component: NamedComponent, free: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """What belongs to the browser's half that is named, and what to a server."""
    front = next(
        item for item in vocabulary().technologies.values() if item.title == component.framework
    )
    both = halves([front, *(item.technology for item in free if item.technology)])
    servers = both.server if both else ()
    browser = [item for item in free if item.technology not in servers]
    return browser, [item for item in free if item.technology in servers]


def _server_half(prose: Prose, server: Sequence[Item]) -> NamedComponent:
    stated = _stated(prose, (), *_kinds(server))
    return stated.model_copy(update={"role": stated.role or Role.BACKEND_API})


def _missing_browser_half(
    prose: Prose, named: Sequence[NamedComponent], frameworks: Sequence[Item]
) -> list[NamedComponent]:
    """The frontend of an app whose server has a name: "Go backend. Angular in front"."""
    if any(item.role is Role.WEB_FRONTEND for item in named):
        return []
    found = [item for item in frameworks if item.technology and runs_in_browser(item.technology)]
    return [_stated(prose, (), (), found[:1])] if found else []


def _free_technologies(
    prose: Prose, words: Sequence[Item], phrases: Sequence[Phrase]
) -> Iterator[Item]:
    spans = sorted((item.start, item.end) for item in phrases if item.technologies)
    for index, item in enumerate(words):
        technology = item.technology
        if technology is None or technology.title in LIBRARIES:
            continue
        place = bisect_right(spans, (item.start, len(prose.text) + 1)) - 1
        if place >= 0 and item.start < spans[place][1]:
            continue
        if technology.plain_word and not in_company(prose, words, index):
            continue
        if not negated(prose, item.start, item.end):
            yield item


def in_company(prose: Prose, words: Sequence[Item], index: int) -> bool:
    """Whether a plain word ("go", "express") stands where a technology stands."""
    start = words[index].start
    if _COMPANY.search(prose.lower[max(0, start - 12) : start]):
        return True
    if _ALONE.fullmatch(prose.lower, max(0, start - 2), words[index].end + 2):
        return True
    around = (*words[max(0, index - 1) : index], *words[index + 1 : index + 4])
    return any(item.technology or item.noun for item in around)


def _stated(
    prose: Prose,
    phrases: Sequence[Phrase],
    languages: Sequence[Item],
    frameworks: Sequence[Item],
) -> NamedComponent:
    """A component that only its stack tells of, and a role noun where the text begins with one."""
    opening = prose.sentence(0).end
    subjects = (item for item in phrases if not item.noun.plural and not item.product)
    phrase = next((item for item in subjects if item.end <= opening), None)
    first = min((*languages, *frameworks), key=lambda item: item.start)
    made = [item.technology for item in frameworks if item.technology]
    language = next((item.technology.title for item in languages if item.technology), None)
    decided = next((item.role for item in made if item.role), None)
    role = role_of(phrase, made) if phrase else decided or (Role.BACKEND_API if made else None)
    start, end = (phrase.start, phrase.end) if phrase else (first.start, first.end)
    return NamedComponent(
        name=name_of(phrase, role or Role.OTHER) if phrase else "frontend" if decided else "app",
        role=role,
        language=language or next((item.language for item in made if item.language), None),
        framework=made[0].title if made else None,
        quote=prose.text[start:end],
        start=start,
        end=end,
    )


def _completed(
    component: NamedComponent, languages: Sequence[Item], frameworks: Sequence[Item]
) -> NamedComponent:
    changes = {}
    stated = [item.technology for item in (*languages, *frameworks) if item.technology]
    if component.language is None:
        fitting = [item.title for item in stated if item.is_language]
        changes["language"] = fitting[0] if fitting else None
    if component.framework is None and component.language is None:
        made = [item.title for item in stated if not item.is_language and item.role is None]
        changes["framework"] = made[0] if made else None
    return component.model_copy(update=changes)


def _taken(named: Sequence[NamedComponent], technology: Technology) -> bool:
    """Whether a component that serves requests is made with a framework, or may be."""
    serving = [item for item in named if item.role not in {Role.WORKER, Role.BATCH}]
    return any(
        item.framework in (None, technology.title) or item.language in (technology.language, None)
        for item in serving
        if item.role is not Role.WEB_FRONTEND or item.framework == technology.title
    )
