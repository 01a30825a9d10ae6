"""How much real use a deployment sees."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """How much real use a deployment sees."""

    SAMPLE = "sample"
    """A demo, or a development environment."""
    GENERAL = "general"
    """An installation of which nothing more is said."""
    PRODUCTION = "production"
    """Stated to be in real use."""
