"""The lines of a text trigger, as fields with their values and line numbers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import TriggerError

NAMES = ("git_repo", "app_description")
RIGHT_FORM = (
    'Write two fields, in this order:\ngit_repo: "https://github.com/yourorg/your-repo"\n'
    'app_description: "What it does, its load, its stack"'
)

_MARK = r"(?:\*\*|__|[*_`\"'“”‘’])?"
_FIELD = re.compile(
    r"(?P<indent>[ \t]*)(?P<bullet>(?:[-*+•]|\d{1,2}[.)])[ \t]+)?"
    rf"(?P<open>{_MARK})(?P<name>[A-Za-z][\w.-]{{0,60}}){_MARK}[ \t]*[:：]{_MARK}(?=\s|$)"
    r"(?P<value>.*)"
)
_EQUALS = re.compile(r"[ \t]*(?:git_repo|app_description)[ \t]*=")
_NO_BLANK = re.compile(r"[ \t]*(?:git_repo|app_description)[:：](?=\S)")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*")
_RULE = re.compile(r"[ \t]*(?:-{3,}|\.{3})[ \t]*")
_COMMENT = re.compile(r"(?:^|[ \t])#(?:[ \t].*)?$")
_FULL_COMMENT = re.compile(r"[ \t]*#")
_BLOCK = re.compile(r"(?P<style>[>|])(?P<rest>[+-]?[1-9]?|[1-9][+-]?)[ \t]*(?:#.*)?")
_QUOTES = {
    '"': '"',
    "'": "'",
    "“": '”“″"',
    "”": "”",
    "„": "“”",
    "‟": "”",
    "‘": "’",
    "’": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
}
"""Each opening quote with those that may close it; word processors mix them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it was found."""

    name: str
    value: str
    line: int
    """Line of the name, from 1."""


def trigger_error(code: str, message: str, hint: str = RIGHT_FORM) -> TriggerError:
    """A `TriggerError` with the code ``trigger.…``; the hint shows the right form."""
    return TriggerError(message, code=f"trigger.{code}", hint=hint)


def fields_of(lines: Sequence[str], start: int) -> list[Field]:
    """All fields from line index `start` on.

    Raises:
        TriggerError: A line belongs to no field, or a quote never closes.
    """
    reader = _Reader(_without_html_comments(lines, start), start)
    return reader.read()


def one_of_two(fields: Sequence[Field], line_count: int) -> tuple[Field, Field]:
    """The two fields, when they are there once each, in order, with values.

    Raises:
        TriggerError: An unknown, doubled, swapped, missing or empty field.
    """
    for index, field in enumerate(fields):
        if field.name not in NAMES:
            raise trigger_error("unknown_field", _unknown(field))
        first = next(item for item in fields if item.name == field.name)
        if first is not field:
            raise trigger_error(
                "duplicate",
                f"line {field.line}: {field.name} a second time, after line {first.line}",
            )
        if field.name == NAMES[0] and index == 1:
            raise trigger_error("order", f"line {field.line}: git_repo comes after app_description")
    if not fields:
        raise trigger_error("empty", f"line {line_count}: no field up to here")
    missing = [name for name in NAMES if name not in {field.name for field in fields}]
    if missing:
        raise trigger_error(
            "missing_field", f"line {line_count}: {' and '.join(missing)} missing up to here"
        )
    empty = next((field for field in fields if not field.value.strip()), None)
    if empty:
        raise trigger_error("empty_field", f"line {empty.line}: {empty.name} is empty")
    return fields[0], fields[1]


def _unknown(field: Field) -> str:
    plain = re.sub(r"[^a-z]", "", field.name.lower())
    near = {"gitrepo": 0, "repo": 0, "repository": 0, "giturl": 0, "url": 0, "git": 0}
    near |= {"appdescription": 1, "description": 1, "appdesc": 1, "desc": 1, "app": 1}
    guess = f"; did you mean {NAMES[near[plain]]}?" if plain in near else ""
    return f"line {field.line}: {field.name!r} is not a field{guess}"


def _without_html_comments(lines: Sequence[str], start: int) -> list[str]:
    """The lines with ``<!-- … -->`` blanked; line numbers stay."""
    result, inside = list(lines), False
    for index in range(start, len(lines)):
        kept, rest = [], lines[index]
        while rest:
            mark = "-->" if inside else "<!--"
            before, found, rest = rest.partition(mark)
            if not inside:
                kept.append(before)
            inside = inside != bool(found)
        result[index] = "".join(kept) if kept or not lines[index] else ""
    return result


class _Reader:
    """Goes over the lines once; `at` is the index of the next one."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self._lines = lines
        self._at = start
        self._has_command = start > 0
        self._indent = 0
        self._fields: list[Field] = []

    def read(self) -> list[Field]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            match = self._field(line)
            if match:
                self._fields.append(self._take(match))
            elif self._ends(line):
                self._look_for_more()
                break
            elif self._is_blank(line):
                self._at += 1
            else:
                raise self._stray(line)
        return self._fields

    def _field(self, line: str) -> re.Match[str] | None:
        """The line as a field: known names anywhere, others where a field may begin."""
        match = _FIELD.fullmatch(line)
        if match is None or match["name"] in NAMES:
            return match
        if not self._fields:
            return match
        return match if len(match["indent"]) <= self._indent else None

    def _ends(self, line: str) -> bool:
        complete = {field.name for field in self._fields} >= set(NAMES)
        return complete and bool(_FENCE.fullmatch(line) or _RULE.fullmatch(line))

    def _look_for_more(self) -> None:
        """After the end other text may follow, but no further trigger."""
        for index in range(self._at + 1, len(self._lines)):
            match = _FIELD.fullmatch(self._lines[index])
            if match and match["name"] in NAMES:
                self._fields.append(Field(match["name"], match["value"], index + 1))

    @staticmethod
    def _is_blank(line: str) -> bool:
        return not line.strip() or any(
            pattern.match(line) if pattern is _FULL_COMMENT else pattern.fullmatch(line)
            for pattern in (_FENCE, _RULE, _FULL_COMMENT)
        )

    def _stray(self, line: str) -> TriggerError:
        number = self._at + 1
        if _EQUALS.match(line):
            return trigger_error("syntax", f"line {number}: a field has a colon, not =")
        if _NO_BLANK.match(line):
            return trigger_error("syntax", f"line {number}: a space must follow the colon")
        if not self._fields and not self._has_command:
            return trigger_error(
                "no_command",
                f"line {number}: text, but no /ai-provision above the fields",
                hint=f"Put /ai-provision on a line of its own. {RIGHT_FORM}",
            )
        return trigger_error(
            "stray_text",
            f"line {number}: this is no field, and belongs to none",
            hint=f"Indent what continues a value, remove the rest. {RIGHT_FORM}",
        )

    def _take(self, match: re.Match[str]) -> Field:
        line = self._at + 1
        if not self._fields:
            self._indent = len(match["indent"])
        self._at += 1
        value = match["value"].strip()
        if match["open"] in {"**", "__", "*", "_"}:
            value = value.removeprefix(match["open"]).strip()
        block = _BLOCK.fullmatch(value)
        if block:
            text = self._block(block, len(match["indent"]))
        elif value[:1] in _QUOTES:
            text = self._quoted(value, line)
        else:
            text = self._plain(value)
        return Field(match["name"], text.strip(), line)

    def _block(self, block: re.Match[str], indent: int) -> str:
        """A literal or folded block: blank lines and those indented deeper than the name."""
        taken: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at].expandtabs(4)
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            taken.append(line)
            self._at += 1
        text = textwrap.dedent("\n".join(taken)).strip("\n")
        return text if block["style"] == "|" else _folded(text)

    def _quoted(self, value: str, line: int) -> str:
        """A value in quotes, perhaps over several lines."""
        closing = _QUOTES[value[0]]
        parts = [value]
        while (end := _closing_at(parts[-1], closing, first=len(parts) == 1)) is None:
            if len(parts) == 1 and _closes_within(value, closing):
                return self._plain(value)
            if self._at >= len(self._lines) or self._is_known_field():
                raise trigger_error("quote", f"line {line}: the quote never closes")
            parts.append(self._lines[self._at].strip())
            self._at += 1
        parts[-1] = parts[-1][:end]
        parts[0] = parts[0][1:]
        return _unescaped(_folded("\n".join(parts)), value[0])

    def _plain(self, value: str) -> str:
        """A value without quotes, with the lines that continue it."""
        parts = [_COMMENT.sub("", value).strip()]
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if self._is_field_or_fence() or _RULE.fullmatch(line):
                break
            if not line.strip() and not self._continues_after_blank():
                break
            if not _FULL_COMMENT.match(line):
                parts.append(_COMMENT.sub("", line).strip())
            self._at += 1
        return _folded("\n".join(parts))

    def _continues_after_blank(self) -> bool:
        """After an empty line only an indented one still belongs to the value."""
        following = next((line for line in self._lines[self._at :] if line.strip()), "")
        indent = len(following) - len(following.lstrip())
        return indent > self._indent and not _FIELD.fullmatch(following)

    def _is_known_field(self) -> bool:
        match = self._field(self._lines[self._at])
        return match is not None and match["name"] in NAMES

    def _is_field_or_fence(self) -> bool:
        line = self._lines[self._at]
        return bool(self._field(line) or _FENCE.fullmatch(line))


def _closing_at(text: str, closing: str, *, first: bool) -> int | None:
    """Where the value's last quote stands, when only a comment follows it."""
    bare = _COMMENT.sub("", text).rstrip()
    for candidate in (bare, text.rstrip()):
        at = len(candidate) - 1
        if (
            at >= (1 if first else 0)
            and candidate[at] in closing
            and candidate[at - 1 : at] != "\\"
        ):
            return at
    return None


def _closes_within(value: str, closing: str) -> bool:
    """Whether the quote only marks the first words: ``"Fast" API``."""
    return any(character in closing for character in value[1:])


def _folded(text: str) -> str:
    """Lines joined as YAML folds them: one break is a blank, an empty line is a break."""
    paragraphs = re.split(r"\n[ \t]*\n\s*", text)
    return "\n".join(
        " ".join(line.strip() for line in paragraph.split("\n") if line.strip())
        for paragraph in paragraphs
    )


def _unescaped(text: str, quote: str) -> str:
    if quote == "'":
        return text.replace("''", "'")
    if quote == '"' and "\\" in text:
        return re.sub(r'\\(["\\/])', r"\1", text).replace("\\n", "\n").replace("\\t", " ")
    return text
