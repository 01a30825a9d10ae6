"""Writes a recommendation for every tool that could take it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ci.handoff.ansible import ansible_files
from ci.handoff.helm_values import HelmFiles, helm_files
from ci.handoff.kustomize import kustomize_files
from ci.handoff.manifest import component_manifests_text
from ci.handoff.names import file_stems
from ci.handoff.patch import patch_text, workload_patches
from ci.handoff.publish import publish
from ci.handoff.readme import readme_text
from ci.handoff.sizing import contract_text
from ci.handoff.terraform import terraform_files
from ci.handoff.yaml_text import json_text
from schemas.ports import ChartRenderer
from schemas.recommendation import Recommendation


def write_all(
    recommendation: Recommendation,
    out: Path,
    *,
    charts: Mapping[str, Mapping[str, bytes]] | None = None,
    renderer: ChartRenderer | None = None,
) -> tuple[Path, ...]:
    """Write all hand-off files below `out`, in place of those of the last run.

    Args:
        recommendation: The result; the same one gives the same bytes.
        out: The directory, made when it is not there.
        charts: Files of each chart of the repository, by its directory.
        renderer: Finds the charts' real value paths.

    Returns:
        The paths of the files, sorted.

    Raises:
        OutputError: The directory cannot be written, or holds a file of the user by one of the
            names; what was there before is there still.
    """
    helm = helm_files(recommendation, charts or {}, renderer)
    texts = handoff_texts(recommendation, helm)
    return publish({path: text.encode("utf-8") for path, text in texts.items()}, out)


def handoff_texts(recommendation: Recommendation, helm: HelmFiles) -> dict[str, str]:
    """All files: relative path → text."""
    patches = workload_patches(recommendation)
    stems = file_stems(item.name for item in recommendation.components)
    texts = {
        "recommendation.json": json_text(recommendation),
        "recommendation.yaml": contract_text(recommendation),
        "README.md": readme_text(recommendation, patches, stems, helm.remarks),
    }
    texts |= {f"patches/{stems[patch.component]}.yaml": patch_text(patch) for patch in patches}
    texts |= {
        f"manifests/{stems[item.name]}.yaml": component_manifests_text(item)
        for item in recommendation.components
        if item.manifests
    }
    texts |= _below("kustomize", kustomize_files(recommendation))
    texts |= _below("helm", helm.texts)
    texts |= _below("terraform", terraform_files(recommendation))
    texts |= _below("ansible", ansible_files(recommendation))
    return texts


def _below(directory: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{directory}/{path}": text for path, text in texts.items()}
