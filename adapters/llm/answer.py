"""From the text of an answer to a value of the asked shape, or to words on what is wrong."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.model import T

MOST_ERRORS = 5


class NotUsable(Exception):
    """The text is no value of the shape; the message is for the model that wrote it."""


def read_answer(text: str, shape: type[T]) -> T:
    """Validate an answer, code fences and prose around it put aside.

    Raises:
        NotUsable: With what is wrong, field by field, never repeating the values.
    """
    if not text.strip():
        raise NotUsable("The answer was empty. Answer with one JSON object.")
    document = _object_in(text)
    if document is None:
        raise NotUsable("The answer holds no JSON object. Answer with one JSON object, no prose.")
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise NotUsable(_told(error)) from None


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema that the server is given."""
    return shape.model_json_schema()


def _object_in(text: str) -> dict[str, Any] | None:
    """The first JSON object of a text that is one from its first brace to its last."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    tries = 0
    while start >= 0 and tries < MOST_TRIES:
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        start = text.find("{", start + 1)
        tries += 1
    return None


MOST_TRIES = 20
"""Braces at which an object may begin; more are no answer but a text full of braces."""


def _told(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(part)[:40] for part in item['loc']) or 'the object'}: {item['msg'][:160]}"
        for item in found[:MOST_ERRORS]
    ]
    more = len(found) - len(lines)
    return "The JSON object is not valid. " + "; ".join(lines) + (f"; {more} more" if more else "")
