"""Kubernetes' own schemas, offline: the JSON Schemas that kubernetes-validate carries."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from schemas.base import JsonObject

MAX_ERRORS = 20
"""Per document; what is wrong in more places is wrong as a whole."""
_VERSION = re.compile(r"v?1\.([0-9]{1,4})")
_FOLDER = re.compile(r"v1\.([0-9]{1,4})\.[0-9]+-local-strict")

_REMOVED: dict[tuple[str, str], tuple[int, str]] = {
    ("extensions/v1beta1", "Deployment"): (16, "apps/v1"),
    ("extensions/v1beta1", "DaemonSet"): (16, "apps/v1"),
    ("apps/v1beta1", "Deployment"): (16, "apps/v1"),
    ("apps/v1beta1", "StatefulSet"): (16, "apps/v1"),
    ("apps/v1beta2", "Deployment"): (16, "apps/v1"),
    ("apps/v1beta2", "StatefulSet"): (16, "apps/v1"),
    ("apps/v1beta2", "DaemonSet"): (16, "apps/v1"),
    ("extensions/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("batch/v1beta1", "CronJob"): (25, "batch/v1"),
    ("policy/v1beta1", "PodDisruptionBudget"): (25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): (25, "Pod Security Admission"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): (25, "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): (26, "autoscaling/v2"),
}
"""Minor version that no longer serves it, and what to write instead (Kubernetes' deprecated API
migration guide)."""


class KubernetesSchemas:
    """Validates documents strictly: an unknown field is an error, as with ``--validate=strict``."""

    def errors(self, document: JsonObject, kubernetes_version: str | None = None) -> list[str]:
        """What is wrong with a document; empty when it is valid.

        Args:
            document: One Kubernetes object.
            kubernetes_version: ``1.31`` or ``v1.31.2``; the newest known when None. For a version
                between or beyond the known ones, the nearest older one is taken (else the oldest).
        """
        api_version, kind = document.get("apiVersion"), document.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return ["apiVersion and kind are missing"]
        minor = _minor(kubernetes_version)
        removed = _REMOVED.get((api_version, kind))
        if removed is not None and minor >= removed[0]:
            return [f"{api_version} {kind} was removed in 1.{removed[0]}; use {removed[1]}"]
        validator = _validator(minor, api_version, kind)
        if validator is None:
            return [f"unknown kind {kind[:63]} of {api_version[:100]} in Kubernetes 1.{minor}"]
        found = sorted(
            validator.iter_errors(document), key=lambda error: list(map(str, error.path))
        )
        return [_text(error) for error in found[:MAX_ERRORS]]


def _text(error: Any) -> str:  # noqa: ANN401 - jsonschema's error
    place = ".".join(str(part) for part in error.path) or "the document"
    return f"{place}: {error.message[:200]}"


def _minor(version: str | None) -> int:
    known = _known_minors()
    found = _VERSION.match(version or "")
    if found is None:
        return known[-1]
    older = [minor for minor in known if minor <= int(found[1])]
    return older[-1] if older else known[0]


def _schemas() -> Any:  # noqa: ANN401 - a Traversable of the package
    from importlib.resources import files

    return files("kubernetes_validate") / "kubernetes-json-schema"


@lru_cache(maxsize=1)
def _known_minors() -> tuple[int, ...]:
    matches = (_FOLDER.fullmatch(item.name) for item in _schemas().iterdir())
    return tuple(sorted(int(found[1]) for found in matches if found))


@lru_cache(maxsize=4)
def _definitions(minor: int) -> Any:  # noqa: ANN401 - parsed JSON
    folder = _schemas() / f"v1.{minor}.0-local-strict"
    return json.loads((folder / "_definitions.json").read_bytes())


@lru_cache(maxsize=64)
def _validator(minor: int, api_version: str, kind: str) -> Any:  # noqa: ANN401 - a jsonschema validator
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
    from referencing import Registry, Resource

    # apps/v1 is apps-v1, networking.k8s.io/v1 is networking-v1, v1 stays v1.
    group = re.sub(r"^([a-z0-9-]*)(?:\.[a-z0-9.-]*)?/", r"\1-", api_version)
    name = f"{kind.lower()}-{group}.json"
    if not re.fullmatch(r"[a-z0-9-]{1,200}\.json", name):
        return None
    folder = _schemas() / f"v1.{minor}.0-local-strict"
    file = folder / name
    if not file.is_file():
        return None
    schema = json.loads(file.read_bytes())
    resource: Any = Resource.from_contents(_definitions(minor))
    registry: Any = resource @ Registry()
    return Draft202012Validator(schema, registry=registry)
