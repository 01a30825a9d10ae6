"""Every figure of the capacity model, read from the YAML files beside this module.

A file has `sources` (title, URL and grade, once each), and `constants` or `products` that name
them by key. Nothing numeric stands in the code of the model besides conversions of units, so that
a figure can be questioned, and changed, where its source stands.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipa.constants.fitted import FITTED, fitted_values, load_fitted
from pipa.estimate import Estimate
from schemas.context import Role, WorkloadKind
from schemas.errors import SettingsError
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind

DIRECTORY = Path(__file__).parent
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_FILE_BYTES = 1 << 20
"""The shipped files are a tenth of this; a larger one is not a constants file."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(_Strict):
    """Where figures come from, and how far they can be trusted."""

    title: str = Field(min_length=3)
    url: str = Field(pattern=r"^https://")
    grade: EvidenceGrade


class _ConstantRow(_Strict):
    id: str = Field(pattern=r"^[a-z0-9_.-]+$")
    value: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    unit: str = Field(min_length=1)
    source: str
    note: str = Field(min_length=10)


@dataclass(frozen=True, slots=True)
class Constant:
    """One figure with its range and its source."""

    id: str
    estimate: Estimate
    unit: str
    grade: EvidenceGrade
    source_url: str
    source_title: str
    note: str

    @property
    def value(self) -> float:
        """The figure itself, in `unit`."""
        return self.estimate.target

    @property
    def evidence_id(self) -> str:
        """Id under which reasoning cites it."""
        return f"constant:{self.id}"

    def evidence(self) -> Evidence:
        """The figure as evidence, so that a reader finds its source."""
        low, value, high = self.estimate.low, self.estimate.target, self.estimate.high
        spread = "" if low == high else f" (between {low:g} and {high:g})"
        return Evidence(
            id=self.evidence_id,
            kind=EvidenceKind.CONSTANT,
            grade=self.grade,
            statement=f"{self.id} is {value:g} {self.unit}{spread}: {self.note}",
            source=self._shown_source(),
            figures={"value": value, "low": low, "high": high, "unit": self.unit},
        )

    def _shown_source(self) -> str:
        """A rule of thumb must not look as if the page beside it stated the figure."""
        if self.grade is EvidenceGrade.HEURISTIC:
            return f"rule of thumb; compare {self.source_url}"
        return self.source_url


def _ordered(values: tuple[float, float, float]) -> tuple[float, float, float]:
    if not 0 <= values[0] <= values[1] <= values[2]:
        raise ValueError(f"low, target, high are not ordered: {values}")
    return values


Triple = Annotated[tuple[float, float, float], AfterValidator(_ordered)]
"""Low, target and high."""


class Heap(_Strict):
    """How a JVM product is told its heap."""

    env: str
    options: str
    """Value of the variable; ``{mib}`` stands for the heap in MiB."""
    limit_fraction: float = Field(gt=0, le=1)


class Product(_Strict):
    """The rule for one third-party product; amounts are (low, target, high)."""

    role: Role
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    cpu_request: int = Field(gt=0)
    """Millicores."""
    memory_request: int = Field(gt=0)
    """MiB."""
    cpu_limit: int = Field(gt=0)
    """Millicores."""
    memory_limit: int = Field(gt=0)
    """MiB."""
    spread: float = Field(ge=1, le=16)
    """How many times smaller or larger the four may be."""
    replicas: tuple[int, int, int]
    """In development, in production, and the most that is safe without a design of its own
    (1 for a single writer)."""
    odd: bool = False
    """Members vote: only odd counts."""
    storage: float | None = Field(default=None, gt=0)
    """GiB of the persistent volume when no data size is stated."""
    data_in_memory: Triple | None = None
    """Bytes of memory per byte of data held."""
    memory_per_connection: Triple | None = None
    """MiB per open connection."""
    cpu_per_operation: Triple | None = None
    """Milliseconds of CPU per query, command or message."""
    throughput_seconds: Triple | None = None
    """Seconds of ingest that are kept in memory (page cache, buffers)."""
    heap: Heap | None = None
    images: tuple[str, ...] = ()
    """Last parts of image names that run it, besides its key."""
    note: str = Field(min_length=10)
    source: str


_VENDOR_FIELDS = frozenset({"data_in_memory", "memory_per_connection", "throughput_seconds"})
"""Figures that the source itself states; the other ones are judged from it."""


_SPREAD_FIELDS = frozenset({"cpu_request", "memory_request", "cpu_limit", "memory_limit"})


class _File(_Strict):
    sources: dict[str, Source]
    constants: tuple[_ConstantRow, ...] = ()
    products: dict[str, Product] = Field(default_factory=dict)


_FILE = TypeAdapter(_File)


@dataclass(frozen=True, slots=True)
class Constants:
    """All figures, by id; all products, by catalogue key."""

    by_id: Mapping[str, Constant]
    products: Mapping[str, Product]
    sources: Mapping[str, Source]

    def __contains__(self, id_: object) -> bool:
        return id_ in self.by_id

    def __getitem__(self, id_: str) -> Constant:
        """The figure with this id.

        Raises:
            SettingsError: No file has it.
        """
        try:
            return self.by_id[id_]
        except KeyError:
            raise SettingsError(
                f"the constant {id_!r} is missing", hint="Restore it in pipa/constants/*.yaml."
            ) from None

    def of_product(self, key: str, field: str, unit: str) -> Constant:
        """One figure of a product's rule, with the product's source.

        Raises:
            SettingsError: The product has no such figure.
        """
        product = self.products[key]
        values = getattr(product, field)
        if values is None:
            raise SettingsError(f"the product {key!r} has no {field}")
        if isinstance(values, tuple):
            estimate = Estimate(*values)
        else:
            spread = product.spread if field in _SPREAD_FIELDS else 1
            estimate = Estimate.exactly(values).widened(spread)
        source = self.sources[product.source]
        grade = source.grade if field in _VENDOR_FIELDS else EvidenceGrade.HEURISTIC
        return Constant(
            f"product.{key}.{field}",
            estimate,
            unit,
            grade,
            source.url,
            source.title,
            product.note,
        )


@functools.cache
def load_constants(
    directory: Path = DIRECTORY,
    *,
    exclude_owners: frozenset[str] = frozenset(),
    fitted: bool = True,
) -> Constants:
    """Read and validate all constants files of a directory, once, and lay what was fitted over it.

    Args:
        directory: Where the files are.
        exclude_owners: Owners, lower case, from whose workloads nothing may have been learned.
        fitted: Whether to lay it over; without it the figures are those of their sources.

    Raises:
        SettingsError: A file is absent, not YAML, or not as described above.
    """
    by_id: dict[str, Constant] = {}
    products: dict[str, Product] = {}
    sources: dict[str, Source] = {}
    paths = sorted(path for path in directory.glob("*.yaml") if path.name != FITTED)
    if not paths:
        raise SettingsError(f"no constants in {directory.name}", hint="Reinstall the package.")
    with _collector_paused():
        files = [(path, _read(path)) for path in paths]
    for path, file in files:
        for row in file.constants:
            constant = _constant(row, file.sources, path.name)
            if by_id.setdefault(row.id, constant) is not constant:
                raise SettingsError(f"{path.name}: the constant {row.id!r} is there twice")
        for key, product in file.products.items():
            _need_source(key, product.source, file.sources, path.name)
            products[key] = product
        sources.update(file.sources)
    if fitted:
        by_id = _with_fitted(by_id, directory, exclude_owners)
    return Constants(by_id, products, sources)


def _with_fitted(
    by_id: dict[str, Constant], directory: Path, without: frozenset[str]
) -> dict[str, Constant]:
    fitted = load_fitted(directory)
    if fitted is None:
        return by_id
    figures = {figure.id: figure for figure in fitted.figures}
    for id_, value in fitted_values(fitted, directory, without).items():
        prior = by_id.get(id_)
        figure = figures.get(id_)
        if prior is None or (figure is not None and figure.prior != prior.value):
            raise SettingsError(
                f"{FITTED} was made for another value of {id_}",
                hint="Run python -m bench.calibrate --write.",
            )
        note = f"{figure.note if figure else 'Fitted'} from {prior.source_title}: {prior.note}"
        low, high = min(prior.estimate.low, value), max(prior.estimate.high, value)
        by_id[id_] = replace(
            prior,
            estimate=Estimate(low, value, high),
            grade=EvidenceGrade.HEURISTIC,
            note=note,
        )
    return by_id


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Parsing makes many objects that all stay: looking for garbage would be 40 % of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(path: Path) -> _File:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_FILE_BYTES:
            raise SettingsError(f"{path.name} is too large for a constants file")
        parsed: Any = yaml.load(data, Loader=_SAFE_LOADER)  # noqa: S506 - a safe loader in C
        return _FILE.validate_python(parsed)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{path.name}: {where}: {first['msg']}") from error


def _constant(row: _ConstantRow, sources: Mapping[str, Source], file: str) -> Constant:
    source = _need_source(row.id, row.source, sources, file)
    if not row.low <= row.value <= row.high:
        raise SettingsError(f"{file}: {row.id}: low, value and high are not ordered")
    return Constant(
        row.id,
        Estimate(row.low, row.value, row.high),
        row.unit,
        source.grade,
        source.url,
        source.title,
        row.note,
    )


def _need_source(id_: str, key: str, sources: Mapping[str, Source], file: str) -> Source:
    if key not in sources:
        raise SettingsError(f"{file}: {id_}: the source {key!r} is not declared")
    return sources[key]
