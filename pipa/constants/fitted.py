"""Figures that were fitted to what communities run, to be laid over those of the constants files.

`python -m bench.calibrate --write` makes both files beside this module: the figures fitted to all
workloads, and for every owner the figures fitted without that owner's workloads, so that an
evaluation on the same workloads never meets numbers that were learned from them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.errors import SettingsError

FITTED = "fitted.yaml"
FOLDS = "fitted_folds.json"
T = TypeVar("T")
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(_Strict):
    """What the figures were fitted to."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    workloads: int = Field(gt=0)
    owners: int = Field(gt=0)


class FittedFigure(_Strict):
    """One figure, before and after."""

    id: str
    prior: float = Field(gt=0)
    """The value in the constants file, from its documented source."""
    value: float = Field(gt=0)
    workloads: int = Field(gt=0)
    """Workloads whose size uses it."""
    owners: int = Field(gt=0)
    better: int = Field(ge=0)
    """Owners whose workloads are met better than with the prior."""
    worse: int = Field(ge=0)
    folds_alike: float = Field(ge=0, le=1)
    """Share of the folds that came to the same value."""

    @property
    def note(self) -> str:
        """Where the value comes from, for a reader of the evidence."""
        return f"Fitted to {self.workloads} workloads of {self.owners} owners, prior {self.prior:g}"


class Fitted(_Strict):
    """The file `fitted.yaml`."""

    made_by: str
    data: Data
    considered: tuple[str, ...]
    """All figures that might have moved."""
    figures: tuple[FittedFigure, ...]


_FITTED = TypeAdapter(Fitted)
_FOLDS = TypeAdapter(dict[str, dict[str, float]])


def load_fitted(directory: Path) -> Fitted | None:
    """What was fitted; None for a directory of constants that has no fit.

    Raises:
        SettingsError: The file is not as described above.
    """
    path = directory / FITTED
    return _read(path, _load_yaml, _FITTED) if path.exists() else None


def fitted_values(fitted: Fitted, directory: Path, without: frozenset[str]) -> dict[str, float]:
    """Values by id, as far as they differ from the constants files.

    Args:
        fitted: The fit to all workloads.
        directory: Where the folds stand.
        without: Owners, lower case, from whose workloads nothing may be learned. Where several of
            them have a fold, a figure on which the folds differ keeps its prior.

    Raises:
        SettingsError: The file of the folds is absent or not as described above.
    """
    everything = {figure.id: figure.value for figure in fitted.figures}
    if not without:
        return everything
    folds = load_folds(directory)
    chosen = [folds[owner] for owner in sorted(without) if owner in folds]
    if not chosen:
        return everything
    first = chosen[0]
    return {key: v for key, v in first.items() if all(fold.get(key) == v for fold in chosen)}


def load_folds(directory: Path) -> Mapping[str, Mapping[str, float]]:
    """By owner, the figures that were fitted without the owner's workloads.

    Raises:
        SettingsError: The file is absent or not as described above.
    """
    return _read(directory / FOLDS, json.loads, _FOLDS)


def _load_yaml(text: str) -> Any:  # noqa: ANN401 - any YAML value
    return yaml.load(text, Loader=_SAFE_LOADER)  # noqa: S506 - a safe loader in C


def _read(path: Path, parse: Callable[[str], Any], shape: TypeAdapter[T]) -> T:
    try:
        return shape.validate_python(parse(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise SettingsError(f"{path.name} cannot be used: {first}") from error
