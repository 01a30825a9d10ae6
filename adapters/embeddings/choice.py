"""Which embedder is used: what is cheap for a query, what is best for a build."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, assert_never

from adapters.embeddings.files import MODEL, TOKENIZER, check_file, read_manifest
from adapters.embeddings.onnx import OnnxEmbedder
from adapters.embeddings.sentence_transformers import SentenceTransformersEmbedder
from adapters.embeddings.weights import (
    INSTALL,
    MODEL_NAME,
    WEIGHTS_SHA256,
    installed,
    weights_directory,
)
from schemas.errors import EmbedderError, SettingsError
from schemas.ports import Embedder

_LOG = logging.getLogger(__name__)

EmbedderChoice = Literal["auto", "onnx", "sentence-transformers", "chroma", "none"]

Tell = Callable[[str], None]


def export_directory(cache_directory: Path) -> Path:
    """Where the export of the weights is kept."""
    return cache_directory / "models" / f"{MODEL_NAME}-{WEIGHTS_SHA256[:12]}"


def chroma_directory(cache_directory: Path) -> Path:
    """Where the model that Chroma publishes is kept."""
    return cache_directory / "models" / f"{MODEL_NAME}-chroma"


def find_embedder(cache_directory: Path, choice: EmbedderChoice) -> Embedder | None:
    """The embedder of queries: what is there already. Nothing is imported, made or downloaded."""
    match choice:
        case "auto":
            return _cached(export_directory(cache_directory)) or _cached(
                chroma_directory(cache_directory)
            )
        case "onnx":
            return _cached(export_directory(cache_directory))
        case "sentence-transformers":
            return SentenceTransformersEmbedder() if installed() else None
        case "chroma":
            return _cached(chroma_directory(cache_directory))
        case "none":
            return None
        case _:
            assert_never(choice)


def prepare_embedder(cache_directory: Path, choice: EmbedderChoice, tell: Tell) -> Embedder | None:
    """The embedder of a build: made where it has to be.

    ``auto`` tries the cached export, then makes it from installed weights, then downloads the model
    that Chroma publishes, and says why each that fails does.

    Args:
        cache_directory: Of the tool.
        choice: What the setting says.
        tell: Is told what happens, for the user.

    Returns:
        None when there is no embedder: the index is built of words alone.

    Raises:
        SettingsError: The one that the setting asks for cannot be had.
        OutputError: It cannot be written.
    """
    match choice:
        case "auto":
            return _best(cache_directory, tell)
        case "none":
            return None
        case "onnx" | "sentence-transformers" | "chroma":
            try:
                return _MAKERS[choice](cache_directory, tell)
            except EmbedderError as error:
                raise SettingsError(
                    f"AI_PROVISION_EMBEDDER is {choice}, but {error.message}",
                    code="embedder.unavailable",
                    hint=error.hint,
                ) from error
        case _:
            assert_never(choice)


def _best(cache_directory: Path, tell: Tell) -> Embedder | None:
    for make in (_onnx, _chroma):
        try:
            return make(cache_directory, tell)
        except EmbedderError as error:
            if error.code != "embedder.absent":
                _LOG.warning("%s", error.message)
    _LOG.warning("no embedder: facts are found by their words alone; %s", INSTALL)
    return None


def _onnx(cache_directory: Path, tell: Tell) -> Embedder:
    directory = export_directory(cache_directory)
    kept = _intact(directory)
    if kept is not None:
        return kept
    from adapters.embeddings.export import export_model

    weights_directory()
    tell(f"exporting {MODEL_NAME} to ONNX (once)")
    return export_model(directory)


def _original(_cache_directory: Path, _tell: Tell) -> Embedder:
    weights_directory()
    return SentenceTransformersEmbedder()


def _chroma(cache_directory: Path, tell: Tell) -> Embedder:
    directory = chroma_directory(cache_directory)
    kept = _intact(directory)
    if kept is not None:
        return kept
    from adapters.embeddings import download

    return download.download_model(directory, tell, url=download.URL, sha256=download.SHA256)


_MAKERS = {"onnx": _onnx, "sentence-transformers": _original, "chroma": _chroma}


def _cached(directory: Path) -> Embedder | None:
    try:
        return OnnxEmbedder(directory)
    except EmbedderError:
        return None


def _intact(directory: Path) -> Embedder | None:
    """The model in a directory when all its files are what was written; 0.05 s."""
    try:
        manifest = read_manifest(directory)
        for name in (MODEL, TOKENIZER):
            check_file(directory, name, manifest)
        return OnnxEmbedder(directory)
    except EmbedderError as error:
        if error.code != "embedder.absent":
            _LOG.warning("%s; it is made anew", error.message)
        return None
