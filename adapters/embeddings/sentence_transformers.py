"""The original: sentence-transformers, with weights from a package and no network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from adapters.embeddings.weights import MODEL_NAME, SPACE, weights_directory
from schemas.errors import EmbedderError


class SentenceTransformersEmbedder:
    """Implements `schemas.ports.Embedder`; importing the library takes 6 s, at the first text."""

    def __init__(self) -> None:
        self._model: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Model and engine."""
        return f"{MODEL_NAME} (sentence-transformers)"

    @property
    def space(self) -> str:
        """Key of the vector space."""
        return SPACE

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 per text.

        Raises:
            EmbedderError: Not installed, or its weights are refused.
        """
        if not texts:
            return []
        with self._lock:
            if self._model is None:
                self._model = _load()
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        result: list[list[float]] = vectors.tolist()
        return result


def _load() -> Any:  # noqa: ANN401 - the type would import the library
    directory = weights_directory()
    try:
        from sentence_transformers import SentenceTransformer
    except (ImportError, OSError) as error:
        # OSError: a shared library of PyTorch that does not fit this machine.
        raise EmbedderError(
            f"sentence-transformers cannot be imported: {error}", code="embedder.failed"
        ) from error
    return SentenceTransformer(str(directory), device="cpu", local_files_only=True)
