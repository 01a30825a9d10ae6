"""What the text is about, where it names no technology: "an image resizing worker".

The subject is the role noun of the first noun phrase of a sentence, near the beginning. What stands
behind a preposition ("for the web frontend") or is denied is no subject, and a text that begins
with a product is about that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dca.description.negation import negated
from dca.description.noun_phrases import Phrase, noun_phrases
from dca.description.phrases import Item, gap
from dca.description.statements import statement
from dca.description.text import Prose
from dca.description.vocabulary import vocabulary
from schemas.context import Dimension, Role, Statement

_SENTENCES_CHARACTERS = 300
"""A subject is named early."""
_MODIFIERS = 5
_DETERMINERS = frozenset(
    [
        "a",
        "an",
        "the",
        "our",
        "my",
        "this",
        "that",
        "these",
        "its",
        "his",
        "another",
        "one",
        "two",
        "three",
    ]
)
_OPENING = re.compile(
    r"(?:[\w' -]{0,40}?\b(?:we|i|they|you) (?:run|have|need|operate|want|use|are building|build"
    r"|are running|maintain|own|host|deploy|plan|must deploy)"
    r"|[\w' -]{0,40}?\b(?:this|it|here|there|that|which|name|project|repo|repository)"
    r"(?: \w+)? ?(?:is|are|'s|contains|runs)?|it's|it is|just|only|basically|also"
    r"|(?:[\w' -]{0,30}?\b)?(?:size|sizing|provision|resources|deploy|plan|recommendation)(?: for)?"
    r"|(?:[\w-]+ ){1,4}is)?[ *#>-]*(?:\b(?:a|an|the|our|my|this|its))?[ *#>-]*"
)
_STORES = frozenset(
    {Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.CACHE, Role.MESSAGE_BROKER, Role.SEARCH_ENGINE}
)
_IS_PRODUCT = re.compile(
    r"(?:,? (?:based|built) (?:on|upon|with)| is| =|:| \(|,? using) ?(?:an? )?"
)
_NO_MODIFIERS = frozenset(["nightly", "daily", "weekly", "hourly", "monthly", "please", "new"])


def read_subject(prose: Prose, words: Sequence[Item]) -> Iterator[Statement]:
    """``app_role`` and ``app_name``, both with the noun phrase as their quote; or nothing."""
    place = {item.start: index for index, item in enumerate(words)}
    product = next((item for item in words if item.product), None)
    for phrase in noun_phrases(prose, words):
        start = phrase.noun_item.start
        if start > _SENTENCES_CHARACTERS or (product and start > product.start):
            return
        if phrase.technologies or phrase.product:
            continue
        first = _first(prose, words, place[phrase.noun_item.start])
        if _is_head(prose, phrase, words[first], product):
            yield from _statements(prose, phrase, words[first : place[phrase.noun_item.start]])
            return


def _first(prose: Prose, words: Sequence[Item], index: int) -> int:
    """Index of the first word that describes the noun at `index`."""
    first = index
    while first > 0 and index - first < _MODIFIERS:
        item = words[first - 1]
        if gap(prose, item, words[first]) not in {" ", "-", "/"} or item.word in _DETERMINERS:
            break
        if item.word in vocabulary().stops or item.technology or item.product or item.noun:
            break
        if prose.sentence(item.start).start != prose.sentence(words[index].start).start:
            break
        first -= 1
    return first


def _is_head(prose: Prose, phrase: Phrase, first: Item, product: Item | None) -> bool:
    if product and _is_named_by(prose, phrase, product):
        return False
    if phrase.noun.plural or negated(prose, first.start, phrase.end):
        return False
    start = prose.sentence(first.start).start
    return _OPENING.fullmatch(prose.lower[start : first.start].strip(" ")) is not None


def _is_named_by(prose: Prose, phrase: Phrase, product: Item) -> bool:
    """Whether the phrase is only another word for the product: "a reverse proxy based on nginx"."""
    if product.product is None or product.product.role in _STORES:
        return False
    return _IS_PRODUCT.fullmatch(prose.lower, phrase.end, product.start) is not None


def _statements(prose: Prose, phrase: Phrase, describing: Sequence[Item]) -> Iterator[Statement]:
    known = vocabulary().adjectives | _NO_MODIFIERS
    kept = [item.word for item in describing if item.word not in known and item.word.isalpha()]
    slug = "frontend" if phrase.noun.role is Role.WEB_FRONTEND else phrase.noun.slug
    name = re.sub(r"[^a-z0-9]+", "-", " ".join((*kept[-2:], slug))).strip("-")[:63]
    span = (describing[0].start if describing else phrase.noun_item.start, phrase.noun_item.end)
    yield statement(prose, Dimension.STACK, "app_name", name, span)
    yield statement(prose, Dimension.STACK, "app_role", phrase.noun.role.value, span)
