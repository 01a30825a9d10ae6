"""How alike two pieces of YAML are: BLEU, and the parts of CodeBLEU that YAML has.

The compared text of a row is its section: `replicas`, where the community states them, and
`resources`.

Source: Papineni et al. 2002 (BLEU, by sacrebleu); Ren et al. 2020, "CodeBLEU" (weighted n-grams,
structure match; its data-flow part has no meaning in YAML, so the other three count a third each).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from schemas.base import JsonObject

KEYWORDS = frozenset({"replicas", "resources", "requests", "limits", "cpu", "memory"})
KEYWORD_WEIGHT = 5.0
"""A keyword counts five times as much as another token, as in CodeBLEU."""
_MOST_WORDS = 4
"""BLEU's longest n-gram."""


class _Plain(yaml.SafeDumper):
    """Writes a mapping that stands in two places twice, as its readers see it."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Similarity:
    """Each in [0, 1]."""

    bleu: float
    weighted: float
    structure: float

    @property
    def code_bleu(self) -> float:
        """The mean of the three parts."""
        return (self.bleu + self.weighted + self.structure) / 3


def section(replicas: int | None, resources: JsonObject) -> str:
    """The compared YAML, keys in the order in which they are given."""
    whole: JsonObject = {} if replicas is None else {"replicas": replicas}
    if resources:
        whole["resources"] = resources
    return yaml.dump(whole, Dumper=_Plain, sort_keys=False)


def compare(candidate: str, reference: str) -> Similarity:
    """How alike a section is to the community's."""
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(effective_order=True, tokenize="none")
    ours, theirs = _tokens(candidate), _tokens(reference)
    bleu = metric.sentence_score(" ".join(ours), [" ".join(theirs)]).score / 100
    return Similarity(
        bleu=min(1.0, bleu),
        weighted=weighted_match(ours, theirs),
        structure=structure_match(yaml.safe_load(candidate), yaml.safe_load(reference)),
    )


def weighted_match(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """BLEU whose single words are weighted; 1 to 4 words, brevity penalty, +1 smoothing above 1."""
    logs = []
    for length in range(1, min(_MOST_WORDS, len(candidate), len(reference)) + 1):
        ours, theirs = _grams(candidate, length), _grams(reference, length)
        hit = sum(min(n, theirs[gram]) * _weight(gram) for gram, n in ours.items())
        total = sum(n * _weight(gram) for gram, n in ours.items())
        add = 0.0 if length == 1 else 1.0
        if hit + add == 0:
            return 0.0
        logs.append(math.log((hit + add) / (total + add)))
    if not logs:
        return 0.0
    penalty = min(0.0, 1 - len(reference) / len(candidate))
    return math.exp(penalty + sum(logs) / len(logs))


def structure_match(candidate: object, reference: object) -> float:
    """Share of the reference's sub-trees that the candidate has; leaf values do not count.

    A sub-tree is a mapping with all below it. {a: {b: 1}} has two: {a: {b}} and {b}.
    """
    theirs = Counter(_trees(reference))
    if not theirs:
        return 1.0
    ours = Counter(_trees(candidate))
    return sum((theirs & ours).values()) / sum(theirs.values())


def _tokens(text: str) -> list[str]:
    """Words and colons; a number is the same word in quotes and without."""
    return [token.strip("'\"") for token in text.replace(":", " : ").split()]


def _grams(tokens: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1))


def _weight(gram: tuple[str, ...]) -> float:
    return KEYWORD_WEIGHT if len(gram) == 1 and gram[0] in KEYWORDS else 1.0


def _trees(node: Any) -> Iterator[str]:  # noqa: ANN401 - parsed YAML
    if isinstance(node, dict):
        yield _shape(node)
        for value in node.values():
            yield from _trees(value)
    elif isinstance(node, list):
        for value in node:
            yield from _trees(value)


def _shape(node: Any) -> str:  # noqa: ANN401 - parsed YAML
    if isinstance(node, dict):
        return "{" + ",".join(f"{key}:{_shape(node[key])}" for key in sorted(node)) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(_shape, node)) + "]"
    return "."
