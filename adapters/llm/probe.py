"""Whether an Ollama server answers and has a model, asked in a moment and without its library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
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
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    connection = kind(parts.netloc, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/api/tags", headers=headers)
        response = connection.getresponse()
        body = response.read(MAX_BYTES)
        if response.status != 200:
            return Silent(f"{url} answered {response.status}")
        return Server(_names(json.loads(body)))
    except (OSError, HTTPException):
        return Silent(f"no Ollama answers at {url}")
    except ValueError:
        return Silent(f"what answers at {url} is no Ollama")
    finally:
        connection.close()


def _names(document: object) -> tuple[str, ...]:
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, list):
        raise ValueError("no list of models")
    names = (item.get("name") for item in models if isinstance(item, dict))
    return tuple(name for name in names if isinstance(name, str))
