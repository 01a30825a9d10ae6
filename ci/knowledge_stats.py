"""``knowledge stats``: how many facts of each sort, which embedder, and where the index is."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from adapters.clock import SystemClock
from adapters.settings import Settings
from knowledge.index.status import index_status
from pipeline.knowledge_index import added_directory, open_retriever
from schemas.knowledge import Fact, FigureName


def stats(settings: Settings, format_: str) -> int:
    """Print them; returns the exit code.

    Raises:
        SettingsError: The facts cannot be read.
    """
    retriever = open_retriever(settings)
    found = {
        "knowledge": retriever.state.model_dump(mode="json"),
        "index": _index(settings),
        "facts": _counts(retriever.facts()),
    }
    if format_ == "json":
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(_text(found))
    return 0


def _index(settings: Settings) -> dict[str, Any]:
    status = index_status(settings.cache_directory)
    if status is None:
        return {"location": None, "added_documents": str(added_directory(settings))}
    age = SystemClock().now() - datetime.fromisoformat(status.built_at)
    return {
        "location": status.location,
        "server": status.server,
        "size_bytes": status.size_bytes,
        "built_at": status.built_at,
        "age_hours": round(age.total_seconds() / 3600, 1),
        "added_documents": str(added_directory(settings)),
    }


def _counts(facts: Sequence[Fact]) -> dict[str, dict[str, int]]:
    canonical = {name.value for name in FigureName}
    return {
        "by topic": _sorted(fact.topic for fact in facts),
        "by kind": _sorted(fact.kind.value for fact in facts),
        "by grade": _sorted(fact.source.grade.value for fact in facts),
        "by figure that moves numbers": _sorted(
            name for fact in facts for name in fact.figures if name in canonical
        ),
    }


def _sorted(words: Any) -> dict[str, int]:  # noqa: ANN401 - any iterable of words
    return dict(sorted(Counter(words).items(), key=lambda item: (-item[1], item[0])))


def _text(found: dict[str, Any]) -> str:
    lines = []
    for name, value in {**found["knowledge"], **found["index"]}.items():
        if value is not None:
            lines.append(f"{name.replace('_', ' '):16}  {value}")
    for heading, counts in found["facts"].items():
        lines += ["", f"facts {heading}", *(f"{n:6}  {word}" for word, n in counts.items())]
    return "\n".join(lines) + "\n"
