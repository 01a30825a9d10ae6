"""Components of the app's own code that a description names: "Go/Gin API", "Celery workers"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dca.description.halves import LIBRARIES, halves, runs_in_browser
from dca.description.negation import negated
from dca.description.noun_phrases import Phrase, noun_phrases
from dca.description.phrases import Item
from dca.description.text import Prose
from dca.description.vocabulary import RoleNoun, Technology, vocabulary
from schemas.context import NamedComponent, Role

_OTHERS = re.compile(
    r"\b(?:calls?|calling|called by|talks? to|talking to|proxies|routes?|forwards?|used by|hit by"
    r"|behind|in front of|consumed by|clients? of|from|for)\b[^,;]{0,60}$"
)
_COMPANY = re.compile(r"(?:\b(?:in|with|using|stack|written|by|and)|[:/+,(]) ?$")
_ALONE = re.compile(r"(?:[.;!,]? |\W\n|^)?\w+(?: [+&/]|[+&/]\w|[.;,]\s?|$)")
"""A sentence or an item of a list by itself: "Go. Postgres.", or a member of "Rust + hyper"."""
_CALLEE = re.compile(r"\b(?:calls?|talks?|talking|calling|sits) (?:[\w'-]+ ){0,4}$")
_LIST_BEFORE = re.compile(r"(?:^|[+,&:;(/.]|\band|\bplus|\bthe|\bour|\ban?)\s*$")
_LIST_AFTER = re.compile(
    r"\s*(?:$|\d|[+,&;:)(/.]|\b(?:and|plus)\b|\b(?:serves?|handles?|does|gets?|receives?|has|needs?|must"
    r"|is|runs?|takes?|process(?:es)?|should|sees|peaks?|with|on|at)\b)"
)
_ARTICLE_BEFORE = re.compile(r"(?:^|^ )(?:the|our) (?:[a-z0-9]+[ -]){1,2}$")
_DOES_AFTER = re.compile(
    r" (?:must|should|has to|needs? to|can|will)? ?"
    r"(?:serves?|handles?|process(?:es)?|gets?|receives?|takes?|sees|does) "
)
_BROWSER_NOUN = RoleNoun(Role.WEB_FRONTEND, "frontend")
_SERVER_NOUN = RoleNoun(Role.BACKEND_API, "backend")
_BROWSER_WORDS = re.compile(r"front|\bui\b|spa\b|single|client|interface")
_LONGEST_QUOTE = 160
_READERS = frozenset(["consumer", "consumers", "worker", "workers", "processor", "dispatcher"])
_BARE = frozenset(
    [
        "frontend",
        "front end",
        "front-end",
        "api",
        "backend",
        "back end",
        "back-end",
        "worker",
        "workers",
        "queue worker",
        "queue workers",
        "background worker",
        "background workers",
        "gateway",
        "rest api",
        "web app",
        "web frontend",
    ]
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that speaks of a named component."""

    start: int
    end: int
    name: str
    product: bool = False


def own_components(
    prose: Prose, words: Sequence[Item], *, one_service: bool
) -> tuple[tuple[NamedComponent, ...], tuple[Mention, ...]]:
    """The named components of own code, and every place that speaks of one.

    Args:
        prose: The description.
        words: Its items.
        one_service: It describes one service among others: only the first is meant.
    """
    phrases = [half for item in noun_phrases(prose, words) for half in _halved(item)]
    named: list[NamedComponent] = []
    mentions: list[Mention] = []
    for phrase in phrases:
        if not _is_component(prose, phrase) or (one_service and named):
            continue
        component = _component(prose, phrase, named)
        if component.name not in {item.name for item in named}:
            named.append(component)
        mentions.append(Mention(phrase.start, phrase.end, component.name))
    for phrase in filter(lambda item: _bare(prose, item), phrases):
        same = [item for item in named if item.role is phrase.noun.role]
        if phrase.modifiers:
            same = [item for item in same if item.name == _name(phrase, phrase.noun.role)]
        if not same and not one_service:
            named.append(_component(prose, phrase, named))
            same = named[-1:]
        if len(same) == 1:
            mentions.append(Mention(phrase.start, phrase.end, same[0].name))
    named = with_stated_stack(prose, words, phrases, named, one_service=one_service)
    return tuple(named), tuple(mentions)


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


def _halved(phrase: Phrase) -> Iterator[Phrase]:
    """The phrase, or one for each half that its technologies are of: "dashboard (Vue + Django)"."""
    word = phrase.noun_item.word
    only_browser = _BROWSER_WORDS.search(word) is not None
    both = halves(phrase.technologies, only_browser=only_browser)
    if both is None or phrase.noun.role not in {Role.WEB_FRONTEND, Role.BACKEND_API}:
        yield phrase
        return
    is_server = phrase.noun.role is Role.BACKEND_API
    front, back = _BROWSER_NOUN, phrase.noun if is_server else _SERVER_NOUN
    yield replace(phrase, noun=front, technologies=both.browser)
    yield replace(phrase, noun=back, technologies=both.server)


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
    role = _role(phrase, made) if phrase else decided or (Role.BACKEND_API if made else None)
    start, end = (phrase.start, phrase.end) if phrase else (first.start, first.end)
    return NamedComponent(
        name=_name(phrase, role or Role.OTHER) if phrase else "frontend" if decided else "app",
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


def _is_component(prose: Prose, phrase: Phrase) -> bool:
    """Whether a phrase names something of the app, rather than a kind of thing."""
    real = [item for item in phrase.technologies if item.title not in LIBRARIES]
    if phrase.product and not phrase.technologies:
        return phrase.noun_item.word in _READERS and not _refused(prose, phrase)
    if not phrase.technologies or (phrase.noun.plural and not real):
        return False
    return not _refused(prose, phrase)


def _refused(prose: Prose, phrase: Phrase) -> bool:
    if negated(prose, phrase.start, phrase.end):
        return True
    return phrase.noun.plural and _OTHERS.search(prose.before(phrase.start, 80)) is not None


def _bare(prose: Prose, phrase: Phrase) -> bool:
    """A role noun alone: "the API", "frontend, API and worker"."""
    item = phrase.noun_item
    if phrase.technologies or phrase.product or item.word not in _BARE:
        return False
    if phrase.modifiers:
        named_so = _ARTICLE_BEFORE.search(prose.before(item.start, 40))
        return bool(named_so and _DOES_AFTER.match(prose.lower, item.end))
    before = prose.lower[max(0, item.start - 12) : item.start]
    if not _LIST_BEFORE.search(before) or not _LIST_AFTER.match(prose.lower, item.end):
        return False
    if _CALLEE.search(prose.before(item.start, 60)):
        return False
    return not negated(prose, item.start, item.end)


def _component(prose: Prose, phrase: Phrase, known: Sequence[NamedComponent]) -> NamedComponent:
    language = next((t.language for t in phrase.technologies if t.is_language), None)
    frameworks = [t for t in phrase.technologies if not t.is_language]
    real = [t for t in frameworks if t.title not in LIBRARIES]
    framework = real[0] if real else None
    if language is None:
        language = next((t.language for t in real if t.language), None)
    role = _role(phrase, frameworks)
    name = _name(phrase, role)
    taken = {item.name for item in known}
    if name in taken and not _same(known, name, language, framework):
        prefix = (framework.title if framework else language) or "second"
        name = _slug(f"{prefix} {name}")
    return NamedComponent(
        name=name,
        role=role,
        language=language,
        framework=framework.title if framework else None,
        quote=prose.text[phrase.start : phrase.end],
        start=phrase.start,
        end=phrase.end,
    )


def _role(phrase: Phrase, frameworks: Sequence[Technology]) -> Role:
    noun = phrase.noun
    decided = next((item.role for item in frameworks if item.role), None)
    if decided is Role.WEB_FRONTEND and noun.role is not Role.BACKEND_API:
        return noun.role
    if decided and (noun.generic or noun.role is Role.GATEWAY_PROXY):
        return decided
    if any(item.title == "gRPC" for item in frameworks) and noun.role is Role.BACKEND_API:
        return Role.GRPC_SERVICE
    return noun.role


def _same(
    known: Sequence[NamedComponent], name: str, language: str | None, framework: Technology | None
) -> bool:
    other = next(item for item in known if item.name == name)
    title = framework.title if framework else None
    return other.language in (None, language) or other.framework == title or language is None


def _name(phrase: Phrase, role: Role) -> str:
    slug = "frontend" if role is Role.WEB_FRONTEND else phrase.noun.slug
    own = phrase.modifiers[-2:]
    return _slug(" ".join((*own, slug)))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
