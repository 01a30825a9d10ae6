"""Helm values files: one per chart, and one for every component that has no chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

from ci.handoff.helm_candidates import Files
from ci.handoff.helm_chart import ChartValues, chart_values
from ci.handoff.names import file_stems
from ci.handoff.sizing import resources_data
from ci.handoff.yaml_text import yaml_text
from schemas.base import JsonObject
from schemas.errors import ToolError
from schemas.ports import ChartRenderer
from schemas.recommendation import ComponentRecommendation, Recommendation

_CHARTS_AT_ONCE = 4
"""Each waits for a process of its own; more would only share the same cores."""
_HINT = "What a chart cannot take: patches/, or kustomize/ as a post-renderer."


@dataclass(frozen=True, slots=True)
class HelmFiles:
    """The files, and what has to be said about them."""

    texts: dict[str, str]
    """File name → text."""
    remarks: tuple[tuple[str, str], ...]
    """File name and remark."""


def helm_files(
    recommendation: Recommendation,
    charts: Mapping[str, Files],
    renderer: ChartRenderer | None = None,
) -> HelmFiles:
    """Values for every chart and component.

    Args:
        recommendation: The result.
        charts: Files of each chart, by its directory as `Target.chart` names it.
        renderer: Finds the charts' real value paths; None leaves the usual ones, unproven.
    """
    groups: dict[str, list[ComponentRecommendation]] = {}
    alone: list[ComponentRecommendation] = []
    for item in recommendation.components:
        chart = item.target.chart if item.target else None
        if chart is None:
            alone.append(item)
        else:
            groups.setdefault(chart, []).append(item)
    names = _chart_names(groups)
    texts: dict[str, str] = {}
    remarks: list[tuple[str, str]] = []
    with ThreadPoolExecutor(max_workers=_CHARTS_AT_ONCE) as pool:
        found = pool.map(
            lambda chart: _chart_text(chart, groups[chart], charts.get(chart), renderer), groups
        )
        for chart, (text, said) in zip(groups, found, strict=True):
            file = f"values-{names[chart]}.yaml"
            texts[file] = text
            remarks += [(file, remark) for remark in said]
    taken = set(texts)
    for item in alone:
        file = _free(item.name, taken)
        header = (f"Usual value names for a chart of {item.name}, which has none here: unproven.",)
        texts[file] = yaml_text(generic_values(item), header=header)
    return HelmFiles(texts, tuple(remarks))


def generic_values(item: ComponentRecommendation) -> JsonObject:
    """The names that ``helm create`` gives to replicas, resources and the autoscaler."""
    values: JsonObject = {
        "replicaCount": item.replicas,
        "resources": resources_data(item.resources),
        "autoscaling": {"enabled": item.autoscaling is not None},
    }
    if item.autoscaling is not None:
        values["autoscaling"] |= {
            "minReplicas": item.autoscaling.min_replicas,
            "maxReplicas": item.autoscaling.max_replicas,
            "targetCPUUtilizationPercentage": item.autoscaling.target_cpu_percent,
        }
    return values


def _chart_text(
    chart: str,
    items: list[ComponentRecommendation],
    files: Files | None,
    renderer: ChartRenderer | None,
) -> tuple[str, tuple[str, ...]]:
    if files is None or renderer is None or not renderer.available:
        why = "its files are not at hand" if files is None else "there is no helm to render it"
        return _unproven(chart, items, why)
    try:
        found = chart_values(files, items, renderer)
    except ToolError as error:
        return _unproven(chart, items, error.message)
    header = [f"Values for the chart {chart}; a render with them shows these numbers."]
    header += _placed_lines(found)
    if found.unplaced:
        header += ["", "Not placed:", *(f"  {line}" for line in found.unplaced), _HINT]
    return yaml_text(found.values, header=header), found.unplaced


def _unproven(
    chart: str, items: list[ComponentRecommendation], why: str
) -> tuple[str, tuple[str, ...]]:
    remark = f"usual value names, not proven against the chart: {why}"
    values = (
        generic_values(items[0])
        if len(items) == 1
        else {item.name: generic_values(item) for item in items}
    )
    return yaml_text(values, header=[f"Values for the chart {chart}: {remark}."]), (remark,)


def _placed_lines(found: ChartValues) -> Iterable[str]:
    for component, paths in found.placed.items():
        for field, path in paths.items():
            yield f"  {component} {'.'.join(field)} <- {'.'.join(path)}"


def _chart_names(charts: Iterable[str]) -> dict[str, str]:
    """A file name part for each chart directory: its last part, the whole where two are alike."""
    listed = list(charts)
    last = {chart: PurePosixPath(chart).name or "chart" for chart in listed}
    used = list(last.values())
    chosen = {chart: name if used.count(name) == 1 else chart for chart, name in last.items()}
    stems = file_stems(chosen.values())
    return {chart: stems[name] for chart, name in chosen.items()}


def _free(name: str, taken: set[str]) -> str:
    """A file name for a component that no chart's file has."""
    file = f"values-{file_stems([name])[name]}.yaml"
    if file in taken:
        key = f"{name} component"
        file = f"values-{file_stems([key])[key]}.yaml"
    return file
