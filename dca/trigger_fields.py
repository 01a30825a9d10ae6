"""The two fields, however they arrived: cleaned, bounded, and free of hidden characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dca.trigger_text import trigger_error
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS, Environment, Trigger

MAX_URL_CHARACTERS = 2048

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NEWLINES = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")


def make_trigger(git_repo: str, app_description: str, environment: Environment) -> Trigger:
    """Make a trigger from two values, for example those of command line flags.

    Raises:
        TriggerError: A value is empty, too long, or contains control characters.
    """
    for name, value in (("git_repo", git_repo), ("app_description", app_description)):
        refuse_characters(value, name)
    if not git_repo.strip():
        raise trigger_error("empty_field", "git_repo is empty")
    return checked_trigger(git_repo.strip(), clean(app_description).strip(), environment, "")


def refuse_characters(text: str, what: str) -> None:
    """Refuse control and bidirectional characters, which hide what a text really says.

    Raises:
        TriggerError: Names the line and the character.
    """
    for number, line in enumerate(_NEWLINES.sub("\n", text).split("\n"), 1):
        bad = next(_bad_characters(line), None)
        if bad is not None:
            raise trigger_error(
                "character",
                f"line {number}: {what} contains the invisible character U+{ord(bad):04X}",
                hint="Remove it, or type the line anew.",
            )


def _bad_characters(line: str) -> Iterator[str]:
    for character in line:
        code = ord(character)
        control = (code < 32 and character != "\t") or 0x7F <= code < 0xA0
        if control or 0xD800 <= code <= 0xDFFF or _BIDI.match(character):
            yield character


def clean(text: str) -> str:
    """Line ends, blanks and invisible characters as a plain editor would have written them."""
    return _INVISIBLE.sub("", _BLANKS.sub(" ", _NEWLINES.sub("\n", text)))


def checked_trigger(
    git_repo: str, description: str, environment: Environment, where: str
) -> Trigger:
    """The trigger of two cleaned values; `where` begins the error, for example ``line 3: ``.

    Raises:
        TriggerError: A value is empty or too long.
    """
    if not description:
        raise trigger_error("empty_field", f"{where}app_description is empty")
    for name, value, longest in (
        ("git_repo", git_repo, MAX_URL_CHARACTERS),
        ("app_description", description, MAX_DESCRIPTION_CHARACTERS),
    ):
        if len(value) > longest:
            raise trigger_error("too_long", f"{name} is longer than {longest} characters")
    return Trigger(git_repo=git_repo, app_description=description, environment=environment)
