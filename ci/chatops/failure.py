"""Any error as one sentence that anybody may read."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from adapters.settings import Settings
from ci.handoff.plain import line
from schemas.errors import ProvisionError

MAX_SENTENCE = 500
"""Characters; what the publisher reads of it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, told."""

    code: str
    sentence: str
    exit_code: int


def failure_of(error: Exception, settings: Settings | None) -> Failure:
    """Message and hint in one visible line, without the value of any secret setting.

    An error that is none of ours is told by its kind alone: its text was written for nobody.
    """
    if not isinstance(error, ProvisionError):
        kind = type(error).__name__
        return Failure("internal", f"ai-provision has a fault ({kind}); the log says more", 3)
    parts = [error.message, error.hint.partition("\n")[0]]
    text = ". ".join(part.strip().rstrip(".") for part in parts if part.strip())
    for secret in secrets_of(settings) if settings else ():
        text = text.replace(secret, "***")
    return Failure(error.code, line(text, MAX_SENTENCE) or "no reason was given", error.exit_code)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The values of all secret settings, longest first; a default is no secret."""
    values = (
        value.get_secret_value()
        for name, field in Settings.model_fields.items()
        if isinstance(value := getattr(settings, name), SecretStr) and value != field.default
    )
    return tuple(sorted(filter(None, values), key=len, reverse=True))
