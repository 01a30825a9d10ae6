"""Where the autoscaler or the disruption budget of a workload may be defined."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ci.handoff.edits.changes import Wish
from ci.handoff.edits.files import Files, is_inside
from ci.handoff.edits.proof import meaning
from ci.handoff.edits.result import EditRefused
from rva.documents import HPA, PDB
from schemas.recommendation import ComponentRecommendation

_WORDS = {
    HPA: ("hpa", "horizontalpodautoscaler", "autoscaler", "autoscaling"),
    PDB: ("pdb", "poddisruptionbudget"),
}
_MAX = 40
"""Files that are looked at for one object; each may be a request."""


def neighbours(wish: Wish, path: str, item: ComponentRecommendation, files: Files) -> Iterator[str]:
    """Files that may define the object: what the kustomization names, then the usual names."""
    directory = PurePosixPath(path).parent
    listed = list(_named(directory, files))
    if item.target is not None and item.target.kustomization is not None:
        listed += _named(PurePosixPath(item.target.kustomization), files)
    for word in _WORDS.get(wish.kind, ()):
        stems = [word, f"{item.name}-{word}", f"{wish.name}-{word}", f"{word}-{item.name}"]
        stems += [wish.name] if word in wish.name else []
        listed += [str(directory / f"{stem}{path[path.rfind('.') :]}") for stem in stems]
    seen = [name for name in dict.fromkeys(listed) if is_inside(name) and name != path]
    yield from (name for name in seen[:_MAX] if files.has(name))


def _named(directory: PurePosixPath, files: Files) -> Iterator[str]:
    """The files that a kustomization of the directory takes in."""
    path = str(directory / "kustomization.yaml")
    try:
        data = meaning(files.text(path)) if files.has(path) else None
    except EditRefused:
        return
    resources = data.get("resources") if isinstance(data, dict) else None
    for name in resources if isinstance(resources, list) else []:
        if isinstance(name, str) and "://" not in name and ".." not in name:
            yield str(directory / name)
