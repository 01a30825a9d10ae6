"""What runs: a Compose service, a Kubernetes workload, a Procfile line, seen alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.context import CurrentSizing, FoundIn, WorkloadKind, WorkloadRef
from schemas.quantities import Bytes


@dataclass(frozen=True, slots=True)
class Build:
    """How the image of a run is built."""

    context: str
    """Directory in the repository."""
    dockerfile: str | None
    """Path in the repository, None when the build names none there."""
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One thing that somebody runs."""

    name: str
    found_in: FoundIn
    path: str
    line: int = 1
    rank: int = 0
    """How much the file counts, lowest first."""
    image: str | None = None
    plain_image: str | None = None
    """The image without the word that all images of the repository begin with."""
    plain_name: str = ""
    """The name without the words that all workloads beside it begin with."""
    build: Build | None = None
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Not redacted: it is only looked at, never handed on."""
    ports: tuple[int, ...] = ()
    kind: WorkloadKind | None = None
    schedule: str | None = None
    needs: tuple[str, ...] = ()
    """Names of other runs that it says it needs."""
    current: CurrentSizing | None = None
    workload: WorkloadRef | None = None
    has_volume: bool = False
    volume_bytes: Bytes | None = None
    description: str = ""


_TEMPLATE = re.compile(
    r"\{\{[^{}]{0,200}\}\}|[$#]\{[^{}]{0,200}\}|\$\([^()]{0,200}\)|<[^<>]{0,100}>|TEMPLATED|\$[A-Za-z_]\w{0,60}"
)


def known_image(image: str | None) -> str | None:
    """The part of an image reference that no template fills in, None when nothing is left.

    >>> known_image("{{registry}}/shop/api:{{tag}}")
    'shop/api'
    """
    if image is None:
        return None
    known = _TEMPLATE.sub("", image.strip()).lstrip("/").rstrip(":@-_")
    last = known.rpartition("/")[2]
    return known if last and last[0].isalnum() else None


def image_name(image: str) -> str:
    """Repository part of an image reference, without registry, tag and digest.

    >>> image_name("ghcr.io/acme/shop-api:v1@sha256:00")
    'acme/shop-api'
    """
    name = image.partition("@")[0]
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        name = rest
    last = name.rpartition("/")
    return last[0] + last[1] + last[2].partition(":")[0]
