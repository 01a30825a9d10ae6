"""Price lists: YAML files that say their currency, their unit and their source.

Two forms are read. The plain one::

    name: our-prices
    source: https://wiki.example.com/prices
    currency: EUR
    unit: hour            # hour or month: what the prices below are for
    hours_per_month: 730
    prices: {cpu_core: 0.03, memory_gib: 0.004, storage_gib: 0.00005, gpu: 1.2}

and the one of OpenCost's ``configs/*.json`` (keys ``CPU``, ``RAM``, ``GPU``, ``storage``) with
``unit`` and ``currency`` added, for a price without a unit is off by 730 sooner or later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.yaml_file import read_mapping
from schemas.errors import SettingsError
from schemas.ports import Prices

PRICE_LISTS = Path(__file__).with_name("price_lists")
DEFAULT_PRICES = PRICE_LISTS / "opencost-default.yaml"
HOURS_PER_MONTH = 730.0
"""365 days of 24 hours over 12 months."""

_GB_IN_GIB = 1e9 / 2**30
_OPENCOST = {"CPU": "cpu_core", "RAM": "memory_gib", "GPU": "gpu", "storage": "storage_gib"}
_RESOURCES = ("cpu_core", "memory_gib", "memory_gb", "storage_gib", "storage_gb", "gpu")
_KEYS = frozenset({"name", "source", "currency", "unit", "hours_per_month", "prices"})
_PLAUSIBLE_CORE_HOUR = dict.fromkeys(
    ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "SGD"), (0.0005, 1.0)
)
"""Public clouds ask 0.005 to 0.1 dollars for a core-hour; 23 is a month's price said to be an
hour's, 0.00004 the reverse. Other currencies are taken as they are."""


def load_prices(path: Path | None = None) -> Prices:
    """Read a price list; OpenCost's public defaults when no file is named.

    Raises:
        SettingsError: Unreadable, without currency, unit or source, in an unknown unit, with a
            price that is no amount, or with one that shows that the unit is wrong.
    """
    file = path or DEFAULT_PRICES
    content = read_mapping(file, what="price list")
    opencost = any(key in content for key in _OPENCOST)
    stated = _opencost(file, content) if opencost else _plain(file, content)
    hours = _amount(file, "hours_per_month", content.get("hours_per_month", HOURS_PER_MONTH))
    if not 600 <= hours <= 750:
        raise _error(file, f"hours_per_month is {hours:g}; a month has about 730")
    unit = _word(file, content, "unit")
    if unit not in ("hour", "month"):
        raise _error(file, f"unit is {unit!r}; it must be hour or month")
    per_hour = {key: value / (hours if unit == "month" else 1.0) for key, value in stated.items()}
    currency = _word(file, content, "currency").upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise _error(file, f"currency is {currency[:20]!r}; write a code such as USD or EUR")
    _plausible(file, currency, unit, per_hour.get("cpu_core"))
    return Prices(
        name=str(content.get("name") or file.stem)[:100],
        source=_word(file, content, "source"),
        currency=currency,
        hours_per_month=hours,
        cpu_core_hour=per_hour.get("cpu_core"),
        memory_gib_hour=_per_gib(file, per_hour, "memory"),
        storage_gib_hour=_per_gib(file, per_hour, "storage"),
        gpu_hour=per_hour.get("gpu"),
    )


def _plain(file: Path, content: Mapping[str, Any]) -> dict[str, float]:
    unknown = sorted(content.keys() - _KEYS)
    if unknown:
        raise _error(file, f"{', '.join(unknown)[:200]} is not known here")
    prices = content.get("prices")
    if not isinstance(prices, dict) or not prices:
        raise _error(file, "there are no prices")
    wrong = [str(key) for key in prices if key not in _RESOURCES]
    if wrong:
        raise _error(file, f"prices.{wrong[0][:50]} is not one of {', '.join(_RESOURCES)}")
    return {
        str(key): _amount(file, f"prices.{key}", value)
        for key, value in prices.items()
        if value is not None
    }


def _opencost(file: Path, content: Mapping[str, Any]) -> dict[str, float]:
    if "prices" in content:
        raise _error(file, "it mixes OpenCost's keys with prices")
    # OpenCost writes numbers as text, and an empty text for what it does not know.
    return {
        ours: _amount(file, theirs, content[theirs])
        for theirs, ours in _OPENCOST.items()
        if content.get(theirs) not in (None, "")
    }


def _per_gib(file: Path, per_hour: Mapping[str, float], resource: str) -> float | None:
    binary, decimal = per_hour.get(f"{resource}_gib"), per_hour.get(f"{resource}_gb")
    if binary is not None and decimal is not None:
        raise _error(file, f"{resource} has a price per GiB and one per GB")
    return decimal / _GB_IN_GIB if decimal is not None else binary


def _plausible(file: Path, currency: str, unit: str, core_hour: float | None) -> None:
    low, high = _PLAUSIBLE_CORE_HOUR.get(currency, (0.0, math.inf))
    if core_hour is None or low <= core_hour <= high or core_hour == 0:
        return
    raise _error(
        file,
        f"with unit {unit}, a core costs {core_hour:g} {currency} an hour; nobody asks that",
        hint="A month has 730 hours: is it the price of a month, or of an hour?",
    )


def _amount(file: Path, key: str, value: Any) -> float:  # noqa: ANN401 - whatever the file says
    try:
        amount = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        amount = math.nan
    if not 0 <= amount < 1e9:
        raise _error(file, f"{key} is {str(value)[:50]!r}; it must be a number, not negative")
    return amount


def _word(file: Path, content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _error(file, f"{key} is missing")
    return value.strip()[:300]


def _error(file: Path, message: str, *, hint: str = "") -> SettingsError:
    return SettingsError(
        f"{file}: {message}",
        code="prices.invalid",
        hint=hint or "See adapters/price_lists/opencost-default.yaml for a complete list.",
    )
