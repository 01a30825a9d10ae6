"""Settings files in YAML: small, without aliases, each error with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import SettingsError

MAX_BYTES = 256 * 1024
"""No policy or price file that a person keeps is larger."""


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases (they can blow up) and without doubled keys (one is lost)."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - PyYAML's own signature
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML has none
            raise yaml.MarkedYAMLError(problem="an alias, which is not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(str(getattr(key, "value", "")))
        return super().construct_mapping(node, deep)


def read_mapping(path: Path, *, what: str) -> Mapping[str, Any]:
    """The mapping in a YAML (or JSON) file.

    Args:
        path: The file.
        what: What the file is, for the errors: ``policy``, ``price list``.

    Raises:
        SettingsError: Not readable, too large, not YAML, or no mapping; names file and line.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"{path}: the {what} cannot be read: {error.strerror or error}",
            code=f"{_word(what)}.unreadable",
        ) from error
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{path}: the {what} is larger than {MAX_BYTES // 1024} KiB")
    try:
        # A subclass of SafeLoader: it makes plain values only.
        value = yaml.load(content.decode(), Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path}{_place(error)}: the {what} is not valid YAML: {_reason(error)}",
            code=f"{_word(what)}.invalid",
        ) from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise SettingsError(f"{path}: the {what} is no mapping of names to values")
    return value


def _word(what: str) -> str:
    return what.split()[0]


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


def _reason(error: Exception) -> str:
    return str(getattr(error, "problem", None) or type(error).__name__)[:200]
