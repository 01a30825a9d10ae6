"""Noun phrases around a role noun: "small Go/Gin API", "service in Rust", "Kafka consumer"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dca.description.phrases import Item, gap
from dca.description.text import Prose
from dca.description.vocabulary import RoleNoun, Technology, vocabulary
from schemas.context import Role

_MODIFIERS = 4
_PLAIN_GAP = frozenset([" ", "/", "-", " / ", ") ", " (", "("])
_TECH_GAP = frozenset(["/", " / ", " ", " + ", " & ", ", ", " (", "("])
_LINKS = frozenset(["and", "with", "using", "on", "plus"])
_MAKERS = frozenset(
    ["written", "built", "implemented", "developed", "made", "based", "running", "coded"]
)
_COPULAS = frozenset(["is", "are", "uses"])
_PREPOSITIONS = frozenset(["in", "with", "using", "on", "by", "upon"])
_ROLE_SLUGS = {
    Role.WORKER: "worker",
    Role.GATEWAY_PROXY: "gateway",
    Role.LOAD_GENERATOR: "load-generator",
}
"""Roles that a technology alone gives to what is made with it: Celery, Locust."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase around one role noun."""

    start: int
    end: int
    noun: RoleNoun
    noun_item: Item
    technologies: tuple[Technology, ...]
    modifiers: tuple[str, ...]
    product: Item | None


def noun_phrases(prose: Prose, words: Sequence[Item]) -> Iterator[Phrase]:
    """All phrases, in the order of their nouns."""
    for index, item in enumerate(words):
        if item.noun and not _starts_compound(prose, words, index):
            yield _phrase(prose, words, index, item.noun)
        elif item.technology and item.technology.role in _ROLE_SLUGS:
            following = words[index + 1] if index + 1 < len(words) else None
            if following is None or not following.noun or gap(prose, item, following) != " ":
                role = item.technology.role
                noun = RoleNoun(role, _ROLE_SLUGS[role])
                yield Phrase(item.start, item.end, noun, item, (item.technology,), (), None)


def _starts_compound(prose: Prose, words: Sequence[Item], index: int) -> bool:
    """Whether the noun is only the first part of another word: "server-sent"."""
    return index + 1 < len(words) and gap(prose, words[index], words[index + 1]) == "-"


def _phrase(prose: Prose, words: Sequence[Item], index: int, noun: RoleNoun) -> Phrase:
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
        elif item.noun or item.word in vocabulary().stops or len(modifiers) >= _MODIFIERS:
            break
        else:
            modifiers.insert(0, item.word)
        first -= 1
    while first < index and not (words[first].technology or words[first].product):
        first += 1  # leading words that no technology follows say little; the quote starts later
    last, after = _technologies_after(prose, words, index)
    kept = [
        word for word in modifiers if word not in vocabulary().adjectives and not word.isdigit()
    ]
    return Phrase(
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
        first = _after_link(prose, words, at)
        if first is None:
            return index, []
        at = first
    found: list[Technology] = []
    last = index
    while at < len(words) and (technology := words[at].technology):
        if _belongs_to_next(prose, words, at):
            break
        found.append(technology)
        last = at
        at = _next_technology(prose, words, at)
    return last, found


def _after_link(prose: Prose, words: Sequence[Item], at: int) -> int | None:
    """Index behind "in", "written in", "is", "is written in" or "uses"; None without such words."""
    start = at
    for group in (_COPULAS, _MAKERS, _PREPOSITIONS):
        if at < len(words) and words[at].word in group and _is_spaced(prose, words, at):
            at += 1
    if at == start or at >= len(words) or not _is_spaced(prose, words, at):
        return None
    return None if words[at - 1].word in _MAKERS else at


def _is_spaced(prose: Prose, words: Sequence[Item], at: int) -> bool:
    return gap(prose, words[at - 1], words[at]) == " "


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
        if words[after].word in vocabulary().stops:
            return False
    return False
