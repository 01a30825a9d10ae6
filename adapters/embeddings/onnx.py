"""Runs an exported MiniLM with onnxruntime: 0.25 s to the first vector, and no PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.embeddings.files import (
    MAX_TOKENS,
    MODEL,
    TOKENIZER,
    ModelManifest,
    check_file,
    read_manifest,
)
from schemas.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BATCH = 8
"""Texts that are run at once. Measured on facts: 32 take 15 % longer, for the padding."""


class OnnxEmbedder:
    """Implements `schemas.ports.Embedder`; nothing heavy is loaded before the first text.

    Args:
        directory: What `adapters.embeddings.export` or `.download` wrote.

    Raises:
        EmbedderError: There is no model.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._manifest: ModelManifest = read_manifest(directory)
        self._lock = threading.Lock()
        self._encode: Callable[[Sequence[str]], npt.NDArray[np.float32]] | None = None

    @property
    def name(self) -> str:
        """Model and engine."""
        return self._manifest.name

    @property
    def space(self) -> str:
        """Key of the vector space."""
        return self._manifest.space

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 per text, in their order.

        Raises:
            EmbedderError: The model on disk is damaged, or cannot be run.
        """
        if not texts:
            return []
        with self._lock:
            if self._encode is None:
                self._encode = _loaded(self._directory, self._manifest)
        # Texts of similar length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        vectors: list[Sequence[float]] = [()] * len(texts)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            encoded = self._encode([texts[n] for n in batch]).tolist()
            for n, vector in zip(batch, encoded, strict=True):
                vectors[n] = vector
        return vectors


def _loaded(
    directory: Path, manifest: ModelManifest
) -> Callable[[Sequence[str]], npt.NDArray[np.float32]]:
    """The model, checked and ready.

    Hashing 90 MB takes as long as loading them (0.05 s), so one thread does each.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        checked = pool.submit(check_file, directory, MODEL, manifest)
        check_file(directory, TOKENIZER, manifest)
        try:
            session, tokenizer = _session(directory), _tokenizer(directory)
        except Exception as error:
            # onnxruntime and tokenizers raise types of their own, or bare Exception; a damaged
            # file is the likely reason, and the hash says so.
            checked.result()
            raise EmbedderError(
                f"{directory / MODEL} cannot be run: {type(error).__name__}",
                code="embedder.failed",
                hint="ai-provision knowledge build makes it anew.",
            ) from error
        checked.result()
    return lambda texts: _unit_vectors(session, tokenizer.encode_batch(list(texts)))


def _session(directory: Path) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: its warnings about hardware say nothing here
    # Waiting threads that spin cost a quarter of the CPU time, and the time of whoever shares the
    # machine; packing the weights costs every process more than a few queries gain from it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_prepacking", "1")
    return onnxruntime.InferenceSession(
        str(directory / MODEL), options, providers=["CPUExecutionProvider"]
    )


def _tokenizer(directory: Path) -> Any:  # noqa: ANN401 - the package's types are generated stubs
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
    # The file's own settings cut at 128 tokens, and pad everything to that.
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    tokenizer.enable_padding()
    return tokenizer


def _unit_vectors(session: Any, encodings: Sequence[Any]) -> npt.NDArray[np.float32]:  # noqa: ANN401
    """Mean over the tokens that are no padding, then length 1: what the model's card prescribes."""
    import numpy as np

    ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
    mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    wanted = {item.name for item in session.get_inputs()}
    hidden = session.run(None, {name: given[name] for name in wanted})[0]
    weights = mask[:, :, None].astype(np.float32)
    mean = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    norm = np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    vectors: npt.NDArray[np.float32] = mean / norm
    return vectors
