"""Whether an Ollama server answers and has a model, asked in a moment and without its library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

SECONDS = 1.5
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """What a server said."""

    models: tuple[str, ...]
    """Its models, as it names them: ``llama3.1:latest``."""

    def has(self, model: str) -> bool:
        """Whether it has a model; a name without a tag means ``latest``."""
        wanted = model if ":" in model else f"{model}:latest"
        return wanted in self.models


@dataclass(frozen=True, slots=True)
class Silent:
    """Why nothing was learned."""

    reason: str


def ask_ollama(url: str, api_key: str | None = None, seconds: float = SECONDS) -> Server | Silent:
    """Ask for the list of models (``GET /api/tags``)."""
    answer = ask_json(url, "/api/tags", api_key, seconds=seconds)
    if isinstance(answer, Silent):
        return answer
    models = answer.get("models")
    if not isinstance(models, list):
        return Silent(f"what answers at {url} is no Ollama")
    names = (item.get("name") for item in models if isinstance(item, dict))
    return Server(tuple(name for name in names if isinstance(name, str)))


def ask_json(
    url: str,
    path: str,
    api_key: str | None = None,
    body: Mapping[str, object] | None = None,
    seconds: float = SECONDS,
) -> dict[str, Any] | Silent:
    """Ask an Ollama server for one document.

    Args:
        url: Its address.
        path: The route, with its first slash.
        api_key: Sent as a bearer token.
        body: Sent as JSON by POST; GET when None.
        seconds: Longest time of each step.
    """
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    connection = kind(parts.netloc, timeout=seconds)
    try:
        given = None if body is None else json.dumps(body)
        method = "GET" if given is None else "POST"
        connection.request(method, f"{parts.path.rstrip('/')}{path}", given, headers)
        response = connection.getresponse()
        text = response.read(MAX_BYTES)
        if response.status != HTTPStatus.OK:
            return Silent(f"{url} answered {response.status}")
        answer = json.loads(text)
    except (OSError, HTTPException):
        return Silent(f"no Ollama answers at {url}")
    except ValueError:
        return Silent(f"what answers at {url} is no Ollama")
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else Silent(f"what answers at {url} is no Ollama")
