"""Measured amounts as people read them: three significant digits, with the unit of Kubernetes.

Recommended numbers are never rounded: they are written by `schemas.quantities`, as in the patch.
"""

from __future__ import annotations

from schemas.quantities import GIB, MIB, TIB

_UNITS = ((TIB, "Ti"), (GIB, "Gi"), (MIB, "Mi"))


def cpu_text(cores: float) -> str:
    """Measured CPU: millicores below one core, else cores.

    >>> cpu_text(0.1204), cpu_text(0.0031), cpu_text(2.346)
    ('120m', '3.1m', '2.35')
    """
    millicores = cores * 1000
    if millicores >= 999.5:
        return three_digits(cores)
    return f"{millicores:.0f}m" if millicores >= 9.95 or millicores == 0 else f"{millicores:.1f}m"


def memory_text(amount_bytes: float) -> str:
    """Measured memory in the largest unit that leaves a whole part.

    >>> memory_text(210.4 * 2**20), memory_text(1.5 * 2**30), memory_text(3 * 2**20)
    ('210Mi', '1.5Gi', '3Mi')
    """
    for size, suffix in _UNITS:
        if amount_bytes >= size * 0.9995:
            return three_digits(amount_bytes / size) + suffix
    return three_digits(amount_bytes / MIB) + "Mi"


def share_text(share: float) -> str:
    """A share as a percentage: 0.021 is ``2 %``, 0.004 is ``0.4 %``."""
    percent = share * 100
    digits = 1 if 0 < percent < 1 else 0
    return f"{percent:.{digits}f} %"


def three_digits(value: float) -> str:
    """At most three significant digits, no exponent, no trailing zeros.

    >>> three_digits(1234.5), three_digits(12.345), three_digits(0.05)
    ('1234', '12.3', '0.05')
    """
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
