"""Components of the app's own code that a description names: "Go/Gin API", "Celery workers"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dca.description.negation import negated
from dca.description.phrases import Item, gap
from dca.description.text import Prose
from dca.description.vocabulary import ADJECTIVES, STOPS, RoleNoun, Technology
from schemas.context import NamedComponent, Role

_MODIFIERS = 4
_PLAIN_GAP = frozenset([" ", "/", "-", " / ", ") ", " (", "("])
_TECH_GAP = frozenset(["/", " / ", " ", " + ", ", ", " (", "("])
_LINKS = frozenset(["and", "with", "using", "on", "plus"])
_MAKERS = frozenset(
    ["written", "built", "implemented", "developed", "made", "based", "running", "coded"]
)
_PREPOSITIONS = frozenset(["in", "with", "using", "on", "by", "upon"])
_OTHERS = re.compile(
    r"\b(?:calls?|calling|called by|talks? to|talking to|proxies|routes?|forwards?|used by|hit by"
    r"|behind|in front of|consumed by|clients? of|from|for)\b[^,;]{0,60}$"
)
_CALLEE = re.compile(r"\b(?:calls?|talks?|talking|calling|sits) (?:[\w'-]+ ){0,4}$")
_LIST_BEFORE = re.compile(r"(?:^|[+,&:;(/.]|\band|\bplus|\bthe|\bour|\ban?)\s*$")
_LIST_AFTER = re.compile(
    r"\s*(?:$|\d|[+,&;:)(/.]|\b(?:and|plus)\b|\b(?:serves?|handles?|does|gets?|receives?|has|needs?|must"
    r"|is|runs?|takes?|process(?:es)?|should|sees|peaks?|with|at)\b)"
)
_READERS = frozenset(["consumer", "consumers", "worker", "workers", "processor", "dispatcher"])
_ROLE_SLUGS = {
    Role.WORKER: "worker",
    Role.GATEWAY_PROXY: "gateway",
    Role.LOAD_GENERATOR: "load-generator",
}
"""Roles that a technology alone gives to what is made with it: Celery, Locust."""
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


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A noun phrase around one role noun."""

    start: int
    end: int
    noun: RoleNoun
    noun_item: Item
    technologies: tuple[Technology, ...]
    modifiers: tuple[str, ...]
    product: Item | None


def own_components(
    prose: Prose, words: Sequence[Item], *, one_service: bool
) -> tuple[tuple[NamedComponent, ...], tuple[Mention, ...]]:
    """The named components of own code, and every place that speaks of one.

    Args:
        prose: The description.
        words: Its items.
        one_service: It describes one service among others: only the first is meant.
    """
    phrases = list(_phrases(prose, words))
    named: list[NamedComponent] = []
    mentions: list[Mention] = []
    for phrase in phrases:
        if not _is_component(prose, phrase) or (one_service and named):
            continue
        component = _component(prose, phrase, named)
        if component.name not in {item.name for item in named}:
            named.append(component)
        mentions.append(Mention(phrase.start, phrase.end, component.name))
    for phrase in phrases:
        bare = _bare(prose, phrase)
        if not bare:
            continue
        same = [item for item in named if item.role is phrase.noun.role]
        if not same and not one_service:
            named.append(_component(prose, phrase, named))
            same = named[-1:]
        if len(same) == 1:
            mentions.append(Mention(phrase.start, phrase.end, same[0].name))
    return tuple(named), tuple(mentions)


def _phrases(prose: Prose, words: Sequence[Item]) -> Iterator[_Phrase]:
    for index, item in enumerate(words):
        if item.noun:
            yield _phrase(prose, words, index, item.noun)
        elif item.technology and item.technology.role in _ROLE_SLUGS:
            following = words[index + 1] if index + 1 < len(words) else None
            if following is None or not following.noun or gap(prose, item, following) != " ":
                role = item.technology.role
                noun = RoleNoun(role, _ROLE_SLUGS[role])
                yield _Phrase(item.start, item.end, noun, item, (item.technology,), (), None)


def _phrase(prose: Prose, words: Sequence[Item], index: int, noun: RoleNoun) -> _Phrase:
    technologies: list[Technology] = []
    modifiers: list[str] = []
    product: Item | None = None
    first = index
    while first > 0 and gap(prose, words[first - 1], words[first]) in _PLAIN_GAP:
        item = words[first - 1]
        if item.technology:
            technologies.insert(0, item.technology)
        elif item.product:
            product = product or item
        elif item.noun or item.word in STOPS or len(modifiers) >= _MODIFIERS:
            break
        else:
            modifiers.insert(0, item.word)
        first -= 1
    while first < index and not (words[first].technology or words[first].product):
        first += 1  # leading words that no technology follows say little; the quote starts later
    last, after = _technologies_after(prose, words, index)
    kept = [word for word in modifiers if word not in ADJECTIVES and not word.isdigit()]
    return _Phrase(
        words[first].start, words[last].end, noun, words[index],
        (*technologies, *after), tuple(kept), product,
    )  # fmt: skip


def _technologies_after(
    prose: Prose, words: Sequence[Item], index: int
) -> tuple[int, list[Technology]]:
    """Technologies that follow a role noun: "service in Go", "API (FastAPI)"."""
    at = index + 1
    if at >= len(words):
        return index, []
    opened = gap(prose, words[index], words[at])
    if opened not in {" ", " (", ": "}:
        return index, []
    if opened == " ":
        if words[at].word in _MAKERS:
            at += 1
        if at >= len(words) or words[at].word not in _PREPOSITIONS:
            return index, []
        at += 1
    found: list[Technology] = []
    last = index
    while at < len(words) and (technology := words[at].technology):
        if _belongs_to_next(prose, words, at):
            break
        found.append(technology)
        last = at
        at = _next_technology(prose, words, at)
    return last, found


def _next_technology(prose: Prose, words: Sequence[Item], at: int) -> int:
    """Index of the technology that is joined to the one at `at`, or the end."""
    for step, between in ((1, _TECH_GAP), (2, frozenset([" "]))):
        after = at + step
        if after >= len(words) or words[after].technology is None:
            continue
        if step == 1 and gap(prose, words[at], words[after]) in between:
            return after
        if step == 2 and words[at + 1].word in _LINKS:
            return after
    return len(words)


def _belongs_to_next(prose: Prose, words: Sequence[Item], at: int) -> bool:
    """Whether another role noun follows: "API with a React frontend"."""
    for after in range(at + 1, min(at + 4, len(words))):
        if gap(prose, words[after - 1], words[after]) not in _PLAIN_GAP:
            return False
        if words[after].noun:
            return True
        if words[after].word in STOPS:
            return False
    return False


def _is_component(prose: Prose, phrase: _Phrase) -> bool:
    """Whether a phrase names something of the app, rather than a kind of thing."""
    real = [item for item in phrase.technologies if item.title not in {"gRPC", "GraphQL"}]
    if phrase.product and not phrase.technologies:
        return phrase.noun_item.word in _READERS and not _refused(prose, phrase)
    if not phrase.technologies or (phrase.noun.plural and not real):
        return False
    return not _refused(prose, phrase)


def _refused(prose: Prose, phrase: _Phrase) -> bool:
    if negated(prose, phrase.start, phrase.end):
        return True
    return phrase.noun.plural and _OTHERS.search(prose.before(phrase.start, 80)) is not None


def _bare(prose: Prose, phrase: _Phrase) -> bool:
    """A role noun alone: "the API", "frontend, API and worker"."""
    item = phrase.noun_item
    if phrase.technologies or phrase.product or phrase.modifiers or item.word not in _BARE:
        return False
    before = prose.lower[max(0, item.start - 12) : item.start]
    if not _LIST_BEFORE.search(before) or not _LIST_AFTER.match(prose.lower, item.end):
        return False
    if _CALLEE.search(prose.before(item.start, 60)):
        return False
    return not negated(prose, item.start, item.end)


def _component(prose: Prose, phrase: _Phrase, known: Sequence[NamedComponent]) -> NamedComponent:
    language = next((t.language for t in phrase.technologies if t.is_language), None)
    frameworks = [t for t in phrase.technologies if not t.is_language]
    real = [t for t in frameworks if t.title not in {"gRPC", "GraphQL"}]
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


def _role(phrase: _Phrase, frameworks: Sequence[Technology]) -> Role:
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


def _name(phrase: _Phrase, role: Role) -> str:
    slug = "frontend" if role is Role.WEB_FRONTEND else phrase.noun.slug
    own = phrase.modifiers[-2:]
    return _slug(" ".join((*own, slug)))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
