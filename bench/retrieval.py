"""How well the knowledge base is searched, on labelled queries.

    python -m bench.retrieval [--set NAME] [--json] [--misses]

The index is built from the facts as they are, then each query is asked by itself in three modes:
words and meanings together, meanings alone, words alone, each with its own floor. What the figures
mean is said in `bench.retrieval_metrics`, what counts as relevant in `bench.retrieval_set`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from adapters.clock import SystemClock
from adapters.embeddings.choice import prepare_embedder
from bench.retrieval_metrics import RANKS, Answer, Figures, figures, of_classes
from bench.retrieval_set import Half, LabelledQuery, QueryClass, load_queries
from knowledge.corpus import load_corpus
from knowledge.index.build import Builder
from knowledge.index.scoring import Mode
from knowledge.retriever import open_knowledge
from schemas.knowledge import Fact, KnowledgeQuery
from schemas.ports import Embedder, KnowledgeSource

CACHE = Path(__file__).parent.parent / ".bench" / "retrieval"
"""Kept between runs: the model is exported once, and only changed facts are embedded again."""

FINAL_FIGURES = (
    "warning: the {half} queries are for final figures alone. Whoever changes the retriever after "
    "reading them has used them up."
)

Answers = Mapping[Mode, Sequence[Answer]]


def main() -> int:
    arguments = _arguments()
    half = Half(arguments.set)
    if not half.tuned_on:
        print(FINAL_FIGURES.format(half=half.value), file=sys.stderr)
    embedder = _built()
    if embedder is None:
        print("error: without an embedder only words can be measured", file=sys.stderr)
        return 3
    queries, facts = load_queries(half), load_corpus().facts
    answers = {mode: _ask(_open(mode, embedder), queries, facts) for mode in Mode}
    if arguments.json:
        print(json.dumps(_document(half, answers, len(facts), embedder.name), indent=1))
    else:
        print(f"{half.value}: {len(queries)} queries, {len(facts)} facts, {embedder.name}\n")
        print("\n".join(_table(answers)))
    if arguments.misses:
        print("\n".join(_misses(queries, answers[Mode.HYBRID])), file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    halves = [half.value for half in Half]
    parser.add_argument("--set", choices=halves, default=Half.DEVELOPMENT.value)
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--misses", action="store_true", help="name what hybrid got wrong")
    arguments = parser.parse_args()
    if arguments.misses and not Half(arguments.set).tuned_on:
        parser.error(f"single queries of the {arguments.set} set are not to be looked at")
    return arguments


def _built() -> Embedder | None:
    """Bring the index up to date; the embedder that it was built with."""

    def tell(words: str) -> None:
        print(words, file=sys.stderr)

    embedder = prepare_embedder(CACHE, "auto", tell)
    Builder(CACHE, lambda: embedder, SystemClock()).build()
    return embedder


def _open(mode: Mode, embedder: Embedder) -> KnowledgeSource:
    """The real retriever; a mode that it cannot offer must not be measured as another."""
    source = open_knowledge(CACHE, embedder=embedder).in_mode(mode)
    if mode is not Mode.LEXICAL and source.state.degraded:
        raise SystemExit(f"error: {mode.value}: {source.state.degraded}")
    return source


def _ask(
    source: KnowledgeSource, queries: Sequence[LabelledQuery], facts: Sequence[Fact]
) -> list[Answer]:
    """One search per query; the first, which loads the model, is not timed."""
    source.search([KnowledgeQuery(text="the first question loads what is needed")])
    answers = []
    for query in queries:
        question = KnowledgeQuery(text=query.text, limit=RANKS)
        started = time.perf_counter()
        (retrieval,) = source.search([question])
        seconds = time.perf_counter() - started
        answers.append(
            Answer(
                query=query.id,
                query_class=query.query_class.value,
                relevant=query.relevant_among(facts),
                found=tuple(item.fact.id for item in retrieval.found),
                milliseconds=seconds * 1000,
            )
        )
    return answers


def _groups() -> dict[str, list[str]]:
    """Rows of the table: all, then class by class."""
    whole = {"all": [item.value for item in QueryClass]}
    return whole | {f"{c.value} {c.name.lower()}": [c.value] for c in QueryClass}


def _table(answers: Answers) -> list[str]:
    head = f"{'queries':14}{'n':>5}  {'mode':9}{'hit@5':>7}{'set recall@5':>14}{'MRR@10':>8}"
    lines = [f"{head}{'nothing':>9}{'ms':>7}"]
    for name, classes in _groups().items():
        for mode, given in answers.items():
            some = of_classes(given, classes)
            label = (name, str(len(some))) if mode is next(iter(answers)) else ("", "")
            lines.append(f"{label[0]:14}{label[1]:>5}  {mode.value:9}{_cells(figures(some))}")
    return lines


def _cells(rates: Figures) -> str:
    def cell(value: float | None, width: int, digits: int = 3) -> str:
        return f"{'' if value is None else f'{value:.{digits}f}':>{width}}"

    return (
        cell(rates.hit, 7)
        + cell(rates.set_recall, 14)
        + cell(rates.reciprocal_rank, 8)
        + cell(rates.nothing, 9)
        + cell(rates.milliseconds, 7, 1)
    )


def _document(half: Half, answers: Answers, facts: int, embedder: str) -> dict[str, object]:
    modes = {
        mode.value: {
            name: asdict(figures(of_classes(given, classes))) for name, classes in _groups().items()
        }
        for mode, given in answers.items()
    }
    return {"set": half.value, "facts": facts, "embedder": embedder, "modes": modes}


def _misses(queries: Sequence[LabelledQuery], answers: Sequence[Answer]) -> list[str]:
    """What a person who tunes wants to see: each wrong answer with what came instead."""
    lines = []
    for query, answer in zip(queries, answers, strict=True):
        if answer.relevant and answer.reciprocal_rank < 1:
            wanted = ", ".join(sorted(answer.relevant)[:RANKS])
            lines.append(f"{query.id} {query.text!r}\n  wanted {wanted}")
        elif not answer.relevant and answer.found:
            lines.append(f"{query.id} {query.text!r}\n  wanted nothing")
        else:
            continue
        lines.append(f"  found  {', '.join(answer.found[:5]) or 'nothing'}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
