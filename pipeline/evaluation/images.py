"""Sizes rows that have no source: third-party images, known by their image and description alone.

A row becomes what a user would have: a manifest without numbers that names the image.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dca.repository.assemble import read_repository
from pipeline.evaluation.run import Evaluation, Outcome, Progress, Sizer, attempted
from pipeline.evaluation.truth import Row
from schemas.base import JsonObject
from schemas.context import Component, WorkloadKind
from schemas.ports import Checkout, SkippedFile

_NOT_A_LABEL = re.compile(r"[^a-z0-9]+")
_LABEL_CHARACTERS = 63
"""RFC 1123."""
_LEFT_OUT = {kind.value for kind in (WorkloadKind.JOB, WorkloadKind.CRON_JOB)}
"""Kinds with a template of another shape; none of the third-party images runs as one."""


@dataclass(frozen=True, slots=True)
class NoFiles:
    """The tree of a repository that nobody has: implements `schemas.ports.FileTree`."""

    paths: Sequence[str] = ()
    skipped: Sequence[SkippedFile] = ()
    truncated: bool = False

    def size(self, path: str) -> int:
        """There is no file."""
        return 0

    def read_text(self, path: str) -> str | None:
        """There is no file."""
        return None


def evaluate_images(rows: Sequence[Row], sizer: Sizer, progress: Progress) -> Evaluation:
    """Size all rows that name an image and have no source.

    Raises:
        SettingsError: A setting or constants file is wrong.
    """
    chosen = [row for row in sizer.scope.kept(rows) if not row["source_path"]]
    found: list[Outcome] = []
    for row in sorted(chosen, key=lambda row: str(row["app"]).lower()):
        progress(str(row["app"]), len(found), len(chosen))
        found.append(attempted(row, functools.partial(_outcome, sizer)))
    return Evaluation(tuple(found), missing={}, knowledge=sizer.knowledge)


def _outcome(sizer: Sizer, row: Row) -> Outcome:
    if not row["image"]:
        return Outcome(row, None, "it names no image")
    checkout = Checkout(files=NoFiles(), url=".")
    reading = read_repository(checkout.files, sizer.charts(row), (manifest(row),))
    return sizer.size(row, checkout, reading, _of_manifest)


def _of_manifest(row: Row, components: Sequence[Component]) -> Component | None:
    name = label(row["service"])
    return next((c for c in components if c.workload and c.workload.name == name), None)


def manifest(row: Row) -> JsonObject:
    """A workload that runs the row's image, without a number."""
    name = label(row["service"])
    kinds = {kind.value for kind in WorkloadKind} - _LEFT_OUT
    kind = row["workload_kind"] if row["workload_kind"] in kinds else WorkloadKind.DEPLOYMENT.value
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": name, "image": row["image"]}]},
        },
    }
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def label(service: str) -> str:
    """The service as the name of a Kubernetes object.

    >>> label("carts-db (helm chart)")
    'carts-db-helm-chart'
    """
    return _NOT_A_LABEL.sub("-", service.lower()).strip("-")[:_LABEL_CHARACTERS].strip("-") or "app"
