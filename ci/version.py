"""The version of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _installed


def version() -> str:
    """The version, or ``unknown`` when the tree is run without being installed."""
    try:
        return _installed("ai-provision")
    except PackageNotFoundError:
        return "unknown"
