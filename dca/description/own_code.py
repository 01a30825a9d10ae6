"""Components of the app's own code that a description names: "Go/Gin API", "Celery workers"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dca.description.halves import LIBRARIES, halves
from dca.description.naming import name_of, role_of, slug_of
from dca.description.negation import negated
from dca.description.noun_phrases import Phrase, noun_phrases
from dca.description.phrases import Item
from dca.description.stated_stack import with_stated_stack
from dca.description.text import Prose
from dca.description.vocabulary import RoleNoun, Technology
from schemas.context import NamedComponent, Role

_OTHERS = re.compile(
    r"\b(?:calls?|calling|called by|talks? to|talking to|proxies|routes?|forwards?|used by|hit by"
    r"|behind|in front of|consumed by|clients? of|from|for)\b[^,;]{0,60}$"
)
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
            same = [item for item in same if item.name == name_of(phrase, phrase.noun.role)]
        if not same and not one_service:
            named.append(_component(prose, phrase, named))
            same = named[-1:]
        if len(same) == 1:
            mentions.append(Mention(phrase.start, phrase.end, same[0].name))
    named = with_stated_stack(prose, words, phrases, named, one_service=one_service)
    return tuple(named), tuple(mentions)


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
    role = role_of(phrase, frameworks)
    name = name_of(phrase, role)
    taken = {item.name for item in known}
    if name in taken and not _same(known, name, language, framework):
        prefix = (framework.title if framework else language) or "second"
        name = slug_of(f"{prefix} {name}")
    return NamedComponent(
        name=name,
        role=role,
        language=language,
        framework=framework.title if framework else None,
        quote=prose.text[phrase.start : phrase.end],
        start=phrase.start,
        end=phrase.end,
    )


def _same(
    known: Sequence[NamedComponent], name: str, language: str | None, framework: Technology | None
) -> bool:
    other = next(item for item in known if item.name == name)
    title = framework.title if framework else None
    return other.language in (None, language) or other.framework == title or language is None
