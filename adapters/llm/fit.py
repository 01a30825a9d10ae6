"""Whether a model fits: its context window, and the memory of the machine that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from adapters.llm.probe import Silent, ask_json

_MEMORY = Path("/proc/meminfo")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_KEY_AND_VALUE = 2
_HALF_PRECISION_BYTES = 2
"""Ollama keeps keys and values as 16-bit numbers unless told otherwise."""
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Fit:
    """What is known of a model before it is asked."""

    ok: bool
    text: str
    """One line."""


def fit_of(
    url: str, api_key: str | None, model: str, context_tokens: int, memory: Path = _MEMORY
) -> Fit:
    """Ask Ollama what a model is, and hold it against what is asked of it.

    Args:
        url: Address of the server.
        api_key: Its key, if it asks for one.
        model: The model, which the server has.
        context_tokens: The window that runs ask for.
        memory: Where Linux says how much memory is free.
    """
    shown = ask_json(url, "/api/show", api_key, {"model": model})
    if isinstance(shown, Silent):
        return Fit(ok=True, text=f"nothing is known of its size: {shown.reason}")
    info = shown.get("model_info")
    figures = _figures(info if isinstance(info, dict) else {})
    trained = figures.get("context_length")
    if trained is not None and trained < context_tokens:
        return Fit(
            ok=False,
            text=f"trained for {trained} tokens of context, {context_tokens} are asked for: "
            "set AI_PROVISION_LLM_CONTEXT_TOKENS",
        )
    window = f"{context_tokens} of {trained or 'unknown'} tokens of context"
    weights = _weights_bytes(url, api_key, model)
    if weights is None:
        return Fit(ok=True, text=f"{window}; its size in memory is not known")
    needed = weights + _cache_bytes(figures, context_tokens)
    return _in_memory(url, window, needed, _free_bytes(memory))


def _in_memory(url: str, window: str, needed: int, free: int | None) -> Fit:
    needs = f"{window}; about {needed / _GIB:.1f} GiB of memory"
    if urlsplit(url).hostname not in _LOCAL or free is None:
        return Fit(ok=True, text=f"{needs}, on a machine that cannot be seen from here")
    if needed > free:
        return Fit(
            ok=False,
            text=f"{needs}, {free / _GIB:.1f} GiB are free here (a GPU's own memory is not seen): "
            "it will be slow or fail; take a smaller model",
        )
    return Fit(ok=True, text=f"{needs}, {free / _GIB:.1f} GiB are free here")


def _figures(info: dict[str, object]) -> dict[str, int]:
    """The whole numbers of a model's description, without the name of its family."""
    return {
        name.partition(".")[2]: value
        for name, value in info.items()
        if isinstance(value, int) and not isinstance(value, bool) and "." in name
    }


def _cache_bytes(figures: dict[str, int], context_tokens: int) -> int:
    """Keys and values of all layers for a full window; 0 where the description lacks a figure."""
    layers = figures.get("block_count", 0)
    heads = figures.get("attention.head_count", 0)
    groups = figures.get("attention.head_count_kv", heads)
    width = figures.get("embedding_length", 0) // heads if heads else 0
    size = figures.get("attention.key_length", width)
    return _KEY_AND_VALUE * _HALF_PRECISION_BYTES * layers * groups * size * context_tokens


def _weights_bytes(url: str, api_key: str | None, model: str) -> int | None:
    tags = ask_json(url, "/api/tags", api_key)
    listed = [] if isinstance(tags, Silent) else tags.get("models")
    wanted = model if ":" in model else f"{model}:latest"
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and item.get("name") == wanted:
            size = item.get("size")
            return size if isinstance(size, int) else None
    return None


def _free_bytes(memory: Path) -> int | None:
    """What the machine could give to a new process; None where that is not told."""
    try:
        lines = memory.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    kib = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "")
    return int(kib) * 1024 if kib.isdigit() else None
