"""Fetches the export of MiniLM that Chroma publishes and its default embedding function uses.

It is the only thing that is ever downloaded, only by ``knowledge build``, only where neither an
export nor the weights are here; its hash is pinned. Chroma's own function would fetch it too, but
without a bound on time, into another directory, and it takes 0.6 s to import for every query.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from adapters.embeddings.files import MODEL, TOKENIZER, file_sha256, new_model
from adapters.embeddings.onnx import OnnxEmbedder
from adapters.embeddings.weights import MODEL_NAME
from schemas.errors import EmbedderError

URL = "https://chroma-onnx-models.s3.amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz"
SHA256 = "913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3"
"""Both as in chromadb's ``ONNXMiniLM_L6_V2``; a test compares them."""
CHROMA_ARCHIVE = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx.tar.gz")
"""Below the home directory: where Chroma itself keeps what it has fetched."""
SPACE = f"{MODEL_NAME}@chroma-{SHA256[:12]}"

TIMEOUT_SECONDS = 300.0
"""For the whole download: 80 MB at 270 kB/s."""
_CONNECT_SECONDS = 10.0
MAX_ARCHIVE_BYTES = 120 * 1024 * 1024
MAX_FILE_BYTES = 200 * 1024 * 1024

Tell = Callable[[str], None]


def download_model(directory: Path, tell: Tell, *, url: str, sha256: str) -> OnnxEmbedder:
    """Fetch the model into a directory, and open it.

    Args:
        directory: Where it is to be.
        tell: Is told what happens, for the user.
        url: Of the archive.
        sha256: Of the archive.

    Raises:
        EmbedderError: Offline, too slow, or not the archive that was expected.
        OutputError: It cannot be written.
    """
    with (
        new_model(
            directory, name=f"{MODEL_NAME} (Chroma's ONNX model)", space=SPACE, origin_sha256=sha256
        ) as target,
        tempfile.TemporaryFile(dir=target.parent) as archive,
    ):
        known = Path.home() / CHROMA_ARCHIVE
        if known.is_file() and file_sha256(known) == sha256:
            with known.open("rb") as stream:
                shutil.copyfileobj(stream, archive)
        else:
            tell(f"downloading {MODEL_NAME} (80 MB, once) from {url}")
            _fetch(url, archive, sha256)
        archive.seek(0)
        _extract(archive, target)
    return OnnxEmbedder(directory)


def _fetch(url: str, archive: IO[bytes], sha256: str) -> None:
    import httpx

    digest = hashlib.sha256()
    size = 0
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        with httpx.stream("GET", url, timeout=_CONNECT_SECONDS) as response:
            response.raise_for_status()
            for piece in response.iter_raw(1 << 16):
                size += len(piece)
                if size > MAX_ARCHIVE_BYTES or time.monotonic() > deadline:
                    why = "too large" if size > MAX_ARCHIVE_BYTES else "too slow"
                    raise _failed(url, why)
                digest.update(piece)
                archive.write(piece)
    except httpx.HTTPError as error:
        raise _failed(url, str(error) or type(error).__name__) from error
    if digest.hexdigest() != sha256:
        raise _failed(url, f"its sha256 is {digest.hexdigest()}, not {sha256}")


def _extract(archive: IO[bytes], target: Path) -> None:
    """The two files that are used, by their names; nothing else of the archive is written."""
    try:
        with tarfile.open(fileobj=archive, mode="r:gz") as tar:
            for name in (MODEL, TOKENIZER):
                member = tar.getmember(f"onnx/{name}")
                content = tar.extractfile(member) if member.size <= MAX_FILE_BYTES else None
                if content is None:
                    raise _failed("the archive", f"{name} is no plain file of the expected size")
                with (target / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise _failed("the archive", f"{type(error).__name__}") from error


def _failed(what: str, reason: str) -> EmbedderError:
    return EmbedderError(
        f"the embedding model cannot be taken from {what}: {reason}",
        code="embedder.download",
        hint="Install it instead: pip install 'ai-provision[embeddings]'",
    )
