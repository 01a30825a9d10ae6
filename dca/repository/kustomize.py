"""Kustomizations: which directory names a manifest, and what its preferred overlay changes.

Read, not built: ``replicas``, and strategic-merge patches that set ``replicas`` or ``resources`` of
a workload by kind and name. JSON patches, transformers, generators and remote bases are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dca.repository import pods
from dca.repository.documents import Document
from dca.repository.paths import PRODUCTION_WORDS, basename, join, parent, words
from dca.repository.runs import Run
from dca.repository.sizing import count, current_sizing, items, mapping
from schemas.base import JsonObject
from schemas.context import CurrentSizing

_NAMES = frozenset(["kustomization.yaml", "kustomization.yml", "Kustomization"])
_MAX_STEPS = 200


@dataclass(slots=True)
class Kustomization:
    """One kustomization file."""

    directory: str
    resources: tuple[str, ...]
    """Files and directories that it names, resolved."""
    replicas: dict[str, int] = field(default_factory=dict)


def is_kustomization(path: str) -> bool:
    """Whether a file is a kustomization."""
    return basename(path) in _NAMES


def kustomization(path: str, data: JsonObject) -> Kustomization:
    """Read one kustomization file."""
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
    return Kustomization(directory, tuple(item for item in resolved if item), counts)


def apply(
    runs: Sequence[Run], kustomizations: Sequence[Kustomization], patches: Sequence[Document]
) -> list[Run]:
    """Name the kustomization of each run, and lay its preferred overlay over its sizing.

    The preferred overlay is one named for production, else the base alone.
    """
    by_directory = {item.directory: item for item in kustomizations}
    reached = {item.directory: _reached(item, by_directory) for item in kustomizations}
    return [_applied(run, by_directory, reached, patches) for run in runs]


def _reached(start: Kustomization, known: dict[str, Kustomization]) -> frozenset[str]:
    """Files and directories that a kustomization takes in, through others too."""
    seen: set[str] = set()
    waiting = list(start.resources)
    while waiting and len(seen) < _MAX_STEPS:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(known[path].resources if path in known else ())
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
    current = run.current
    if overlay is not None:
        current = _laid_over(run, known[overlay], reached[overlay], patches)
    home = min(direct, key=len)
    return replace(
        run, current=current, workload=run.workload.model_copy(update={"kustomization": home})
    )


def _laid_over(
    run: Run, overlay: Kustomization, reached: frozenset[str], patches: Sequence[Document]
) -> CurrentSizing | None:
    current = run.current
    workload = run.workload
    for patch in patches:
        same = patch.data.get("kind") == (workload.kind if workload else None)
        name = mapping(patch.data, "metadata").get("name")
        if same and name == run.name and patch.path in reached and workload is not None:
            current = _patched(current, patch, workload.container)
    if run.name in overlay.replicas:
        base = current or CurrentSizing(source=overlay.directory)
        current = base.model_copy(update={"replicas": overlay.replicas[run.name]})
    return current


def _patched(current: CurrentSizing | None, patch: Document, container: str) -> CurrentSizing:
    spec = mapping(patch.data, "spec")
    listed = items(pods.pod_spec(patch.data).get("containers"))
    named = [item for item in listed if item.get("name") == container]
    new = current_sizing(
        mapping(named[0], "resources") if named else {}, count(spec.get("replicas")), patch.path
    )
    if current is None:
        return new
    set_there = {
        key: value for key, value in new.model_dump().items() if value not in (None, (), "")
    }
    return current.model_copy(update=set_there)
