"""Strategic-merge patches, one per workload, each complete in itself."""

from __future__ import annotations

from dataclasses import dataclass

from ci.handoff.yaml_text import yaml_documents, yaml_text
from schemas.base import JsonObject
from schemas.recommendation import ComponentRecommendation, Recommendation, Target


@dataclass(frozen=True, slots=True)
class WorkloadPatch:
    """The patch of one component and the object it is for."""

    component: str
    target: Target
    document: JsonObject
    """With ``apiVersion``, ``kind`` and ``metadata``, so that every tool finds the object."""


def workload_patches(recommendation: Recommendation) -> tuple[WorkloadPatch, ...]:
    """The patches of a recommendation, in the order of its components."""
    found = ((item, _document(item)) for item in recommendation.components)
    return tuple(
        WorkloadPatch(item.name, item.target, document)
        for item, document in found
        if item.target is not None and document is not None
    )


def patch_text(patch: WorkloadPatch) -> str:
    """One patch as a YAML file."""
    where = f"{patch.target.kind} {patch.target.name}, {patch.target.path}"
    header = (
        f"Sizing of {patch.component} ({where}), written by ai-provision.",
        "Strategic-merge patch: kubectl patch --patch-file, or kustomize.",
    )
    return yaml_text(patch.document, header=header)


def patches_text(recommendation: Recommendation) -> str:
    """All patches as one stream of YAML documents; empty when there is none."""
    return yaml_documents(patch.document for patch in workload_patches(recommendation))


def _document(item: ComponentRecommendation) -> JsonObject | None:
    """The patch, with the identity of its target (which wins over what the patch says)."""
    if item.target is None or not item.patch:
        return None
    metadata = dict(item.patch.get("metadata") or {})
    metadata.pop("namespace", None)
    metadata["name"] = item.target.name
    if item.target.namespace:
        metadata["namespace"] = item.target.namespace
    rest = {
        key: value
        for key, value in item.patch.items()
        if key not in ("apiVersion", "kind", "metadata")
    }
    head = {"apiVersion": item.target.api_version, "kind": item.target.kind, "metadata": metadata}
    return {**head, **rest}
