"""The patch, as a diff of the repository's files where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci.handoff.comment.about import FileEdit
from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import Fold, Part, fence_part, text_part
from ci.handoff.manifest import component_manifests_text
from ci.handoff.measured import plural
from ci.handoff.patch import patch_text, workload_patches
from schemas.recommendation import ComponentRecommendation, Recommendation


def patch_fold(
    recommendation: Recommendation,
    items: Sequence[ComponentRecommendation],
    edits: Sequence[FileEdit],
) -> Fold | None:
    """What would be written; None where nothing would.

    Args:
        recommendation: The result.
        items: The components that are shown.
        edits: The edits of the repository's own files; without any, the strategic-merge patches
            and the manifests are shown instead.
    """
    if edits:
        parts = tuple(part for edit in edits for part in _edit(edit))
        return Fold(f"Patch: {plural(len(edits), 'file')}", parts)
    parts = tuple(_own(recommendation, items))
    return Fold("Patch", parts) if parts else None


def _edit(edit: FileEdit) -> Iterator[Part]:
    note = f": {prose(edit.note)}" if edit.note else ""
    yield text_part(f"{code(edit.path)}{note}")
    yield fence_part("diff", edit.diff)


def _own(
    recommendation: Recommendation, items: Sequence[ComponentRecommendation]
) -> Iterator[Part]:
    names = {item.name for item in items}
    for patch in workload_patches(recommendation):
        if patch.component not in names:
            continue
        target = patch.target
        where = f"{target.kind}/{target.name}"
        yield text_part(f"{code(target.path)}, strategic-merge patch of {code(where)}")
        yield fence_part("diff", _added(patch_text(patch)))
    for item in items:
        if item.manifests:
            yield text_part(f"{_manifests_title(item)} of {code(item.name)}")
            yield fence_part("diff", _added(component_manifests_text(item)))


def _manifests_title(item: ComponentRecommendation) -> str:
    kinds = [str(document.get("kind", "?")) for document in item.manifests]
    return "New: " + ", ".join(prose(kind, 60) for kind in kinds)


def _added(text: str) -> str:
    return "\n".join(f"+ {part}".rstrip() for part in text.rstrip("\n").split("\n"))
