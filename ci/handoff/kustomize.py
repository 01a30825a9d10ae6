"""Kustomize: one component per workload, and one that brings them all.

An overlay takes ``components: [out/kustomize]``, or single ones (``out/kustomize/api``). Workloads
that a Helm chart renders stay out of the common one, since an overlay has them only after
inflating the chart; so do those whose objects an earlier one brings already (a repository may hold
several variants of one app). Their own components serve there.
"""

from __future__ import annotations

import re

from ci.handoff.manifest import component_manifests_text
from ci.handoff.names import file_stems
from ci.handoff.patch import WorkloadPatch, patch_text, workload_patches
from ci.handoff.yaml_text import yaml_documents, yaml_text
from schemas.base import JsonObject
from schemas.recommendation import ComponentRecommendation, Recommendation

_API = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
_AUTOSCALER = "HorizontalPodAutoscaler"
_ObjectId = tuple[str, str | None, str]
_HEADER = ("Kustomize component, written by ai-provision.",)


def kustomize_files(recommendation: Recommendation) -> dict[str, str]:
    """All files below ``kustomize/``: relative path → text; empty when nothing can be applied."""
    patches = {patch.component: patch for patch in workload_patches(recommendation)}
    stems = file_stems(item.name for item in recommendation.components)
    texts: dict[str, str] = {}
    common: list[str] = []
    left_out: list[str] = []
    taken: set[_ObjectId] = set()
    for item in recommendation.components:
        files = _component_files(item, patches.get(item.name))
        texts |= {f"{stems[item.name]}/{name}": text for name, text in files.items()}
        if not files or (item.target is not None and item.target.chart is not None):
            continue
        objects = _objects(item)
        if objects & taken:
            left_out.append(f"Left out: {stems[item.name]}, its objects are those of another one.")
        else:
            common.append(stems[item.name])
            taken |= objects
    if texts:
        header = (*_HEADER, *left_out)
        texts["kustomization.yaml"] = yaml_text({**_API, "components": common}, header=header)
    return texts


def _objects(item: ComponentRecommendation) -> set[_ObjectId]:
    """What only one component of a build can size or bring: alternatives of one app share it."""
    added = {
        (str(doc.get("kind")), *_name_of(doc))
        for doc in item.manifests
        if not _is_existing(doc, item)
    }
    target = item.target
    if target is not None and item.patch:
        added.add((target.kind, target.namespace, f"{target.name}/{target.container}"))
    return added


def _name_of(document: JsonObject) -> tuple[str | None, str]:
    metadata = document.get("metadata") or {}
    return metadata.get("namespace"), str(metadata.get("name"))


def _component_files(item: ComponentRecommendation, patch: WorkloadPatch | None) -> dict[str, str]:
    existing = [doc for doc in item.manifests if _is_existing(doc, item)]
    added = [doc for doc in item.manifests if doc not in existing]
    entry: JsonObject = dict(_API)
    files: dict[str, str] = {}
    if added:
        entry["resources"] = ["resources.yaml"]
        files["resources.yaml"] = (
            component_manifests_text(item) if not existing else yaml_documents(added)
        )
    paths: list[JsonObject] = []
    if patch is not None:
        files["patch.yaml"] = patch_text(patch)
        paths.append({"path": "patch.yaml"})
    for number, document in enumerate(existing, start=1):
        name = f"existing-{number}.yaml"
        files[name] = yaml_text(_replacement(document))
        # The selector is a regular expression; a name may hold dots.
        target = {"kind": document["kind"], "name": re.escape(document["metadata"]["name"])}
        paths.append({"path": name, "target": target})
    if paths:
        entry["patches"] = paths
    if files:
        files["kustomization.yaml"] = yaml_text(entry, header=_HEADER)
    return files


def _is_existing(document: JsonObject, item: ComponentRecommendation) -> bool:
    """It stands in the repository: a second object of its name would not build."""
    kind, name = document.get("kind"), (document.get("metadata") or {}).get("name")
    autoscaler = item.current.autoscaler if item.current else None
    known = autoscaler is not None and kind == _AUTOSCALER and name == autoscaler.name
    return known or f"{kind}/{name}" in item.replaces


def _replacement(document: JsonObject) -> list[JsonObject]:
    """A JSON patch: a strategic merge would keep the old version and what the new one drops."""
    return [
        {"op": "replace", "path": "/apiVersion", "value": document.get("apiVersion")},
        {"op": "replace", "path": "/spec", "value": document.get("spec")},
    ]
