"""Exports the encoder from PyTorch to ONNX: seconds, once; whole or not at all, and compared."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.embeddings.files import MODEL, TOKENIZER, new_model
from adapters.embeddings.onnx import OnnxEmbedder
from adapters.embeddings.weights import MODEL_NAME, SPACE, WEIGHTS_SHA256, weights_directory
from schemas.errors import EmbedderError

if TYPE_CHECKING:
    import torch

OPSET = 17
"""Of ONNX 1.12 (2022); every onnxruntime that chromadb accepts runs it."""
TOLERANCE = 1e-5
"""Largest difference of a vector's element between the export and the original."""

_PROBES = ("memory", "How much memory does a small web service written in Go need at rest? " * 30)
"""A short text and one that is cut, so that padding and truncation are both compared."""


def export_model(directory: Path) -> OnnxEmbedder:
    """Write the export to a directory, and open it.

    Raises:
        EmbedderError: The weights are absent or refused, or the export does not give the same
            vectors.
        OutputError: It cannot be written.
    """
    source = weights_directory()
    with new_model(
        directory,
        name=f"{MODEL_NAME} (ONNX export)",
        space=SPACE,
        origin_sha256=WEIGHTS_SHA256,
    ) as target:
        shutil.copyfile(source / TOKENIZER, target / TOKENIZER)
        with _quiet():
            model = _encoder(source)
            _write(model, target / MODEL)
    embedder = OnnxEmbedder(directory)
    difference = _difference(embedder, model, source)
    if difference > TOLERANCE:
        shutil.rmtree(directory, ignore_errors=True)
        raise EmbedderError(
            f"the export of {MODEL_NAME} differs from the original by {difference:.1e}",
            code="embedder.export",
        )
    return embedder


def _encoder(source: Path) -> Any:  # noqa: ANN401 - the type would import transformers
    try:
        import torch
        from transformers import AutoModel
        from transformers.utils.logging import disable_progress_bar
    except (ImportError, OSError) as error:
        raise EmbedderError(
            f"the model cannot be exported: {error}", code="embedder.failed"
        ) from error

    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types
    # Eager attention: the exporter cannot trace the fused kernels.
    model = AutoModel.from_pretrained(
        str(source), attn_implementation="eager", local_files_only=True, dtype=torch.float32
    )
    return model.eval()


def _write(model: Any, path: Path) -> None:  # noqa: ANN401
    import torch

    class Encoder(torch.nn.Module):
        """The hidden states alone, of two inputs."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            """Run the encoder."""
            found: torch.Tensor = self.inner(
                input_ids=input_ids, attention_mask=attention_mask, return_dict=False
            )[0]
            return found

    ids = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    try:
        with torch.no_grad():
            torch.onnx.export(
                # The exporter restores the mode it finds: in training mode, dropout would stay on.
                Encoder().eval(),
                (ids, torch.ones_like(ids)),
                str(path),
                input_names=["input_ids", "attention_mask"],
                output_names=["last_hidden_state"],
                dynamic_axes=dict.fromkeys(
                    ("input_ids", "attention_mask", "last_hidden_state"), axes
                ),
                opset_version=OPSET,
                dynamo=False,
            )
    except (RuntimeError, ImportError) as error:
        raise EmbedderError(
            f"the model cannot be exported: {str(error).splitlines()[0]}", code="embedder.failed"
        ) from error


def _difference(embedder: OnnxEmbedder, model: Any, source: Path) -> float:  # noqa: ANN401
    """Largest difference of the probes' vectors to those of PyTorch, one text at a time."""
    import torch
    from tokenizers import Tokenizer

    from adapters.embeddings.files import MAX_TOKENS

    tokenizer = Tokenizer.from_file(str(source / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    largest = 0.0
    for text, vector in zip(_PROBES, embedder.embed(_PROBES), strict=True):
        with torch.no_grad():
            hidden = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state
        mean = torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)[0]
        largest = max(largest, float((mean - torch.tensor(vector)).abs().max()))
    return largest


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own advice, about code that is not ours, off the user's screen."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "transformers")]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
