"""The payload form of a trigger: one JSON object, for machines.

======================  ===========================================================================
``app_metadata``        object with ``git_repo`` and ``app_description`` (both may stand at the top
                        instead); what else it holds is kept as it is
``historical_metrics``  object, kept as it is
``deployment_context``  object, see `dca.payload_cluster`; its ``environment`` is ``dev``,
                        ``staging`` or ``prod``
``service_manifest``    a Kubernetes document, a list of them, or their YAML text
======================  ===========================================================================

Any other key at the top is an error, and so is ``null`` in place of a needed value. The object is
data: nothing of it is executed, and its size and depth are limited before it is read.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from dca.payload_cluster import cluster_facts
from dca.payload_manifest import manifest_documents
from dca.trigger_fields import make_trigger
from dca.trigger_text import trigger_error
from schemas.base import JsonObject
from schemas.errors import TriggerError
from schemas.trigger import Environment, Trigger

MAX_PAYLOAD_BYTES = 4 << 20
MAX_DEPTH = 64
"""Kubernetes objects are about 15 deep."""
RIGHT_FORM = (
    'Write for example {"app_metadata": {"git_repo": "https://github.com/yourorg/your-repo", '
    '"app_description": "What it does, its load, its stack"}}'
)
KEYS = (
    "git_repo",
    "app_description",
    "app_metadata",
    "historical_metrics",
    "deployment_context",
    "service_manifest",
)
_ENVIRONMENT_NAMES = {
    "dev": Environment.DEV,
    "development": Environment.DEV,
    "staging": Environment.STAGING,
    "stage": Environment.STAGING,
    "prod": Environment.PROD,
    "production": Environment.PROD,
}


def parse_payload(text: str) -> Trigger:
    """Read the payload form.

    Raises:
        TriggerError: Not JSON, too large or deep, an unknown key, or a value of the wrong shape;
            the message names the field.
    """
    payload = _load(text)
    unknown = [key for key in payload if key not in KEYS]
    if unknown:
        listed = ", ".join(repr(key[:60]) for key in unknown[:5])
        raise trigger_error(
            "unknown_field",
            f"the payload has unknown keys: {listed}",
            hint=f"Its keys are {', '.join(KEYS)}.",
        )
    context = _object(payload, "deployment_context") or {}
    metadata = dict(_object(payload, "app_metadata") or {})
    trigger = make_trigger(
        _text(payload, metadata, "git_repo"),
        _text(payload, metadata, "app_description"),
        _environment(context),
    )
    return trigger.model_copy(
        update={
            "app_metadata": metadata,
            "historical_metrics": _object(payload, "historical_metrics"),
            "cluster": cluster_facts(context) if context else None,
            "service_manifest": manifest_documents(payload.get("service_manifest")),
        }
    )


def _load(text: str) -> JsonObject:
    if len(text.encode("utf-8", "replace")) > MAX_PAYLOAD_BYTES:
        raise _wrong("too_long", f"the payload is larger than {MAX_PAYLOAD_BYTES} bytes")
    _refuse_depth(text)
    try:
        loaded = json.loads(
            text.lstrip("\ufeff \t\r\n\u00a0"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise _wrong(
            "json", f"line {error.lineno}: the payload is not JSON: {error.msg}"
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise _wrong("json", "the payload holds a number that is too long") from error
    if not isinstance(loaded, dict):
        raise _wrong("json", "the payload is not an object")
    _refuse_surrogates(loaded)
    return loaded


def _refuse_depth(text: str) -> None:
    """Refuse deep nesting before the parser recurses; brackets in strings do not count."""
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _wrong("depth", f"the payload is nested more than {MAX_DEPTH} deep")
        elif character in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> JsonObject:
    result: JsonObject = {}
    for key, value in pairs:
        if key in result:
            raise _wrong("duplicate", f"the payload has the key {key[:60]!r} twice")
        result[key] = value
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise _wrong("json", f"the payload holds {name}, which is not JSON")


def _refuse_surrogates(loaded: JsonObject) -> None:
    """Half a character cannot be written out again."""
    try:
        json.dumps(loaded, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _wrong("character", "the payload holds half of a character (a surrogate)") from error


def _object(payload: JsonObject, key: str) -> JsonObject | None:
    value = payload.get(key)
    if value is not None and not isinstance(value, dict):
        raise _wrong("payload_field", f"{key} is not an object")
    return value


def _text(payload: JsonObject, metadata: JsonObject, key: str) -> str:
    """One of the two fields, which may stand in two places but not differ."""
    inside = metadata.pop(key, None)
    values = [value for value in (inside, payload.get(key)) if value is not None]
    if not values:
        raise _wrong("missing_field", f"app_metadata.{key} is missing")
    if any(not isinstance(value, str) for value in values):
        raise _wrong("payload_field", f"app_metadata.{key} is not text")
    if len(set(values)) > 1:
        raise _wrong("duplicate", f"{key} and app_metadata.{key} differ")
    return str(values[0])


def _environment(context: JsonObject) -> Environment:
    value = context.get("environment")
    if value is None:
        return Environment.PROD
    found = _ENVIRONMENT_NAMES.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise _wrong(
            "environment", f"deployment_context.environment: {str(value)[:40]!r} is not known"
        )
    return found


def _wrong(code: str, message: str) -> TriggerError:
    return trigger_error(code, message, hint=RIGHT_FORM)
