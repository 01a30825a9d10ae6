"""Computes the vectors of everyday descriptions, or carries them over."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from knowledge.index.generation import EVERYDAY, WORDS
from knowledge.index.lexical import LexicalIndex
from schemas.ports import Embedder

_BATCH = 64


def describe(target: Path, embedder: Embedder, former: Path | None) -> None:
    """Write the vectors of the descriptions into a new generation; nothing when there are none.

    Args:
        target: Directory of the new generation, which has its words already.
        embedder: Of the generation's vector space.
        former: Directory of a whole generation of the same space, if there is one.

    Raises:
        OSError: They cannot be written.
        sqlite3.Error: The words of the new generation cannot be read.
        EmbedderError: The model failed.
    """
    import numpy as np

    texts = _texts(target)
    if not texts:
        return
    known = dict(_known(former)) if former else {}
    new = sorted({text for text in texts if text not in known}, key=len)
    for start in range(0, len(new), _BATCH):
        batch = new[start : start + _BATCH]
        vectors = np.asarray(embedder.embed(batch), dtype="<f4")
        known |= {text: row.tobytes() for text, row in zip(batch, vectors, strict=True)}
    (target / EVERYDAY).write_bytes(b"".join(known[text] for text in texts))


def _texts(generation: Path) -> Sequence[str]:
    words = LexicalIndex.open(generation / WORDS)
    try:
        return words.described().texts
    finally:
        words.close()


def _known(former: Path) -> Mapping[str, bytes]:
    """Vectors of a former generation by their texts; empty when they cannot be read."""
    try:
        texts, content = _texts(former), (former / EVERYDAY).read_bytes()
    except (OSError, sqlite3.Error):
        # They are only computed again.
        return {}
    size = len(content) // max(1, len(texts))
    return {text: content[n * size : (n + 1) * size] for n, text in enumerate(texts)}
