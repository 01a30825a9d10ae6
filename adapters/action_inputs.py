"""The inputs of the Action, as ``action.yml`` hands them over: variables ``INPUT_…``.

An input that is left out arrives as an empty text. What is a setting already is checked as that
setting; everything else is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from adapters.settings import PREFIX, Settings, environment, load_settings
from schemas.errors import SettingsError
from schemas.trigger import Environment

SETTING_OF: Mapping[str, str] = {
    "prometheus_url": "prometheus_url",
    "prometheus_token": "prometheus_token",
    "llm": "llm",
    "llm_url": "llm_url",
    "llm_api_key": "llm_api_key",
    "policy": "policy_file",
    "prices": "price_file",
    "knowledge": "knowledge",
    "github_token": "github_token",
}
"""Inputs that are settings, by the setting's name; an input that is given counts before the
setting's own variable."""


class FailOn(StrEnum):
    """What makes the step fail."""

    NEVER = "never"
    BLOCKING = "blocking"
    """A blocking finding, or a component without numbers."""
    WARNING = "warning"
    """As `BLOCKING`, and a warning."""
    DIFFERENCE = "difference"
    """As `BLOCKING`, and a manifest that differs from the recommendation or is missing."""


class ActionInputs(BaseModel):
    """The inputs that are no settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_description: str = ""
    git_repo: str | None = None
    environment: Environment = Environment.PROD
    working_directory: Path = Path()
    """The repository's checkout, below the workspace."""
    out: Path = Path("ai-provision-out")
    fail_on: FailOn = FailOn.BLOCKING
    comment: bool = False
    github_token: SecretStr | None = Field(default=None, exclude=True)


def load_inputs(environ: Mapping[str, str] | None = None) -> tuple[ActionInputs, Settings]:
    """Read the inputs, and the settings with the inputs laid over them.

    Args:
        environ: The variables; the process' own when None.

    Raises:
        SettingsError: An input cannot be used; the value itself is not repeated.
    """
    variables = environment() if environ is None else environ
    given: dict[str, Any] = {
        name: text
        for name in ActionInputs.model_fields
        if (text := variables.get(f"INPUT_{name.upper()}", "").strip())
    }
    try:
        inputs = ActionInputs(**given)
    except ValidationError as error:
        # Without the value, in the message and in the chain of causes: it may be a secret.
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    else:
        return inputs, _settings(variables)
    name = str(details["loc"][0]).replace("_", "-")
    raise SettingsError(f"the input {name}: {details['msg']}", code="input.invalid")


def _settings(variables: Mapping[str, str]) -> Settings:
    over = {
        f"{PREFIX}{setting.upper()}": text
        for name, setting in SETTING_OF.items()
        if (text := variables.get(f"INPUT_{name.upper()}", "").strip())
    }
    return load_settings({**variables, **over})
