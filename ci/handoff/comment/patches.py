"""The patch, as a diff of the repository's files where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ci.handoff.comment.about import CommentAbout, PatchFile
from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import Fold, Part, fence_part, text_part
from ci.handoff.manifest import component_manifests_text
from ci.handoff.measured import plural
from ci.handoff.patch import patch_text, workload_patches
from schemas.recommendation import ComponentRecommendation, Recommendation

if TYPE_CHECKING:
    from ci.handoff.edits.result import Edits


def patch_files(edits: Edits) -> tuple[PatchFile, ...]:
    """The edits of a repository's files as a comment shows them, each as a unified diff."""
    from ci.handoff.edits.diff import diff_of
    from ci.handoff.edits.result import Edits as Made

    listed = [(edit, Made(changed=(edit,))) for edit in (*edits.changed, *edits.created)]
    return tuple(
        PatchFile(
            path=edit.path,
            diff=diff_of(alone).decode("utf-8", errors="replace"),
            note="" if edit.before.blob_sha else "a new file",
        )
        for edit, alone in listed
    )


def patch_fold(
    recommendation: Recommendation, items: Sequence[ComponentRecommendation], about: CommentAbout
) -> Fold | None:
    """What would be written; None where nothing would.

    Args:
        recommendation: The result.
        items: The components that are shown.
        about: With the edits of the repository's own files; without any, the strategic-merge
            patches and the manifests are shown instead.
    """
    if about.edits or about.by_hand:
        parts = [part for edit in about.edits for part in _edit(edit)]
        if about.by_hand:
            lines = tuple(f"- {prose(text)}" for text in about.by_hand)
            parts.append(Part(lines, head=("**To be done by hand**", "")))
        return Fold(f"Patch: {plural(len(about.edits), 'file')}", tuple(parts))
    own = tuple(_own(recommendation, items))
    return Fold("Patch", own) if own else None


def _edit(edit: PatchFile) -> Iterator[Part]:
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
