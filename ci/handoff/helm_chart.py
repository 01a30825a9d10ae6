"""Values for a chart, kept only where a render shows the recommended number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ci.handoff.helm_candidates import Files, ValuePath
from ci.handoff.helm_fields import (
    AUTOSCALING,
    MAX_REPLICAS,
    MIN_REPLICAS,
    REPLICAS,
    Field,
    Value,
    wanted_fields,
)
from ci.handoff.helm_probe import ChartProbe, Entry, Fields, Moves, find_moves, values_tree
from schemas.base import JsonObject
from schemas.ports import ChartRenderer
from schemas.recommendation import ComponentRecommendation

_SWITCH: Field = ("autoscaling", "enabled")
_ROUNDS = 3
"""Dropping a value can uncover another; a chart where it goes on is left to a human."""


@dataclass(frozen=True, slots=True)
class ChartValues:
    """Values that give the chart's workloads their size, and what they leave out."""

    values: JsonObject
    placed: Mapping[str, Mapping[Field, ValuePath]]
    """By component: the path that gives each number."""
    unplaced: tuple[str, ...]
    """One line for each number that the chart's output does not show, with the reason."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A component wants a value at a path, for a number (or for the switch of its autoscaler)."""

    component: str
    field: Field
    path: ValuePath
    value: Value


def chart_values(
    files: Files, items: Iterable[ComponentRecommendation], renderer: ChartRenderer
) -> ChartValues:
    """Values for one chart.

    Args:
        files: The chart's files by path relative to it.
        items: Components whose target this chart renders.
        renderer: Renders it.

    Raises:
        ToolError: The chart does not render with its own defaults.
    """
    listed = {item.name: item for item in items if item.target is not None}
    targets = {name: item.target for name, item in listed.items() if item.target is not None}
    wanted = {name: wanted_fields(listed[name], target) for name, target in targets.items()}
    probe = ChartProbe(files, renderer, targets)
    defaults = probe.defaults()
    moves = find_moves(probe, defaults)
    claims, shared = _without_conflicts(_claims(wanted, moves, defaults))
    claims, failures = _proven(probe, wanted, claims)
    placed: dict[str, dict[Field, ValuePath]] = {}
    for claim in claims:
        placed.setdefault(claim.component, {})[claim.field] = claim.path
    unplaced = [_reason(name, field, wanted, moves, shared) for name, field in failures]
    unplaced += [line for item in listed.values() for line in _beyond(item)]
    values = values_tree((claim.path, claim.value) for claim in claims)
    return ChartValues(values, placed, tuple(unplaced))


def _claims(
    wanted: Mapping[str, Fields], moves: Mapping[str, Moves], defaults: Mapping[str, Fields]
) -> list[_Claim]:
    claims: list[_Claim] = []
    for name, found in moves.items():
        for field, value in wanted[name].items():
            path = found.paths.get(field)
            # An amount that is not to be set needs a null only where the chart sets one.
            if path is not None and (value is not None or field in defaults[name]):
                claims.append(_Claim(name, field, path, value))
        if found.switch is not None:
            on = MAX_REPLICAS in wanted[name]
            claims.append(_Claim(name, _SWITCH, found.switch, on))
    return claims


def _without_conflicts(claims: list[_Claim]) -> tuple[list[_Claim], dict[tuple[str, Field], str]]:
    """Claims to which one value does justice; the others with the reason."""
    by_path: dict[ValuePath, list[_Claim]] = {}
    for claim in claims:
        by_path.setdefault(claim.path, []).append(claim)
    kept: list[_Claim] = []
    shared: dict[tuple[str, Field], str] = {}
    for path, group in by_path.items():
        if len({(type(claim.value), claim.value) for claim in group}) == 1:
            kept += group
            continue
        names = ", ".join(dict.fromkeys(claim.component for claim in group))
        for claim in group:
            reason = f"{'.'.join(path)} is one value for {names}, which need different ones"
            shared[claim.component, claim.field] = reason
    return kept, shared


def _proven(
    probe: ChartProbe, wanted: Mapping[str, Fields], claims: list[_Claim]
) -> tuple[list[_Claim], list[tuple[str, Field]]]:
    """The claims that a render bears out, and the numbers that it does not show."""
    for _ in range(_ROUNDS):
        shown = probe.fields(_entries(claims))
        if shown is None:
            break
        missing = _missing(wanted, shown)
        kept = [claim for claim in claims if (claim.component, claim.field) not in missing]
        if len(kept) == len(claims):
            return claims, missing
        claims = kept
    return [], [(name, field) for name, fields in wanted.items() for field in fields]


def _entries(claims: Iterable[_Claim]) -> list[Entry]:
    return [(claim.path, claim.value) for claim in claims]


def _missing(wanted: Mapping[str, Fields], shown: Mapping[str, Fields]) -> list[tuple[str, Field]]:
    missing: list[tuple[str, Field]] = []
    for name, fields in wanted.items():
        found = shown.get(name, {})
        scaled = MAX_REPLICAS in found
        # Where an autoscaler is wanted and there, the replicas are its own business.
        skip = {REPLICAS} if MAX_REPLICAS in fields and scaled else set()
        missing += [
            (name, field)
            for field, value in fields.items()
            if field not in skip and (name not in shown or found.get(field) != value)
        ]
        bounds = [(name, field) for field in (MIN_REPLICAS, MAX_REPLICAS)]
        if (scaled and MAX_REPLICAS not in fields) or any(bound in missing for bound in bounds):
            # An autoscaler with the chart's own bounds would be worse than none.
            missing.append((name, _SWITCH))
    return missing


def _reason(
    name: str,
    field: Field,
    wanted: Mapping[str, Fields],
    moves: Mapping[str, Moves],
    shared: Mapping[tuple[str, Field], str],
) -> str:
    what = f"{name}: {'.'.join(field)}"
    value = wanted[name].get(field)
    if field != _SWITCH:
        what += f" {value}" if value is not None else " (not to be set)"
    if (name, field) in shared:
        return f"{what}: {shared[name, field]}"
    if name not in moves:
        return f"{what}: the chart does not render this workload with its default values"
    if field in AUTOSCALING and not moves[name].has_autoscaler:
        return f"{what}: the chart has no autoscaler for this workload"
    if field in moves[name].paths:
        return f"{what}: {'.'.join(moves[name].paths[field])} does not give it in the output"
    return f"{what}: no value of the chart moves it"


def _beyond(item: ComponentRecommendation) -> Iterable[str]:
    """What belongs to the recommendation and is not looked for in charts."""
    if item.runtime_env:
        listed = ", ".join(f"{name}={value}" for name, value in item.runtime_env.items())
        yield f"{item.name}: environment {listed}: set it where the chart takes variables"
    if item.storage is not None:
        yield f"{item.name}: volume size: set it where the chart takes it"
