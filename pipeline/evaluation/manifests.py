"""The community's own words: the `resources` of a row as they stand in its manifest.

A row's `locator` says where: ``k8s`` (kind, name and container of an object), ``values`` (dotted
path of a mapping of Helm values, and its key) or ``nais`` (the only object of the file). Where the
file is not there, is a template that YAML cannot read, or states other numbers than the row, the
section is made from the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dca.repository.deployment.documents import parse_documents
from pipeline.evaluation.scoring import Prediction
from pipeline.evaluation.similarity import section
from pipeline.evaluation.truth import FIELDS, Row, amount
from schemas.base import JsonObject
from schemas.errors import QuantityError
from schemas.quantities import format_cpu, format_memory

_MAX_BYTES = 2 << 20
"""Manifests and values files are far smaller."""


def community_section(row: Row, directories: Sequence[Path]) -> tuple[str, bool]:
    """The section of a row.

    Args:
        row: The row.
        directories: Where whole checkouts are, named ``owner+name``; may be empty.

    Returns:
        Its YAML, and whether its `resources` are those of the manifest itself.
    """
    for directory in directories:
        resources = _stated(row, directory)
        if resources is not None:
            return section(row["replicas"], resources), True
    return section(row["replicas"], _canonical(row, None)), False


def predicted_section(row: Row, made: Prediction) -> str:
    """All that a prediction would write; replicas only where the community states them.

    Replicas that are not stated are an autoscaler's business, or a default.
    """
    replicas = None if row["replicas"] is None else made.replicas
    return section(replicas, _canonical(row, made))


def _canonical(row: Row, made: Prediction | None) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for kind, resource in FIELDS:
        value = amount(row, kind, resource) if made is None else made.amounts.get((kind, resource))
        if value:
            show = format_cpu if resource == "cpu" else format_memory
            texts[kind][resource] = show(round(value))
    return {kind: amounts for kind, amounts in texts.items() if amounts}


def _stated(row: Row, directory: Path) -> JsonObject | None:
    """The `resources` that stand in the manifest, when they are those of the row."""
    locator = row.get("locator")
    text = _text(directory / row["app"].replace("/", "+"), row["manifest_path"])
    if text is None or not isinstance(locator, dict):
        return None
    for document in parse_documents(str(row["manifest_path"]), text)[0]:
        for found in _candidates(document.data, locator):
            if isinstance(found, dict) and _agrees(found, row):
                return found
    return None


def _text(checkout: Path, path: str | None) -> str | None:
    """The file's text; None when it is none, is outside of the checkout, or is too large."""
    if not path:
        return None
    file = (checkout / path).resolve()
    try:
        if not file.is_relative_to(checkout.resolve()) or not file.is_file():
            return None
        if file.stat().st_size > _MAX_BYTES:
            return None
        return file.read_text("utf-8-sig", errors="replace")
    except OSError:
        return None


def _candidates(document: JsonObject, locator: Mapping[str, Any]) -> Iterator[Any]:
    match locator.get("type"):
        case "k8s":
            yield from _of_container(document, locator)
        case "values":
            path = [part for part in str(locator.get("path") or "").split(".") if part]
            yield _below(document, [*path, str(locator.get("key") or "resources")])
        case "nais":
            yield _below(document, ["spec", "resources"])
        case _:
            return


def _of_container(document: JsonObject, locator: Mapping[str, Any]) -> Iterator[Any]:
    name = _below(document, ["metadata", "name"])
    if document.get("kind") != locator.get("kind") or name != locator.get("name"):
        return
    for template in (["spec", "template"], ["spec", "jobTemplate", "spec", "template"]):
        pod = _below(document, [*template, "spec"])
        for group in ("containers", "initContainers"):
            containers = pod.get(group) if isinstance(pod, dict) else None
            for container in containers if isinstance(containers, list) else ():
                if isinstance(container, dict) and container.get("name") == locator.get(
                    "container"
                ):
                    yield container.get("resources")


def _below(value: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - parsed YAML
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _agrees(resources: JsonObject, row: Row) -> bool:
    """Whether it states the numbers of the row: the checkout may be of another commit."""
    stated = {"requests": resources.get("requests"), "limits": resources.get("limits")}
    try:
        return all(amount(stated, *field) == amount(row, *field) for field in FIELDS)
    except (QuantityError, AttributeError):
        return False
