"""The trigger: two fields for people, a payload for machines.

The text form is written by people into comments and files, so it arrives dressed in many ways::

    text above
    /ai-provision env=prod
    ```yaml
    git_repo: "https://github.com/acme/shop"   # a comment
    app_description: >-
      Inventory service, 2000 QPS peak,
      strong consistency
    ```

Accepted beside that: no command (then the fields come first), no quotes, smart quotes, literal and
folded blocks, values that go on over several lines, bullets, bold or code marks around a name,
links and autolinks around the URL, HTML comments, CRLF, BOM and no-break spaces. A ``#`` opens a
comment at the start of a line, or between blanks; ``C#`` and ``issue #12`` are text.

A text that starts with ``{`` is the payload form, see `dca.payload`.
"""

from __future__ import annotations

import re

from dca.payload import parse_payload
from dca.trigger_fields import checked_trigger, clean, refuse_characters
from dca.trigger_text import Field, fields_of, one_of_two, trigger_error
from schemas.trigger import Environment, Trigger

MAX_TEXT_BYTES = 64 * 1024
"""A description of the greatest length with all its dressing fits; a book does not."""

_COMMAND = re.compile(r" {0,3}/ai-provision(?![\w/-])(?P<options>.*)", re.IGNORECASE)
_LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\(\s*<?(?P<url>[^()\s<>]+)>?\s*\)")
_ENVIRONMENTS = "|".join(Environment)


def parse_trigger(text: str) -> Trigger:
    """Read a trigger in either form.

    Raises:
        TriggerError: The message names the line (or the field of a payload), the hint shows the
            right form.
    """
    if text.lstrip("\ufeff \t\r\n\u00a0").startswith("{"):
        return parse_payload(text)
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise trigger_error("too_long", f"the trigger is longer than {MAX_TEXT_BYTES} bytes")
    lines = clean(text).split("\n")
    refuse_characters("\n".join(lines), "the trigger")
    start, environment = _after_command(lines)
    git_repo, description = one_of_two(fields_of(lines, start), len(lines))
    return checked_trigger(
        _repository(git_repo), description.value, environment, f"line {description.line}: "
    )


def _after_command(lines: list[str]) -> tuple[int, Environment]:
    """Index of the line after the command (0 without one) and the environment asked for."""
    found = [(index, match) for index, line in enumerate(lines) if (match := _COMMAND.match(line))]
    if len(found) > 1:
        raise trigger_error(
            "several_commands",
            f"line {found[1][0] + 1}: a second /ai-provision, after the one on line "
            f"{found[0][0] + 1}",
            hint="Ask for one repository in each comment.",
        )
    if not found:
        return 0, Environment.PROD
    index, match = found[0]
    return index + 1, _environment(match["options"].split(), index + 1)


def _environment(options: list[str], line: int) -> Environment:
    environment = None
    for option in options:
        name, _, value = option.partition("=")
        if name != "env" or not value:
            raise trigger_error(
                "unknown_option",
                f"line {line}: {option[:40]!r} is no option of /ai-provision",
                hint=f"The only option is env={_ENVIRONMENTS}; the fields stand below.",
            )
        if value not in list(Environment):
            raise trigger_error(
                "environment",
                f"line {line}: {value[:40]!r} is no environment",
                hint=f"Write env={_ENVIRONMENTS}.",
            )
        if environment is not None:
            raise trigger_error("duplicate", f"line {line}: env is given twice")
        environment = Environment(value)
    return environment or Environment.PROD


def _repository(field: Field) -> str:
    value = field.value.strip().strip("`").strip()
    link = _LINK.fullmatch(value)
    if link:
        shown = link["text"].strip("`<> ")
        if "://" in shown and shown.rstrip("/") != link["url"].rstrip("/"):
            raise trigger_error(
                "url", f"line {field.line}: the link shows one URL and leads to another"
            )
        value = link["url"]
    if value.startswith("<") and value.endswith(">"):
        value = value[1:-1].strip()
    if not value:
        raise trigger_error("empty_field", f"line {field.line}: git_repo is empty")
    if any(character.isspace() for character in value):
        raise trigger_error("url", f"line {field.line}: git_repo is not one URL")
    return value
