"""What a run records of its searches."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Contract


class RetrievalRound(Contract):
    """One round of the agentic search for one component."""

    number: int = Field(ge=1, le=3)
    query: str
    why: str
    """Why this was asked, in words."""
    found: tuple[str, ...] = ()
    """Evidence ids of what came back and was kept."""
    scores: tuple[float, ...] = ()
    """Relevance of each of `found`, in [0, 1]."""
    missing: tuple[str, ...] = ()
    """Figures that were still wanted after this round."""


class KnowledgeState(Contract):
    """Which knowledge a run had."""

    facts: int = Field(ge=0)
    fingerprint: str
    """Changes when any fact, or the way it is indexed, changes."""
    embedder: str
    """``all-MiniLM-L6-v2 (onnx export)``, …, or ``none (BM25 alone)``."""
    degraded: str | None = None
    """What is lost and what to do about it; None when nothing is."""
