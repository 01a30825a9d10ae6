"""An embedder without a model: each word is a direction."""

import zlib

import numpy as np

DIMENSIONS = 64


class FakeEmbedder:
    """Implements `schemas.ports.Embedder`; the same words give the same vector."""

    def __init__(self, space="fake@1"):
        self.space = space
        self.name = f"fake ({space})"
        self.embedded = []

    def embed(self, texts):
        self.embedded += texts
        return [self._vector(text).tolist() for text in texts]

    def _vector(self, text):
        vector = np.full(DIMENSIONS, 1e-3)
        for word in text.lower().split():
            vector[zlib.crc32(f"{self.space}{word.strip('.,:;()')}".encode()) % DIMENSIONS] += 1
        return vector / np.linalg.norm(vector)
