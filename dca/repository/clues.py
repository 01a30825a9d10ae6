"""What the hints tell the rules of a role, worked out once for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from dca.catalogue import Product, product_for_image
from dca.repository.facts import RoleHints, SourceFacts
from dca.repository.role_words import INTERPRETERS, KUBERNETES, PROBES, TASK_RUNNERS
from dca.repository.source.frameworks import Family, family_of

_JAVA_PATHS = ("-cp", "-classpath", "--class-path", "-p", "--module-path")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True)
class Clues:
    """The hints, with what several rules ask of them worked out once."""

    hints: RoleHints

    @cached_property
    def source(self) -> SourceFacts:
        """The code, or an empty reading of it."""
        return self.hints.source or SourceFacts(directory=".")

    @cached_property
    def family(self) -> Family | None:
        """Family of the framework."""
        return family_of(self.source.framework)

    @cached_property
    def name(self) -> frozenset[str]:
        """Words of the name, also joined in pairs: ``load-generator`` has ``loadgenerator``."""
        return words_of(self.hints.name)

    @cached_property
    def command(self) -> frozenset[str]:
        """Words of the start command."""
        return words_of(" ".join(self.hints.start_command))

    @cached_property
    def entry(self) -> str:
        """The program that is started: of an interpreter, the script, module or archive."""
        words = list(self.hints.start_command)
        if words and words[0].rpartition("/")[2] == "java":
            return _java_entry(words[1:])
        while words and words[0].rpartition("/")[2].lower() in INTERPRETERS:
            words = words[1:]
            while words and words[0].startswith("-") and words[0] != "-m":
                words = words[1:]
            words = words[1:] if words and words[0] == "-m" else words
        return words[0] if words else ""

    @cached_property
    def task(self) -> str:
        """The task that a task runner is started with: ``db:migrate`` of ``rails db:migrate``."""
        words = list(self.hints.start_command)
        names = [word.rpartition("/")[2] for word in words]
        for position, name in enumerate(names[:3]):
            if name in TASK_RUNNERS:
                return next((word for word in words[position + 1 :] if word[:1] != "-"), "")
        return ""

    @cached_property
    def image(self) -> Product | None:
        """Product of the image that is deployed."""
        return product_for_image(self.hints.image) if self.hints.image else None

    @cached_property
    def base(self) -> Product | None:
        """Product of the image that the Dockerfile builds on."""
        return product_for_image(self.hints.base_image) if self.hints.base_image else None

    @cached_property
    def routes(self) -> int:
        """HTTP routes; gRPC methods and probes are not counted."""
        kept = [item for item in self.source.endpoints if item.method != "RPC"]
        probes = sum(_is_probe(item.path) for item in kept)
        cut = self.source.endpoint_count - len(self.source.endpoints)
        return len(kept) - probes + (0 if self.calls else cut)

    @cached_property
    def calls(self) -> int:
        """GRPC methods."""
        return sum(item.method == "RPC" for item in self.source.endpoints)

    @cached_property
    def has_kubernetes(self) -> bool:
        """It depends on a client of the Kubernetes API."""
        return any(name.lower().startswith(KUBERNETES) for name in self.source.libraries)

    @cached_property
    def has_code(self) -> bool:
        """There is a program of one's own."""
        return bool(self.source.libraries or self.source.traits or self.family or self.routes)

    def shows(self, *traits: str) -> bool:
        """Whether the sources show one of these traits."""
        return bool(set(traits) & set(self.source.traits))


def words_of(text: str) -> frozenset[str]:
    """Words of a name, in lower case, and each two that follow each other joined."""
    found = [word.lower() for word in _WORDS.findall(text)]
    pairs = [first + second for first, second in zip(found, found[1:], strict=False)]
    return frozenset((*found, *pairs))


def _java_entry(words: list[str]) -> str:
    """The archive or the main class that a Java command names."""
    if "-jar" in words[:-1]:
        return words[words.index("-jar") + 1]
    previous = ""
    for word in words:
        if not word.startswith(("-", "$")) and previous not in _JAVA_PATHS:
            return word
        previous = word
    return ""


def _is_probe(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].lower().replace("-", "").replace("_", "") in PROBES
