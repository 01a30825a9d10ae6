"""Generations of the index on disk: written aside, then put in place at once.

::

    <cache>/index/CURRENT              name of the generation that readers use
    <cache>/index/<generation>/        manifest.json, words.sqlite, vectors.f32, everyday.f32,
                                 chroma/
    <cache>/index/words-<corpus>.sqlite   words alone, while there is no current generation

A generation never changes once `CURRENT` names it, and its files' hashes are in its manifest.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from schemas.base import Contract

FORMAT = 5
"""Raised with every change of what is indexed or how; older generations are then built anew."""

CURRENT = "CURRENT"
MANIFEST = "manifest.json"
WORDS = "words.sqlite"
VECTORS = "vectors.f32"
EVERYDAY = "everyday.f32"
CHROMA = "chroma"
_UNFINISHED = ".tmp"


class Manifest(Contract):
    """What a generation is made of."""

    format: int
    corpus: str
    """Fingerprint of the files of facts."""
    space: str | None
    """Of the vectors; None without vectors."""
    embedder: str
    facts: int
    dimensions: int
    """Of one vector; 0 without vectors."""
    built_at: str
    """ISO 8601, in UTC."""
    server: str | None = None
    """URL of the Chroma server that has the vectors; None when they are here."""
    hashes: Mapping[str, str]
    """SHA-256 of the files that readers open."""


class IndexDamaged(Exception):
    """A generation is there but cannot be used; the text says why."""


def fingerprint(corpus: str, space: str | None) -> str:
    """Changes when any fact, the way it is indexed, or the vector space changes."""
    return hashlib.sha256(f"{FORMAT}:{corpus}:{space or ''}".encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash of a file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Generations:
    """The directory of generations.

    Args:
        directory: It may not exist yet.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def current(self) -> Path | None:
        """The generation that readers use; None when there is none."""
        try:
            name = (self.directory / CURRENT).read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        # The name becomes a path that is read, and later removed.
        return self.directory / name if name and Path(name).name == name else None

    def manifest(self, generation: Path) -> Manifest:
        """The manifest of a generation.

        Raises:
            IndexDamaged: It cannot be read, or is of another format.
        """
        try:
            text = (generation / MANIFEST).read_text("utf-8")
            manifest = Manifest.model_validate_json(text)
        except (OSError, ValueError, ValidationError) as error:
            raise IndexDamaged(f"its manifest cannot be read ({type(error).__name__})") from error
        if manifest.format != FORMAT:
            raise IndexDamaged(f"it has format {manifest.format}, this version reads {FORMAT}")
        return manifest

    def check(self, generation: Path, name: str, manifest: Manifest) -> bytes:
        """A file of a generation, whole and as it was written.

        Raises:
            IndexDamaged: It is not.
        """
        try:
            content = (generation / name).read_bytes()
        except OSError as error:
            raise IndexDamaged(f"{name} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != manifest.hashes.get(name):
            raise IndexDamaged(f"{name} is not what was written")
        return content

    def publish(self, unfinished: Path) -> Path:
        """Make a finished generation the current one, and remove all others.

        Raises:
            OSError: It could not be done; the former generation is still current.
        """
        final = self.directory / unfinished.name.removesuffix(_UNFINISHED)
        unfinished.rename(final)
        marker = self.directory / (CURRENT + _UNFINISHED)
        marker.write_text(final.name + "\n", "ascii")
        marker.replace(self.directory / CURRENT)
        self.tidy()
        return final

    def unfinished(self, name: str) -> Path:
        """A new directory to build in.

        Raises:
            OSError: It cannot be made.
        """
        path = self.directory / (name + _UNFINISHED)
        path.mkdir(parents=True)
        return path

    def tidy(self) -> None:
        """Remove everything but the current generation; only for who holds the lock."""
        current = self.current()
        for path in self.directory.iterdir():
            if path.is_dir() and path != current:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith("words-"):
                path.unlink(missing_ok=True)
