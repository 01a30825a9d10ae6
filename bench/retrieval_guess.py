"""Fits the weights of `knowledge.index.guess` to the labelled queries that may be tuned on.

    python -m bench.retrieval_guess

Paraphrases and unrelated queries alone: other questions name what they are about. The components
of a query compete with each other and with the answer "nothing", with the loss of
`bench.retrieval_fit`, where components stand for facts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from adapters.clock import SystemClock
from adapters.embeddings.choice import prepare_embedder
from bench.retrieval import CACHE
from bench.retrieval_fit import Array, Flags, fit
from bench.retrieval_set import Half, LabelledQuery, QueryClass, load_queries
from knowledge.corpus import load_corpus
from knowledge.index.build import Builder
from knowledge.index.descriptions import described
from knowledge.index.guess import GuessFeatures
from knowledge.retriever import Retriever, open_knowledge
from schemas.knowledge import Fact
from schemas.ports import Embedder

_STEPS = 2000
"""More than facts need: the weights are larger."""


def main() -> int:
    """Print the weights."""
    embedder = prepare_embedder(CACHE, "auto", print)
    if embedder is None:
        print("error: without an embedder nothing can be fitted", file=sys.stderr)
        return 3
    queries = [query for half in Half if half.tuned_on for query in load_queries(half)]
    queries = [query for query in queries if _is_fitted(query)]
    seen = _retriever(embedder).guesses([query.text for query in queries])
    weights = fit(rows(seen), relevant(queries, load_corpus().facts), steps=_STEPS)
    names = ("bias", "nearest", "elsewhere", "known")
    signs = (1, 1, -1, 1)
    for name, sign, weight in zip(names, signs, weights, strict=True):
        print(f"{name}: {sign * weight:.2f}")
    return 0


def rows(seen: Sequence[GuessFeatures]) -> Array:
    """Shape (queries, entries, 3); what is asked elsewhere speaks against, so it is negative."""
    return np.asarray(
        [
            [(nearest, -of.elsewhere, of.words) for nearest in np.asarray(of.nearest).tolist()]
            for of in seen
        ]
    )


def relevant(queries: Sequence[LabelledQuery], facts: Sequence[Fact]) -> Flags:
    """Whether an entry has a fact that answers a query; shape (queries, entries)."""
    about = described(fact.component for fact in facts)
    flags = np.zeros((len(queries), len(about.starts)), dtype=np.bool_)
    for row, query in zip(flags, queries, strict=True):
        wanted = query.relevant_among(facts)
        row[[n for fact, n in zip(facts, about.of_facts, strict=True) if fact.id in wanted]] = True
    return flags


def _is_fitted(query: LabelledQuery) -> bool:
    return query.query_class is QueryClass.PARAPHRASE or query.query_class.unrelated


def _retriever(embedder: Embedder) -> Retriever:
    Builder(CACHE, lambda: embedder, SystemClock()).build()
    return open_knowledge(CACHE, embedder=embedder)


if __name__ == "__main__":
    sys.exit(main())
