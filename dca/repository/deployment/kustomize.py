"""Kustomizations: which directory names a manifest, and what its preferred overlay changes.

Read, not built: ``images``, ``replicas``, and patches (merging or JSON, in a file or inline) that
set ``replicas`` or ``resources`` of a workload by kind and name. Transformers, generators and
remote bases are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dca.repository.deployment import pods
from dca.repository.deployment.documents import Document, UnreadableError, parse
from dca.repository.deployment.runs import Run
from dca.repository.deployment.sizing import count, current_sizing, items, mapping, text
from dca.repository.paths import PRODUCTION_WORDS, basename, join, parent, words
from schemas.base import JsonObject
from schemas.context import CurrentSizing

_NAMES = frozenset(["kustomization.yaml", "kustomization.yml", "Kustomization"])
_MAX_STEPS = 200
_MAX_KUSTOMIZATIONS = 1_000
_MAX_PATCHES = 100
_CONTAINERS = ("spec", "template", "spec", "containers")


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that the kustomization itself holds or names with its target."""

    kind: str | None
    name: str | None
    body: Any
    """A mapping to be merged, or a list of JSON-patch operations."""


@dataclass(slots=True)
class Kustomization:
    """One kustomization file."""

    directory: str
    resources: tuple[str, ...]
    """Files and directories that it names, resolved."""
    replicas: dict[str, int] = field(default_factory=dict)
    images: dict[str, JsonObject] = field(default_factory=dict)
    """``newName``, ``newTag`` and ``digest`` by the image that they replace."""
    patches: tuple[Patch, ...] = ()


def is_kustomization(path: str) -> bool:
    """Whether a file is a kustomization."""
    return basename(path) in _NAMES


def kustomization(
    path: str, data: JsonObject, read: Callable[[str], str | None] = lambda _: None
) -> Kustomization:
    """Read one kustomization file.

    Args:
        path: The file.
        data: Its content.
        read: Text of a file of the repository, None when it has none; for JSON patches.
    """
    directory = parent(path)
    named: list[str] = []
    for key in ("resources", "bases", "components", "patchesStrategicMerge"):
        value = data.get(key)
        named += [str(item) for item in value] if isinstance(value, list) else []
    named += [str(item["path"]) for item in items(data.get("patches")) if "path" in item]
    resolved = [join(directory, name) for name in named if "://" not in name and "\n" not in name]
    counts = {
        str(item.get("name")): number
        for item in items(data.get("replicas"))
        if (number := count(item.get("count"))) is not None
    }
    return Kustomization(
        directory=directory,
        resources=tuple(item for item in resolved if item),
        replicas=counts,
        images={str(item.get("name")): item for item in items(data.get("images"))},
        patches=tuple(_patches(directory, data, read)),
    )


def _patches(
    directory: str, data: JsonObject, read: Callable[[str], str | None]
) -> Iterable[Patch]:
    listed = [*items(data.get("patches")), *items(data.get("patchesJson6902"))]
    inline = data.get("patchesStrategicMerge")
    written_out = [item for item in inline if "\n" in str(item)] if isinstance(inline, list) else []
    listed += [{"patch": item} for item in written_out]
    for item in listed[:_MAX_PATCHES]:
        target = mapping(item, "target")
        written = item.get("patch")
        if written is None:
            path = join(directory, str(item.get("path")))
            written = read(path) if path else None
        body = _parsed(written)
        metadata = mapping(body, "metadata")
        kind = target.get("kind") or (body.get("kind") if isinstance(body, dict) else None)
        name = text(target.get("name")) or text(metadata.get("name"))
        if isinstance(body, dict | list):
            yield Patch(text(kind), name, body)


def _parsed(written: object) -> Any:  # noqa: ANN401 - any YAML value
    if not isinstance(written, str):
        return written
    try:
        return parse(written)
    except UnreadableError:
        return None


def apply(
    runs: Sequence[Run], kustomizations: Sequence[Kustomization], patches: Sequence[Document]
) -> list[Run]:
    """Name the kustomization of each run, and lay its preferred overlay over it.

    The preferred overlay is one named for production, else the base alone.
    """
    chosen = kustomizations[:_MAX_KUSTOMIZATIONS]
    by_directory = {item.directory: item for item in chosen}
    reached = {item.directory: _reached(item, by_directory) for item in chosen}
    return [_applied(run, by_directory, reached, patches) for run in runs]


def _reached(start: Kustomization, known: dict[str, Kustomization]) -> frozenset[str]:
    """Files and directories that a kustomization takes in, through others too."""
    seen: set[str] = set()
    waiting = list(start.resources[:_MAX_STEPS])
    while waiting and len(seen) < _MAX_STEPS:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(known[path].resources[:_MAX_STEPS] if path in known else ())
    return frozenset(seen)


def _applied(
    run: Run,
    known: dict[str, Kustomization],
    reached: dict[str, frozenset[str]],
    patches: Sequence[Document],
) -> Run:
    if run.workload is None or run.workload.chart is not None:
        return run
    including = [directory for directory, paths in reached.items() if run.path in paths]
    if not including:
        return run
    direct = [item for item in including if run.path in known[item].resources] or including
    overlays = [item for item in including if PRODUCTION_WORDS & set(words(item))]
    overlay = min(overlays, key=len) if overlays else None
    home = min(direct, key=len)
    current, image = run.current, run.image
    for directory in dict.fromkeys([home, *([overlay] if overlay is not None else [])]):
        step = replace(run, current=current)
        current = _laid_over(step, known[directory], reached[directory], patches)
        image = _image(image, known[directory].images)
    return replace(
        run,
        current=current,
        image=image,
        workload=run.workload.model_copy(update={"kustomization": home}),
    )


def _image(image: str | None, replaced: Mapping[str, JsonObject]) -> str | None:
    """The image as ``images`` of a kustomization has it: another name, tag or digest."""
    if image is None:
        return None
    whole, _, _ = image.partition("@")
    head, slash, last = whole.rpartition("/")
    name, _, tag = last.partition(":")
    change = replaced.get(head + slash + name)
    if change is None:
        return image
    new_name = text(change.get("newName")) or head + slash + name
    digest = text(change.get("digest"))
    if digest is not None:
        return f"{new_name}@{digest}"
    new_tag = text(change.get("newTag")) or tag
    return f"{new_name}:{new_tag}" if new_tag else new_name


def _laid_over(
    run: Run,
    overlay: Kustomization,
    reached: frozenset[str],
    patches: Sequence[Document],
) -> CurrentSizing | None:
    current, workload = run.current, run.workload
    if workload is None:
        return current
    for patch in patches:
        named = mapping(patch.data, "metadata").get("name")
        if (
            patch.data.get("kind") == workload.kind
            and named == run.name
            and patch.path in reached
            and patch.path != run.path
        ):
            current = _patched(current, patch.data, patch.path, workload.container)
    for inline in overlay.patches:
        if _is_for(inline, workload.kind, run.name):
            body = inline.body
            merged = _merged_by(body, workload.document) if isinstance(body, list) else body
            current = _patched(current, merged, overlay.directory, workload.container)
    if run.name in overlay.replicas:
        base = current or CurrentSizing(source=overlay.directory)
        current = base.model_copy(update={"replicas": overlay.replicas[run.name]})
    return current


def _is_for(patch: Patch, kind: str, name: str) -> bool:
    """Whether a patch names a workload; one that chooses by labels alone is left out."""
    if patch.kind is None and patch.name is None:
        return False
    return patch.kind in (None, kind) and patch.name in (None, name)


def _merged_by(operations: list[Any], document: JsonObject) -> JsonObject:
    """What the JSON-patch operations set of ``replicas`` and ``resources``, as a merge patch."""
    containers = items(pods.pod_spec(document).get("containers"))
    spec: JsonObject = {}
    resources: dict[int, JsonObject] = {}
    for operation in items(operations)[:_MAX_PATCHES]:
        if operation.get("op") not in ("add", "replace"):
            continue
        path = [part.replace("~1", "/") for part in str(operation.get("path")).split("/")[1:]]
        value = operation.get("value")
        if path == ["spec", "replicas"]:
            spec["replicas"] = value
        elif tuple(path[:4]) == _CONTAINERS and path[5:6] == ["resources"] and path[4].isdecimal():
            _set(resources.setdefault(int(path[4][:4]), {}), path[5:], value)
    listed = [
        {"name": containers[number].get("name"), **changed}
        for number, changed in resources.items()
        if number < len(containers)
    ]
    return {"spec": {**spec, "template": {"spec": {"containers": listed}}}}


def _set(target: JsonObject, path: list[str], value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Set ``resources``, one of its halves, or one amount."""
    for key in path[:-1]:
        below = target.setdefault(key, {})
        if not isinstance(below, dict):
            return
        target = below
    target[path[-1]] = value


def _patched(
    current: CurrentSizing | None, patch: JsonObject, path: str, container: str
) -> CurrentSizing | None:
    spec = mapping(patch, "spec")
    listed = items(pods.pod_spec(patch).get("containers"))
    named = [item for item in listed if item.get("name") == container]
    new = current_sizing(
        mapping(named[0], "resources") if named else {}, count(spec.get("replicas")), path
    )
    set_there = {
        key: value for key, value in new.model_dump().items() if value not in (None, (), "")
    }
    if set(set_there) <= {"source"}:
        return current
    return new if current is None else current.model_copy(update=set_there)
