"""GitHub Actions as a step sees it: its event, its outputs and its summary.

The variables are those that the runner sets (``GITHUB_EVENT_PATH`` …). Outside of Actions all of
them are absent, and what would be written there is not written.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.settings import environment
from schemas.base import JsonObject
from schemas.chatops import FULL_NAME_PATTERN
from schemas.errors import InputFileError, OutputError, SettingsError

MAX_EVENT_BYTES = 25 * 1024 * 1024
"""GitHub sends no larger payload."""
MAX_SUMMARY_BYTES = 1024 * 1024
"""Of one step; a longer summary is refused as a whole."""
_OUTPUT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_COMMAND = re.compile(r"##\[|(?:\A|(?<=[\r\n\x0b\x0c\x85\u2028\u2029]))\s*::")
_CUT = "\n\n… the rest was left out: a summary has at most 1 MiB.\n"


class ActionsRun(BaseModel):
    """What the runner tells a step."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    event_name: str | None = None
    event_path: Path | None = None
    output: Path | None = None
    step_summary: Path | None = None
    run_attempt: int = Field(default=1, ge=1)
    run_id: int | None = Field(default=None, ge=1)
    repository: str | None = Field(default=None, pattern=FULL_NAME_PATTERN)
    server_url: str = Field(default="https://github.com", pattern=r"^https?://[^\s/@]+/?$")

    @property
    def server(self) -> str:
        """Host of the GitHub server, in lower case."""
        return (urlsplit(self.server_url).hostname or "").lower()

    @property
    def run_url(self) -> str | None:
        """Page of the run; None outside of Actions."""
        if self.repository is None or self.run_id is None:
            return None
        return f"{self.server_url.rstrip('/')}/{self.repository}/actions/runs/{self.run_id}"


def load_actions(environ: Mapping[str, str] | None = None) -> ActionsRun:
    """Read what the runner tells.

    Args:
        environ: The variables; the process' own when None.

    Raises:
        SettingsError: A variable has another form than Actions gives it.
    """
    variables = environment() if environ is None else environ
    given: dict[str, Any] = {
        name: text
        for name in ActionsRun.model_fields
        if (text := variables.get(f"GITHUB_{name.upper()}", "").strip())
    }
    try:
        return ActionsRun(**given)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    raise SettingsError(f"GITHUB_{str(details['loc'][0]).upper()}: {details['msg']}")


def read_payload(path: Path) -> JsonObject:
    """The payload of the event.

    Raises:
        InputFileError: Not readable, too large, or no JSON object.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_EVENT_BYTES + 1)
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_EVENT_BYTES:
        raise InputFileError(f"{path}: an event has at most {MAX_EVENT_BYTES} bytes")
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} is not JSON") from error
    if not isinstance(payload, dict):
        raise InputFileError(f"{path} is no JSON object")
    return payload


def write_outputs(run: ActionsRun, outputs: Mapping[str, str]) -> None:
    """Give later steps and jobs these outputs, all of them or none.

    Each value stands between two lines that nobody can foresee, so no value can end itself and
    add an output of its own.

    Raises:
        ValueError: A name that Actions would not take.
        OutputError: The runner's file cannot be written.
    """
    parts = []
    for name, value in outputs.items():
        if not _OUTPUT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an output")
        mark = f"end-{secrets.token_hex(24)}"
        parts.append(f"{name}<<{mark}\n{value}\n{mark}\n")
    _append(run.output, "".join(parts))


def add_summary(run: ActionsRun, markdown: str) -> None:
    """Add to the step's summary, cut to what the runner takes.

    Raises:
        OutputError: The runner's file cannot be written.
    """
    content = markdown.encode("utf-8", "replace")
    if len(content) > MAX_SUMMARY_BYTES:
        kept = content[: MAX_SUMMARY_BYTES - len(_CUT.encode())].decode("utf-8", "ignore")
        markdown = kept + _CUT
    _append(run.step_summary, markdown)


def harmless(text: str) -> str:
    """A text for the log in which the runner finds no command of its own.

    The runner acts on lines that begin with ``::name::`` and on ``##[name]`` anywhere in a line:
    with either, a stranger's text could set outputs or hide the log.
    """
    return _COMMAND.sub(lambda match: f"{match[0][:-1]} {match[0][-1]}", text)


def _append(path: Path | None, text: str) -> None:
    if path is None or not text:
        return
    try:
        with path.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
