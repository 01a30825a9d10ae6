"""Cosines between a query and all facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Meanings(Protocol):
    """Knows how close each fact is to a query."""

    def cosines(self, vectors: Sequence[Sequence[float]]) -> Sequence[Mapping[int, float]]:
        """Per query vector: position of a fact to its cosine; facts may be absent.

        The positions after those of the facts are those of the everyday descriptions.

        Raises:
            OutsideError: They could not be asked for.
        """


class LocalMeanings:
    """All vectors in memory, compared exactly.

    Chroma is what the index is built in and what holds it, but opening it costs a cold process
    0.6 s of imports, as much as all the rest of a search. The vectors of a few thousand facts are
    compared in a millisecond, and without approximation; so a generation also keeps them as plain
    32-bit floats, in the order of the facts.

    Args:
        content: The bytes of the files: of facts and, after them, of descriptions.
        dimensions: Of one vector.
    """

    def __init__(self, content: bytes, dimensions: int) -> None:
        self._content = content
        self._dimensions = dimensions

    def cosines(self, vectors: Sequence[Sequence[float]]) -> Sequence[Mapping[int, float]]:
        """Per query vector: position of each fact to its cosine."""
        import numpy as np

        facts = np.frombuffer(self._content, dtype="<f4").reshape(-1, self._dimensions)
        # Not a product in BLAS: its threads and the embedder's get into each other's way.
        products = np.einsum("qd,fd->qf", np.asarray(vectors, dtype=np.float32), facts)
        return [dict(enumerate(row)) for row in np.clip(products, -1.0, 1.0).tolist()]
