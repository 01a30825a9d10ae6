"""Products that a description names: parts of the app, or merely used by it.

"PostgreSQL backend" and "with Redis" are parts: somebody has to run them. What the text reads from,
publishes to or calls is only used, and so is a managed or external service. In the description of
one service among others only the product that the text is about is a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dca.description.negation import negated
from dca.description.phrases import Item, gap
from dca.description.text import Prose
from dca.description.vocabulary import vocabulary
from schemas.context import Role

_PART_NOUNS = frozenset(
    [
        "backend",
        "database",
        "databases",
        "db",
        "cache",
        "broker",
        "cluster",
        "instance",
        "store",
        "server",
        "servers",
        "queue",
        "index",
        "storage",
        "datastore",
        "service",
        "deployment",
    ]
)
_USE_NOUNS = frozenset(
    [
        "consumer",
        "consumers",
        "producer",
        "producers",
        "client",
        "clients",
        "driver",
        "topic",
        "topics",
        "queues",
        "events",
        "event",
        "messages",
        "message",
        "stream",
        "streams",
        "connector",
        "change",
        "records",
        "table",
        "tables",
        "sink",
        "source",
        "listener",
        "subscription",
        "exchange",
        "worker",
        "workers",
        "processor",
        "sessions",
        "cluster-ip",
        "connection",
        "connections",
        "pubsub",
    ]
)
_OTHER_NOUNS = frozenset(
    [
        "compatible",
        "compatibility",
        "api",
        "apis",
        "protocol",
        "operator",
        "ui",
        "dashboard",
        "dashboards",
        "exporter",
        "sdk",
        "plugin",
        "library",
        "agent",
        "like",
        "fork",
        "metrics",
        "dialect",
        "syntax",
        "profiler",
        "instrumentation",
        "endpoint",
        "scripts",
        "script",
        "scaler",
        "adapter",
        "controller",
        "java",
        "style",
        "alternative",
        "replacement",
        "crd",
        "crds",
        "manager",
        "demo",
        "sample",
        "tutorial",
        "example",
        "compose",
    ]
)
_MANAGED = re.compile(
    r"\b(?:managed|hosted|external(?:ly)?|rds|aurora|elasticache|memorystore|cloud ?sql|alloydb"
    r"|azure (?:sql|database|cache)|atlas|confluent cloud|msk|saas|existing|third-party|dbaas"
    r"|upstash|neon|supabase|planetscale|provided by|outside"
    r"|already (?:there|running|exists|available|provided|in place))\b"
)
_JUST_BEFORE = re.compile(r"(?: (?!(?:and|or|plus|with|but)\b)[\w'-]+){0,3} ?")
"""From the managed word to the product that it belongs to: "a managed Aurora Postgres"."""
_SHARED_NOUN = re.compile(r" (?:\w+ )?(?:databases|instances|clusters|services|servers|stores)\b")
_LIST_BETWEEN = re.compile(r"[\s,/&]*(?:\b(?:and|or)\b[\s,/&]*)?")
_NOT_MANAGED = re.compile(
    r"\bself-?(?: |-)?(?:managed|hosted)\b|\b(?:self-managed|managed by (?:us|ourselves))\b"
)
_USED = re.compile(
    r"\b(?:consum\w+|reads?|reading|pulls?|polls?|listen\w*|fetch\w*|subscrib\w+|receiv\w+"
    r"|dequeue\w*|tak\w+|publish\w*|produc\w+|writes?|writing|sends?|sending|push\w*"
    r"|export\w*|forward\w*|emit\w*|index\w*|loads?|loading|upload\w*|ship\w*|connect\w*"
    r"|ingests?|ingesting) "
    r"(?:[\w'/~.,-]+ ){0,5}?(?:from|to|into|onto|over|on|off|in|through|via) (?:[\w'-]+ ){0,3}$"
    r"|\b(?:events|messages|logs?|metrics|traces) (?:[\w'-]+ ){0,3}?(?:from|go to|goes to|into)"
    r" (?:[\w'-]+ ){0,2}$"
    r"|\bput(?:s|ting)? (?:[\w'-]+ ){0,4}?(?:on|onto) (?:[\w'-]+ ){0,2}$"
    r"|\b(?:com(?:es?|ing)|arriv\w+|tak(?:en|es)) (?:\w+ ){0,2}(?:from|via|over|through)"
    r" (?:[\w'-]+ ){0,2}$"
    r"|\b(?:calls?|calling|talks? to|talking to|quer(?:y|ies|ying)|scrap\w+|connects? to|proxies to"
    r"|routes? to|integrat\w+ with|go(?:es)? through|through|via|over|follows|following|on top of"
    r"|between|monitored by|traced by|scraped by|instrumented with|consumes?|monitors?|manages"
    r"|managing|creates?|scales?) (?:[\w'-]+ ){0,3}$"
)
_STORED = re.compile(
    r"\b(?:stor\w+|persist\w*|keep\w*|kept|sav\w+|hold\w*|manag\w+|cach\w+|backed by|uses?|using"
    r"|queues?|database|against|looks? up) (?:[\w'/-]+ ){0,6}$"
)
_HEDGED = re.compile(
    r"\b(?:optional(?:ly)?|can|could|may|might|maybe|perhaps|later|planned|plan to|future|or|either"
    r"|compatible with|similar to|like) (?:[\w'/-]+ ){0,5}$"
)
_IN_FRONT = re.compile(r"\bbehind (?:an? |the )?$")
_SUBJECT_WORDS = 3


@dataclass(frozen=True, slots=True)
class ProductMention:
    """A product, with where it is named and whether it is a part of the app."""

    item: Item
    end: int
    """One past the noun that belongs to it ("PostgreSQL backend")."""
    part: bool
    managed: bool


def product_mentions(
    prose: Prose, words: Sequence[Item], *, one_service: bool, has_own_code: bool
) -> Iterator[ProductMention]:
    """All products that the description affirms.

    Args:
        prose: The description.
        words: Its items.
        one_service: It describes one service among others.
        has_own_code: It names code of its own too; what merely serves such code is no part then.
    """
    for index, item in enumerate(words):
        if item.product is None or negated(prose, item.start, item.end):
            continue
        noun, end = _noun_after(prose, words, index)
        serves_code = item.product.runtime and has_own_code
        if noun in _OTHER_NOUNS or (
            serves_code and not _IN_FRONT.search(prose.before(item.start, 20))
        ):
            continue
        managed = _is_managed(prose, words, index)
        part = not managed and noun not in _USE_NOUNS and _is_part(prose, words, index, one_service)
        yield ProductMention(item, end, part, managed)


def _is_part(prose: Prose, words: Sequence[Item], index: int, one_service: bool) -> bool:
    item = words[index]
    before = prose.before(item.start, 90)
    if item.product and item.product.role is Role.OBSERVABILITY and _STORED.search(before):
        return False
    if one_service:
        return _is_subject(prose, words, index)
    return not (_USED.search(before) or _HEDGED.search(before))


def _is_subject(prose: Prose, words: Sequence[Item], index: int) -> bool:
    """Whether the text begins with the product, but for words that describe it."""
    ahead = words[:index]
    if len(ahead) > _SUBJECT_WORDS or prose.clause(words[index].start).start > 0:
        return False
    describing = vocabulary().adjectives | {
        "bundled",
        "node",
        "standalone",
        "same",
        "this",
        "dedicated",
        "second",
    }
    return all(item.word in describing or item.product is not None for item in ahead)


def _noun_after(prose: Prose, words: Sequence[Item], index: int) -> tuple[str, int]:
    """The noun that the product stands before, and the end of the whole name."""
    item = words[index]
    if index + 1 >= len(words):
        return "", item.end
    after = words[index + 1]
    if gap(prose, item, after) not in {" ", "-"}:
        return "", item.end
    if after.technology or after.product:
        return "", item.end
    word = after.word
    if after.noun and item.product and after.noun.role is item.product.role:
        return word, after.end
    if after.noun and word not in _PART_NOUNS:
        word = word if word in _USE_NOUNS | _OTHER_NOUNS else word.rpartition(" ")[2]
    return word, after.end if word in _PART_NOUNS else item.end


def _is_managed(prose: Prose, words: Sequence[Item], index: int) -> bool:
    """Whether a word for it belongs to this product, and not to another one of the clause."""
    item = words[index]
    clause = prose.clause(item.start)
    end = clause.end
    if prose.lower[end : end + 1] == "(":
        end = prose.clause(min(end + 1, max(len(prose.lower) - 1, 0))).end
    own = _NOT_MANAGED.sub(lambda match: "~" * len(match.group()), prose.lower[clause.start : end])
    others = _products_between(words, index, clause.start, end)
    return any(
        _belongs(prose, own, match, clause.start, item, others) for match in _MANAGED.finditer(own)
    )


def _products_between(words: Sequence[Item], index: int, start: int, end: int) -> tuple[Item, ...]:
    """The other products from `start` to `end`, near the one at `index`."""
    near = (*words[max(0, index - 30) : index], *words[index + 1 : index + 31])
    return tuple(
        item
        for item in near
        if item.product and item.product is not words[index].product and start <= item.start < end
    )


def _belongs(
    prose: Prose,
    text: str,
    match: re.Match[str],
    offset: int,
    item: Item,
    others: tuple[Item, ...],
) -> bool:
    """Whether one managed word of the clause `text`, at `offset`, is said of `item`."""
    start, end = match.start() + offset, match.end() + offset
    if start < item.end and item.start < end:
        return True  # the product's own name says so: RDS
    if end <= item.start:
        between = [other for other in others if end <= other.start < item.start]
        if between:
            listed = _LIST_BETWEEN.fullmatch(prose.lower, between[-1].end, item.start)
            return bool(listed and _SHARED_NOUN.match(prose.lower, item.end))
        return _JUST_BEFORE.fullmatch(" " + prose.lower[end : item.start].lstrip()) is not None
    following = [other for other in others if other.start >= end]
    if following and _JUST_BEFORE.fullmatch(" " + prose.lower[end : following[0].start].lstrip()):
        joined = re.search(r"\b(?:and|plus|with|an?)\b", prose.lower[item.end : start])
        if joined:
            return False
    between = [other for other in others if item.end <= other.start < start]
    if between:
        return bool(re.search(r"\bare(?: \w+)? ?$", prose.lower[item.end : start])) and bool(
            _LIST_BETWEEN.fullmatch(prose.lower, item.end, between[0].start)
        )
    return True
