"""Kubernetes quantities: the one place where text becomes millicores and bytes, and back.

The grammar, the rounding and the canonical form follow ``ParseQuantity`` and ``CanonicalizeBytes``
of kubernetes/apimachinery ``pkg/api/resource/quantity.go``:

* sign, digits with an optional fraction, then one of ``Ki Mi Gi Ti Pi Ei`` (binary),
  ``n u m (none) k M G T P E`` (decimal) or ``e``/``E`` with a signed whole exponent;
* a value finer than one nano is rounded away from zero, one beyond 2**63-1 is capped;
* canonical: no fraction, the largest suffix that keeps the value whole; a binary amount under 1024
  or with a fraction is written in the decimal form.

>>> parse_quantity("1.5Gi").canonical()
'1536Mi'
>>> parse_quantity("0.1").canonical()
'100m'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, NewType

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from schemas.errors import QuantityError

Millicores = NewType("Millicores", int)
"""CPU time, thousandths of one core."""
Bytes = NewType("Bytes", int)
"""Memory or storage."""

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40

_NANO = 10**9
_CAP = 2**63 - 1
_MAX_LENGTH = 64
"""Longer text is refused unread: no amount needs it, and a huge exponent would cost time."""
_FORM = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?"
    r"(?P<suffix>Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?"
)
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_BY_EXPONENT = {exponent: suffix for suffix, exponent in _DECIMAL.items()}


class QuantityFormat(StrEnum):
    """How a quantity was written, which its canonical form keeps."""

    BINARY_SI = "BinarySI"
    DECIMAL_SI = "DecimalSI"
    DECIMAL_EXPONENT = "DecimalExponent"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount in billionths, with the format it was written in."""

    nano: int
    format: QuantityFormat = QuantityFormat.DECIMAL_SI

    def canonical(self) -> str:
        """The text that the Kubernetes API would store."""
        if self.nano == 0:
            return "0"
        binary = self.format is QuantityFormat.BINARY_SI
        if binary and self.nano % _NANO == 0 and abs(self.nano) >= 1024 * _NANO:
            return _with_binary_suffix(self.nano // _NANO)
        return _with_decimal_suffix(self.nano, self.format)


def parse_quantity(text: str) -> Quantity:
    """Read a quantity as the Kubernetes API server does.

    Raises:
        QuantityError: The text is not a quantity.
    """
    match = _FORM.fullmatch(text) if 0 < len(text) <= _MAX_LENGTH else None
    if match is None:
        raise QuantityError(
            f"{text[:_MAX_LENGTH]!r} is not a Kubernetes quantity",
            hint="Write for example 250m or 0.5 (CPU), 512Mi or 1Gi (memory).",
        )
    suffix = match["suffix"] or ""
    format_, factor = _scale(suffix)
    digits = Fraction(Decimal(f"{match['whole'] or '0'}.{match['fraction'] or '0'}"))
    nano = min(_round_up(digits * factor * _NANO), _CAP * _NANO)
    return Quantity(-nano if match["sign"] == "-" else nano, format_)


def cpu_millicores(text: str) -> Millicores:
    """CPU text as whole millicores, rounded up as the scheduler does.

    Raises:
        QuantityError: Not a quantity, or negative.
    """
    return Millicores(_scaled(text, _NANO // 1000))


def memory_bytes(text: str) -> Bytes:
    """Memory text as whole bytes, rounded up.

    Raises:
        QuantityError: Not a quantity, or negative.
    """
    return Bytes(_scaled(text, _NANO))


def format_cpu(amount: int) -> str:
    """Millicores as canonical text: 250 is ``250m``, 2000 is ``2``."""
    return Quantity(amount * (_NANO // 1000)).canonical()


def format_memory(amount: int) -> str:
    """Bytes as canonical binary text: 2**29 is ``512Mi``."""
    return Quantity(amount * _NANO, QuantityFormat.BINARY_SI).canonical()


def _scale(suffix: str) -> tuple[QuantityFormat, Fraction]:
    if suffix in _BINARY:
        return QuantityFormat.BINARY_SI, Fraction(2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return QuantityFormat.DECIMAL_SI, Fraction(10) ** _DECIMAL[suffix]
    # Beyond these the result is 0 rounded up, or the cap, whatever the digits are.
    exponent = max(-200, min(200, int(suffix[1:])))
    return QuantityFormat.DECIMAL_EXPONENT, Fraction(10) ** exponent


def _round_up(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _scaled(text: str, nano_per_unit: int) -> int:
    quantity = parse_quantity(text)
    if quantity.nano < 0:
        raise QuantityError(f"{text!r} is negative", hint="Resources cannot be negative.")
    return _round_up(Fraction(quantity.nano, nano_per_unit))


def _with_binary_suffix(value: int) -> str:
    best = ""
    for suffix, power in _BINARY.items():
        if value % (1 << power) == 0:
            best = suffix
    return f"{value >> _BINARY[best] if best else value}{best}"


def _with_decimal_suffix(nano: int, format_: QuantityFormat) -> str:
    exponent = -9
    while nano % 1000 == 0 and exponent < 18:
        nano //= 1000
        exponent += 3
    if format_ is QuantityFormat.DECIMAL_EXPONENT:
        return f"{nano}e{exponent}" if exponent else str(nano)
    return f"{nano}{_DECIMAL_BY_EXPONENT[exponent]}"


def _cpu_field(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a validator takes what comes
    return _field(value, info, cpu_millicores)


def _memory_field(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a validator takes what comes
    return _field(value, info, memory_bytes)


def _field(value: Any, info: ValidationInfo, parse: Any) -> Any:  # noqa: ANN401
    """Text is a quantity everywhere; a bare number is one only in JSON (1 means one core there)."""
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, bool):
        raise QuantityError(f"{value} is not an amount")
    if info.mode == "json" and isinstance(value, int | float):
        return parse(format(Decimal(str(value)), "f"))
    return value


_PATTERN = r"^[+]?[0-9]*(\.[0-9]*)?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

CpuQuantity = Annotated[
    Millicores,
    BeforeValidator(_cpu_field),
    PlainSerializer(format_cpu, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["250m", "2"]}),
]
"""Millicores inside, a Kubernetes quantity in JSON."""

MemoryQuantity = Annotated[
    Bytes,
    BeforeValidator(_memory_field),
    PlainSerializer(format_memory, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["512Mi", "1Gi"]}),
]
"""Bytes inside, a Kubernetes quantity in JSON."""
