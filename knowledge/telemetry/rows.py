"""One kept summary: the document, what it is filtered by, and what its vector depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from knowledge.telemetry.text import text_of
from schemas.usage import Slice, UsageSummary, WorkloadKey

MAX_LABEL = 600
"""Characters of a label that is filtered by: namespace, kind and name of a workload together have
at most 571. What is longer is not kept."""

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Facets:
    """What summaries are filtered by, lower case except for names; empty is unknown."""

    workload: str = ""
    container: str = ""
    slice: str = ""
    language: str = ""
    framework: str = ""
    role: str = ""
    product: str = ""
    repository: str = ""

    def by_name(self) -> dict[str, str]:
        """All of them, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Row:
    """A summary as it is kept."""

    id: str
    """Workload, container and slice."""
    facets: Facets
    end_s: int
    """End of the window, Unix seconds; never in the future."""
    document: str
    """The summary as JSON."""
    text: str
    """What is embedded."""

    def text_hash(self, space: str) -> str:
        """What the vector depends on."""
        return _hash(f"{space}\n{self.text}")

    @property
    def summary(self) -> UsageSummary:
        """The document.

        Raises:
            ValueError: It is damaged, or of another version.
        """
        return UsageSummary.model_validate_json(self.document)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row with its vector."""

    row: Row
    text_hash: str = ""
    """What the vector was computed of; empty without one."""
    vector: Vector | None = None
    indexed: bool = False
    """Chroma has the row as it is now."""

    def in_space(self, space: str | None) -> bool:
        """Whether the vector is of the row's text in this space."""
        return space is not None and self.text_hash == self.row.text_hash(space)


Filter = Mapping[str, Sequence[str]]
"""Wanted values by the name of a facet; any of them will do. Empty text is "unknown"."""


def row_of(usage: UsageSummary, now_s: int) -> Row:
    """A summary as a row.

    The timelines are left out: they are for the pictures of the run that read them, and would be
    most of what is kept.

    Args:
        usage: The summary.
        now_s: The present: a window that ends later comes from a wrong clock.

    Raises:
        ValueError: A name or label is no text that can be stored, or is too long.
    """
    short = usage.model_copy(update={"cpu_timeline": None, "memory_timeline": None})
    facets = _facets(short)
    too_long = [name for name, value in facets.by_name().items() if len(value) > MAX_LABEL]
    if too_long:
        raise ValueError(f"its {', '.join(too_long)} is too long")
    try:
        document = short.model_dump_json(exclude_defaults=True)
    except Exception as error:  # pydantic's own type, for text that is not Unicode
        raise ValueError("a label is not Unicode text") from error
    return Row(
        id=id_of(usage.workload, usage.container, usage.slice),
        facets=facets,
        end_s=min(usage.end_s, now_s),
        document=document,
        text=text_of(short),
    )


def id_of(workload: WorkloadKey, container: str, slice_: Slice) -> str:
    """The id under which one slice of one container is known."""
    return f"{workload}/{container}#{slice_.value}"


def with_labels_of(usage: UsageSummary, earlier: UsageSummary) -> UsageSummary:
    """A summary that nobody has matched with a component keeps what was known of it before."""
    names = ("language", "framework", "role", "product", "repository")
    if any(getattr(usage, name) for name in names):
        return usage
    return usage.model_copy(update={name: getattr(earlier, name) for name in names})


def _facets(usage: UsageSummary) -> Facets:
    return Facets(
        workload=str(usage.workload),
        container=usage.container,
        slice=usage.slice.value,
        language=_lower(usage.language),
        framework=_lower(usage.framework),
        role=_lower(usage.role),
        product=_lower(usage.product),
        repository=usage.repository or "",
    )


def _lower(word: str | None) -> str:
    return (word or "").strip().lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
