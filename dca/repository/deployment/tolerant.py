"""Charts that do not render as they stand: what of them can be seen all the same.

A chart often needs values that only its owner has: a password, a host, an environment's own file.
Helm then renders nothing at all, although the workloads do not depend on them. So the guards are
eased, an environment's values file is tried, and what still fails is left out, file by file; the
workloads among the files that were left out are read as text with holes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dca.repository.deployment.documents import UNKNOWN, UnreadableError, parse, parse_documents
from dca.repository.deployment.manifests import Cluster, is_wanted, runs
from dca.repository.deployment.runs import Run, known_image
from dca.repository.deployment.sizing import count, current_sizing, is_empty, items, mapping, text
from dca.repository.paths import PRODUCTION_WORDS, basename, join, words
from schemas.base import JsonObject
from schemas.context import FoundIn
from schemas.errors import ToolError
from schemas.ports import ChartRenderer, FileTree, RenderedChart

_MAX_TRIES = 8
"""Each costs about 60 ms; a chart that fails in more places is read as text."""
_ACTION = re.compile(r"\{\{[^{}]{0,2000}\}\}")
_REQUIRED = re.compile(r'(?<![\w."$])required\s+(?:"[^"\n]{0,500}"|`[^`\n]{0,500}`)')
_BARE_REQUIRED = re.compile(r'(?<![\w."$])required(?=\s)')
_FAIL = re.compile(r'(?<![\w."$])fail(?=[\s)}])')
_NAMED_FILE = re.compile(r"[\w.-]{1,100}/((?:charts/[\w.-]{1,100}/)*templates/[\w./-]{1,200})")
_NO_VALUE = re.compile(r"at <[^<>]{0,40}\.Values((?:\.[A-Za-z_]\w{0,60}){2,8})>: nil pointer")
_USED = re.compile(r'\b(?:include|template)\s+"([\w./ -]{1,200})"')
_DEFINED = re.compile(r'\bdefine\s+"([\w./ -]{1,200})"')
_STUBS = "templates/_missing.tpl"
_MAX_STUBS = 300
_MAX_DEPENDENCIES = 50
_VALUE = re.compile(r"\{\{-?\s*\.Values((?:\.[A-Za-z_]\w{0,60}){1,6})\s*(?:\|\s*quote\s*)?-?\}\}")
_KIND_WORDS = frozenset(["deployment", "deploy", "statefulset", "daemonset", "rollout"])
"""What a template file is often called beside its service; a job keeps its word."""


@dataclass(slots=True)
class TolerantRenderer:
    """Renders what it can of a chart; implements `schemas.ports.ChartRenderer`.

    Args:
        renderer: The one that does the work.
    """

    renderer: ChartRenderer
    unread: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    """Templates with workloads that were left out, by the text of the chart's ``Chart.yaml``."""

    @property
    def available(self) -> bool:
        """Whether there is a renderer at all."""
        return self.renderer.available

    def render(self, files: Mapping[str, bytes], values: JsonObject | None = None) -> RenderedChart:
        """Render the chart, or the part of it that renders.

        Raises:
            ToolError: Nothing of it does; the first words of the renderer.
        """
        try:
            return self.renderer.render(files, values)
        except ToolError as error:
            rendered, left_out = _render_part(self.renderer, files, error)
            self.unread[files.get("Chart.yaml", b"")] = left_out
            if rendered is None:
                raise
            return rendered


def _render_part(
    renderer: ChartRenderer, files: Mapping[str, bytes], first: ToolError
) -> tuple[RenderedChart | None, tuple[str, ...]]:
    eased = {path: _eased(path, content) for path, content in files.items()}
    eased[_STUBS] = _stubs(eased)
    values, error = _environment_values(files), first
    left_out: list[str] = []
    for _ in range(_MAX_TRIES):
        try:
            return renderer.render(eased, values), tuple(left_out)
        except ToolError as problem:
            if problem.message == error.message and left_out:
                break
            error = problem
        failing = _mend(error.message, eased, values)
        if failing is None:
            break
        if failing and is_wanted(files[failing].decode("utf-8", "replace")):
            left_out.append(failing)
    return None, tuple(path for path in files if _has_workload(path, files[path]))


def _stubs(files: Mapping[str, bytes]) -> bytes:
    """Empty definitions of what comes from a library chart that is not in the repository.

    Such parts are labels and settings; a workload stands in the chart's own templates.
    """
    texts = [
        text.decode("utf-8", "replace") for path, text in files.items() if "templates/" in path
    ]
    defined = {name for text in texts for name in _DEFINED.findall(text)}
    used = {name for text in texts for name in _USED.findall(text)}
    names = sorted(used - defined)[:_MAX_STUBS]
    return "".join(f'{{{{- define "{name}" }}}}{{{{- end }}}}\n' for name in names).encode()


def _mend(message: str, files: dict[str, bytes], values: JsonObject) -> str | None:
    """Take out what failed: the template's name, empty text for a value, None for no idea."""
    absent = _NO_VALUE.search(message)
    if absent is not None and _make_room(values, absent[1].strip(".").split(".")[:-1]):
        return ""
    named: list[str] = _NAMED_FILE.findall(message)
    for path in (name.rstrip(".:") for name in named):
        if files.get(path) and not basename(path).startswith("_"):
            files[path] = b""
            return path
    return None


def _make_room(values: JsonObject, path: list[str]) -> bool:
    """Give the values an empty mapping at `path`; False when something stands there."""
    here: object = values
    added = False
    for key in path:
        if not isinstance(here, dict):
            return False
        if here.get(key) is None:
            here[key] = {}
            added = True
        here = here[key]
    return added


def _has_workload(path: str, content: bytes) -> bool:
    return path.startswith("templates/") and is_wanted(content.decode("utf-8", "replace"))


def _eased(path: str, content: bytes) -> bytes:
    """A template without guards; one that is no workload and belongs to none is left out."""
    if not path.startswith("templates/"):
        return content
    template = content.decode("utf-8", "replace")
    partial = basename(path).startswith("_") or "define" in template
    if not partial and not is_wanted(template):
        return b""
    return _ACTION.sub(lambda found: _without_guard(found[0]), template).encode()


def _without_guard(action: str) -> str:
    """``required`` gives a placeholder instead of an error, ``fail`` gives nothing."""
    action = _REQUIRED.sub('default "unset"', action)
    return _FAIL.sub("trunc 0", _BARE_REQUIRED.sub("default", action))


def _environment_values(files: Mapping[str, bytes]) -> JsonObject:
    """Values of the environment that the chart is made for, production before all others."""
    names = [
        path
        for path in files
        if "/" not in path
        and path.startswith("values")
        and path.endswith((".yaml", ".yml"))
        and path not in ("values.yaml", "values.yml")
    ]
    names.sort(key=lambda path: (not PRODUCTION_WORDS & {*words(path)}, path))
    # A chart with values of its own is whole without them; production is still nearest to life.
    if "values.yaml" in files:
        names = [path for path in names if PRODUCTION_WORDS & {*words(path)}]
    return _values(files[names[0]]) if names else {}


def _values(content: bytes) -> JsonObject:
    try:
        loaded: object = parse(content.decode("utf-8", "replace"))
    except UnreadableError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def template_runs(
    files: FileTree, directory: str, templates: Iterable[str], known: Iterable[Run] = ()
) -> list[Run]:
    """Workloads of templates that do not render, read as text with holes.

    They have no reference to a workload: it is not known what the chart would call it.

    Args:
        files: The repository.
        directory: The chart's.
        templates: Their paths in the chart.
        known: What the chart's values say, for the image and the size of a workload.
    """
    values = _values((files.read_text(join(directory, "values.yaml") or "") or "").encode())
    chart = basename(directory)
    cluster = Cluster()
    for template in templates:
        path = join(directory, template) or template
        content = _VALUE.sub(lambda found: _filled(found, values), files.read_text(path) or "")
        for document in parse_documents(path, content, is_wanted)[0]:
            cluster.add(document)
    of_values = {run.name: run for run in known}
    found = []
    for run in runs(cluster, chart=directory, found_in=FoundIn.CHART):
        name = _own_name(run, chart)
        said = of_values.get(name)
        found.append(
            replace(
                run,
                name=name,
                workload=None,
                image=run.image or (said.image if said else None),
                current=(said.current if said else None) or run.current,
            )
        )
    return found


def dependency_runs(files: FileTree, directory: str) -> list[Run]:
    """Workloads that a chart leaves to library charts which are not in the repository.

    Organisations keep one chart for all their services: the service's own chart holds its values,
    an image and a size, under the name of that dependency.
    """
    metadata = _values((files.read_text(join(directory, "Chart.yaml") or "") or "").encode())
    path = join(directory, "values.yaml") or "values.yaml"
    if not metadata.get("dependencies") or path not in files.paths:
        return []
    values = _values((files.read_text(path) or "").encode())
    chart = text(metadata.get("name")) or basename(directory)
    found = []
    for dependency in items(metadata.get("dependencies"))[:_MAX_DEPENDENCIES]:
        name = text(dependency.get("alias")) or text(dependency.get("name")) or ""
        section, image = mapping(values, name), mapping(values, name, "image")
        known = known_image(text(image.get("repository")))
        size = {"replicaCount", "replicas", "resources"} & section.keys()
        if known is None or not size or _is_vendored(files, directory, str(dependency.get("name"))):
            continue
        said = text(section.get("fullnameOverride")) or text(section.get("nameOverride"))
        count_ = count(section.get("replicaCount", section.get("replicas")))
        sizing = current_sizing(mapping(section, "resources"), count_, path)
        current = None if is_empty(sizing) else sizing
        found.append(Run(said or chart, FoundIn.CHART, path, rank=8, image=known, current=current))
    return found


def _is_vendored(files: FileTree, directory: str, name: str) -> bool:
    below = join(directory, f"charts/{name}/Chart.yaml")
    return below in files.paths


def _filled(found: re.Match[str], values: JsonObject) -> str:
    *above, last = found[1].lstrip(".").split(".")
    value = mapping(values, *above).get(last)
    plain = isinstance(value, str | int) and "\n" not in str(value) and str(value)
    return str(value) if plain else found[0]


def _own_name(run: Run, chart: str) -> str:
    """The part of the name that no template fills in, else what the file is called."""
    name = run.name.replace(UNKNOWN, " ").strip(" -_.")
    if run.workload is not None and words(name):
        return name
    stem = basename(run.path).partition(".")[0]
    told = [word for word in words(stem) if word not in _KIND_WORDS]
    return "-".join(told) or chart
