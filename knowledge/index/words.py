"""Words of facts and of queries: the same rules on both sides, so that they meet.

SQLite's FTS5 splits, folds case and stems (``porter unicode61``). What it cannot know is handled
here: names with signs in them (C++, C#, .NET, Node.js), everyday short forms, and the words of a
question that say nothing about its subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.index.numbers import in_digits
from knowledge.index.synonyms import in_phrases, related

MAX_TERMS = 60
"""Terms of a query that are looked up; a query has at most 2000 characters."""

_SIGNS = (
    (re.compile(r"\bc\+\+"), " cplusplus "),
    (re.compile(r"\bc#"), " csharp "),
    (re.compile(r"\bf#"), " fsharp "),
    (re.compile(r"(?<!\w)\.net\b"), " dotnet "),
    (re.compile(r"\bin-memory\b"), " inmemory "),
)
_WORD = re.compile(r"[^\W_]+(?:[.\-_/][^\W_]+)*")
"""Letters and digits, also joined as in ``node.js``, ``spring-boot`` and ``shared_buffers``."""
_JOINT = re.compile(r"[.\-_/]")
_LETTERS = re.compile(r"[a-zA-Z]+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a name like ``MaxRAMPercentage`` falls apart."""

_SAME = (
    ("memory", "ram", "mem"),
    ("cpu", "vcpu", "cpus", "vcpus", "core", "cores", "processor", "millicores"),
    ("kubernetes", "k8s"),
    ("database", "db"),
    ("postgresql", "postgres"),
    ("mongodb", "mongo"),
    ("elasticsearch", "elastic"),
    ("javascript", "js"),
    ("typescript", "ts"),
    ("go", "golang"),
    ("replicas", "replica", "instances", "instance", "pods", "pod"),
    ("gateway", "ingress", "proxy"),
    ("queue", "broker"),
    ("request", "rps", "qps", "reservation", "reserved"),
    ("limit", "ceiling", "cap", "maximum"),
    ("connections", "connection", "clients"),
    ("autoscaling", "autoscaler", "hpa", "vpa", "scaling"),
    ("jvm", "java"),
    ("gpu", "vram"),
)
"""Words of the field that stand for each other."""
_ALTERNATIVES: dict[str, tuple[str, ...]] = {
    word: tuple(other for other in group if other != word) for group in _SAME for word in group
}

_FUNCTION_WORDS = """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing done down during each either else etc
    ever every few for from further get gets getting give given gives goes going good got had has
    have having he her here hers him his how however i if in into is it its itself just let like
    make makes many may me might more most much must my need needed needs neither no nor not now of
    off often on once one only or other our ours out over own per please put rather recommend
    recommended really s same say set sets she should since so some still such t take takes tell
    than that the their theirs them then there these they this those through to too typical
    typically under until up us use used uses using usually very was way we well were what when
    where whether which while who whom whose why will with within without would yet you your yours
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Function words of English and of questions; ``go`` is not one, it is also a language."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query and what else may stand for it."""

    word: str
    alternatives: tuple[str, ...] = ()
    """As good as the word itself."""
    related: tuple[str, ...] = ()
    """Everyday language for the same: these count less."""
    parts: tuple[str, ...] = ()
    """What a name like ``MaxRAMPercentage`` is made of: for when nobody uses the whole."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The word and its alternatives."""
        return (self.word, *self.alternatives)


def plain(text: str) -> str:
    """Lower case, with names like C++ spelt in letters, and amounts in digits."""
    text = in_digits(text.lower())
    for pattern, word in _SIGNS:
        text = pattern.sub(word, text)
    return text


def indexed(text: str) -> str:
    """The words of a fact's text, with joined names also in one piece.

    >>> indexed("Node.js on .NET")
    'node js nodejs on dotnet'
    """
    words: list[str] = []
    for word in _WORD.findall(plain(text)):
        parts = _JOINT.split(word)
        words += parts
        if len(parts) > 1:
            words.append("".join(parts))
    return " ".join(words)


def query_terms(text: str) -> tuple[Term, ...]:
    """The words of a query that say what it is about, each once, in their order.

    >>> [term.word for term in query_terms("How much RAM does Node.js need?")]
    ['ram', 'node', 'js']
    """
    terms: dict[str, Term] = {}
    parts_of = _parts(text)
    for word in _WORD.findall(plain(in_phrases(text))):
        parts = _JOINT.split(word)
        joined = ("".join(parts),) if len(parts) > 1 else ()
        for part in parts:
            if part not in STOP_WORDS and part not in terms:
                terms[part] = term_of(part, joined, parts_of.get(part, ()))
    return tuple(terms.values())[:MAX_TERMS]


def term_of(word: str, joined: tuple[str, ...] = (), parts: tuple[str, ...] = ()) -> Term:
    """A word with everything that may stand for it."""
    alternatives = joined + _ALTERNATIVES.get(word, ())
    others = tuple(other for other in related(word) if other not in (word, *alternatives))
    return Term(word, alternatives, others, parts)


def _parts(text: str) -> dict[str, tuple[str, ...]]:
    """Words written with humps, lower case, and what they are made of."""
    words = {word.lower(): _HUMPS.split(word) for word in _LETTERS.findall(text)}
    return {
        word: tuple(part.lower() for part in parts if part.lower() not in STOP_WORDS)
        for word, parts in words.items()
        if len(parts) > 1
    }
