"""Kubernetes documents without what could be a secret.

Values of environment variables are removed, except the runtime's own. Whole maps of data, managed
fields and annotations that hold copies of the document go, and command-line words that look like
credentials are masked.
"""

from __future__ import annotations

import re
from typing import Any

from dca.repository.runtime import runtime_environment
from schemas.base import JsonObject

REMOVED = "(removed)"
_MAX_TEXT = 2_000
_DROPPED_KEYS = frozenset(["managedFields", "data", "stringData", "binaryData", "status"])
_KEPT_ANNOTATIONS = re.compile(
    r"^(?:prometheus\.io|autoscaling|cluster-autoscaler|sidecar\.istio\.io|linkerd\.io|helm\.sh)/"
)
_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)?|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|"
    r"authorization|bearer|dsn|connection[-_]?string",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(\w{2,20}://)[^\s/@:]{0,200}:[^\s/@]{1,400}@")
_KNOWN_SECRET = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza|sk-|sk_live_|eyJ)[A-Za-z0-9_.=-]{12,}"
)
_LONG_RANDOM = re.compile(r"(?<![\w./:@-])[A-Za-z0-9+_=-]{40,}(?![\w./:@-])")


def redacted(document: JsonObject) -> JsonObject:
    """A copy of a document that may be shown, stored and written to a patch."""
    result = _clean(document, ())
    return result if isinstance(result, dict) else {}


def _clean(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return _clean_mapping(value, path)
    if isinstance(value, list):
        if path and path[-1] == "env":
            return [_clean_variable(item) for item in value]
        if path and path[-1] in ("args", "command"):
            return _clean_words(value)
        return [_clean(item, path) for item in value]
    return clean_text(value) if isinstance(value, str) else value


def _clean_mapping(value: JsonObject, path: tuple[str, ...]) -> JsonObject:
    if path and path[-1] == "env":  # custom resources write env as a mapping
        kept = runtime_environment({name: str(item) for name, item in value.items()})
        return {name: kept.get(name, REMOVED) for name in value}
    cleaned: JsonObject = {}
    for key, item in value.items():
        if key in _DROPPED_KEYS and len(path) <= 1:
            continue
        if path and path[-1] == "annotations":
            if _KEPT_ANNOTATIONS.match(key):
                cleaned[key] = clean_text(str(item))
        elif isinstance(item, str) and _SECRET_NAME.search(key) and not _is_reference(key):
            cleaned[key] = REMOVED
        else:
            cleaned[key] = _clean(item, (*path, key))
    return cleaned


def _is_reference(key: str) -> bool:
    """Names of objects that hold secrets are no secrets, and the document is wrong without them."""
    return key.endswith(("Name", "Ref", "Policy")) or key.startswith("automount")


def _clean_variable(item: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(item, dict):
        return REMOVED
    name = str(item.get("name", ""))
    if "value" not in item:
        return {
            key: _clean(entry, (key,))
            for key, entry in item.items()
            if key in ("name", "valueFrom")
        }
    kept = runtime_environment({name: str(item["value"])})
    return {"name": name, "value": kept.get(name, REMOVED)}


def _clean_words(words: list[Any]) -> list[Any]:
    cleaned: list[Any] = []
    secret_next = False
    for word in words:
        if not isinstance(word, str):
            cleaned.append(word)
            continue
        name, equals, _ = word.partition("=")
        if secret_next and not word.startswith("-"):
            cleaned.append(REMOVED)
        elif equals and len(name) < 80 and _SECRET_NAME.search(name):
            cleaned.append(f"{name}={REMOVED}")
        else:
            cleaned.append(clean_text(word))
        secret_next = word.startswith("-") and not equals and bool(_SECRET_NAME.search(word))
    return cleaned


def clean_text(text: str) -> str:
    """Text without credentials in URLs, known token forms and long random words."""
    shortened = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    shortened = _URL_CREDENTIALS.sub(rf"\1{REMOVED}@", shortened)
    shortened = _KNOWN_SECRET.sub(REMOVED, shortened)
    return _LONG_RANDOM.sub(REMOVED, shortened)


def clean_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words of a command without credentials."""
    return tuple(str(word) for word in _clean_words(list(words)))
