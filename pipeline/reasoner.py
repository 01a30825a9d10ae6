"""Which language model takes part in an evaluation; so far none does, and the table says so."""

from __future__ import annotations

import re

from schemas.errors import SettingsError
from schemas.run import ReasonerChoice

_FORM = re.compile(r"[a-z][a-z0-9-]*/[A-Za-z0-9][\w.:/-]*")


def choose_reasoner(requested: str) -> ReasonerChoice:
    """Resolve ``none``, ``auto`` or ``provider/model``.

    Raises:
        SettingsError: Another word, or a model: this version has no model access, and going on
            without the model that was asked for would be a lie.
    """
    match requested:
        case "none":
            return ReasonerChoice(requested="none", used="none", why="asked for")
        case "auto":
            why = "this version has no model access; the deterministic models decide"
            return ReasonerChoice(requested="auto", used="none", why=why)
        case _ if _FORM.fullmatch(requested):
            raise SettingsError(
                f"--llm {requested}: this version has no model access",
                code="settings.llm",
                hint="Use --llm none or --llm auto; the numbers need no model.",
            )
        case _:
            raise SettingsError(
                f"--llm {requested!r} is not none, auto or PROVIDER/MODEL",
                code="settings.llm",
                hint="Write for example --llm ollama/llama3.1.",
            )
