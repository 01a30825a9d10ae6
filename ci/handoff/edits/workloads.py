"""Edits of plain manifests and of what kustomizations bring together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ci.handoff.edits.changes import Wish, with_companion, with_patch
from ci.handoff.edits.files import Files
from ci.handoff.edits.neighbours import neighbours
from ci.handoff.edits.nodes import document_spans
from ci.handoff.edits.overlays import overlaid
from ci.handoff.edits.proof import meaning, same
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.source import Source
from ci.handoff.edits.stream import fulfilled, holds, object_in
from ci.handoff.patch import WorkloadPatch
from ci.handoff.yaml_text import yaml_text
from schemas.base import JsonObject
from schemas.recommendation import ComponentRecommendation


def edit_workloads(
    items: list[tuple[ComponentRecommendation, WorkloadPatch]], files: Files
) -> list[str]:
    """Put the numbers of components into the files that define them; what is left by hand.

    Components that are containers of one object are tried together, since they may share an
    anchor, and one by one when that fails.
    """
    groups: dict[tuple[str, str, str, str | None], list[tuple[ComponentRecommendation, Wish]]] = {}
    by_hand: list[str] = []
    for item, patch in items:
        target = patch.target
        change = partial(with_patch, patch=patch.document)
        wish = Wish(item.name, target.kind, target.name, target.namespace, change)
        key = (target.path, target.kind, target.name, target.namespace)
        groups.setdefault(key, []).append((item, wish))
    for (path, *_), group in groups.items():
        by_hand += _group(path, group, files)
    return by_hand


def _group(
    path: str, group: list[tuple[ComponentRecommendation, Wish]], files: Files
) -> Iterator[str]:
    for item, wish in group:
        yield from _overlay_lines(item, wish, path, files)
    try:
        _fulfil(path, [wish for _, wish in group], files)
        done = {wish.component for _, wish in group}
    except EditRefused:
        done = set()
        for _, wish in group:
            try:
                _fulfil(path, [wish], files)
                done.add(wish.component)
            except EditRefused as error:
                yield f"{wish.component}: {wish.label} in {path}: {error.message}"
    for item, wish in group:
        if wish.component in done:
            yield from _companions(item, path, files)


def _fulfil(path: str, wishes: list[Wish], files: Files) -> None:
    source = files.source(path)
    text = files.text(path)
    after = fulfilled(text, wishes, source)
    if after != text:
        files.write(path, after, [wish.component for wish in wishes])


def _overlay_lines(
    item: ComponentRecommendation, wish: Wish, path: str, files: Files
) -> Iterator[str]:
    try:
        document = object_in(files.text(path), wish)
    except EditRefused:
        return
    if document is not None and item.target is not None:
        for line in overlaid(item, item.target, document):
            yield f"{item.name}: {line} wins over {path}: change it there"


def _companions(item: ComponentRecommendation, path: str, files: Files) -> Iterator[str]:
    """The autoscaler and the disruption budget beside the workload."""
    for document in item.manifests:
        metadata = document.get("metadata") or {}
        wish = Wish(
            item.name,
            str(document.get("kind")),
            str(metadata.get("name")),
            metadata.get("namespace"),
            partial(with_companion, wanted=document),
        )
        try:
            if _is_existing(wish, item):
                _fulfil(_home(wish, path, item, files), [wish], files)
            elif not holds(files.text(path), wish):
                after = _appended(files.text(path), document, files.source(path), path)
                files.write(path, after, [item.name])
        except EditRefused as error:
            yield f"{item.name}: {wish.label}: {error.message}"


def _is_existing(wish: Wish, item: ComponentRecommendation) -> bool:
    scaler = item.current.autoscaler if item.current else None
    known = scaler is not None and wish.kind == "HorizontalPodAutoscaler"
    return wish.label in item.replaces or (
        known and scaler is not None and scaler.name == wish.name
    )


def _home(wish: Wish, path: str, item: ComponentRecommendation, files: Files) -> str:
    """The file that defines an existing companion: the workload's own, else one beside it."""
    if holds(files.text(path), wish):
        return path
    for candidate in neighbours(wish, path, item, files):
        try:
            if holds(files.text(candidate), wish):
                return candidate
        except EditRefused:
            continue
    raise EditRefused(f"the repository has it, but not in {path} nor in a file beside it")


def _appended(text: str, document: JsonObject, source: Source, path: str) -> str:
    """The file with one more document at its end.

    Raises:
        EditRefused: It takes no more documents.
    """
    if path.endswith(".json"):
        raise EditRefused(f"{path} is JSON and holds one document")
    end = "" if text.endswith("\n") else source.newline
    written = yaml_text(document).replace("\n", source.newline)
    after = f"{text}{end}---{source.newline}{written}"
    spans, old = document_spans(after), document_spans(text)
    whole = len(spans) == len(old) + 1 and all(
        same(meaning(after[a:b]), meaning(text[c:d]))
        for (a, b), (c, d) in zip(spans, old, strict=False)
    )
    if not whole or not same(meaning(after[slice(*spans[-1])]), document):
        raise EditRefused(f"{path} cannot take one more document at its end")
    return after
