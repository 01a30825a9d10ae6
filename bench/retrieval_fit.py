"""Fits the weights of `knowledge.index.scoring` to the development half of the labelled queries.

    python -m bench.retrieval_fit

For each mode it prints the weights, and what ten-fold cross-validation over the queries gives at
several floors: each query is judged by weights that were fitted without it. The held-out half is
never read.

All facts of a query compete with each other and with the answer "nothing": with logits ``s`` of the
facts and 0 of nothing, the loss is ``-log((sum of exp(s) over relevant facts) / (1 + sum of exp(s)
over all))``, or with nothing in the numerator where nothing is relevant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adapters.embeddings.choice import prepare_embedder
from bench.retrieval import CACHE
from bench.retrieval_metrics import DEPTH
from bench.retrieval_set import Half, load_queries
from knowledge.corpus import load_corpus
from knowledge.index.build import Builder
from knowledge.index.opening import Sources, open_index
from knowledge.index.scoring import Mode
from knowledge.index.words import query_terms
from pipeline.wiring import SystemClock

Array = npt.NDArray[np.float64]

COLUMNS = {
    Mode.HYBRID: ("cosine", "coverage", "subject", "bm25", "both"),
    Mode.DENSE: ("cosine",),
    Mode.LEXICAL: ("coverage", "subject", "bm25"),
}
FLOORS = (0.5, 0.4, 0.33, 0.27)
_ALL = COLUMNS[Mode.HYBRID]
_FOLDS = 10
_STEPS = 1500
_RATE = 0.1
_L2 = 1e-3
"""Weak: it keeps a feature that hardly matters from growing without bound."""


@dataclass(frozen=True, slots=True)
class Data:
    """The development queries."""

    features: Array
    """Shape (queries, facts, features), in the order of `_ALL`."""
    relevant: npt.NDArray[np.bool_]
    """Shape (queries, facts)."""


def main() -> int:
    data = _data()
    if data is None:
        print("error: without an embedder nothing can be fitted", file=sys.stderr)
        return 3
    for mode, names in COLUMNS.items():
        columns = data.features[:, :, [_ALL.index(name) for name in names]]
        weights = _fit(columns, data.relevant)
        shown = ", ".join(
            f"{name}={value:.2f}" for name, value in zip(("bias", *names), weights, strict=True)
        )
        print(f"\n{mode.value}: {shown}")
        print(f"{'floor':>7}{'hit@5':>8}{'MRR':>7}{'nothing':>9}   cross-validated")
        logits = _cross_validated(columns, data.relevant)
        for floor in FLOORS:
            print(f"{floor:7.2f}" + _rates(logits, data.relevant, floor))
    return 0


def _data() -> Data | None:
    embedder = prepare_embedder(CACHE, "auto", print)
    if embedder is None:
        return None
    Builder(CACHE, lambda: embedder, SystemClock()).build()
    opened = open_index(Sources(CACHE, embedder))
    if opened.meanings is None:
        raise SystemExit(f"error: {opened.degraded}")
    facts = load_corpus().facts
    queries = load_queries(Half.DEVELOPMENT)
    cosines = opened.meanings.cosines(embedder.embed([query.text for query in queries]))
    features = []
    for query, near in zip(queries, cosines, strict=True):
        hits = opened.words.hits(query_terms(query.text))
        rows = []
        for position in range(len(facts)):
            cosine, coverage = near[position], hits.coverage.get(position, 0.0)
            bm25 = float(np.log1p(hits.bm25.get(position, 0.0) * opened.words.scale))
            subject = hits.subject.get(position, 0.0)
            rows.append((cosine, coverage, subject, bm25, cosine * coverage))
        features.append(rows)
    relevant = [[fact.id in query.relevant_among(facts) for fact in facts] for query in queries]
    return Data(np.asarray(features), np.asarray(relevant))


def _fit(features: Array, relevant: npt.NDArray[np.bool_]) -> Array:
    """Bias and weights, none of the weights below zero (Adam, Kingma and Ba 2015)."""
    weights: Array = np.r_[-5.0, np.ones(features.shape[2])]
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        gradient = _gradient(weights, features, relevant)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights = weights - _RATE * move
        weights[1:] = np.maximum(weights[1:], 0.0)
    return weights


def _gradient(weights: Array, features: Array, relevant: npt.NDArray[np.bool_]) -> Array:
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


def _cross_validated(features: Array, relevant: npt.NDArray[np.bool_]) -> Array:
    fold = np.random.default_rng(0).permutation(len(features)) % _FOLDS
    logits = np.empty(relevant.shape)
    for number in range(_FOLDS):
        inside = fold == number
        weights = _fit(features[~inside], relevant[~inside])
        logits[inside] = _logits(weights, features[inside])
    return logits


def _rates(logits: Array, relevant: npt.NDArray[np.bool_], floor: float) -> str:
    least = np.log(floor / (1 - floor))
    hits: list[bool] = []
    ranks: list[float] = []
    nothing: list[bool] = []
    for row, wanted in zip(logits, relevant, strict=True):
        shown: Sequence[int] = [n for n in np.argsort(-row, kind="stable")[:10] if row[n] >= least]
        found = [rank for rank, n in enumerate(shown, 1) if wanted[n]]
        if not wanted.any():
            nothing.append(not shown)
            continue
        hits.append(bool(found) and found[0] <= DEPTH)
        ranks.append(1 / found[0] if found else 0.0)
    return f"{np.mean(hits):8.3f}{np.mean(ranks):7.3f}{np.mean(nothing):9.3f}"


if __name__ == "__main__":
    sys.exit(main())
