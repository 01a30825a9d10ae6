"""Numbers as people write them in a sentence."""

from __future__ import annotations


def number(value: float) -> str:
    """A number as people write it in a sentence: at most three decimals, no trailing zeros."""
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return text.rstrip("0").rstrip(".")


def mib(value: float) -> str:
    """Memory in a sentence."""
    return f"{number(value)} MiB"


def millicores(value: float) -> str:
    """CPU in a sentence: 250 is ``250m``."""
    return f"{number(round(value, 1))}m"
