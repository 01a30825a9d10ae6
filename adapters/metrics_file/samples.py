"""Samples of a payload in whatever form they come: numbers, quantities, pairs with a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, assert_never

import numpy as np

from adapters.metrics_file.grids import MAX_STEP_S, Samples, ordered
from adapters.metrics_file.reading import wrong
from schemas.base import JsonObject
from schemas.errors import QuantityError
from schemas.ports import Clock
from schemas.quantities import MIB, cpu_millicores, memory_bytes

_MILLISECONDS_FROM: Final = 1e11
"""As seconds that is the year 5138; as milliseconds 1973."""
_DAY_S: Final = 86400
_LONGEST_TEXT: Final = 60


class Unit(StrEnum):
    """In what amounts are given."""

    CORES = "cores"
    MILLICORES = "millicores"
    BYTES = "bytes"
    MIB = "MiB"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Moments:
    """When samples without a time were taken: ``end_s - k * step_s``, the last one at the end."""

    end_s: float
    step_s: float | None
    window_s: float | None

    def times(self, count: int, place: str) -> np.typing.NDArray[np.float64]:
        """Moments of so many samples.

        Raises:
            InputFileError: Their distance is not known.
        """
        step = self.step_s
        if step is None and self.window_s is not None and count:
            step = max(1.0, float(round(self.window_s / count)))
        if step is None:
            raise wrong(place, "step_seconds or window_days is needed, or a time with each sample")
        if step > MAX_STEP_S:
            raise wrong(place, f"{count} samples are {step:.0f} s apart; at most a day can be")
        return np.asarray(self.end_s - step * np.arange(count - 1, -1, -1, dtype=np.float64))


def moments_of(item: JsonObject, place: str, clock: Clock) -> Moments:
    """What ``step_seconds``, ``window_days`` and ``end`` say; the end is now when it is not given.

    Raises:
        InputFileError: One of them is no number or time.
    """
    step = _positive(item, "step_seconds", place, MAX_STEP_S)
    days = _positive(item, "window_days", place, 1000)
    window = None if days is None else days * _DAY_S
    return Moments(end_of(item, place, clock), step, window)


def end_of(item: JsonObject, place: str, clock: Clock) -> float:
    """The end of the window, in Unix seconds."""
    if item.get("end") is None:
        return float(int(clock.now().timestamp()))
    return time_of(item["end"], f"{place}.end")


def samples_of(values: Any, unit: Unit, place: str, moments: Moments) -> Samples:  # noqa: ANN401
    """One series.

    Raises:
        InputFileError: A sample is none; names its place.
    """
    if not isinstance(values, list):
        raise wrong(place, "not a list of samples")
    pairs = [_pair(value) for value in values]
    found = [
        math.nan if value is None else number_of(value, unit, f"{place}[{n}]")
        for n, (_, value) in enumerate(pairs)
    ]
    timed = [at for at, _ in pairs if at is not None]
    if not timed:
        return ordered(moments.times(len(pairs), place).tolist(), found)
    if len(timed) != len(pairs):
        raise wrong(place, "some samples have a time and some have none")
    times = [time_of(at, f"{place}[{n}]") for n, at in enumerate(timed)]
    return ordered(times, found)


def amount_of(item: JsonObject, name: str, unit: Unit, place: str) -> float | None:
    """A single amount; None when it is not given."""
    value = item.get(name)
    return None if value is None else number_of(value, unit, f"{place}.{name}")


def number_of(value: Any, unit: Unit, place: str) -> float:  # noqa: ANN401 - JSON is anything
    """A number in cores, bytes or as it is.

    Raises:
        InputFileError: It is no finite number, or below zero.
    """
    if isinstance(value, str):
        return _of_text(value, unit, place)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(place, "not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise wrong(place, "too large") from error
    if not math.isfinite(number) or number < 0:
        raise wrong(place, f"{number} is not a measurement")
    return number * _factor(unit)


def time_of(value: Any, place: str) -> float:  # noqa: ANN401 - JSON is anything
    """Unix seconds, from seconds, milliseconds or ISO 8601.

    Raises:
        InputFileError: It is no time.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value[:_LONGEST_TEXT])
        except ValueError:
            value = _float(value)
        else:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise wrong(place, "not a time: Unix seconds or milliseconds, or ISO 8601")
    return float(value) / 1000 if value >= _MILLISECONDS_FROM else float(value)


def _pair(value: Any) -> tuple[Any, Any]:  # noqa: ANN401 - JSON is anything
    """Time (or None) and value of a sample."""
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    if isinstance(value, dict):
        at = next((value[key] for key in ("timestamp", "time", "t") if key in value), None)
        return at, value.get("value", value.get("v"))
    return None, value


def _of_text(text: str, unit: Unit, place: str) -> float:
    number = _float(text)
    if number is not None:
        return number_of(number, unit, place)
    try:
        match unit:
            case Unit.CORES | Unit.MILLICORES:
                return cpu_millicores(text) / 1000
            case Unit.BYTES | Unit.MIB:
                return float(memory_bytes(text))
            case Unit.PLAIN:
                raise wrong(place, f"{text[:_LONGEST_TEXT]!r} is not a number")
            case _:
                assert_never(unit)
    except QuantityError as error:
        raise wrong(place, error.message) from error


def _float(text: str) -> float | None:
    try:
        return float(text) if len(text) <= _LONGEST_TEXT else None
    except ValueError:
        return None


def _factor(unit: Unit) -> float:
    return {Unit.MILLICORES: 0.001, Unit.MIB: float(MIB)}.get(unit, 1.0)


def _positive(item: JsonObject, name: str, place: str, most: float) -> float | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise wrong(f"{place}.{name}", f"not a number above 0 and up to {most:g}")
    return float(value)
