"""The documents of Ollama's wire protocol, and how it reads a question.

After the server's public API documentation (``docs/api.md`` and ``api/types.go`` of ollama/ollama):
durations are nanoseconds, a name without a tag means ``latest``, zero counts are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from tests.engine.brains import Asked, End, Failure, Piece

VERSION = "0.12.6"
_INTEGERS = ("num_ctx", "num_predict", "seed", "top_k", "num_keep", "repeat_last_n", "num_thread")
_NUMBERS = ("temperature", "top_p", "min_p", "repeat_penalty")


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the server has."""

    name: str = "tiny:latest"
    size_bytes: int = 2_019_393_189
    parameters: str = "3.2B"
    quantization: str = "Q4_K_M"
    context_tokens: int = 131_072
    """What it was trained for; a window that large is never wanted by default."""
    capabilities: tuple[str, ...] = ("completion", "tools")

    @property
    def tagged(self) -> str:
        """Its name with its tag."""
        return tagged(self.name)

    @property
    def details(self) -> dict[str, Any]:
        """As both the list and the description of one model give it."""
        return {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": self.parameters,
            "quantization_level": self.quantization,
        }


def tagged(name: str) -> str:
    """A model's name with its tag: letter case does not count, and ``latest`` is implied."""
    last = name.rsplit("/", 1)[-1]
    return (name if ":" in last else f"{name}:latest").lower()


def tags(models: Sequence[Model]) -> dict[str, Any]:
    """``GET /api/tags``."""
    return {"models": [{**_listed(model), "modified_at": now()} for model in models]}


def running(models: Mapping[Model, int]) -> dict[str, Any]:
    """``GET /api/ps``: the models that are loaded, and their context windows in tokens."""
    expires = _stamp(datetime.now(UTC) + timedelta(minutes=5))
    return {
        "models": [
            {**_listed(model), "expires_at": expires, "size_vram": 0, "context_length": window}
            for model, window in models.items()
        ]
    }


def _listed(model: Model) -> dict[str, Any]:
    return {
        "name": model.tagged,
        "model": model.tagged,
        "size": model.size_bytes,
        "digest": sha256(model.tagged.encode()).hexdigest(),
        "details": model.details,
    }


def shown(model: Model) -> dict[str, Any]:
    """``POST /api/show``."""
    return {
        "modelfile": f"FROM {model.tagged}\n",
        "template": "{{ .System }}\n{{ .Prompt }}",
        "details": model.details,
        "model_info": {
            "general.architecture": "llama",
            "general.parameter_count": 3_212_749_888,
            "llama.context_length": model.context_tokens,
            "llama.embedding_length": 3072,
            "llama.block_count": 28,
            "llama.attention.head_count": 24,
            "llama.attention.head_count_kv": 8,
            "tokenizer.ggml.model": "gpt2",
        },
        "capabilities": list(model.capabilities),
        "modified_at": now(),
    }


def part(route: str, model: str, piece: Piece) -> dict[str, Any]:
    """One line of a stream."""
    return {"model": model, "created_at": now(), **_body(route, piece), "done": False}


def whole(route: str, model: str, piece: Piece, end: Mapping[str, Any]) -> dict[str, Any]:
    """The last line of a stream, or the one document of an answer that is not streamed."""
    return {"model": model, "created_at": now(), **_body(route, piece), "done": True, **end}


def _body(route: str, piece: Piece) -> dict[str, Any]:
    if route == "/api/generate":
        return {"response": piece.content} | (
            {"thinking": piece.thinking} if piece.thinking else {}
        )
    message: dict[str, Any] = {"role": "assistant", "content": piece.content}
    if piece.thinking:
        message["thinking"] = piece.thinking
    if piece.tool_calls:
        message["tool_calls"] = list(piece.tool_calls)
    return {"message": message}


def metrics(end: End, answered: int, began_ns: int, first_ns: int, now_ns: int) -> dict[str, Any]:
    """Why an answer ended, its counts and its times."""
    told = {
        "total_duration": now_ns - began_ns,
        "load_duration": 1,
        "prompt_eval_count": end.prompt_tokens,
        "prompt_eval_duration": first_ns - began_ns,
        "eval_count": answered,
        "eval_duration": now_ns - first_ns,
    }
    return {"done_reason": end.reason, **{name: value for name, value in told.items() if value}}


def question(route: str, body: Mapping[str, Any]) -> Asked:
    """What a request asks of a model."""
    if route == "/api/generate":
        turns = [("system", body.get("system")), ("user", body.get("prompt"))]
        messages = tuple({"role": role, "content": text} for role, text in turns if text)
    else:
        messages = tuple(body.get("messages") or ())
    return Asked(
        messages,
        body.get("format") or None,
        body.get("options") or {},
        body.get("think"),
        tuple(body.get("tools") or ()),
    )


def refused(asked: Asked, name: str, model: Model) -> Failure | None:
    """Why the server does not take a question; None when it does."""
    for option, value in asked.options.items():
        wanted = _kind(option)
        if (
            wanted
            and value is not None
            and (isinstance(value, bool) or not isinstance(value, int | float))
        ):
            return Failure(400, f'option "{option}" must be of type {wanted}')
    if asked.think and "thinking" not in model.capabilities:
        return Failure(400, f'"{name}" does not support thinking')
    if asked.tools and "tools" not in model.capabilities:
        return Failure(400, f'"{name}" does not support tools')
    if asked.format is not None and asked.format != "json" and not isinstance(asked.format, dict):
        told = 'expected "json" or a valid JSON Schema object'
        return Failure(500, f'invalid format: "{asked.format}"; {told}')
    return None


def _kind(option: str) -> str | None:
    if option in _INTEGERS:
        return "integer"
    return "float32" if option in _NUMBERS else None


def now() -> str:
    """This moment, as Go writes it."""
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
