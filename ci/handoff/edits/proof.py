"""What a document means, and whether two meanings are the same."""

from __future__ import annotations

from typing import Any

from ci.handoff.edits.result import EditRefused
from ci.handoff.helm_fields import canonical
from dca.repository.deployment.documents import UnreadableError, parse

Path = tuple[str, ...]


def meaning(text: str) -> Any:  # noqa: ANN401 - any YAML value
    """The value of one document, read by a safe and bounded loader.

    Raises:
        EditRefused: It cannot be read.
    """
    try:
        return parse(text)
    except UnreadableError as error:
        raise EditRefused(f"the file cannot be read: {error}") from error


def resource_of(path: Path) -> str | None:
    """``cpu`` or ``memory`` when a quantity stands at the path, else None."""
    name = path[-1].lower() if path else ""
    if "cpu" in name:
        return "cpu"
    return "memory" if name in ("memory", "mem", "ram") or name.startswith("mem") else None


def same(first: Any, second: Any, path: Path = ()) -> bool:  # noqa: ANN401 - any JSON value
    """Whether two values are equal: types count, and quantities are the same amount.

    ``cpu: 1`` and ``cpu: "1000m"`` are the same, ``value: 1`` and ``value: "1"`` are not.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            same(value, second[key], (*path, key)) for key, value in first.items()
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(
            same(left, right, path) for left, right in zip(first, second, strict=True)
        )
    if type(first) is type(second) and first == second:
        return True
    resource = resource_of(path)
    if resource is None or not (_is_amount(first) and _is_amount(second)):
        return False
    return canonical(str(first), resource) == canonical(str(second), resource)


def _is_amount(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
