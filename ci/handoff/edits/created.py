"""New files: of components that nothing in the repository runs yet."""

from __future__ import annotations

from ci.handoff.edits.files import Files
from ci.handoff.edits.proof import meaning
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.stream import changed_part
from ci.handoff.manifest import component_manifests_text
from ci.handoff.names import file_stems
from ci.handoff.yaml_text import yaml_text
from schemas.base import JsonObject
from schemas.context import FoundIn
from schemas.recommendation import ComponentRecommendation

DIRECTORY = "deploy/ai-provision"
_KUSTOMIZATION = f"{DIRECTORY}/kustomization.yaml"
_DEPLOYED = frozenset({FoundIn.CHART, FoundIn.MANIFEST, FoundIn.KUSTOMIZE})
"""A component of these runs somewhere already: a second set of objects would collide with it."""


def create_manifests(items: list[ComponentRecommendation], files: Files) -> list[str]:
    """Write the documents of components that have none, and a kustomization that names them.

    Returns:
        What is left to do by hand.
    """
    stems = file_stems(item.name for item in items)
    by_hand: list[str] = []
    names: list[str] = []
    for item in items:
        path = f"{DIRECTORY}/{stems[item.name]}.yaml"
        if _DEPLOYED & set(item.found_in):
            by_hand.append(
                f"{item.name}: something of the repository deploys it, but what could not be "
                "told: set its numbers there"
            )
            continue
        if not item.manifests:
            by_hand.append(f"{item.name}: there are numbers for it, but no manifest")
            continue
        try:
            files.create(path, component_manifests_text(item).encode(), (item.name,))
            names.append(path.rpartition("/")[2])
        except EditRefused as error:
            by_hand.append(f"{item.name}: {error.message}")
    if names:
        by_hand += _list(names, files)
    return by_hand


def _list(names: list[str], files: Files) -> list[str]:
    """Name the new files in the directory's kustomization."""
    if not files.has(_KUSTOMIZATION):
        data = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": sorted(names),
        }
        header = ("What ai-provision has made manifests for: kubectl apply -k.",)
        files.create(_KUSTOMIZATION, yaml_text(data, header=header).encode(), ())
        return []

    def change(data: JsonObject) -> JsonObject:
        listed = data.get("resources") or []
        if not isinstance(listed, list):
            raise EditRefused("its resources are no list")
        new = [name for name in sorted(names) if name not in listed]
        return {**data, "resources": [*listed, *new]}

    try:
        text, source = files.text(_KUSTOMIZATION), files.source(_KUSTOMIZATION)
        if not isinstance(meaning(text), dict):
            raise EditRefused("it is no mapping")
        files.write(_KUSTOMIZATION, changed_part(text, (), [change], source.newline), ())
    except EditRefused as error:
        return [f"{_KUSTOMIZATION}: name {', '.join(sorted(names))} in it: {error.message}"]
    return []
