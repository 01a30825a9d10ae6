"""Helm charts: rendered when there is a renderer, else their values are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from dca.repository.deployment.credentials import clean_text
from dca.repository.deployment.documents import Document, UnreadableError, parse
from dca.repository.deployment.manifests import Cluster, runs
from dca.repository.deployment.runs import Run
from dca.repository.deployment.sizing import count, current_sizing, is_empty, items, mapping, text
from dca.repository.paths import basename, is_below, is_example, is_test, is_tooling, join, parent
from schemas.base import JsonObject
from schemas.context import FoundIn, Note
from schemas.errors import ToolError
from schemas.ports import ChartRenderer, FileTree, RenderedChart

MAX_CHARTS = 40
"""Rendering takes about 60 ms each; repositories with more are collections of charts."""
_MAX_DEPTH = 4
_MAX_FILES = 1_000


@dataclass(slots=True)
class Charts:
    """What the charts of a repository say."""

    runs: list[Run] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def chart_directories(paths: Sequence[str]) -> tuple[str, ...]:
    """Directories of charts that stand for themselves: no sub-chart of another one."""
    found = sorted({parent(path) for path in paths if basename(path) == "Chart.yaml"})
    vendored = [directory for directory in found if _is_vendored(directory, found)]
    return tuple(directory for directory in found if directory not in vendored)


def _is_vendored(directory: str, charts: Sequence[str]) -> bool:
    return any(
        other != directory and is_below(directory, join(other, "charts") or other)
        for other in charts
    )


def read_charts(files: FileTree, renderer: ChartRenderer) -> Charts:
    """Read every chart of a repository."""
    found = Charts()
    directories = [
        directory
        for directory in chart_directories(files.paths)
        if not is_test(directory) and not is_tooling(directory)
    ]
    directories.sort(key=lambda directory: (is_example(directory), directory.count("/"), directory))
    for directory in directories[MAX_CHARTS:]:
        found.notes.append(
            _note("skipped.chart", f"{directory}: only {MAX_CHARTS} charts are read")
        )
    chosen = [item for item in directories[:MAX_CHARTS] if not _is_library(files, item)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        inputs = [_chart_files(files, directory) for directory in chosen]
        rendered = list(pool.map(lambda chart: _render(renderer, chart), inputs))
    for directory, result in zip(chosen, rendered, strict=True):
        _add(found, files, directory, result)
    return found


def _add(found: Charts, files: FileTree, directory: str, result: RenderedChart | str) -> None:
    if isinstance(result, RenderedChart):
        workloads = _rendered_runs(directory, result)
        found.runs.extend(workloads)
        if workloads:
            return
    else:
        found.notes.append(_note("skipped.chart", f"{directory}: {result}"))
    from_values = list(_value_runs(files, directory))
    found.runs.extend(from_values)
    if from_values:
        found.notes.append(
            _note(
                "unknown.chart", f"{directory}: read from its values, its templates were not seen"
            )
        )


def _note(code: str, message: str) -> Note:
    # The renderer may quote values in its error.
    return Note(code=code, message=clean_text(message[:900]))


def _is_library(files: FileTree, directory: str) -> bool:
    return _yaml(files, directory, "Chart.yaml").get("type") == "library"


def _yaml(files: FileTree, directory: str, name: str) -> JsonObject:
    path = join(directory, name) or name
    content = files.read_text(path) if path in set(files.paths) else None
    try:
        loaded = parse(content) if content else {}
    except UnreadableError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _chart_files(files: FileTree, directory: str) -> dict[str, bytes]:
    """Files of the chart, local dependencies (``file://``) put where Helm would put them."""
    found = dict(_below(files, directory, ""))
    for dependency in items(_yaml(files, directory, "Chart.yaml").get("dependencies")):
        repository = str(dependency.get("repository", ""))
        name = text(dependency.get("name"))
        if repository.startswith("file://") and name and "/" not in name and name != "..":
            local = join(directory, repository.removeprefix("file://"))
            if local is not None and local != ".":
                found.update(_below(files, local, f"charts/{name}/"))
    return found


def _below(files: FileTree, directory: str, prefix: str) -> Iterator[tuple[str, bytes]]:
    root = "" if directory == "." else directory + "/"
    number = 0
    for path in files.paths:
        relative = path.removeprefix(root)
        if not path.startswith(root) or not _is_part(relative):
            continue
        number += 1
        content = files.read_text(path) if number <= _MAX_FILES else None
        if content is not None:
            yield prefix + relative, content.encode()


def _is_part(relative: str) -> bool:
    first = relative.partition("/")[0]
    return first in ("templates", "charts", "files", "crds", "config", "conf") or (
        "/" not in relative
        and relative.endswith((".yaml", ".yml", ".json", ".tpl", ".lock", ".txt"))
    )


def _render(renderer: ChartRenderer, chart: dict[str, bytes]) -> RenderedChart | str:
    if not renderer.available:
        return "no Helm to render it with"
    if not any(path.startswith(("templates/", "charts/")) for path in chart):
        return RenderedChart((), ())
    try:
        return renderer.render(chart)
    except ToolError as error:
        return error.message


def _rendered_runs(directory: str, result: RenderedChart) -> list[Run]:
    cluster = Cluster()
    for data, source in zip(result.documents, result.sources, strict=True):
        if data.get("kind") != "CustomResourceDefinition":
            cluster.add(Document(data, _template(source), 1, ""))
    return runs(cluster, chart=directory, found_in=FoundIn.CHART)


def _template(source: str) -> str:
    """``chart/templates/x.yaml`` as the chart's directory sees it."""
    return source.partition("/")[2] or source


def _value_runs(files: FileTree, directory: str) -> Iterator[Run]:
    values = _yaml(files, directory, "values.yaml")
    chart = text(_yaml(files, directory, "Chart.yaml").get("name")) or basename(directory)
    dependencies = {
        str(item.get("alias") or item.get("name"))
        for item in items(_yaml(files, directory, "Chart.yaml").get("dependencies"))
    }
    path = join(directory, "values.yaml") or "values.yaml"
    for name, section in _sections(values, (), dependencies):
        image = _image(section.get("image"))
        replicas = count(section.get("replicaCount", section.get("replicas")))
        sizing = current_sizing(mapping(section, "resources"), replicas, path)
        yield Run(
            name=text(section.get("fullnameOverride"))
            or text(section.get("nameOverride"))
            or name
            or chart,
            found_in=FoundIn.CHART,
            path=path,
            rank=8,
            image=image,
            environment={
                str(key): str(value)
                for key, value in mapping(section, "env").items()
                if isinstance(value, str | int | float)
            },
            current=None if is_empty(sizing) else sizing,
        )


def _sections(
    values: JsonObject, above: tuple[str, ...], dependencies: set[str]
) -> Iterator[tuple[str, JsonObject]]:
    """Mappings that describe a workload: an image, with a size or a count beside it."""
    sized = {"resources", "replicaCount", "replicas"} & values.keys()
    if sized and _image(values.get("image")):
        # The values of a dependency describe this chart's application, under its generic name.
        telling = [key for key in above if key not in dependencies]
        yield (telling[-1] if telling else ""), values
        return
    if len(above) >= _MAX_DEPTH:
        return
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _sections(value, (*above, key), dependencies)


def _image(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    repository = mapping(value, "repository") if isinstance(value, dict) else {}
    if isinstance(value, dict) and not repository:
        name = text(value.get("repository")) or text(value.get("name"))
        tag = text(value.get("tag"))
        registry = text(value.get("registry"))
        if name:
            return f"{registry + '/' if registry else ''}{name}{':' + tag if tag else ''}"
    return None
