"""The ``knowledge`` command: the facts that recommendations rest on, searched and shown."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from adapters.settings import Settings, load_settings
from ci.handoff.plain import line
from pipeline.knowledge_index import open_retriever
from schemas.context import Role
from schemas.errors import UsageError
from schemas.knowledge import Fact, FactKind, KnowledgeQuery, Retrieval

_E = TypeVar("_E", bound=StrEnum)
MAX_TEXT = 2000
"""Characters of a question; the contract's own bound."""
_WHOLE = 10_000
"""One fact is shown whole; its fields are bounded by their schema."""


def knowledge(arguments: argparse.Namespace) -> int:
    """Run one action; returns the exit code.

    Raises:
        ProvisionError: A wrong argument, or facts or an index that cannot be read or written.
    """
    settings = load_settings()
    match arguments.action:
        case "build":
            return _build(settings, rebuild=arguments.rebuild)
        case "search":
            return _search(settings, arguments)
        case "list":
            return _list(settings, arguments)
        case "show":
            return _show(settings, arguments)
        case "add":
            from ci.knowledge_documents import add

            return add(settings, arguments)
        case "remove":
            from ci.knowledge_documents import remove

            return remove(settings, arguments)
        case "telemetry":
            from ci.knowledge_telemetry import telemetry

            return telemetry(settings, arguments)
        case _:
            from ci.knowledge_stats import stats

            return stats(settings, arguments.format)


def _build(settings: Settings, *, rebuild: bool) -> int:
    from adapters.clock import SystemClock
    from ci.progress import bar_on_terminal
    from pipeline.knowledge_index import build_index

    with bar_on_terminal() as progress:
        report = build_index(settings, SystemClock(), progress, rebuild=rebuild)
    done = (
        f"indexed {report.facts} facts ({report.embedded} embedded, {report.removed} removed)"
        if report.changed
        else f"up to date: {report.facts} facts"
    )
    sys.stderr.write(f"{done}; embedder: {report.embedder}\n")
    sys.stdout.write(f"{report.location}\n")
    return 0


def _search(settings: Settings, arguments: argparse.Namespace) -> int:
    query = _query(arguments)
    retriever = open_retriever(settings)
    (retrieval,) = retriever.search([query])
    state = retriever.state
    if state.degraded and not retriever.warned:
        sys.stderr.write(f"warning: {state.degraded}\n")
    if not retrieval.found:
        sys.stderr.write("no fact is relevant to this question\n")
    if arguments.format == "json":
        answer = {
            "knowledge": state.model_dump(mode="json"),
            **retrieval.model_dump(mode="json"),
        }
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    elif retrieval.found:
        sys.stdout.write(_answer(retrieval))
    return 0


def _query(arguments: argparse.Namespace) -> KnowledgeQuery:
    if not arguments.text.strip():
        raise UsageError("the question is empty", hint="Write what you want to know, in words.")
    if not 1 <= arguments.limit <= 100:
        raise UsageError(f"--limit {arguments.limit} is not between 1 and 100")
    if len(arguments.text) > MAX_TEXT:
        raise UsageError(f"the question has {len(arguments.text)} characters, at most {MAX_TEXT}")
    return KnowledgeQuery(
        text=arguments.text,
        products=_words(arguments.product),
        languages=_words(arguments.language),
        frameworks=_words(arguments.framework),
        roles=tuple(_member(Role, role, "--role") for role in arguments.role or ()),
        kinds=tuple(_member(FactKind, kind, "--kind") for kind in arguments.kind or ()),
        limit=arguments.limit,
    )


def _answer(retrieval: Retrieval) -> str:
    lines: list[str] = []
    for item in retrieval.found:
        parts = [f"{item.score:.2f}", line(item.fact.id)]
        if item.dense is not None:
            parts.append(f"meaning {item.dense:.2f}")
        if item.lexical is not None:
            parts.append(f"words {item.lexical:.1f}")
        lines += ["  ".join(parts), *(f"      {text}" for text in _told(item.fact)), ""]
    return "\n".join(lines)


def _told(fact: Fact) -> list[str]:
    told = [line(fact.statement)]
    if fact.figures:
        told.append(line(", ".join(f"{name} {value}" for name, value in fact.figures.items())))
    told.append(f"{fact.source.grade.value}: {line(fact.source.title)} <{line(fact.source.url)}>")
    return told


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    kind = None if arguments.kind is None else _member(FactKind, arguments.kind, "--kind")
    component = None if arguments.component is None else arguments.component.lower()
    found = [
        fact
        for fact in open_retriever(settings).facts()
        if arguments.topic in (None, fact.topic)
        and kind in (None, fact.kind)
        and (component is None or component in (fact.component, *fact.applies_to.products))
    ]
    if not found:
        sys.stderr.write("no fact is of that sort\n")
    if arguments.format == "json":
        sys.stdout.write(json.dumps([fact.model_dump(mode="json") for fact in found]) + "\n")
    elif found:
        rows = [(f.id, f.topic, f.kind.value, f.source.grade.value, f.statement) for f in found]
        sys.stdout.write(_columns(rows))
    return 0


def _columns(rows: Sequence[tuple[str, ...]], most: int = 160) -> str:
    """Rows in columns, a cell cut after so many characters."""
    safe = [[line(cell, most) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in safe) for n in range(len(safe[0]) - 1)]
    return "".join(
        "  ".join([*(f"{cell:{w}}" for cell, w in zip(row, widths, strict=False)), row[-1]]) + "\n"
        for row in safe
    )


def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    retriever = open_retriever(settings)
    fact = retriever.fact(arguments.id.removeprefix("fact:"))
    if fact is None:
        close = get_close_matches(arguments.id, retriever.ids, n=3)
        raise UsageError(
            f"no fact has the id {line(arguments.id, 120)}",
            code="knowledge.unknown_fact",
            hint=f"Close: {', '.join(close)}" if close else "ai-provision knowledge list has all.",
        )
    if arguments.format == "json":
        sys.stdout.write(fact.model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.write(_details(fact))
    return 0


def _details(fact: Fact) -> str:
    about = fact.applies_to
    rows = {
        "id": fact.id,
        "statement": fact.statement,
        "component": fact.component,
        "topic": fact.topic,
        "kind": fact.kind.value,
        "profile": fact.profile,
        "products": ", ".join(about.products),
        "languages": ", ".join(about.languages),
        "frameworks": ", ".join(about.frameworks),
        "roles": ", ".join(about.roles),
        **{name: str(value) for name, value in fact.figures.items()},
        "confidence": fact.confidence.value,
        "source": fact.source.title,
        "address": fact.source.url,
        "grade": fact.source.grade.value,
        "seen in the source": "yes" if fact.source.read else "no",
        "checked": str(fact.source.checked or "unknown"),
    }
    return _columns([(name, value) for name, value in rows.items() if value], _WHOLE)


def _words(given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in given or ())


def _member(choices: type[_E], given: str, option: str) -> _E:
    try:
        return choices(given.lower())
    except ValueError as error:
        raise UsageError(
            f"{option} {line(given, 80)} is not known", hint=f"One of: {', '.join(choices)}."
        ) from error
