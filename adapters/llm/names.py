"""Names of models as users write them: ``none``, ``auto``, ``provider/model``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import SettingsError
from schemas.model import Asker

_FORM = re.compile(r"([a-z][a-z0-9-]*)/([A-Za-z0-9][\w.:/@-]{0,199})")


class Provider(StrEnum):
    """Whom a model is asked through."""

    OLLAMA = "ollama"
    OPENAI = "openai"
    OPENAI_LIKE = "openai-like"
    """Any server that speaks OpenAI's chat API: vLLM, llama.cpp, LM Studio."""
    ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class ModelName:
    """One model."""

    provider: Provider
    model: str

    def __str__(self) -> str:
        return f"{self.provider.value}/{self.model}"


def parse_model(text: str) -> ModelName | None:
    """Read ``provider/model``; None for ``none``.

    Raises:
        SettingsError: Another form, or a provider that does not exist.
    """
    if text == "none":
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise SettingsError(
            f"--llm {text[:80]!r} is not none, auto or PROVIDER/MODEL",
            code="settings.llm",
            hint="Write for example --llm ollama/llama3.1.",
        )
    try:
        return ModelName(Provider(found[1]), found[2])
    except ValueError:
        known = ", ".join(provider.value for provider in Provider)
        raise SettingsError(
            f"--llm {text[:80]}: there is no provider {found[1]}",
            code="settings.llm",
            hint=f"The providers are {known}.",
        ) from None


def parse_agents(text: str | None) -> dict[Asker, str]:
    """Read ``pipa=ollama/qwen3,rva=none``; the setting's own pattern has checked the form."""
    pairs = (item.partition("=") for item in (text or "").split(",") if item)
    return {Asker(name): value for name, _, value in pairs}
