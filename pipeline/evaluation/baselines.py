"""What a simple rule would have said, made from the rows of all other owners."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from pipeline.evaluation.scoring import Amounts, Prediction
from pipeline.evaluation.truth import FIELDS, Row, amount, owner_of
from schemas.quantities import MIB

Baseline = Callable[[Row], Prediction]

_PRESETS = {
    "nano": (100, 128, 150, 192),
    "micro": (250, 256, 375, 384),
    "small": (500, 512, 750, 768),
    "medium": (500, 1024, 750, 1536),
    "large": (1000, 2048, 1500, 3072),
    "xlarge": (1000, 3072, 3000, 6144),
    "2xlarge": (1000, 3072, 6000, 12288),
}
"""CPU and memory request, CPU and memory limit, in millicores and MiB.

Source: https://github.com/bitnami/charts/blob/5165628ae06697f8f68a670bef7739d93c4b7f44/bitnami/common/templates/_resources.tpl
"""
_PRESET_OF_ROLE = {
    "web_frontend": "nano",
    "gateway_proxy": "nano",
    "controller": "nano",
    "cache": "nano",
    "observability": "nano",
    "sql_database": "small",
    "nosql_database": "small",
    "batch": "small",
    "search_engine": "medium",
    "ml_inference": "2xlarge",
}
"""What a user of the presets takes: for products the preset that most of Bitnami's charts of the
role default to (the smaller of two), for own code that of its charts of plain servers (nginx is
``nano``, Tomcat and ASP.NET Core are ``micro``), for models the largest there is."""
_PRESET_ELSE = "micro"
_WORD = re.compile(r"[a-z0-9+#.]{2,}")


class Baselines:
    """The baselines over one set of rows; no row is ever predicted from its own owner's rows.

    Args:
        rows: All rows, also those that are not scored.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def methods(self) -> dict[str, Baseline]:
        """All of them, by the name that the report shows."""
        return {
            "one constant (median)": self._grouped(),
            "median by role": self._grouped("role"),
            "median by language": self._grouped("language"),
            "median by language and role": self._grouped("language", "role"),
            "nearest description (TF-IDF)": self._nearest,
            "LimitRange 500m/512Mi": _limit_range,
            "Bitnami preset by role": _preset,
        }

    def _others(self, row: Row) -> list[Row]:
        return [other for other in self._rows if owner_of(other) != owner_of(row)]

    def _grouped(self, *keys: str) -> Baseline:
        """The median of the rows that are alike in `keys`; of all where none states the number."""

        def predict(row: Row) -> Prediction:
            others = self._others(row)
            alike = [other for other in others if all(other[key] == row[key] for key in keys)]
            return _median(alike, others)

        return predict

    def _nearest(self, row: Row) -> Prediction:
        """The numbers of the row whose description is most alike; of the next where it has none."""
        own = self._vectors[id(row)] if id(row) in self._vectors else self._vector(row)
        ranked = sorted(
            self._others(row), key=lambda other: -_cosine(own, self._vectors[id(other)])
        )
        amounts: Amounts = {
            field: next((value for other in ranked if (value := amount(other, *field))), None)
            for field in FIELDS
        }
        return Prediction(
            amounts, next((r["replicas"] for r in ranked if isinstance(r["replicas"], int)), None)
        )

    @cached_property
    def _idf(self) -> dict[str, float]:
        """ln((1 + n) / (1 + df)) + 1, as scikit-learn smooths it."""
        seen = Counter(word for row in self._rows for word in set(_words(row)))
        return {
            word: math.log((1 + len(self._rows)) / (1 + count)) + 1 for word, count in seen.items()
        }

    @cached_property
    def _vectors(self) -> dict[int, dict[str, float]]:
        return {id(row): self._vector(row) for row in self._rows}

    def _vector(self, row: Row) -> dict[str, float]:
        """TF-IDF of length 1."""
        weights = {
            word: count * self._idf.get(word, 0.0) for word, count in Counter(_words(row)).items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def _words(row: Row) -> list[str]:
    return _WORD.findall(row["description"].lower())


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())


def _median(alike: Sequence[Row], others: Sequence[Row]) -> Prediction:
    amounts: Amounts = {
        field: _middle(amount(row, *field) for row in alike)
        or _middle(amount(row, *field) for row in others)
        for field in FIELDS
    }
    replicas = _middle(row["replicas"] for row in alike) or _middle(r["replicas"] for r in others)
    return Prediction(amounts, None if replicas is None else round(replicas))


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value]
    return statistics.median(known) if known else None


def _limit_range(_row: Row) -> Prediction:
    """What many clusters give a container that says nothing."""
    return Prediction(
        {field: 500.0 if field[1] == "cpu" else 512.0 * MIB for field in FIELDS}, replicas=1
    )


def _preset(row: Row) -> Prediction:
    sizes = _PRESETS[_PRESET_OF_ROLE.get(str(row["role"]), _PRESET_ELSE)]
    units = (1, MIB, 1, MIB)
    amounts: Amounts = {
        field: float(size * unit) for field, size, unit in zip(FIELDS, sizes, units, strict=True)
    }
    return Prediction(amounts, replicas=1)
