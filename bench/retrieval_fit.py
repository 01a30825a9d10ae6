"""Fits the weights of `knowledge.index.scoring` to the labelled queries that may be tuned on.

    python -m bench.retrieval_fit

For each mode it prints the weights, and what ten-fold cross-validation over the queries gives at
several floors, as a whole and class by class: each query is judged by weights that were fitted
without it. The set for final figures is never read.

All facts of a query compete with each other and with the answer "nothing": with logits ``s`` of the
facts and 0 of nothing, the loss is ``-log((sum of exp(s) over relevant facts) / (1 + sum of exp(s)
over all))``, or with 1 in the numerator where nothing is relevant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adapters.clock import SystemClock
from adapters.embeddings.choice import prepare_embedder
from bench.retrieval import CACHE
from bench.retrieval_metrics import DEPTH, RANKS
from bench.retrieval_set import Half, LabelledQuery, QueryClass, load_queries
from knowledge.corpus import load_corpus
from knowledge.index.build import Builder
from knowledge.index.opening import Sources, open_index
from knowledge.index.scoring import Mode
from knowledge.retriever import Retriever
from schemas.knowledge import Fact
from schemas.ports import Embedder

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

COLUMNS = {
    Mode.HYBRID: ("cosine", "coverage", "bm25", "field"),
    Mode.DENSE: ("cosine",),
    Mode.LEXICAL: ("coverage", "bm25"),
}
FITTED_ON = (Half.DEVELOPMENT, Half.HELDOUT)
"""Not everyday language: what answers it is guessed, see `bench.retrieval_guess`."""
FLOORS = (0.5, 0.4, 0.33, 0.27)
_ALL = COLUMNS[Mode.HYBRID]
_CANDIDATES = 80
"""Facts per query that are looked at."""
_FOLDS = 10
_STEPS = 400
_RATE = 0.1
_L2 = 1e-4
"""Weak: it keeps a feature that hardly matters from growing without bound. Ten times as much takes
a third of the weight of the cosine, and with it one answer in fifty."""


@dataclass(frozen=True, slots=True)
class Data:
    """The queries that may be tuned on."""

    queries: Sequence[LabelledQuery]
    features: Array
    """Shape (queries, facts, features), in the order of `_ALL`."""
    relevant: Flags
    """Shape (queries, facts)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the answers to some queries are worth; each of shape (queries,)."""

    hit: Flags
    reciprocal_rank: Array
    nothing: Flags


def main() -> int:
    """Print weights and rates of all modes."""
    embedder = prepare_embedder(CACHE, "auto", print)
    if embedder is None:
        print("error: without an embedder nothing can be fitted", file=sys.stderr)
        return 3
    queries = [query for half in FITTED_ON for query in load_queries(half)]
    data = _data(queries, load_corpus().facts, embedder)
    for mode, names in COLUMNS.items():
        columns = data.features[:, :, [_ALL.index(name) for name in names]]
        weights = fit(columns, data.relevant)
        shown = ", ".join(
            f"{name}={value:.2f}" for name, value in zip(("bias", *names), weights, strict=True)
        )
        print(f"\n{mode.value}: {shown}")
        print("\n".join(_table(data, _cross_validated(columns, data.relevant, queries))))
    return 0


def _data(queries: Sequence[LabelledQuery], facts: Sequence[Fact], embedder: Embedder) -> Data:
    """What the retriever itself knows of each fact for each query."""
    Builder(CACHE, lambda: embedder, SystemClock()).build()
    opened = open_index(Sources(CACHE, embedder))
    if opened.meanings is None:
        raise SystemExit(f"error: {opened.degraded}")
    seen = Retriever(opened).features([query.text for query in queries])
    features = [
        [(of.cosine, of.coverage, np.log1p(of.bm25), of.field) for of in row] for row in seen
    ]
    relevant = [[fact.id in query.relevant_among(facts) for fact in facts] for query in queries]
    return _best_known(Data(queries, np.asarray(features), np.asarray(relevant)))


def _best_known(data: Data) -> Data:
    """The facts that have a chance at all: the others cost ten times as much and change nothing."""
    rough = (data.features / data.features.std(axis=(0, 1))).sum(axis=2)
    kept = np.argsort(-rough, axis=1, kind="stable")[:, :_CANDIDATES]
    # In the order of the ids, which settles ties.
    kept.sort(axis=1)
    return Data(
        data.queries,
        np.take_along_axis(data.features, kept[:, :, None], axis=1),
        np.take_along_axis(data.relevant, kept, axis=1),
    )


def fit(features: Array, relevant: Flags, steps: int = _STEPS) -> Array:
    """Bias and weights, none of the weights below zero (Adam, Kingma and Ba 2015)."""
    weights: Array = np.r_[-5.0, np.ones(features.shape[2])]
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        gradient = _gradient(weights, features, relevant)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights = weights - _RATE * move
        weights[1:] = np.maximum(weights[1:], 0.0)
    return weights


def _gradient(weights: Array, features: Array, relevant: Flags) -> Array:
    exp = np.exp(np.clip(_logits(weights, features), -50, 50))
    chance = exp / (1 + exp.sum(axis=1, keepdims=True))
    among = exp * relevant
    whole = among.sum(axis=1, keepdims=True)
    slope: Array = chance - np.divide(among, whole, out=np.zeros_like(among), where=whole > 0)
    # np.tensordot runs in BLAS, np.einsum does not: ten times as fast.
    by_weight = np.tensordot(slope, features, axes=2)
    gradient: Array = np.concatenate(([slope.sum()], by_weight)) / len(features)
    regular: Array = gradient + np.concatenate(([0.0], 2 * _L2 * weights[1:]))
    return regular


def _logits(weights: Array, features: Array) -> Array:
    logits: Array = features @ weights[1:] + weights[0]
    return logits


def _cross_validated(features: Array, relevant: Flags, queries: Sequence[LabelledQuery]) -> Array:
    fold = _folds(queries)
    logits = np.empty(relevant.shape)
    for number in range(_FOLDS):
        inside = fold == number
        weights = fit(features[~inside], relevant[~inside])
        logits[inside] = _logits(weights, features[inside])
    return logits


def _folds(queries: Sequence[LabelledQuery]) -> npt.NDArray[np.int64]:
    """The fold of each query: drawn at random, but each class is spread evenly."""
    random = np.random.default_rng(0)
    fold = np.empty(len(queries), dtype=np.int64)
    for query_class in QueryClass:
        members = [n for n, query in enumerate(queries) if query.query_class is query_class]
        fold[random.permutation(members)] = np.arange(len(members)) % _FOLDS
    return fold


def judged(logits: Array, relevant: Flags, floor: float) -> Judged:
    """What is returned above a floor, and whether it answers.

    Args:
        logits: Of the chance that a fact answers; shape (queries, facts).
        relevant: Whether it does; shape (queries, facts).
        floor: The least chance; in (0, 1).
    """
    best = np.argsort(-logits, axis=1, kind="stable")[:, :RANKS]
    shown = np.take_along_axis(logits, best, axis=1) >= np.log(floor / (1 - floor))
    answers = np.take_along_axis(relevant, best, axis=1) & shown
    rank = np.where(answers.any(axis=1), answers.argmax(axis=1) + 1.0, np.inf)
    return Judged(answers[:, :DEPTH].any(axis=1), 1 / rank, ~shown.any(axis=1))


def _table(data: Data, logits: Array) -> list[str]:
    classes = np.asarray([query.query_class.value for query in data.queries])
    related = np.asarray([not query.query_class.unrelated for query in data.queries])
    names = [item.value for item in QueryClass]
    head = "".join(f"{name:>7}" for name in names)
    lines = [f"{'floor':>7}{'hit@5':>8}{'MRR':>7}{'nothing':>9}  |{head}   cross-validated"]
    for floor in FLOORS:
        result = judged(logits, data.relevant, floor)
        right = np.where(related, result.hit, result.nothing)
        hit, mean_rank = result.hit[related].mean(), result.reciprocal_rank[related].mean()
        nothing = result.nothing[~related].mean()
        by_class = "".join(f"{right[classes == name].mean():7.3f}" for name in names)
        lines.append(f"{floor:7.2f}{hit:8.3f}{mean_rank:7.3f}{nothing:9.3f}  |{by_class}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
