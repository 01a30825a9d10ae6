"""Expressions of workflows, as GitHub documents them: as much as the workflows here use.

``evaluate("github.event.issue.locked && 'a' || 'b'", contexts)``. Anything else (an unknown
function, an index, an operator that is not known) is an error, so that no condition passes by
being misread.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<sign>&&|\|\||==|!=|!|\(|\)|,|\.))"
)
_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS = ("always", "success", "failure", "cancelled")


def evaluate(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
    """The value of an expression without its ``${{ }}``."""
    parser = _Parser(_tokens(text), contexts, status)
    value = parser.either()
    assert parser.done, f"cannot read {text!r}"
    return value


def condition(text: str | None, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> bool:
    """Whether an ``if`` holds; without a status function ``success()`` is asked as well."""
    text = (text or "").strip()
    text = text.removeprefix("${{").removesuffix("}}").strip() if text.startswith("${{") else text
    named = {name for kind, name in _tokens(text) if kind == "name"}
    if not named & set(STATUS) and not status["success"]:
        return False
    return not text or truthy(evaluate(text, contexts, status))


def filled(text: Any, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> str:
    """A value of a workflow with all its expressions evaluated."""
    if isinstance(text, bool):
        return "true" if text else "false"
    return _HOLE.sub(
        lambda match: shown(evaluate(match[1], contexts, status)), "" if text is None else str(text)
    )


def truthy(value: Any) -> bool:
    return value not in (None, False, 0, "")


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, str | int | float), value
    return str(value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None, f"cannot read {text[place:]!r}"
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    return found


class _Parser:
    def __init__(
        self,
        tokens: list[tuple[str, str]],
        contexts: Mapping[str, Any],
        status: Mapping[str, bool],
    ) -> None:
        self._tokens, self._contexts, self._status = tokens, contexts, status
        self._place = 0

    @property
    def done(self) -> bool:
        return self._place == len(self._tokens)

    def either(self) -> Any:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = value if truthy(value) else other
        return value

    def _both(self) -> Any:
        value = self._equal()
        while self._next("&&"):
            other = self._equal()
            value = other if truthy(value) else value
        return value

    def _equal(self) -> Any:
        value = self._single()
        while True:
            if self._next("=="):
                value = _same(value, self._single())
            elif self._next("!="):
                value = not _same(value, self._single())
            else:
                return value

    def _single(self) -> Any:
        if self._next("!"):
            return not truthy(self._single())
        if self._next("("):
            value = self.either()
            assert self._next(")")
            return value
        kind, text = self._tokens[self._place]
        self._place += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        assert kind == "name", f"unexpected {text!r}"
        literals = {"true": True, "false": False, "null": None}
        if text in literals:
            return literals[text]
        return self._call(text) if self._next("(") else self._look_up(text)

    def _look_up(self, name: str) -> Any:
        assert name in self._contexts, f"there is no context {name!r} here"
        value = self._contexts[name]
        while self._next("."):
            kind, key = self._tokens[self._place]
            assert kind == "name"
            self._place += 1
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._next(")"):
            arguments.append(self.either())
            self._next(",")
        if name in STATUS:
            assert not arguments
            return self._status[name]
        assert name in _FUNCTIONS, f"there is no function {name!r} here"
        return _FUNCTIONS[name](*arguments)

    def _next(self, sign: str) -> bool:
        if not self.done and self._tokens[self._place] == ("sign", sign):
            self._place += 1
            return True
        return False


def _same(one: Any, other: Any) -> bool:
    """Texts are compared without case; different kinds as numbers, which here only null needs."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is type(other):
        return bool(one == other)
    return _number(one) == _number(other)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _starts_with(text: Any, start: Any) -> bool:
    return shown(text).lower().startswith(shown(start).lower())


def _format(form: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda match: shown(values[int(match[1])]), form)


_FUNCTIONS: dict[str, Callable[..., Any]] = {"startsWith": _starts_with, "format": _format}
