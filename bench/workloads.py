"""Workloads that communities run, read once, and sized again and again with other figures."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.settings import load_settings
from bench.truth import Row, amount, by_repository, component_of, load_rows, owner_of
from dca.repository.assemble import read_repository
from pipa.capacity import size_component
from pipa.constants import Constant, Constants
from pipa.estimate import Estimate
from pipeline.evaluation.scoring import Prediction
from pipeline.evaluation.truth import FIELDS
from pipeline.wiring import agents, local_checkout
from schemas.context import AppContext, Component
from schemas.trigger import Trigger

Sizes = tuple[float | None, ...]
"""The four numbers of `FIELDS`, then the replicas."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A row with what the agents make of its repository and description."""

    row: Row
    context: AppContext
    component: Component
    owner: str
    truth: tuple[int | None, ...]
    """The four numbers of `FIELDS`, as far as the row states them."""


def read_workloads(truth: Path, checkouts: Sequence[Path], cache: Path | None) -> list[Workload]:
    """All rows whose component is found in a checkout, without any knowledge base.

    Args:
        truth: The rows.
        checkouts: Directories with repositories named ``owner+name``; they must state no resources.
        cache: Takes the result, and gives it back; only a file of one's own (it is a pickle).
    """
    if cache is not None and cache.exists():
        found: list[Workload] = pickle.loads(cache.read_bytes())  # noqa: S301 - written below
        return found
    settings = load_settings().model_copy(update={"knowledge": "off"})
    dca = agents(settings)[0]
    workloads = []
    for directory in checkouts:
        for _, place, group in by_repository(load_rows(truth), directory):
            with local_checkout(place) as checkout:
                repository = read_repository(checkout.files, dca.charts)
                for row in group:
                    trigger = Trigger(git_repo=str(place), app_description=row["description"])
                    context = dca.aggregate(trigger, checkout, repository)
                    component = component_of(row, context.components)
                    if component is not None:
                        workloads.append(_workload(row, context, component))
    if cache is not None:
        cache.write_bytes(pickle.dumps(workloads))
    return workloads


def _workload(row: Row, context: AppContext, component: Component) -> Workload:
    stated = tuple(amount(row, *field) or None for field in FIELDS)
    return Workload(row, context, component, owner_of(row), stated)


class _Recorder(dict[str, Constant]):
    """Constants that know which of them were asked for."""

    def __init__(self, constants: Mapping[str, Constant]) -> None:
        super().__init__(constants)
        self.used: set[str] = set()

    def __getitem__(self, id_: str) -> Constant:
        self.used.add(id_)
        return super().__getitem__(id_)


class Sizer:
    """Sizes workloads with changed figures; what was sized before is remembered.

    Args:
        workloads: The workloads.
        constants: The figures where nothing is changed.
        figures: Ids of the figures that may be changed.
    """

    def __init__(
        self, workloads: Sequence[Workload], constants: Constants, figures: Iterable[str]
    ) -> None:
        self.workloads = workloads
        self.constants = constants
        changeable = frozenset(figures)
        self.used = [self._used(workload) & changeable for workload in workloads]
        """Changeable figures that each workload uses."""
        self._keys = [tuple(sorted(used)) for used in self.used]
        self._known: dict[tuple[int, tuple[float | None, ...]], Sizes] = {}

    def _used(self, workload: Workload) -> frozenset[str]:
        recorder = _Recorder(self.constants.by_id)
        _size(workload, replace(self.constants, by_id=recorder))
        return frozenset(recorder.used)

    def size(self, values: Mapping[str, float], index: int) -> Sizes:
        """One workload with changed figures."""
        key = (index, tuple(values.get(id_) for id_ in self._keys[index]))
        if key not in self._known:
            constants = changed(self.constants, values)
            self._known[key] = _size(self.workloads[index], constants)
        return self._known[key]


def changed(constants: Constants, values: Mapping[str, float]) -> Constants:
    """Constants with other values for some figures, each interval wide enough for it."""
    by_id = dict(constants.by_id)
    for id_, value in values.items():
        old = by_id[id_].estimate
        estimate = Estimate(min(old.low, value), value, max(old.high, value))
        by_id[id_] = replace(by_id[id_], estimate=estimate)
    return replace(constants, by_id=by_id)


def _size(workload: Workload, constants: Constants) -> Sizes:
    plan, _ = size_component(workload.component, workload.context, constants)
    requests, limits = plan.resources.requests, plan.resources.limits
    return (requests.cpu, requests.memory, limits.cpu, limits.memory, plan.replicas)


def errors(workload: Workload, sizes: Sizes) -> list[float]:
    """Binary logarithms of predicted over stated, for the numbers that are stated and predicted."""
    pairs = zip(sizes, workload.truth, strict=False)
    return [math.log2(size / stated) for size, stated in pairs if size and stated]


def weights(workloads: Sequence[Workload]) -> list[float]:
    """One over the root of the owner's workloads: ten alike count as three, not as ten."""
    counted = Counter(workload.owner for workload in workloads)
    return [counted[workload.owner] ** -0.5 for workload in workloads]


def prediction(sizes: Sizes) -> Prediction:
    """The form in which `ai-provision eval` scores."""
    amounts = dict(zip(FIELDS, sizes, strict=False))
    replicas = sizes[len(FIELDS)]
    return Prediction(amounts, None if replicas is None else round(replicas))
