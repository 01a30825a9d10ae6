"""What is on disk of the index, without opening it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.index.generation import Generations, IndexDamaged
from knowledge.index.opening import INDEX


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The current generation."""

    location: str
    server: str | None
    """URL of the Chroma server that has its vectors."""
    size_bytes: int
    built_at: str
    """ISO 8601, in UTC."""


def index_status(cache_directory: Path) -> IndexStatus | None:
    """The current generation; None when there is none that can be read."""
    generations = Generations(cache_directory / INDEX)
    path = generations.current()
    if path is None:
        return None
    try:
        manifest = generations.manifest(path)
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except (IndexDamaged, OSError):
        return None
    return IndexStatus(str(path), manifest.server, size, manifest.built_at)
