"""Facts and decisions as evidence, made by hand, and a component that has them."""

from __future__ import annotations

from typing import Any

from schemas.context import Component
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind


def fact(name: str, repository: str | None = None, **figures: Any) -> Evidence:
    """A chart's default about a product, of high confidence, unless `figures` say otherwise.

    Descriptive keys go without their prefix: ``match="role"``, ``profile="ha"``.
    """
    about = {"kind": "chart_default", "match": "product", "source": "source_code"}
    about |= {"profile": "default", "confidence": "high"}
    about |= {key: figures.pop(key) for key in list(figures) if key in about}
    grade = figures.pop("grade", EvidenceGrade.VENDOR)
    path = repository or f"owner-{name}/charts"
    return Evidence(
        id=f"fact:{name}",
        kind=EvidenceKind.DOCUMENT,
        grade=grade,
        statement="A retrieved fact.",
        source=f"https://github.com/{path}/blob/main/values.yaml",
        figures={**figures, **{f"fact_{key}": value for key, value in about.items()}},
    )


def added(name: str, **figures: Any) -> Evidence:
    """A document that the operator added; nobody has reviewed its figures."""
    defaults = {"kind": "document", "source": "added", "confidence": "low"}
    return fact(name, **{"grade": EvidenceGrade.HEURISTIC, **defaults, **figures})


def decision(run: str, *, same: bool = True, outcome: str = "unknown", **figures: Any) -> Evidence:
    """An earlier decision."""
    return Evidence(
        id=f"decision:{run}/api",
        kind=EvidenceKind.DECISION,
        grade=EvidenceGrade.HEURISTIC,
        statement="An earlier decision.",
        source=f"run {run} of 2026-01-01",
        figures={**figures, "outcome": outcome, "same_component": same},
    )


def documented(component: Component, *evidence: Evidence) -> Component:
    """The component with these documents, in this order."""
    return component.model_copy(update={"documents": tuple(item.id for item in evidence)})
