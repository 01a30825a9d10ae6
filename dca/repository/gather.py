"""All files that say how a repository is deployed, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dca.repository.deployment import charts, compose, kustomize, manifests, procfile
from dca.repository.deployment.documents import Document, UnreadableError, parse, parse_documents
from dca.repository.deployment.runs import Build, Run, image_name
from dca.repository.deployment.sizing import items, mapping
from dca.repository.deployment.tolerant import TolerantRenderer, dependency_runs, template_runs
from dca.repository.docker.images import Images, read_images
from dca.repository.docker.origin import Layout
from dca.repository.paths import basename, is_below, is_example, is_test, is_tooling, join, parent
from schemas.base import JsonObject
from schemas.context import FoundIn, Note
from schemas.ports import ChartRenderer, FileTree

MAX_MANIFESTS = 3_000
_MAX_MANIFEST_BYTES = 1 << 20
_DATA_FILES = frozenset(["package.json", "package-lock.json", "tsconfig.json", "composer.lock"])
_MAX_NOTES = 40


@dataclass(slots=True)
class Gathered:
    """What was read."""

    images: Images
    runs: list[Run] = field(default_factory=list)
    known_images: dict[str, Build] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def gather(
    files: FileTree, renderer: ChartRenderer, tree: Layout, extra: Sequence[JsonObject]
) -> Gathered:
    """Read compose files, build tools, manifests, charts, Procfiles, then the Dockerfiles."""
    notes: list[Note] = []
    runs = _compose(files, tree, notes)
    known = {image_name(run.image): run.build for run in runs if run.image and run.build}
    known.update(_skaffold(files, tree))
    charted = charts.chart_directories(tree.paths)
    runs += _manifests(files, tree, charted, notes)
    tolerant = TolerantRenderer(renderer)
    rendered = charts.read_charts(files, tolerant)
    runs += _charted(files, charted, tolerant, rendered.runs, notes)
    runs += _payload(extra)
    for path in tree.paths:
        if procfile.is_procfile(path) and not is_test(path):
            runs += procfile.processes(path, files.read_text(path) or "")
    builds = [run.build for run in runs if run.build] + list(known.values())
    images = read_images(files, tree, builds)
    notes += [*rendered.notes, *images.notes]
    return Gathered(images, runs, known, notes)


def _charted(
    files: FileTree,
    charted: Sequence[str],
    tolerant: TolerantRenderer,
    rendered: Sequence[Run],
    notes: list[Note],
) -> list[Run]:
    """What the charts run; the templates that do not render are read as text."""
    found = list(rendered)
    for directory in charted:
        # Where templates of the chart's own were rendered, its values were not looked at.
        names = {run.name for run in found if run.workload and run.workload.chart == directory}
        if names:
            unseen = dependency_runs(files, directory)
            found += [run for run in unseen if run.name not in names]
    for directory in charted if tolerant.unread else ():
        text = files.read_text(join(directory, "Chart.yaml") or "Chart.yaml") or ""
        templates = tolerant.unread.get(text.encode())
        if templates is None:
            continue
        own = join(directory, "values.yaml")
        of_values = [run for run in found if run.workload is None and run.path == own]
        as_text = template_runs(files, directory, templates, of_values)
        if as_text:
            said = {run.name for run in as_text}
            found = [run for run in found if run not in of_values or run.name not in said]
            found += as_text
        message = f"{directory}: rendered without what needs values that are not in it"
        notes.append(Note(code="partial.chart", message=message))
    return found


def _compose(files: FileTree, tree: Layout, notes: list[Note]) -> list[Run]:
    documents: list[Document] = []
    variables: dict[str, dict[str, str]] = {}
    for path in tree.paths:
        if not compose.is_compose(path) or is_test(parent(path)) or is_tooling(path):
            continue
        documents += _parsed(files, path, notes)
        directory = parent(path)
        if directory not in variables:
            env = join(directory, ".env") or ".env"
            variables[directory] = compose.env_file(
                files.read_text(env) or "" if env in tree.files else ""
            )
    return compose.services(documents, variables)


def _parsed(files: FileTree, path: str, notes: list[Note]) -> list[Document]:
    text = files.read_text(path)
    if text is None:
        return []
    documents, problems = parse_documents(path, text)
    _note_problems(path, problems, notes)
    return documents


def _note_problems(path: str, problems: Sequence[str], notes: list[Note]) -> None:
    if problems and len(notes) < _MAX_NOTES:
        notes.append(Note(code="skipped.yaml", message=f"{path}: {problems[0]}"[:900]))


def _skaffold(files: FileTree, tree: Layout) -> dict[str, Build]:
    """Image names that Skaffold builds."""
    found: dict[str, Build] = {}
    for path in tree.paths:
        if basename(path) not in ("skaffold.yaml", "skaffold.yml"):
            continue
        for document in _parsed(files, path, []):
            for artifact in items(mapping(document.data, "build").get("artifacts")):
                context = join(parent(path), str(artifact.get("context") or "."))
                docker = mapping(artifact, "docker")
                if context is not None and isinstance(artifact.get("image"), str):
                    dockerfile = join(context, str(docker.get("dockerfile") or "Dockerfile"))
                    known = dockerfile if dockerfile in tree.files else None
                    found[image_name(artifact["image"])] = Build(context, known)
    return found


def _manifests(
    files: FileTree, tree: Layout, charted: Sequence[str], notes: list[Note]
) -> list[Run]:
    """Plain manifests; those among examples and documentation only where there are no others."""
    templates = [join(directory, name) or name for directory in charted for name in _CHART_PARTS]
    paths = [
        path
        for path in tree.paths
        if _may_be_manifest(path) and not any(is_below(path, item) for item in templates)
    ]
    kustomizations = [
        item
        for path in tree.paths
        if kustomize.is_kustomization(path)
        for item in _kustomization(files, path, tree)
    ]
    if len(paths) > MAX_MANIFESTS:
        notes.append(
            Note(code="skipped.yaml", message=f"only {MAX_MANIFESTS} YAML files were read")
        )
    found: list[Run] = []
    chosen = paths[:MAX_MANIFESTS]
    for wanted in (False, True):
        if found:
            break
        cluster = _cluster(
            files, [path for path in chosen if is_example(path) is wanted], charted, notes
        )
        found = kustomize.apply(manifests.runs(cluster), kustomizations, cluster.patches)
    return found


_CHART_PARTS = ("templates", "charts")


def _cluster(
    files: FileTree, paths: Sequence[str], charted: Sequence[str], notes: list[Note]
) -> manifests.Cluster:
    cluster = manifests.Cluster()
    for path in paths:
        if files.size(path) > _MAX_MANIFEST_BYTES:
            reason = f"{files.size(path)} bytes; manifests above {_MAX_MANIFEST_BYTES} are not read"
            _note_problems(path, [reason], notes)
            continue
        text = files.read_text(path)
        if text is None or not manifests.is_wanted(text):
            continue
        documents, problems = parse_documents(path, text, manifests.is_wanted)
        _note_problems(path, problems, notes)
        for document in documents:
            # A chart's templates need not stand in its template directory.
            if not (document.templated and any(is_below(path, item) for item in charted)):
                cluster.add(document)
    if cluster.left_out:
        number = manifests.MAX_WORKLOADS
        said = f"only the first {number} of {number + cluster.left_out} workloads are read"
        notes.append(Note(code="skipped.workloads", message=said))
    return cluster


def _may_be_manifest(path: str) -> bool:
    name = basename(path)
    if (
        name in _DATA_FILES
        or kustomize.is_kustomization(path)
        or not name.endswith((".yaml", ".yml", ".json"))
    ):
        return False
    directory = parent(path)
    hidden_tool = path.startswith((".github/", ".circleci/", ".gitlab/", ".vscode/"))
    return not is_test(directory) and not hidden_tool and "/testdata/" not in path


def _kustomization(files: FileTree, path: str, tree: Layout) -> list[kustomize.Kustomization]:
    try:
        data = parse(files.read_text(path) or "")
    except UnreadableError:
        return []
    if not isinstance(data, dict):
        return []

    def read(name: str) -> str | None:
        return files.read_text(name) if name in tree.files else None

    return [kustomize.kustomization(path, data, read)]


def _payload(extra: Sequence[JsonObject]) -> list[Run]:
    cluster = manifests.Cluster()
    for data in extra[:200]:
        cluster.add(Document(data, "service_manifest", 1, ""))
    return manifests.runs(cluster, found_in=FoundIn.PAYLOAD)
