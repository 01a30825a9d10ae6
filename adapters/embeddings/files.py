"""A directory that holds a model: written whole or not at all, each file known by its hash."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from schemas.base import Contract
from schemas.errors import EmbedderError, OutputError

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"
MAX_TOKENS = 256
"""Longer texts are cut: the model's own ``max_seq_length``."""


class ModelManifest(Contract):
    """What a model directory holds, and where it is from."""

    name: str
    """As it is shown to users."""
    space: str
    """Key of the vector space, see `schemas.ports.Embedder`."""
    origin_sha256: str
    """Of the weights that were exported, or of the archive that was downloaded."""
    sha256: Mapping[str, str]
    """Of each file."""


def read_manifest(directory: Path) -> ModelManifest:
    """The manifest of a model directory.

    Raises:
        EmbedderError: There is none, or it cannot be read.
    """
    try:
        return ModelManifest.model_validate_json((directory / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise EmbedderError(
            f"{directory} holds no embedding model ({type(error).__name__})",
            code="embedder.absent",
            hint="ai-provision knowledge build makes it.",
        ) from error


def check_file(directory: Path, name: str, manifest: ModelManifest) -> None:
    """Compare a file with its hash.

    Raises:
        EmbedderError: It is absent, or not what was written.
    """
    try:
        found = file_sha256(directory / name)
    except OSError as error:
        raise _damaged(directory / name, error.strerror or "unreadable") from error
    if found != manifest.sha256.get(name):
        raise _damaged(directory / name, "its hash is not the one in the manifest")


def file_sha256(path: Path) -> str:
    """Hash of a file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def new_model(directory: Path, *, name: str, space: str, origin_sha256: str) -> Iterator[Path]:
    """Write a model: the block fills a directory, which takes its place when the block ends well.

    Args:
        directory: Where it is to be; a former one is replaced.
        name: As it is shown to users.
        space: Key of the vector space.
        origin_sha256: Of what it is made from.

    Raises:
        OutputError: It cannot be written; a former one is still there.
    """
    temporary: Path | None = None
    try:
        directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        yield temporary
        manifest = ModelManifest(
            name=name,
            space=space,
            origin_sha256=origin_sha256,
            sha256={path.name: file_sha256(path) for path in sorted(temporary.iterdir())},
        )
        (temporary / MANIFEST).write_text(manifest.model_dump_json(indent=2), "utf-8")
        shutil.rmtree(directory, ignore_errors=True)
        temporary.rename(directory)
    except OSError as error:
        raise OutputError(
            f"the embedding model cannot be kept in {directory.parent}: {error.strerror or error}",
            hint="AI_PROVISION_CACHE_DIR names another directory.",
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _damaged(path: Path, reason: str) -> EmbedderError:
    return EmbedderError(
        f"{path} cannot be used: {reason}",
        code="embedder.damaged",
        hint="ai-provision knowledge build makes it anew.",
    )
