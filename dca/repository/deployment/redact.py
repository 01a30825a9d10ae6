"""Kubernetes documents without what could be a secret.

Values of environment variables are removed, except the runtime's own. Whole maps of data, options
of volumes, request headers, managed fields and annotations that hold copies of the document go, and
what looks like a credential anywhere else is masked (`credentials`).
"""

from __future__ import annotations

from typing import Any

from dca.repository.deployment.credentials import (
    REMOVED,
    clean_text,
    clean_words,
    cleaned_words,
    is_secret_name,
)
from dca.repository.docker.runtime import runtime_environment
from schemas.base import JsonObject

__all__ = ["REMOVED", "clean_text", "clean_words", "redacted"]

_DROPPED_KEYS = frozenset(["managedFields", "data", "stringData", "binaryData", "status"])
_KEPT_ANNOTATIONS = (
    "prometheus.io/",
    "autoscaling/",
    "cluster-autoscaler/",
    "sidecar.istio.io/",
    "linkerd.io/",
    "helm.sh/",
)
_OPAQUE_MAPS = frozenset(["volumeAttributes", "options", "parameters"])
"""Settings of drivers: names are kept, values may be anything."""
_REFERENCES = frozenset(["secret", "serviceAccountToken", "imagePullSecrets", "secrets"])
"""Keys with a secret's name whose mapping only names objects; Kubernetes defines them."""


def redacted(document: JsonObject) -> JsonObject:
    """A copy of a document that may be shown, stored and written to a patch."""
    result = _clean(document, ())
    return result if isinstance(result, dict) else {}


def _clean(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return _clean_mapping(value, path)
    if isinstance(value, list):
        return _clean_list(value, path)
    return clean_text(value) if isinstance(value, str) else value


def _clean_list(value: list[Any], path: tuple[str, ...]) -> list[Any]:
    key = path[-1] if path else ""
    if key == "env":
        return [_clean_variable(item) for item in value]
    if key in ("args", "command"):
        return cleaned_words(value)
    if key == "httpHeaders":
        return [_without_value(item) for item in value]
    return [_clean(item, path) for item in value]


def _without_value(item: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A request header: its name is kept."""
    return {"name": item.get("name"), "value": REMOVED} if isinstance(item, dict) else REMOVED


def _clean_mapping(value: JsonObject, path: tuple[str, ...]) -> JsonObject:
    key = path[-1] if path else ""
    if key == "env":  # custom resources write env as a mapping
        kept = runtime_environment({name: str(item) for name, item in value.items()})
        return {name: kept.get(name, REMOVED) for name in value}
    if key in _OPAQUE_MAPS:
        return dict.fromkeys(value, REMOVED)
    if key == "annotations":
        return {
            name: clean_text(str(item))
            for name, item in value.items()
            if name.startswith(_KEPT_ANNOTATIONS)
        }
    return {
        name: _clean_entry(name, item, path)
        for name, item in value.items()
        if not (name in _DROPPED_KEYS and len(path) <= 1)
    }


def _clean_entry(name: str, item: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    if is_secret_name(name) and name not in _REFERENCES:
        return _masked(item)
    return _clean(item, (*path, name))


def _masked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The shape of a value without its text; what Kubernetes calls a reference is kept."""
    if isinstance(value, dict):
        return {
            key: _clean(item, (key,)) if key.endswith("Ref") else _masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return REMOVED if isinstance(value, str) else value


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
