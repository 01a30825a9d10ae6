"""The text of a Dockerfile: instructions with their lines, heredocs, variables, the header."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dockerfile_parse import DockerfileParser

from dca.repository.deployment.credentials import REMOVED, clean_text, is_secret_name

MAX_CHARACTERS = 256 * 1024
MAX_LINES = 6_000
"""dockerfile-parse joins continued lines one by one, which costs the square of their length."""

_DIRECTIVE = re.compile(r"^\s*#\s*escape\s*=\s*(\\|`)\s*$", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]{0,60})\1")
_INSTRUCTION = re.compile(r"^\s*([A-Za-z]{2,20})\s")
_VARIABLE = re.compile(
    r"\\\$|\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?([-+?])([^{}]{0,500}))?\})"
)
_HEADER = re.compile(r"^#\s*-{2,}\s*application metadata\s*-{2,}\s*$", re.IGNORECASE)
_HEADER_END = re.compile(r"^#\s*-{2,}[\s-]*$")
_HEADER_LINE = re.compile(r"^#\s*([A-Za-z][A-Za-z0-9 _./-]{0,60}?)\s*:\s*(\S.*)$")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction."""

    word: str
    """In capitals."""
    value: str
    line: int
    """First line, from 1."""
    heredoc: tuple[str, ...] = ()
    """Lines of the heredocs that it opens."""


def instructions(text: str) -> list[Instruction]:
    """Instructions in order; comments left out, ``ONBUILD`` ignored.

    A file beyond `MAX_CHARACTERS` or `MAX_LINES` is read up to there.
    """
    lines, heredocs = _without_heredocs(text[:MAX_CHARACTERS].splitlines()[:MAX_LINES])
    parser = DockerfileParser(fileobj=io.BytesIO("\n".join(lines).encode() + b"\n"))
    found: list[Instruction] = []
    for item in parser.structure:
        word, start = item["instruction"], item["startline"]
        if word in ("COMMENT", "ONBUILD"):
            continue
        value = " ".join(str(item["value"] or "").split("\n")).strip()
        body: list[str] = []
        for line in range(start, item["endline"] + 1):
            body.extend(heredocs.get(line, ()))
        found.append(Instruction(word, value, start + 1, tuple(body)))
    return found


def _without_heredocs(lines: list[str]) -> tuple[list[str], dict[int, list[str]]]:
    """Blank heredoc bodies; close up blank lines inside a continued instruction."""
    escape = _escape_character(lines)
    out: list[str] = []
    heredocs: dict[int, list[str]] = {}
    pending: list[str] = []
    owner, continued = 0, False
    for number, line in enumerate(lines):
        stripped = line.strip()
        if pending and not continued:
            if stripped == pending[0]:
                pending.pop(0)
            else:
                heredocs.setdefault(owner, []).append(line)
            out.append("")
            continue
        comment = stripped.startswith("#")
        if continued and not stripped:
            out.append(escape)
            continue
        out.append(line)
        if comment:
            continue
        if _may_open_heredoc(line, continued):
            pending.extend(match[2] for match in _HEREDOC.finditer(line))
            owner = number
        continued = stripped.endswith(escape)
    return out, heredocs


def _may_open_heredoc(line: str, continued: bool) -> bool:
    if "<<" not in line or "<<<" in line:
        return False
    word = _INSTRUCTION.match(line)
    return continued or (word is not None and word[1].upper() in ("RUN", "COPY", "ADD"))


def _escape_character(lines: list[str]) -> str:
    for line in lines:
        match = _DIRECTIVE.match(line)
        if match:
            return match[1]
        if not line.lstrip().startswith("#"):
            break
    return "\\"


def substitute(text: str, variables: Mapping[str, str], *, keep_unknown: bool = False) -> str:
    """Fill in ``$X``, ``${X}``, ``${X:-default}`` and ``${X:+other}``.

    Args:
        text: Text with variables.
        variables: What is known.
        keep_unknown: Leave a variable without value and default as it is written, instead of
            dropping it.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return match[0]
        operator, word = match[3], match[4] or ""
        known = variables.get(name, "")
        if operator == "+":
            return _once(word, variables) if known else ""
        if known:
            return known
        if operator == "-":
            return _once(word, variables)
        return match[0] if keep_unknown else ""

    return _VARIABLE.sub(value, text[:MAX_CHARACTERS])[:MAX_CHARACTERS]


def _once(word: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2] or "", ""), word)


def application_metadata(text: str) -> tuple[dict[str, str], int]:
    """The ``# --- Application Metadata ---`` header and its line, empty and 0 without one.

    Values of keys such as ``Password`` are removed: the header is shown.
    """
    found: dict[str, str] = {}
    started = 0
    for number, line in enumerate(text[:MAX_CHARACTERS].splitlines()[:MAX_LINES], start=1):
        stripped = line.strip()[:600]
        if not started:
            started = number if _HEADER.match(stripped) else 0
            continue
        if not stripped.startswith("#") or _HEADER_END.match(stripped):
            break
        pair = _HEADER_LINE.match(stripped)
        if pair:
            key = pair[1].strip()
            found[key] = REMOVED if is_secret_name(key) else clean_text(pair[2].strip())
    return found, started
