"""Full Kubernetes documents: of components that have none, or that a patch needs beside it."""

from __future__ import annotations

from ci.handoff.yaml_text import yaml_documents
from schemas.recommendation import ComponentRecommendation, Recommendation


def component_manifests_text(item: ComponentRecommendation) -> str:
    """The documents of one component as one stream."""
    header = (f"Kubernetes documents of {item.name}, written by ai-provision.",)
    return yaml_documents(item.manifests, header=header)


def manifests_text(recommendation: Recommendation) -> str:
    """The documents of all components as one stream; empty when there is none."""
    return yaml_documents(
        document for item in recommendation.components for document in item.manifests
    )
