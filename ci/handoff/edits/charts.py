"""Edits of Helm charts: the numbers go into the values files that the chart keeps."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping

from ci.handoff.edits.files import Files, is_inside
from ci.handoff.edits.placements import ChartPlacements, Placements
from ci.handoff.edits.proof import meaning
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.stream import changed_part
from ci.handoff.helm_candidates import ValuePath
from ci.handoff.helm_fields import MAX_REPLICAS, Field, wanted_fields
from rva.documents import PDB, at, is_kind
from schemas.base import JsonObject
from schemas.recommendation import ComponentRecommendation
from schemas.trigger import Environment

_NAMES = {
    Environment.PROD: ("prod", "production"),
    Environment.STAGING: ("staging", "stage"),
    Environment.DEV: ("dev", "development"),
}
_FORMS = ("values-{}.yaml", "values.{}.yaml", "values_{}.yaml", "{}-values.yaml", "{}.yaml")
_OWN = "values.yaml"
SWITCH: Field = ("autoscaling", "enabled")
"""What turns a chart's autoscaler on and off."""
Entry = tuple[ValuePath, object]


def edit_charts(
    groups: Mapping[str, list[ComponentRecommendation]],
    placements: Placements,
    files: Files,
    environment: Environment,
) -> list[str]:
    """Put the numbers of charts' workloads into their values files; what is left by hand.

    The values are those of the recommendation; a placement only says where they go.
    """
    by_hand: list[str] = []
    known = {found.chart: found for found in placements.charts}
    for chart, items in groups.items():
        found = known.get(chart)
        if found is None:
            names = ", ".join(item.name for item in items)
            by_hand.append(
                f"{names}: which values of the chart {chart} give their numbers is not known "
                "here: take the values file of the hand-off"
            )
            continue
        by_hand += [f"{text} (chart {chart})" for text in found.remarks]
        for item in items:
            by_hand += [f"{item.name}: {text} (chart {chart})" for text in _beside(item)]
            try:
                _place(item.name, chart, list(_values(item, found)), files, environment)
            except EditRefused as error:
                by_hand.append(f"{item.name}: the values of the chart {chart}: {error.message}")
    return by_hand


def _beside(item: ComponentRecommendation) -> Iterator[str]:
    """What values of a chart are not asked for."""
    if any(is_kind(document, PDB) for document in item.manifests):
        yield f"{PDB}: switch it on where the chart has one, else take that of the hand-off"
    if at(item.patch or {}, "spec", "strategy") is not None:
        yield "strategy Recreate: set it where the chart takes it"


def _values(item: ComponentRecommendation, found: ChartPlacements) -> Iterator[Entry]:
    """The path of each placed number, with the number."""
    if item.target is None:
        return
    wanted = wanted_fields(item, item.target)
    for placement in found.placed:
        if placement.component != item.name:
            continue
        if placement.field == SWITCH:
            yield placement.path, MAX_REPLICAS in wanted
        elif placement.field in wanted:
            yield placement.path, wanted[placement.field]


def _place(
    component: str,
    chart: str,
    values: list[Entry],
    files: Files,
    environment: Environment,
) -> None:
    """Write each value where the environment has it: in its own file, else in the chart's."""
    if not values:
        return
    own = _join(chart, _OWN)
    if not files.has(own):
        raise EditRefused(f"there is no {own}")
    special = list(_environment_files(chart, files, environment))
    chosen: dict[str, list[Entry]] = {}
    for path, value in values:
        home = next((name for name in special if _has(_data(name, files), path)), own)
        chosen.setdefault(home, []).append((path, value))
    texts = {
        name: _edited(files.text(name), listed, name, files) for name, listed in chosen.items()
    }
    for name, text in texts.items():
        files.write(name, text, [component])


def _environment_files(chart: str, files: Files, environment: Environment) -> Iterator[str]:
    for word in _NAMES[environment]:
        for form in _FORMS:
            name = _join(chart, form.format(word))
            if files.has(name):
                yield name


def _data(path: str, files: Files) -> JsonObject:
    try:
        data = meaning(files.text(path))
    except EditRefused:
        return {}
    return data if isinstance(data, dict) else {}


def _edited(text: str, values: list[Entry], name: str, files: Files) -> str:
    if not isinstance(meaning(text), dict):
        raise EditRefused(f"{name} holds no values yet")

    def change(data: JsonObject) -> JsonObject:
        changed = copy.deepcopy(data)
        for path, value in values:
            _set(changed, path, value)
        return changed

    return changed_part(text, (), [change], files.source(name).newline)


def _set(data: JsonObject, path: ValuePath, value: object) -> None:
    *above, last = path
    for key in above:
        below = data.get(key)
        if below is None:
            below = data[key] = {}
        if not isinstance(below, dict):
            raise EditRefused(f"{'.'.join(path)} leads through a value")
        data = below
    if value is None and last in data:
        del data[last]
    else:
        data[last] = value


def _has(data: JsonObject, path: ValuePath) -> bool:
    value: object = data
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _join(chart: str, name: str) -> str:
    path = name if chart == "." else f"{chart}/{name}"
    if not is_inside(path):
        raise EditRefused("its path is not one that may be changed")
    return path
