"""Finds which value of a chart moves which number, by rendering the chart with marked values.

Every candidate path gets a value that nothing else has, the chart is rendered once with all of
them, and the number that then stands in the workload names the path that put it there. Candidates
that break the chart are found by halving. Autoscalers need a second render: with them off, the
replicas show; with them on, their bounds do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ci.handoff.helm_candidates import Candidate, Files, Shape, ValuePath, candidates
from ci.handoff.helm_fields import (
    CPU_TARGET,
    MAX_REPLICAS,
    MIN_REPLICAS,
    REPLICAS,
    Field,
    Value,
    canonical,
    rendered_fields,
)
from schemas.base import JsonObject
from schemas.errors import ToolError
from schemas.ports import ChartRenderer
from schemas.recommendation import Target

_BUDGETS = (24, 10, 6, 8)
"""Renders for what the values say, the templates say, is guessed, and for the switches; one render
takes about 0.1 s. Most charts need one for all; a strict schema needs many."""
_PROOF_RENDERS = 4
MAX_RENDERS = 4 + sum(_BUDGETS) + _PROOF_RENDERS
"""For one chart, the first of each step included."""
_FIRST_MARK = {Shape.CPU: 20_011, Shape.MEMORY: 30_011, Shape.COUNT: 2, Shape.PERCENT: 11}
"""Amounts that no default has; counts and percentages small, since a chart's schema may bound them
(a default that happens to be the same is told apart when the values are proven)."""
_PERCENT_MARKS = 80
"""Percentages end at 100; beyond so many the nearest path of a mark is taken."""

Fields = Mapping[Field, Value]
Entry = tuple[ValuePath, Value]


@dataclass(frozen=True, slots=True)
class Moves:
    """What was found out about one workload."""

    paths: Mapping[Field, ValuePath]
    """The path that moves each number."""
    switch: ValuePath | None = None
    """The path that turns its autoscaler on and off."""
    has_autoscaler: bool = False
    """The chart has one for it, be it off by default."""


@dataclass(slots=True)
class ChartProbe:
    """One chart while it is being tried.

    Args:
        files: The chart's files by path relative to it.
        renderer: Renders it.
        targets: The workloads to look at, by component.
    """

    files: Files
    renderer: ChartRenderer
    targets: Mapping[str, Target]
    required: frozenset[str] = frozenset()
    """Components whose workload must stay in the output: a value that removes it is no use."""
    shown: Mapping[str, Fields] = field(default_factory=dict, init=False)
    """The numbers of the last render that worked."""
    _left: int = field(default=_PROOF_RENDERS, init=False)

    def defaults(self) -> dict[str, Fields]:
        """The numbers under the chart's own values.

        Raises:
            ToolError: It does not render.
        """
        found = self._fields(None)
        self.required = frozenset(found)
        return found

    def allow(self, renders: int) -> None:
        """Set how often the chart may be rendered from here."""
        self._left = renders

    @property
    def spent(self) -> bool:
        """No render is left."""
        return self._left <= 0

    def fields(self, entries: Iterable[Entry]) -> dict[str, Fields] | None:
        """The numbers under `entries`; None when the chart does not render with them."""
        if self.spent:
            return None
        self._left -= 1
        try:
            found = self._fields(values_tree(entries))
        except ToolError:
            return None
        if not self.required <= found.keys():
            return None
        self.shown = found
        return found

    def _fields(self, values: JsonObject | None) -> dict[str, Fields]:
        documents = self.renderer.render(self.files, values).documents
        found = {name: rendered_fields(documents, at) for name, at in self.targets.items()}
        return {name: fields for name, fields in found.items() if fields is not None}


def find_moves(probe: ChartProbe, defaults: Mapping[str, Fields]) -> dict[str, Moves]:
    """Which path moves each number of each workload that the chart renders."""
    groups = candidates(probe.files)
    switches = [candidate.path for candidate in chain(*groups) if candidate.shape is Shape.SWITCH]
    marks = _Marks()
    marked = [[marks.entry(c) for c in group if c.shape is not Shape.SWITCH] for group in groups]
    off = _accept(probe, [], [*marked, [(path, False) for path in switches]])
    off_fields, on_fields = probe.shown, dict[str, Fields]()
    if switches:
        probe.shown = {}
        numbers = [entry for entry in off if entry[1] is not False]
        _accept(probe, numbers, [[(path, True) for path in switches]])
        on_fields = dict(probe.shown)
    probe.allow(_PROOF_RENDERS)
    return {
        name: _moves(marks, off_fields.get(name, {}), on_fields.get(name, {}), switches)
        for name in defaults
    }


def values_tree(entries: Iterable[Entry]) -> JsonObject:
    """Nested values of flat entries; one that would go through or replace another is left out."""
    tree: JsonObject = {}
    for path, value in entries:
        here = tree
        for key in path[:-1]:
            below = here.setdefault(key, {})
            if not isinstance(below, dict):
                break
            here = below
        else:
            here.setdefault(path[-1], value)
    return tree


def _accept(probe: ChartProbe, base: list[Entry], groups: Sequence[list[Entry]]) -> list[Entry]:
    """As many entries as the chart renders with; `ChartProbe.shown` has what it gives then."""
    everything = [*base, *chain(*groups)]
    probe.allow(1)
    if probe.fields(everything) is not None:
        return everything
    accepted = base
    for group, budget in zip(groups, _BUDGETS[-len(groups) :], strict=True):
        probe.allow(budget)
        accepted = _extended(probe, accepted, group)
    return accepted


def _extended(probe: ChartProbe, base: list[Entry], group: list[Entry]) -> list[Entry]:
    """`base` with what of `group` does not break the chart, found by halving."""
    if not group or probe.spent:
        return base
    if probe.fields([*base, *group]) is not None:
        return [*base, *group]
    if len(group) == 1:
        return base
    middle = len(group) // 2
    return _extended(probe, _extended(probe, base, group[:middle]), group[middle:])


class _Marks:
    """Values that tell the candidates apart."""

    def __init__(self) -> None:
        self._count: dict[Shape, int] = {}
        self._paths: dict[tuple[Shape, Value], list[ValuePath]] = {}

    def entry(self, candidate: Candidate) -> Entry:
        """The candidate's path with a mark of its own."""
        shape = candidate.shape
        index = self._count.get(shape, 0)
        self._count[shape] = index + 1
        number = _FIRST_MARK[shape] + (index % _PERCENT_MARKS if shape is Shape.PERCENT else index)
        value: Value = number
        if shape in (Shape.CPU, Shape.MEMORY):
            value = canonical(f"{number}{'m' if shape is Shape.CPU else 'Mi'}", shape.value)
        self._paths.setdefault((shape, value), []).append(candidate.path)
        return candidate.path, value

    def paths(self, fields: Fields, near: ValuePath = ()) -> dict[Field, ValuePath]:
        """The path behind each number that is a mark."""
        found: dict[Field, ValuePath] = {}
        for name, value in fields.items():
            paths = self._paths.get((_shape(name), value))
            if paths:
                near = found.get(MIN_REPLICAS, near)
                found[name] = max(paths, key=lambda path: _common(path, near))
        return found


def _moves(marks: _Marks, off: Fields, on: Fields, switches: Sequence[ValuePath]) -> Moves:
    paths = {**marks.paths(on), **marks.paths(off)}
    has_autoscaler = MAX_REPLICAS in on or MAX_REPLICAS in off
    near = paths.get(MAX_REPLICAS) or paths.get(REPLICAS) or ()
    nearest = max(switches, key=lambda path: (_common(path, near), -len(path)), default=None)
    return Moves(paths, nearest if MAX_REPLICAS in on else None, has_autoscaler)


def _shape(name: Field) -> Shape:
    if name in (REPLICAS, MIN_REPLICAS, MAX_REPLICAS):
        return Shape.COUNT
    return Shape.PERCENT if name == CPU_TARGET else Shape(name[-1])


def _common(first: ValuePath, second: ValuePath) -> int:
    """How many keys two paths share from the root."""
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count
